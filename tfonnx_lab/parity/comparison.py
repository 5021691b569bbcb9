"""compare(): every tensor that LiteRT and the converted model both have."""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.pipeline import convert_with
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.graph import TENSORS, Quantization, quantization
from tfonnx_lab.graph.meta import TENSOR_INDEX
from tfonnx_lab.litert.inputs import random_inputs
from tfonnx_lab.litert.reference import LiteRT
from tfonnx_lab.litert.signature import converted_source
from tfonnx_lab.parity.tensors import TensorParity
from tfonnx_lab.runtime.sessions import OnnxRuntime
from tfonnx_lab.texts.tables import grid

_LAST: weakref.WeakKeyDictionary[Conversion, Parity] = weakref.WeakKeyDictionary()


class Parity:
    """The comparison: `rows` in graph order; prints as a table; `plot()` draws the error along the graph.

    missing: tensors that the converted model has no more. inputs: what both ran on.
    """

    def __init__(
        self,
        name: str,
        rows: Sequence[TensorParity],
        missing: Sequence[str],
        inputs: Sequence[np.ndarray] | None = None,
    ) -> None:
        self.name = name
        self.inputs = inputs
        self.rows = list(rows)
        self.missing = list(missing)

    @property
    def outputs(self) -> list[TensorParity]:
        """The rows of the model's outputs."""
        return [row for row in self.rows if row.is_output]

    @property
    def worst(self) -> TensorParity | None:
        """The row with the largest nrmse."""
        return max(self.rows, key=lambda row: row.nrmse, default=None)

    def plot(self, ax: Any = None) -> Any:
        """Draw the error along the graph; returns the matplotlib Axes."""
        from tfonnx_lab.parity.plot import plot_errors

        return plot_errors(self.rows, self.name, ax)

    def __str__(self) -> str:
        rows = [f"{self.name}: {len(self.rows)} tensors compared with LiteRT, {len(self.missing)} have no counterpart"]
        rows.append(f"{'op':>5}  {'type':24} {'steps':>8} {'error':>10} {'relative':>9} {'nrmse':>9}  tensor")
        rows += [_line(row) for row in self.rows]
        return "\n".join(rows)

    def __repr__(self) -> str:
        worst = self.worst
        return f"Parity({self.name}: {len(self.rows)} tensors, worst nrmse {worst.nrmse if worst else 0:.3g})"

    def _repr_html_(self) -> str:
        return grid(
            ("op", "type", "steps", "error", "relative", "nrmse", "tensor"),
            (
                (r.position, r.op, _steps(r), f"{r.error:.3g}", f"{r.relative:.2g}", f"{r.nrmse:.2g}", r.name)
                for r in self.rows
            ),
        )


def last_parity(result: Conversion) -> Parity | None:
    """The last comparison of this conversion with LiteRT; None where there was none."""
    return _LAST.get(result)


def converted(model: Any) -> Conversion:
    """A Conversion as it is; whatever else `convert` takes (a path, bytes, a Keras model), converted with default
    options.

    Raises ConversionError for what cannot be read or converted.
    """
    return model if isinstance(model, Conversion) else convert_with(model, Options())


def compare(
    result: Any,
    inputs: Sequence[np.ndarray] | None = None,
    *,
    seed: int = 0,
    band: bool = True,
    ort: str | os.PathLike[str] | bytes | None = None,
) -> Parity:
    """Run LiteRT's reference kernels and ONNX Runtime on the same inputs and compare every tensor that both have.

    result: a Conversion, or what `convert` takes, which is converted with default options first.
    inputs: one array an input, in the TFLite model's order and dtypes (default: random ones, see `random_inputs`).
    band: also run LiteRT's optimised kernels, for the outputs.
    ort: a file of the ORT format that was made of the result, or its bytes; then the outputs are those that it gives,
    with what a Runtime-style one recorded replayed.
    Raises ConversionError where LiteRT cannot run the model, or ONNX Runtime the file.
    """
    result = converted(result)
    source = converted_source(result)
    keep = not result.states
    reference = LiteRT(source, keep=keep)
    given = list(inputs) if inputs is not None else random_inputs(reference.inputs, seed)
    outputs = reference.run(given)
    places = _places(result.ir_model)
    indices: dict[str, int] = result.ir_model.meta[TENSOR_INDEX]
    made = _makers(reference)
    expected = reference.tensors(
        {name: index for name, index in indices.items() if name in places and index in made and keep}
    )
    expected |= {
        name: want
        for name in places
        for d, want in zip(reference.outputs, outputs, strict=True)
        if indices.get(name) == d["index"]
    }
    runtime = OnnxRuntime(result.model)
    fed = [
        _fed(value, detail, held) for value, detail, held in zip(given, reference.inputs, runtime.floats, strict=False)
    ]
    kept = runtime.tensors(sorted({value.name for value, _ in places.values() if value.name}), fed)
    plain = dict(zip(runtime.outputs, runtime.run(fed, ort), strict=True))
    fast = LiteRT(source, optimised=True).run(given) if band else []
    details = {d["index"]: d for d in reference.details}
    numbers = {d["index"]: n for n, d in enumerate(reference.outputs)}
    rows, missing = [], []
    for name, index in indices.items():
        if index not in made or name not in expected:
            continue
        if name not in places:
            missing.append(name)
            continue
        value, perm = places[name]
        got = plain.get(value.name or "", kept.get(value.name or ""))
        if got is None:
            missing.append(name)
            continue
        got = got if perm is None else got.transpose(perm)
        number = numbers.get(index)
        want = outputs[number] if number is not None else expected[name]
        quant = _details_quantization(details[index])
        row = _row(name, made[index], want, quant, got, quantization(value), number is not None)
        if row is not None and number is not None and fast:
            row = _with_band(row, want, quant, fast[number])
        if row is not None:
            rows.append(row)
    rows.sort(key=lambda row: row.position)
    found = _LAST[result] = Parity(result.name, rows, missing, given)
    return found


def _fed(value: np.ndarray, detail: dict[str, Any], is_float: bool) -> np.ndarray:
    """An input as the converted model takes it: `float_io` gives it real values where LiteRT takes codes."""
    quant = _details_quantization(detail)
    if not is_float or quant is None or value.dtype.kind not in "iu":
        return value
    return real(value, quant).astype(np.float32)


def _places(model: ir.Model) -> dict[str, tuple[ir.Value, tuple[int, ...] | None]]:
    """TFLite tensor => the value that holds it and the permutation that restores its layout."""
    found: dict[str, tuple[ir.Value, tuple[int, ...] | None]] = {}
    for node in model.graph:
        for value in node.outputs:
            for name, perm in value.meta.get(TENSORS, ()):
                if name not in found or perm is None:
                    found[name] = value, perm
    return found


def _makers(reference: LiteRT) -> dict[int, tuple[int, str]]:
    made: dict[int, tuple[int, str]] = {}
    for op in reference.ops:
        for index in op["outputs"]:
            made[int(index)] = int(op["index"]), str(op["op_name"])
    return made


def _details_quantization(detail: dict[str, Any]) -> Quantization | None:
    q = detail["quantization_parameters"]
    if not len(q["scales"]):
        return None
    axis = int(q["quantized_dimension"]) if len(q["scales"]) > 1 else None
    return Quantization(np.asarray(q["scales"], np.float32), np.asarray(q["zero_points"], np.int64), axis)


def real(array: np.ndarray, quant: Quantization | None) -> np.ndarray:
    """Real values of an array: codes through their quantization, anything else as it is."""
    if array.dtype.kind == "c":
        return np.stack([array.real, array.imag], axis=-1).astype(np.float64)
    if quant is None or array.dtype.kind not in "iu":
        return array.astype(np.float64)
    shape = [-1 if i == quant.axis else 1 for i in range(array.ndim)] if quant.axis is not None else []
    return (array.astype(np.float64) - quant.zero_point.reshape(shape)) * quant.scale.reshape(shape).astype(np.float64)


def _row(
    name: str,
    maker: tuple[int, str],
    want: np.ndarray,
    want_quant: Quantization | None,
    got: np.ndarray,
    got_quant: Quantization | None,
    is_output: bool,
) -> TensorParity | None:
    if want.size == 0 or want.dtype.kind in "OSU":
        off = 0.0 if want.shape == got.shape and _as_texts(want) == _as_texts(got) else np.inf
        return TensorParity(name, maker[1], maker[0], want.shape, off, off, None, off, is_output)
    if want.dtype.kind not in "fiubc" or got.dtype.kind not in "fiub":
        return None
    a, b = real(want, want_quant), real(got, got_quant)
    if a.shape != b.shape:
        return TensorParity(name, maker[1], maker[0], want.shape, np.inf, np.inf, None, np.inf, is_output)
    error = _difference(a, b)
    size = float(np.abs(a[np.isfinite(a)]).max(initial=0.0))
    steps = None
    if want_quant is not None and want.dtype.kind in "iu":
        steps = float(error.max() / max(float(want_quant.scale.max()), 1e-30))
    nrmse = float(
        np.sqrt(np.mean(error**2)) / max(float(np.std(a[np.isfinite(a)])) if np.isfinite(a).any() else 0, 1e-6)
    )
    worst = float(error.max())
    return TensorParity(name, maker[1], maker[0], want.shape, worst, worst / max(size, 1e-9), steps, nrmse, is_output)


def _as_texts(array: np.ndarray) -> list[str]:
    """Strings, which LiteRT gives as bytes and ONNX Runtime as texts: they are equal or not."""
    return [x.decode("utf-8", "replace") if isinstance(x, bytes) else str(x) for x in array.ravel().tolist()]


def _difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """|a - b|, where equal infinities and NaN on both sides are no difference and NaN on one side is infinite."""
    with np.errstate(invalid="ignore"):
        error = np.abs(a - b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(same, 0.0, np.where(np.isnan(error), np.inf, error))


def _with_band(row: TensorParity, want: np.ndarray, quant: Quantization | None, fast: np.ndarray) -> TensorParity:
    other = _row(row.name, (row.position, row.op), want, quant, fast, quant, True)
    return row if other is None else replace(row, band=other.nrmse, band_steps=other.steps)


def _steps(row: TensorParity) -> str:
    return "" if row.steps is None else f"{row.steps:.1f}"


def _line(row: TensorParity) -> str:
    band = "" if row.band is None else f"  (output; LiteRT's optimised kernels: nrmse {row.band:.2g})"
    errors = f"{row.error:10.3g} {row.relative:9.2g} {row.nrmse:9.2g}"
    return f"{row.position:5}  {row.op:24} {_steps(row):>8} {errors}  {shortened(row.name)}{band}"


def shortened(name: str, size: int = 60) -> str:
    """A long name with its middle left out."""
    return name if len(name) <= size else f"{name[: size // 2 - 1]}...{name[-(size // 2 - 2) :]}"
