"""Parity of an ONNX model with what our optimizers made of it: every tensor that both have, in ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper

from tfonnx_lab.conversion.onnx_pass import OnnxPass
from tfonnx_lab.parity.rows import spread_of
from tfonnx_lab.parity.table import Parity
from tfonnx_lab.parity.tensors import LEAST_SIZE, LEAST_SPREAD, TensorParity
from tfonnx_lab.runtime.sessions import run, session

_FREE = 1
"""What a size that only a run decides is taken as."""


def compare_onnx(result: OnnxPass, inputs: Sequence[np.ndarray] | None = None, seed: int = 0) -> Parity:
    """Run the model before and after, with no other optimization, on the same inputs.

    inputs: one array an input (default: random ones: normal numbers, codes over their whole range, true and false).
    Raises ConversionError where ONNX Runtime cannot run one of them.
    """
    before, after = result.before, result.model
    given = list(inputs) if inputs is not None else onnx_inputs(before, seed)
    feed = dict(zip([v.name for v in _fed(before)], given, strict=True))
    outputs = [v.name for v in before.graph.output]
    makers = {name: (i, node.op_type) for i, node in enumerate(before.graph.node) for name in node.output if name}
    both = {name for node in after.graph.node for name in node.output if name}
    names = [name for name in makers if name in both]
    names += [name for name in outputs if name not in names]
    old, new = (_values(model, names, feed) for model in (before, after))
    rows = []
    for name in names:
        place, op = makers.get(name, (-1, "output"))
        want, got = old[name], new[name]
        if not isinstance(want, np.ndarray) or want.dtype.kind not in "iufb":
            continue
        row = _row(name, op, place, want, got, name in outputs)
        rows += [] if row is None else [row]
    return Parity(result.name, rows, sorted(set(makers) - both), given)


def onnx_inputs(model: onnx.ModelProto, seed: int = 0) -> list[np.ndarray]:
    """Random inputs that fit the model's inputs; unknown sizes are 1."""
    rng = np.random.default_rng(seed)
    found = []
    for value in _fed(model):
        tensor = value.type.tensor_type
        shape = [d.dim_value if d.dim_value > 0 else _FREE for d in tensor.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        if dtype.kind == "f":
            found.append(rng.standard_normal(shape).astype(dtype))
        elif dtype.kind == "b":
            found.append(rng.integers(0, 2, shape).astype(dtype))
        elif dtype.itemsize == 1:
            info = np.iinfo(dtype)
            found.append(rng.integers(info.min, info.max, shape, endpoint=True).astype(dtype))
        else:
            found.append(rng.integers(0, 2, shape).astype(dtype))  # an index or a size: small ones fit most models
    return found


def onnx_values(model: onnx.ModelProto, names: Sequence[str], inputs: Sequence[np.ndarray]) -> dict[str, Any]:
    """The values of some tensors, by their names, with none of ONNX Runtime's optimizations."""
    return _values(model, names, dict(zip([v.name for v in _fed(model)], inputs, strict=True)))


def _fed(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    held = {t.name for t in model.graph.initializer}
    return [v for v in model.graph.input if v.name not in held]


def _values(model: onnx.ModelProto, names: Sequence[str], feed: dict[str, Any]) -> dict[str, Any]:
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    there = {v.name for v in whole.graph.output}
    whole.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in there)
    loaded = session(whole, optimised=False)
    return dict(zip(names, run(loaded, list(names), feed), strict=True))


def _row(name: str, op: str, place: int, want: np.ndarray, got: np.ndarray, is_output: bool) -> TensorParity | None:
    """None for an inner tensor that is held in another layout now: that is no error, and nothing to compare."""
    if want.shape != got.shape:
        far = float("inf")
        return TensorParity(name, op, place, want.shape, far, far, None, far, True) if is_output else None
    a, b = want.astype(np.float64), got.astype(np.float64)
    with np.errstate(invalid="ignore"):
        error = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
    error = np.where(np.isnan(error), np.inf, error)
    known = a[np.isfinite(a)]
    worst = float(error.max(initial=0.0))
    nrmse = float(np.sqrt(np.mean(error**2)) / max(spread_of(a), LEAST_SPREAD)) if error.size else 0.0
    steps = worst if want.dtype.kind in "iu" else None
    relative = worst / max(float(np.abs(known).max(initial=0.0)), LEAST_SIZE)
    return TensorParity(name, op, place, want.shape, worst, relative, steps, nrmse, is_output)
