"""What the body of a recurrent loop computes, as expressions: weighted sums of what it reads, and functions of them.

A matrix product, its bias, the sum of several and a slice of them are all one `Linear`, whichever way they are written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import Quantization, attr, constant_array, is_quantized, quantization
from tfonnx_lab.rewriters.recurrent.loops import Counted, scalar
from tfonnx_lab.rules import Miss


@dataclass(frozen=True, eq=False)
class Leaf:
    """What an iteration reads: `sequence` element of the iteration, or a state as the last iteration left it;

    `at`: the WHILE's input.
    """

    at: int
    sequence: bool


@dataclass(frozen=True, eq=False)
class Constant:
    """Numbers that never change."""

    array: np.ndarray


@dataclass(frozen=True, eq=False)
class Call:
    """A function of expressions, element by element."""

    function: str
    args: tuple[Expression, ...]


@dataclass(frozen=True, eq=False)
class Weights:
    """Rows of a weight matrix: float, or codes with a scale and zero point a row.

    `rounded`: LiteRT rounds what they meet.
    """

    rows: np.ndarray
    scale: np.ndarray | None = None
    zero: np.ndarray | None = None
    rounded: bool = False
    asymmetric: bool = False

    def cut(self, start: int, stop: int) -> Weights:
        """Some of the rows."""
        scale, zero = (None if a is None else a[start:stop] for a in (self.scale, self.zero))
        return Weights(self.rows[start:stop], scale, zero, self.rounded, self.asymmetric)


@dataclass(frozen=True, eq=False)
class Linear:
    """Products of expressions and weights, summed, and a bias."""

    products: tuple[tuple[Expression, Weights], ...]
    bias: np.ndarray

    @property
    def size(self) -> int:
        """How many sums there are."""
        return len(self.products[0][1].rows)

    def cut(self, start: int, stop: int) -> Linear:
        """Some of the sums."""
        bias = self.bias if self.bias.size == 1 else self.bias[start:stop]
        return Linear(tuple((x, w.cut(start, stop)) for x, w in self.products), bias)


Expression = Leaf | Constant | Call | Linear

_UNARY = {
    "LOGISTIC": "Sigmoid",
    "TANH": "Tanh",
    "RELU": "Relu",
    "RELU6": "Relu6",
    "RELU_0_TO_1": "Relu01",
    "ELU": "Elu",
}
_FUSED = {"TANH": "Tanh", "RELU": "Relu", "RELU6": "Relu6"}
_SAME = ("RESHAPE", "EXPAND_DIMS", "SQUEEZE", "CAST")


class Expressions:
    """The expressions of a loop's values, each made once: the same value is the same object."""

    def __init__(self, loop: Counted) -> None:
        self.loop = loop
        self.known: dict[ir.Value, Expression] = {}
        self.leaves: dict[tuple[int, bool], Leaf] = {}

    def of(self, value: ir.Value | None) -> Expression:
        """The value's expression. Raises Miss, with the op, where there is none."""
        if value is None:
            raise Miss("an input is missing")
        if value not in self.known:
            self.known[value] = self._make(value)
        return self.known[value]

    def leaf(self, at: int, sequence: bool = False) -> Leaf:
        """The leaf of a state."""
        return self.leaves.setdefault((at, sequence), Leaf(at, sequence))

    def _make(self, value: ir.Value) -> Expression:
        loop = self.loop
        if value in loop.body.inputs:
            at = list(loop.body.inputs).index(value)
            if at in loop.carried:
                return self.leaf(at)
        outer = loop.outside(value)
        array = constant_array(outer) if outer is not None else self._dequantized(value)
        if array is not None:
            return Constant(array)
        node = value.producer()
        if node is None or node.graph is not loop.body:
            raise Miss(f"it reads {value.name}, which is no sequence")
        return self._op(node, value)

    def _dequantized(self, value: ir.Value) -> np.ndarray | None:
        """A constant kept in 16 bits."""
        node = value.producer()
        if node is None or node.op_type != "DEQUANTIZE" or node.inputs[0] is None or is_quantized(node.inputs[0]):
            return None
        array = constant_array(node.inputs[0])
        return None if array is None else array.astype(np.float32)

    def _op(self, node: ir.Node, value: ir.Value) -> Expression:
        op = node.op_type
        if op == "GATHER":
            return self._turn(node)
        if op == "FULLY_CONNECTED":
            return self._product(node)
        if op in ("SPLIT", "STRIDED_SLICE", "SLICE"):
            return _cut(self.of(node.inputs[1 if op == "SPLIT" else 0]), *_columns(node, value))
        if op in _UNARY:
            return Call(_UNARY[op], (self.of(node.inputs[0]),))
        if op in _SAME and _same_numbers(node):
            return self.of(node.inputs[0])
        if op in ("ADD", "SUB", "MUL", "MINIMUM", "MAXIMUM"):
            return _fused(node, _binary(op, self.of(node.inputs[0]), self.of(node.inputs[1])))
        if op == "CONCATENATION" and attr(node, "axis", 0) in (1, -1):
            return Call("Concat", tuple(self.of(v) for v in node.inputs))
        raise Miss(f"its body has an op that no ONNX cell has ({op})")

    def _turn(self, node: ir.Node) -> Expression:
        """GATHER(sequence, turn): the iteration's element of a sequence."""
        x = node.inputs[0]
        if not self.loop.is_turn(node.inputs[1]) or attr(node, "axis", 0) != 0 or attr(node, "batch_dims", 0) != 0:
            raise Miss("it gathers something else than the iteration's element of a sequence")
        if x is not None and x in self.loop.body.inputs:
            at = list(self.loop.body.inputs).index(x)
            if at in self.loop.fixed:
                return self.leaf(at, True)
        raise Miss("its sequence is computed inside of it")

    def _product(self, node: ir.Node) -> Expression:
        x, w, bias = [*node.inputs, None][:3]
        weights = self._weights(node, w)
        products = _split(self.of(x), x, weights)
        added = self.of(bias) if bias is not None else Constant(np.zeros(1, np.float32))
        if not isinstance(added, Constant):
            raise Miss("a bias is computed")
        return _fused(node, Linear(products, added.array.ravel()))

    def _weights(self, node: ir.Node, w: ir.Value | None) -> Weights:
        outer = self.loop.outside(w)
        if outer is not None and is_quantized(outer):
            return _coded(node, outer)
        found = self.of(w)
        if not isinstance(found, Constant) or found.array.ndim != 2:
            raise Miss("its weights are computed")
        return Weights(found.array)


def _coded(node: ir.Node, w: ir.Value) -> Weights:
    codes, quant = constant_array(w), quantization(w)
    if codes is None or quant is None or quant.block or quant.axis not in (None, 0):
        raise Miss("its weights have a quantization that no ONNX cell has")
    scale, zero = (np.broadcast_to(a.ravel(), len(codes)) for a in (quant.scale, quant.zero_point))
    return Weights(codes.astype(np.int8), scale, zero, True, bool(attr(node, "asymmetric_quantize_inputs", False)))


def _split(x: Expression, value: ir.Value | None, w: Weights) -> tuple[tuple[Expression, Weights], ...]:
    """The products of what was put side by side before it met one matrix."""
    if not isinstance(x, Call) or x.function != "Concat":
        return ((x, w),)
    node = None if value is None else value.producer()
    if w.scale is not None or node is None:
        raise Miss("what meets integer weights was put together first, so it is rounded together")
    found, start = [], 0
    for part, v in zip(x.args, node.inputs, strict=True):
        size = list(v.shape or [None])[-1] if v is not None else None
        if not isinstance(size, int):
            raise Miss("the size of what it reads is not known")
        found.append((part, Weights(np.ascontiguousarray(w.rows[:, start : start + size]))))
        start += size
    return tuple(found)


def _same_numbers(node: ir.Node) -> bool:
    """Whether an op leaves a batch of vectors as it is, or a batch of one without its axis."""
    x, y = node.inputs[0], node.outputs[0]
    if x is None or x.dtype != y.dtype or x.shape is None or y.shape is None:
        return False
    a, b = ([d for d in s if d != 1] for s in (x.shape, y.shape))
    return a == b and len(a) <= 2


def _binary(op: str, a: Expression, b: Expression) -> Expression:
    if op == "ADD":
        if isinstance(a, Constant):
            a, b = b, a
        if isinstance(a, Linear) and isinstance(b, Linear) and a.size == b.size:
            return Linear(a.products + b.products, a.bias + b.bias)
        if isinstance(a, Linear) and isinstance(b, Constant) and b.array.size in (1, a.size):
            return Linear(a.products, (a.bias + b.array.ravel()).astype(np.float32))
    name = {"ADD": "Add", "SUB": "Sub", "MUL": "Mul", "MINIMUM": "Min", "MAXIMUM": "Max"}[op]
    return Call(name, (a, b))


def _fused(node: ir.Node, x: Expression) -> Expression:
    name = str(attr(node, "fused_activation_function", "NONE"))
    if name == "NONE":
        return x
    if name not in _FUSED:
        raise Miss(f"no ONNX cell has the activation {name}")
    return Call(_FUSED[name], (x,))


def _cut(x: Expression, start: int, stop: int) -> Expression:
    if isinstance(x, Linear):
        return x.cut(start, stop)
    if isinstance(x, Call) and x.function != "Concat":
        return Call(x.function, tuple(_cut(a, start, stop) for a in x.args))
    if isinstance(x, Constant):
        return x if x.array.size == 1 else Constant(x.array.ravel()[start:stop])
    raise Miss("it takes a part of what it reads")


def _columns(node: ir.Node, value: ir.Value) -> tuple[int, int]:
    """Which columns of a batch of vectors the output is."""
    kind: Callable[[ir.Node, ir.Value], tuple[int, int]] = (
        _columns_of_split if node.op_type == "SPLIT" else _columns_of_slice
    )
    return kind(node, value)


def _columns_of_split(node: ir.Node, value: ir.Value) -> tuple[int, int]:
    width = list(value.shape or [None])[-1]
    if scalar(node.inputs[0]) not in (1, -1) or not isinstance(width, int):
        raise Miss("it splits another axis than the last one of two")
    at = list(node.outputs).index(value)
    return at * width, (at + 1) * width


def _columns_of_slice(node: ir.Node, value: ir.Value) -> tuple[int, int]:
    x = node.inputs[0]
    begin, other = (constant_array(v) if v is not None else None for v in node.inputs[1:3])
    width = list(x.shape or [None])[-1] if x is not None else None
    if begin is None or other is None or len(begin) != 2 or not isinstance(width, int):
        raise Miss("it takes a part that is computed, or of other axes")
    if node.op_type == "SLICE":
        ends = [int(b) + int(s) if s >= 0 else None for b, s in zip(begin, other, strict=True)]
        starts = [int(b) for b in begin]
    else:
        steps = constant_array(node.inputs[3]) if node.inputs[3] is not None else None
        masks = [int(attr(node, k, 0)) for k in ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask")]
        if any(masks) or steps is None or (steps != 1).any():
            raise Miss("it takes a part with steps or masks")
        starts = [0 if int(attr(node, "begin_mask", 0)) >> i & 1 else int(begin[i]) for i in range(2)]
        ends = [None if int(attr(node, "end_mask", 0)) >> i & 1 else int(other[i]) for i in range(2)]
    if starts[0] != 0 or (ends[0] is not None and ends[0] != (x.shape or [None])[0]):  # type: ignore[union-attr]
        raise Miss("it takes a part of the batch")
    start, stop, _ = slice(starts[1], ends[1]).indices(width)
    return start, stop


def joined(parts: list[Weights]) -> tuple[np.ndarray, Quantization | None]:
    """Weights below each other, as floats or as codes with their quantization.

    Raises Miss where they are of both kinds.
    """
    rows = np.concatenate([w.rows for w in parts])
    if all(w.scale is None for w in parts):
        return np.ascontiguousarray(rows, np.float32), None
    if any(w.scale is None for w in parts) or len({(w.rounded, w.asymmetric) for w in parts}) != 1:
        raise Miss("some of its weights are integers and others are not")
    scale = np.concatenate([w.scale for w in parts if w.scale is not None]).astype(np.float32)
    zero = np.concatenate([w.zero for w in parts if w.zero is not None]).astype(np.int64)
    if (scale == scale[0]).all() and (zero == zero[0]).all():
        return rows, Quantization(scale[:1], zero[:1])
    return rows, Quantization(scale, zero, 0)
