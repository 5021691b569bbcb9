"""More that becomes of an op where a fault is planted: another place to begin, another axis, another channel's
constant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import TFLITE, OpBuilder, constant_array, static_shape

from .spoils import Spoil, Values, is_real


def _again(op: OpBuilder, node: ir.Node, given: list[Any], values: Values, **changed: Any) -> Values:
    """The same op on other inputs, or with other attributes."""
    kept = {k: a.value for k, a in node.attributes.items()} | changed
    builder = op.tfl if node.domain == TFLITE else op
    made = builder.node(node.op_type, given, kept, outputs=len(node.outputs))
    return [op.like(a, b) for a, b in zip(made.outputs, values, strict=True)]


def inputs_swapped(first: int, second: int) -> Spoil:
    """Two inputs of the same shape change places."""

    def spoil(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
        given = list(node.inputs)
        if len(given) <= max(first, second):
            return None
        a, b = given[first], given[second]
        if a is None or b is None or a is b or a.shape != b.shape or a.dtype != b.dtype:
            return None
        given[first], given[second] = b, a
        return _again(op, node, given, values)

    return spoil


def outputs_swapped(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """The first two outputs change places."""
    if len(values) < 2 or values[0].shape != values[1].shape:
        return None
    return [values[1], values[0], *values[2:]]


def slice_moved(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """SLICE and STRIDED_SLICE begin one element beside where they should, and take as many."""
    shape, out = static_shape(node.inputs[0]), static_shape(node.outputs[0])
    begin = constant_array(node.inputs[1])
    if shape is None or out is None or begin is None or len(shape) != begin.size:
        return None
    last = constant_array(node.inputs[2])
    strided = node.op_type == "STRIDED_SLICE"
    for axis in reversed(range(begin.size)):
        start = int(begin.ravel()[axis])
        if strided and (last is None or _is_whole(node, axis) or last.ravel()[axis] <= start or start < 0):
            continue
        length = int(last.ravel()[axis]) - start if strided and last is not None else out[axis]
        step = -1 if start > 0 else 1
        if not 0 <= start + step <= shape[axis] - length:
            continue
        given: list[Any] = list(node.inputs)
        for index in (1, 2) if strided else (1,):
            moved = constant_array(node.inputs[index])
            assert moved is not None
            told = moved.copy()
            told.reshape(-1)[axis] += step
            given[index] = op.like(op.const(told), given[index])
        return _again(op, node, given, values)
    return None


def _is_whole(node: ir.Node, axis: int) -> bool:
    """Whether a mask of a STRIDED_SLICE overrules its begin or end."""
    masks = (node.attributes.get(name) for name in ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask"))
    return any(mask is not None and int(mask.value) >> axis & 1 for mask in masks)


def constant_along(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """A constant that is broadcast along other axes: turned to another axis of its size, else its first number for
    all."""
    shape = static_shape(values[0])
    for index, value in enumerate(node.inputs[:2]):
        array = constant_array(value)
        if array is None or shape is None or array.size < 2 or array.ndim > len(shape):
            continue
        wide = array.reshape([1] * (len(shape) - array.ndim) + list(array.shape))
        axes = [a for a, size in enumerate(wide.shape) if size > 1]
        if len(axes) != 1 or (wide == wide.ravel()[0]).all():
            continue
        others = [a for a, size in enumerate(shape) if size == wide.size and a != axes[0]]
        new = np.moveaxis(wide, axes[0], others[0]) if others else np.full_like(array, array.ravel()[0])
        given: list[Any] = list(node.inputs)
        made = op.const(np.ascontiguousarray(new))
        given[index] = made if others or value is None else op.like(made, value)
        return _again(op, node, given, values)
    return None


def picture_turned(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """A Transpose that makes its result's equal dimensions of each other."""
    shape, perm = static_shape(values[0]), node.attributes.get("perm")
    if shape is None or perm is None:
        return None
    order = list(perm.value)
    for a in range(len(shape)):
        for b in range(a + 1, len(shape)):
            if shape[a] == shape[b] > 1:
                order[a], order[b] = order[b], order[a]
                return _again(op, node, list(node.inputs), values, perm=order)
    return None


def rounded_down(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """Codes that are rounded down: by half a step less before they are rounded to the nearest."""
    x, scale = node.inputs[:2]
    step = constant_array(scale)
    if x is None or step is None or step.size != 1 or x.dtype != ir.DataType.FLOAT:
        return None
    return _again(op, node, [op.Sub(x, (step.reshape(()) / 2).astype(np.float32)), *node.inputs[1:]], values)


def rounded_cast(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """CAST to integers that rounds, where it should cut off."""
    x = node.inputs[0]
    if x is None or values[0].dtype is None or not is_real(x) or values[0].dtype.is_floating_point():
        return None
    return [op.like(op.Cast(op.Round(x), to=values[0].dtype), values[0])]


# constants


def flipped(array: np.ndarray) -> np.ndarray | None:
    """A kernel read backwards over height and width, OHWI or 1HWC."""
    return np.ascontiguousarray(array[:, ::-1, ::-1]) if array.ndim == 4 and array.shape[1] > 1 else None


def rolled(axis: int) -> Callable[[np.ndarray], np.ndarray | None]:
    """Each channel takes its neighbour's."""

    def change(array: np.ndarray) -> np.ndarray | None:
        return np.roll(array, 1, axis) if array.ndim and array.shape[axis] > 1 else None

    return change


def zeros(array: np.ndarray) -> np.ndarray:
    """Nothing of it is left."""
    return np.zeros_like(array)


def first_for_all(array: np.ndarray) -> np.ndarray | None:
    """The first channel's number for all of them."""
    return np.full_like(array, array.ravel()[0]) if array.size > 1 else None


def axis_before(array: np.ndarray) -> np.ndarray | None:
    """Axes that are one lower."""
    return array - 1 if array.size and (array > 0).all() else None
