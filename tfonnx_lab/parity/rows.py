"""How far one tensor is from LiteRT's, in figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tfonnx_lab.graph import Quantization
from tfonnx_lab.parity.arrays import real
from tfonnx_lab.parity.gap import difference
from tfonnx_lab.parity.tensors import LEAST_SCALE, LEAST_SIZE, LEAST_SPREAD, TensorParity


def row_of(
    name: str,
    maker: tuple[int, str],
    want: np.ndarray,
    want_quant: Quantization | None,
    got: np.ndarray,
    got_quant: Quantization | None,
    is_output: bool,
) -> TensorParity | None:
    """The figures of one tensor; None where it holds nothing that can be compared.

    maker: position and type of its op.
    want, want_quant: LiteRT's.
    got, got_quant: the converted model's, in LiteRT's layout.
    """
    if want.size == 0 or want.dtype.kind in "OSU":
        off = 0.0 if want.shape == got.shape and _as_texts(want) == _as_texts(got) else np.inf
        return TensorParity(name, maker[1], maker[0], want.shape, off, off, None, off, is_output)
    if want.dtype.kind not in "fiubc" or got.dtype.kind not in "fiub":
        return None
    a, b = real(want, want_quant), real(got, got_quant)
    if a.shape != b.shape:
        return TensorParity(name, maker[1], maker[0], want.shape, np.inf, np.inf, None, np.inf, is_output)
    error = difference(a, b)
    size = float(np.abs(a[np.isfinite(a)]).max(initial=0.0))
    steps = None
    if want_quant is not None and want.dtype.kind in "iu":
        steps = float(error.max() / max(float(want_quant.scale.max()), LEAST_SCALE))
    nrmse = float(np.sqrt(np.mean(error**2)) / max(spread_of(a), LEAST_SPREAD))
    worst = float(error.max())
    return TensorParity(
        name, maker[1], maker[0], want.shape, worst, worst / max(size, LEAST_SIZE), steps, nrmse, is_output
    )


def spread_of(a: np.ndarray) -> float:
    """The standard deviation; of one element, or of equal ones, which have none, the largest magnitude."""
    known = a[np.isfinite(a)]
    size = float(np.abs(known).max(initial=0.0))
    spread = float(np.std(known)) if known.size else 0.0
    return spread if spread > 1e-6 * size else size


def _as_texts(array: np.ndarray) -> list[str]:
    """Strings, which LiteRT gives as bytes and ONNX Runtime as str: they are equal or not."""
    return [x.decode("utf-8", "replace") if isinstance(x, bytes) else str(x) for x in array.ravel().tolist()]


def with_band(row: TensorParity, want: np.ndarray, quant: Quantization | None, fast: np.ndarray) -> TensorParity:
    """The same with how far LiteRT's optimised kernels are from its reference."""
    other = row_of(row.name, (row.position, row.op), want, quant, fast, quant, True)
    return row if other is None else replace(row, band=other.nrmse, band_steps=other.steps)
