"""Faults as people make them, planted through handlers, rewriters and optimizers of a user's kind, each at one op of a
real network.

A fault is a rule that does what the package's own does, but at one op: there it turns a sign, takes another axis, pads
the other side, forgets an activation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

import tfonnx_lab as lab
from tfonnx_lab.conversion import pipeline  # noqa: F401  (it brings the package's own rules)
from tfonnx_lab.graph import ORIGIN, TFLITE, OpBuilder
from tfonnx_lab.graph.attributes import make_attribute
from tfonnx_lab.patterns import NodePattern
from tfonnx_lab.rules import HANDLERS

Values = list[ir.Value]
Spoil = Callable[[OpBuilder, ir.Node, Values], Values | None]
"""Makes values wrong; None where there is nothing to make wrong."""


@dataclass(frozen=True)
class Fault:
    """A kind of fault. stage: through what it is planted; ops: the TFLite or ONNX ops that can have it."""

    name: str
    stage: str
    ops: tuple[str, ...]
    spoil: Spoil

    @contextmanager
    def planted(self, position: int) -> Iterator[list[bool]]:
        """The fault at one op of the model, as long as a `with` block lasts; the list says whether it was applied."""
        done: list[bool] = []
        rule = {"handler": _handler, "rewriter": _rewriter, "optimizer": _optimizer}[self.stage]
        rule(self, position, done)
        try:
            yield done
        finally:
            lab.restore()


def _is_at(node: ir.Node, position: int) -> bool:
    return node.meta.get(ORIGIN) == frozenset((position,))


def _handler(fault: Fault, position: int, done: list[bool]) -> None:
    for op_type in fault.ops:
        right = HANDLERS.find(TFLITE, op_type)
        assert right is not None

        def careless_handler(op: OpBuilder, node: ir.Node, *inputs: Any, _right: Any = right) -> Any:
            """Does what the package's handler does, but at one op."""
            made = _right.apply(op, node, {})
            values = [made] if isinstance(made, ir.Value) else list(made)
            if not _is_at(node, position) or done:
                return made
            spoiled = fault.spoil(op, node, values)
            done.extend([True] if spoiled is not None else [])
            return values if spoiled is None else spoiled

        careless_handler.__defaults__ = None
        careless_handler.__kwdefaults__ = {"_right": right}
        lab.handler(op_type)(_without_options(careless_handler, right))


def _without_options(function: Any, right: Any) -> Any:
    """A handler whose only arguments are the op's inputs."""

    def careless_handler(op: OpBuilder, node: ir.Node, *inputs: Any) -> Any:
        """Does what the package's handler does, but at one op."""
        return function(op, node, *inputs, _right=right)

    return careless_handler


def _rewriter(fault: Fault, position: int, done: list[bool]) -> None:
    def careless_rewriter(op: OpBuilder, node: ir.Node) -> Any:
        """Makes one op another."""
        if not _is_at(node, position) or done:
            return None
        made = fault.spoil(op, node, list(node.outputs))
        done.extend([True] if made is not None else [])
        return made

    pattern = NodePattern(TFLITE, fault.ops, name="node")
    lab.rewriter(pattern, phase="prepare")(careless_rewriter)


def _optimizer(fault: Fault, position: int, done: list[bool]) -> None:
    def careless_optimizer(op: OpBuilder, node: ir.Node) -> Any:
        """Makes one op another."""
        if not _is_at(node, position) or done:
            return None
        made = fault.spoil(op, node, list(node.outputs))
        done.extend([True] if made is not None else [])
        return made

    lab.optimizer(NodePattern("", fault.ops, name="node"), phase="finish")(careless_optimizer)


# what a handler's result becomes


def _is_real(value: ir.Value) -> bool:
    return value.dtype is not None and value.dtype.is_floating_point()


def negative(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """The sign is turned."""
    return [op.like(op.Neg(values[0]), values[0]), *values[1:]] if _is_real(values[0]) else None


def scaled(factor: float) -> Spoil:
    """Everything is a factor too large."""

    def spoil(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
        made = values[0]
        return [op.like(op.Mul(made, np.float32(factor)), made), *values[1:]] if _is_real(made) else None

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


def tape_input(kind: str, index: int, change: Callable[[OpBuilder, ir.Value], Any]) -> Spoil:
    """A node that the handler made has another input."""

    def spoil(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
        for made in op.tape:
            if made.op_type == kind and len(made.inputs) > index and made.inputs[index] is not None:
                given = made.inputs[index]
                assert given is not None
                new = change(op, given)
                if new is not None:
                    made.replace_input_with(index, new[0])
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


def next_axis(axis: Any) -> int | None:
    """The axis before the last one."""
    return -2 if axis in (-1, None) else None


def tanh_gelu(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """The approximation for the function."""
    x = node.inputs[0]
    cube = op.Mul(op.Mul(x, x), x)
    inner = op.Mul(op.Add(x, op.Mul(cube, np.float32(0.044715))), np.float32(0.7978845608))
    return [op.like(op.Mul(op.Mul(x, np.float32(0.5)), op.Add(op.Tanh(inner), np.float32(1))), values[0])]


def hard_sigmoid(op: OpBuilder, node: ir.Node, values: Values) -> Values | None:
    """Three straight lines for the function."""
    if not _is_real(values[0]):
        return None
    return [op.like(op.HardSigmoid(node.inputs[0], alpha=0.2), values[0])]


ALL: Sequence[Fault] = (
    Fault("sign", "handler", ("CONV_2D", "ADD", "MUL", "FULLY_CONNECTED", "TANH", "SUB", "SOFTMAX", "MEAN"), negative),
    Fault("scale of 1.1", "handler", ("CONV_2D", "DEPTHWISE_CONV_2D", "LOGISTIC", "ADD", "BATCH_MATMUL"), scaled(1.1)),
    Fault("scale of 0.98", "handler", ("FULLY_CONNECTED", "MUL", "MEAN", "RSQRT", "AVERAGE_POOL_2D"), scaled(0.98)),
    Fault("axis backwards", "handler", ("CONCATENATION", "RESHAPE", "TRANSPOSE", "STRIDED_SLICE", "PACK"),
          reversed_last),
    Fault("pads at the end", "handler", ("CONV_2D", "DEPTHWISE_CONV_2D"), tape_attribute("Conv", "pads", at_the_end)),
    Fault("pads of a pool", "handler", ("MAX_POOL_2D",), tape_attribute("MaxPool", "pads", at_the_end)),
    Fault("wrong softmax axis", "handler", ("SOFTMAX",), tape_attribute("Softmax", "axis", lambda axis: -2)),
    Fault("half pixels", "handler", ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"),
          tape_attribute("Resize", "coordinate_transformation_mode",
                         lambda m: b"half_pixel" if m in ("asymmetric", b"asymmetric") else b"asymmetric")),
    Fault("alpha", "handler", ("LEAKY_RELU",), tape_attribute("LeakyRelu", "alpha", lambda a: a / 2)),
    Fault("operands swapped", "handler", ("SUB", "DIV"), tape_swapped("Sub")),
    Fault("GELU by tanh", "handler", ("GELU",), tanh_gelu),
    Fault("hard sigmoid", "handler", ("LOGISTIC",), hard_sigmoid),
    Fault("no activation", "rewriter", ("CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "FULLY_CONNECTED"),
          with_attribute("fused_activation_function", lambda a: None if a in (None, "NONE") else "NONE")),
    Fault("RELU for RELU6", "rewriter", ("CONV_2D", "DEPTHWISE_CONV_2D"),
          with_attribute("fused_activation_function", lambda a: "RELU" if a == "RELU6" else None)),
    Fault("operands swapped", "rewriter", ("SUB", "DIV"), swapped),
    Fault("maximum for a sum", "rewriter", ("ADD",), as_op("MAXIMUM", 2)),
    Fault("a sum for a product", "rewriter", ("MUL",), as_op("ADD")),
    Fault("activation left out", "rewriter", ("RELU", "LEAKY_RELU", "LOGISTIC", "TANH", "HARD_SWISH", "GELU"),
          left_out),
    Fault("pads moved", "rewriter", ("PAD", "MIRROR_PAD"), constant_changed(1, shifted)),
    Fault("the largest for the mean", "rewriter", ("AVERAGE_POOL_2D",), as_op("MAX_POOL_2D")),
    Fault("another end", "rewriter", ("CONCATENATION",), swapped),
    Fault("clamp left out", "optimizer", ("Relu", "Clip"), left_out),
    Fault("bias left out", "optimizer", ("Conv", "Gemm"), without_input(2)),
    Fault("pads at the end", "optimizer", ("Conv", "MaxPool"), with_attribute("pads", at_the_end)),
    Fault("another function", "optimizer", ("Sigmoid", "Tanh"), as_op("HardSigmoid", alpha=0.2)),
    Fault("a sum for a product", "optimizer", ("Mul",), as_op("Add")),
    Fault("operands swapped", "optimizer", ("Sub", "Div", "Concat"), swapped),
    Fault("zero point", "optimizer", ("QuantizeLinear", "DequantizeLinear"),
          constant_changed(2, lambda z: np.where(z > 0, z - 1, z + 1) if z.ndim == 0 or z.size == 1 else None)),
    Fault("scale of the codes", "optimizer", ("QuantizeLinear",), constant_changed(1, lambda s: s * 1.05)),
    Fault("half pixels", "optimizer", ("Resize",),
          with_attribute("coordinate_transformation_mode",
                         lambda m: "half_pixel" if m in ("asymmetric", b"asymmetric") else "asymmetric")),
)  # fmt: skip
"""Every kind of fault."""
