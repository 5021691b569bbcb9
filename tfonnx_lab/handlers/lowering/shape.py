"""Shapes as values: what is known is a constant, the rest is computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array, rank, static_shape
from tfonnx_lab.handlers.lowering.numeric import cast

_I64 = ir.DataType.INT64


def int64(op: OpBuilder, value: ir.Value) -> ir.Value:
    """An integer value as int64, which ONNX wants for shapes and indices."""
    array = constant_array(value)
    return cast(op, value, _I64) if array is None else op.const(array.astype(np.int64))


def vector(op: OpBuilder, value: ir.Value, count: int = -1) -> ir.Value:
    """An integer value as a list: int64, one dimension; of `count` elements, where the op says how many there are."""
    array = constant_array(value)
    if array is not None:
        return op.const(array.astype(np.int64).ravel())
    made = cast(op, value, _I64)
    known = rank(value) == 1 and (count < 0 or static_shape(value) is not None)
    return made if known else op.Reshape(made, op.const([count]))


def scalar(op: OpBuilder, value: ir.Value) -> ir.Value:
    """An integer value of one element as an int64 scalar."""
    array = constant_array(value)
    if array is not None:
        return op.const(array.astype(np.int64).reshape(()))
    return op.Reshape(cast(op, value, _I64), op.const(np.zeros(0, np.int64)))


def shape_of(op: OpBuilder, x: ir.Value) -> ir.Value:
    """The shape as an int64 list."""
    known = static_shape(x)
    return op.Shape(x) if known is None else op.const(np.array(known, np.int64))


def shape_until(op: OpBuilder, x: ir.Value, end: int) -> ir.Value:
    """The first dimensions of x as an int64 list, up to a position that may count from the last one."""
    if op.opset >= 15:
        return op.Shape(x, end=end)
    return op.Slice(op.Shape(x), op.const([0]), op.const([end]))


def dims(op: OpBuilder, x: ir.Value, positions: Sequence[int]) -> ir.Value:
    """Some dimensions of x as an int64 list."""
    shape = None if x.shape is None else list(x.shape)
    if shape is not None and all(isinstance(shape[p], int) for p in positions):
        return op.const(np.array([shape[p] for p in positions], np.int64))
    return op.Gather(op.Shape(x), op.const(np.array(positions, np.int64)), axis=0)


def ints(value: ir.Value | None) -> list[int] | None:
    """The elements of a constant of integers; None where it is computed."""
    array = constant_array(value)
    return None if array is None else [int(i) for i in array.ravel()]


def rank_of(x: ir.Value) -> int:
    """The number of dimensions. Raises Unsupported where it is not known."""
    size = rank(x)
    if size is None:
        raise Unsupported(f"the number of dimensions of {x.name} is not known")
    return size


def known_size(x: ir.Value, axis: int) -> int:
    """The size of one dimension. Raises Unsupported where it is not known."""
    size = None if x.shape is None else list(x.shape)[axis]
    if not isinstance(size, int):
        raise Unsupported(f"dimension {axis} of {x.name} is not known")
    return size


def reshaped(op: OpBuilder, x: ir.Value, parts: Sequence[int | ir.Value]) -> ir.Value:
    """Reshape to a shape of which some parts are numbers and others lists of dimensions."""
    if all(isinstance(p, int) for p in parts):
        return op.Reshape(x, op.const(np.array(parts, np.int64)))
    values = [op.const(np.array([p], np.int64)) if isinstance(p, int) else p for p in parts]
    return op.Reshape(x, op.Concat(*values, axis=0))
