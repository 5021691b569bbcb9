"""The shapes of ONNX ops' first outputs, where they follow simply from inputs and attributes: SHAPES."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph.attributes import attr
from tfonnx_lab.graph.values import constant_array, static_shape

Dims = Sequence[int | ir.SymbolicDim | str | None]

COMPARISONS = ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Xor")
_BROADCAST = (
    *COMPARISONS, "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Mean", "Mod", "BitwiseAnd", "BitwiseOr",
    "BitwiseXor", "BitShift", "PRelu", "Where",
)  # fmt: skip
_SAME = (
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitwiseNot", "Cast", "Ceil", "Celu", "Clip", "Cos",
    "Cosh",
    "CumSum", "DequantizeLinear", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity", "IsInf",
    "IsNaN", "LRN", "LeakyRelu", "Log", "LogSoftmax", "LpNormalization", "Mish", "Neg", "Not", "QuantizeLinear",
    "Reciprocal", "Relu", "ReverseSequence", "Round", "ScatterElements", "ScatterND", "Selu", "Sigmoid", "Sign", "Sin",
    "Sinh", "Softmax", "Softplus", "Softsign", "Sqrt", "Swish", "Tan", "Tanh", "ThresholdedRelu", "Trilu",
)  # fmt: skip
_REDUCTIONS = ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare")


def _known(value: ir.Value | None) -> list[int | ir.SymbolicDim] | None:
    return None if value is None or value.shape is None else list(value.shape)


def _same(node: ir.Node) -> ir.Shape | None:
    """The input's own: nothing changes a shape in place, so that two values can have one."""
    x = node.inputs[0]
    return None if x is None else x.shape


def _broadcast(node: ir.Node) -> Dims | None:
    shapes = [v.shape for v in node.inputs if v is not None]
    if any(s is None for s in shapes):
        return None
    return _broadcast_dims([list(s) for s in shapes if s is not None])


def _broadcast_dims(shapes: Sequence[Dims]) -> Dims:
    size = max((len(s) for s in shapes), default=0)
    result: list[int | ir.SymbolicDim | str | None] = []
    for i in range(size):
        dims = [s[i - size + len(s)] for s in shapes if i - size + len(s) >= 0]
        big = [d for d in dims if isinstance(d, int) and d != 1]
        named = [d for d in dims if not isinstance(d, int)]
        result.append(big[0] if big else named[0] if len(named) == 1 else None if named else 1)
    return result


def _shape(node: ir.Node) -> Dims | None:
    known = _known(node.inputs[0])
    return None if known is None else [len(known[attr(node, "start", 0) : attr(node, "end", len(known))])]


def _asked(target: ir.Value | None) -> list[int | None] | None:
    """The dimensions that a list of them says; only how many there are, where it is computed."""
    numbers = constant_array(target)
    if numbers is not None:
        return [int(d) for d in numbers.ravel()]
    count = None if target is None else static_shape(target)
    return None if count is None or len(count) != 1 else [None] * count[0]


def _expand(node: ir.Node) -> Dims | None:
    target, known = _asked(node.inputs[1]), _known(node.inputs[0])
    return None if target is None or known is None else _broadcast_dims([known, target])


def _constant_of_shape(node: ir.Node) -> Dims | None:
    return _asked(node.inputs[0])


def _range(node: ir.Node) -> Dims:
    return [None]


def _same_rank(node: ir.Node) -> Dims | None:
    known = _known(node.inputs[0])
    return None if known is None else [None] * len(known)


def _slice(node: ir.Node) -> Dims | None:
    """The dimensions that are not cut or whose cuts are constants, and the rank."""
    known = _known(node.inputs[0])
    given = [constant_array(v) for v in node.inputs[1:]]
    if known is None or any(v is None and node.inputs[1 + k] is not None for k, v in enumerate(given)):
        return _same_rank(node)
    starts, ends, axes, steps = (
        [int(i) for i in v.ravel()] if v is not None else None for v in [*given, None, None][:4]
    )
    assert starts is not None and ends is not None
    dims: list[int | ir.SymbolicDim | str | None] = list(known)
    for k, (start, end) in enumerate(zip(starts, ends, strict=True)):
        at = axes[k] % len(known) if axes else k
        size = known[at]
        cut = slice(start, end, steps[k] if steps else 1)
        dims[at] = len(range(size)[cut]) if isinstance(size, int) else None
    return dims


def _reshape(node: ir.Node) -> Dims | None:
    target = constant_array(node.inputs[1])
    if target is None:
        return _asked(node.inputs[1])
    dims = [int(d) for d in target]
    source = static_shape(node.inputs[0])
    if not attr(node, "allowzero", 0) and 0 in dims:
        if source is None:
            return None
        dims = [source[i] if d == 0 and i < len(source) else d for i, d in enumerate(dims)]
    if -1 not in dims:
        return dims
    rest = math.prod(d for d in dims if d != -1)
    if source is None or rest == 0:
        return [None if d == -1 else d for d in dims]
    return [math.prod(source) // rest if d == -1 else d for d in dims]


def _transpose(node: ir.Node) -> Dims | None:
    known = _known(node.inputs[0])
    if known is None:
        return None
    perm = attr(node, "perm") or tuple(reversed(range(len(known))))
    return [known[p] for p in perm] if len(perm) == len(known) else None


def _axes(node: ir.Node) -> list[int] | None:
    if "axes" in node.attributes:
        return list(attr(node, "axes"))
    given = constant_array(node.inputs[1]) if len(node.inputs) > 1 else None
    return None if given is None else [int(a) for a in np.atleast_1d(given)]


def _squeeze(node: ir.Node) -> Dims | None:
    known, axes = _known(node.inputs[0]), _axes(node)
    if known is None or axes is None:
        return None
    drop = {a % len(known) for a in axes} if known else set()
    return [d for i, d in enumerate(known) if i not in drop]


def _unsqueeze(node: ir.Node) -> Dims | None:
    known, axes = _known(node.inputs[0]), _axes(node)
    if known is None or axes is None:
        return None
    size = len(known) + len(axes)
    new = {a % size for a in axes}
    rest = iter(known)
    return [1 if i in new else next(rest) for i in range(size)]


def _reduce(node: ir.Node) -> Dims | None:
    known, axes = _known(node.inputs[0]), _axes(node)
    if known is None:
        return None
    if axes is None:
        if len(node.inputs) > 1 and node.inputs[1] is not None:
            return None
        axes = list(range(len(known)))
    gone = {a % len(known) for a in axes} if known else set()
    if attr(node, "keepdims", 1):
        return [1 if i in gone else d for i, d in enumerate(known)]
    return [d for i, d in enumerate(known) if i not in gone]


def _concat(node: ir.Node) -> Dims | None:
    shapes = [list(v.shape) for v in node.inputs if v is not None and v.shape is not None]
    if len(shapes) != len(node.inputs) or len({len(s) for s in shapes}) != 1 or not shapes[0]:
        return None
    axis = attr(node, "axis") % len(shapes[0])
    dims: list[int | ir.SymbolicDim | str | None] = []
    for i in range(len(shapes[0])):
        column = [s[i] for s in shapes]
        if i == axis:
            dims.append(sum(column) if all(isinstance(d, int) for d in column) else None)
        else:
            fixed = [d for d in column if isinstance(d, int)]
            dims.append(fixed[0] if fixed else column[0])
    return dims


def _gather(node: ir.Node) -> Dims | None:
    known, indices = _known(node.inputs[0]), _known(node.inputs[1])
    if not known or indices is None:
        return None
    axis = attr(node, "axis", 0) % len(known)
    return [*known[:axis], *indices, *known[axis + 1 :]]


def _matmul(node: ir.Node) -> Dims | None:
    left, right = _known(node.inputs[0]), _known(node.inputs[1])
    if left is None or right is None or len(left) < 2 or len(right) < 2:
        return None
    return [*_broadcast_dims([left[:-2], right[:-2]]), left[-2], right[-1]]


SHAPES: dict[str, Callable[[ir.Node], Dims | ir.Shape | None]] = {
    **dict.fromkeys(_SAME, _same),
    **dict.fromkeys(_BROADCAST, _broadcast),
    **dict.fromkeys([f"Reduce{name}" for name in _REDUCTIONS], _reduce),
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "Expand": _expand,
    "Gather": _gather,
    "MatMul": _matmul,
    "MatMulInteger": _matmul,
    "Pad": _same_rank,
    "Range": _range,
    "Reshape": _reshape,
    "Shape": _shape,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
"""Op type => the function that tells the dimensions, or None where they do not follow."""
