"""Constants: what can be computed now is.

Quantized weights stay codes: DequantizeLinear of a constant is left alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, tensor_of
from tfonnx_lab.patterns import const, onnx, var
from tfonnx_lab.rules import optimizer

_LARGE = 1 << 20
"""Results with more elements than this are left to the runtime, so the file does not grow."""
_FEW = 64
"""Casts of larger constants stay: the narrower one is what the file holds."""


@optimizer(onnx.Transpose(const("x"), name="node"))
def fold_transpose(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value | None:
    """Transpose(constant) => constant."""
    array = constant_array(x)
    if array is None:
        return None
    return op.const(tensor_of(np.transpose(array, attr(node, "perm")), x.dtype), name=f"{x.name}/transposed")


@optimizer(onnx.Transpose(onnx.DequantizeLinear(const("x"), var("scale"), var("zero"), name="dq"), name="node"))
def fold_transpose_of_codes(
    op: OpBuilder, node: ir.Node, dq: ir.Node, x: ir.Value, scale: ir.Value, zero: ir.Value | None
) -> ir.Value | None:
    """Transpose(DequantizeLinear(constant)) => DequantizeLinear(constant)."""
    array = constant_array(x)
    if array is None or attr(dq, "block_size", 0):
        return None
    perm = list(attr(node, "perm"))
    axis = perm.index(attr(dq, "axis", 1) % len(perm)) if scale.shape is not None and len(scale.shape) else None
    codes = op.const(tensor_of(np.transpose(array, perm), x.dtype), name=f"{x.name}/transposed")
    return op.DequantizeLinear(codes, scale, zero, axis=axis)


@optimizer(onnx.Transpose(onnx.Cast(const("x"), name="cast"), name="node"))
def fold_transpose_of_halves(op: OpBuilder, node: ir.Node, cast: ir.Node, x: ir.Value) -> ir.Value | None:
    """Transpose(Cast(constant)) => Cast(constant): float16 weights stay float16 in the file."""
    array = constant_array(x)
    if array is None:
        return None
    moved = op.const(tensor_of(np.transpose(array, attr(node, "perm")), x.dtype), name=f"{x.name}/transposed")
    return op.Cast(moved, to=attr(cast, "to"))


def _axes(node: ir.Node, arrays: list[np.ndarray]) -> tuple[int, ...]:
    given = attr(node, "axes")
    return tuple(int(a) for a in (arrays[1].ravel() if given is None and len(arrays) > 1 else given or ()))


def _cast(node: ir.Node, x: np.ndarray) -> np.ndarray:
    return x.astype(ir.DataType(attr(node, "to")).numpy())


FOLDS: dict[str, Callable[[ir.Node, list[np.ndarray]], Any]] = {
    "Add": lambda n, a: a[0] + a[1],
    "Sub": lambda n, a: a[0] - a[1],
    "Mul": lambda n, a: a[0] * a[1],
    "Neg": lambda n, a: -a[0],
    "Cast": lambda n, a: _cast(n, a[0]),
    "Concat": lambda n, a: np.concatenate(a, attr(n, "axis")),
    "Expand": lambda n, a: np.broadcast_to(a[0], np.broadcast_shapes(a[0].shape, tuple(a[1]))),
    "Gather": lambda n, a: np.take(a[0], a[1], attr(n, "axis", 0)),
    "Unsqueeze": lambda n, a: np.expand_dims(a[0], _axes(n, a)),
    "Squeeze": lambda n, a: np.squeeze(a[0], _axes(n, a) or None),
    "Reshape": lambda n, a: a[0].reshape([a[0].shape[i] if d == 0 else d for i, d in enumerate(a[1])]),
    "Max": lambda n, a: np.maximum.reduce(a),
    "Min": lambda n, a: np.minimum.reduce(a),
}
"""Op type => what it computes of constants, in numpy."""


def _result_size(node: ir.Node, arrays: list[np.ndarray]) -> int:
    """How many elements the result has, before it is computed."""
    if node.op_type == "Gather":
        axis = attr(node, "axis", 0) % max(1, arrays[0].ndim)
        return arrays[1].size * math.prod(d for i, d in enumerate(arrays[0].shape) if i != axis)
    if node.op_type == "Expand":
        return math.prod(np.broadcast_shapes(arrays[0].shape, tuple(arrays[1])))
    if node.op_type in ("Add", "Sub", "Mul", "Max", "Min"):
        return math.prod(np.broadcast_shapes(*(a.shape for a in arrays)))
    return 0


_PLAIN = frozenset("?bhilqBHILQefdg")


def _reads_constants(node: ir.Node) -> bool:
    return all(v is None or v.const_value is not None for v in node.inputs)


@optimizer(onnx[tuple(FOLDS)](..., name="node"), only=_reads_constants)
def fold_constants(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """Add(constant, constant) => constant, for the ops in FOLDS."""
    known = [a for a in map(constant_array, node.inputs) if a is not None]
    if not known or any(a.dtype.char not in _PLAIN for a in known):
        return None
    if node.op_type == "Cast" and known[0].size > _FEW:
        return None
    try:
        if _result_size(node, known) > _LARGE:
            return None
        with np.errstate(all="ignore"):
            made = np.asarray(FOLDS[node.op_type](node, known))
    except (ValueError, IndexError, TypeError):
        return None
    out = node.outputs[0]
    if (
        made.size > _LARGE
        or made.dtype.char not in _PLAIN
        or (out.dtype is not None and made.dtype != out.dtype.numpy())
    ):
        return None
    return op.const(made, name=f"{out.name}/folded")
