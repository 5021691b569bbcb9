"""What becomes of an op where a fault is planted: its values, its attributes, its constants, turned into others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import TFLITE, OpBuilder
from tfonnx_lab.graph.attributes import make_attribute

Values = list[ir.Value]
Spoil = Callable[[OpBuilder, ir.Node, Values], Values | None]
"""Makes values wrong; None where there is nothing to make wrong."""


# what a handler's result becomes


def is_real(value: ir.Value) -> bool:
    return value.dtype is not None and value.dtype.is_floating_point()


def negative(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """The sign is turned."""
    return [op.like(op.Neg(values[0]), values[0]), *values[1:]] if is_real(values[0]) else None


def scaled(factor: float) -> Spoil:
    """Everything is a factor too large."""

    def spoil(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
        made = values[0]
        return [op.like(op.Mul(made, np.float32(factor)), made), *values[1:]] if is_real(made) else None

    return spoil


def reversed_last(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """The last axis is read backwards."""
    made = values[0]
    if made.shape is None or not len(made.shape) or made.shape[-1] in (0, 1):
        return None
    ends = [op.const(np.array([n], np.int64)) for n in (-1, -(2**31), -1, -1)]
    return [op.like(op.Slice(made, *ends), made), *values[1:]]


def tape_attribute(kind: str, name: str, change: Callable[[Any], Any]) -> Spoil:
    """A node that the handler made has another attribute."""

    def spoil(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
        for made in op.tape:
            if made.op_type == kind:
                old = made.attributes.get(name)
                new = change(None if old is None else old.value)
                if new is not None:
                    made.attributes[name] = make_attribute(name, new)
                    return values
        return None

    return spoil


def tape_swapped(kind: str) -> Spoil:
    """A node that the handler made has its first two inputs swapped."""

    def spoil(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
        for made in op.tape:
            if made.op_type == kind and made.inputs[0] is not made.inputs[1]:
                first, second = made.inputs[:2]
                made.replace_input_with(0, second)
                made.replace_input_with(1, first)
                return values
        return None

    return spoil


# another op in the place of one


def as_op(kind: str, count: int | None = None, **attributes: Any) -> Spoil:
    """Another op on the same inputs."""

    def spoil(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
        builder = op.tfl if node.domain == TFLITE else op
        given = list(node.inputs)[: count or len(node.inputs)]
        kept = attributes or {k: a.value for k, a in node.attributes.items()}
        return [op.like(builder.node(kind, given, kept).outputs[0], values[0])]

    return spoil


def with_attribute(name: str, change: Callable[[Any], Any]) -> Spoil:
    """The same op with another attribute."""

    def spoil(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
        kept = {k: a.value for k, a in node.attributes.items()}
        new = change(kept.get(name))
        if new is None:
            return None
        builder = op.tfl if node.domain == TFLITE else op
        made = builder.node(node.op_type, list(node.inputs), kept | {name: new}, outputs=len(node.outputs))
        return [op.like(a, b) for a, b in zip(made.outputs, values, strict=True)]

    return spoil


def swapped(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """The first two inputs change places."""
    a, b, *rest = node.inputs
    if a is None or b is None or a is b or a.shape != b.shape:
        return None
    builder = op.tfl if node.domain == TFLITE else op
    kept = {k: x.value for k, x in node.attributes.items()}
    return [op.like(builder.node(node.op_type, [b, a, *rest], kept).outputs[0], values[0])]


def left_out(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """The op is taken for nothing."""
    given = node.inputs[0]
    if given is None or given.dtype != values[0].dtype or given.shape != values[0].shape:
        return None
    return [given]


def without_input(index: int) -> Spoil:
    """An input that may be left out is."""

    def spoil(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
        if len(node.inputs) <= index or node.inputs[index] is None:
            return None
        given = [x if i != index else None for i, x in enumerate(node.inputs)]
        kept = {k: x.value for k, x in node.attributes.items()}
        return [op.like(op.node(node.op_type, given, kept).outputs[0], values[0])]

    return spoil


def constant_changed(index: int, change: Callable[[np.ndarray], np.ndarray | None]) -> Spoil:
    """A constant input is another."""

    def spoil(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
        if len(node.inputs) <= index or node.inputs[index] is None or node.inputs[index].const_value is None:  # type: ignore[union-attr]
            return None
        array = node.inputs[index].const_value.numpy()  # type: ignore[union-attr]
        new = change(array)
        if new is None or np.array_equal(new, array):
            return None
        builder = op.tfl if node.domain == TFLITE else op
        given: list[Any] = list(node.inputs)
        given[index] = op.like(op.const(new.astype(array.dtype)), given[index])
        kept = {k: x.value for k, x in node.attributes.items()}
        return [op.like(builder.node(node.op_type, given, kept).outputs[0], values[0])]

    return spoil


def at_the_end(pads: Any) -> list[int] | None:
    """SAME pads all at the end: [1, 1, 1, 1] => [0, 0, 2, 2]; those that are at the end already go to the front."""
    if pads is None or not any(pads):
        return None
    half = len(pads) // 2
    both = [a + b for a, b in zip(pads[:half], pads[half:], strict=True)]
    moved = [0] * half + both
    return moved if list(pads) != moved else both + [0] * half


def shifted(array: np.ndarray) -> np.ndarray | None:
    """Paddings of a PAD moved from the front to the end."""
    if array.ndim != 2 or not array.any():
        return None
    return np.stack([np.zeros_like(array[:, 0]), array.sum(1)], 1)


def tanh_gelu(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """The approximation for the function."""
    x = node.inputs[0]
    cube = op.Mul(op.Mul(x, x), x)
    inner = op.Mul(op.Add(x, op.Mul(cube, np.float32(0.044715))), np.float32(0.7978845608))
    return [op.like(op.Mul(op.Mul(x, np.float32(0.5)), op.Add(op.Tanh(inner), np.float32(1))), values[0])]


def hard_sigmoid(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """Three straight lines for the function."""
    if not is_real(values[0]):
        return None
    return [op.like(op.HardSigmoid(node.inputs[0], alpha=0.2), values[0])]
