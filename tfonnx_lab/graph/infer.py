"""What is known at once of a new ONNX node's outputs: dtype and, where it is cheap to tell, shape.

ONNX's own shape inference runs once over the finished graph; rules need to know earlier what they build on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph.attributes import attr
from tfonnx_lab.graph.dialects import MICROSOFT, ONNX

_BOOL = frozenset(
    ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Xor", "Not", "IsNaN", "IsInf")
)
_BOOL_UNARY = frozenset(("Not", "IsNaN", "IsInf"))
_INT64 = frozenset(("Shape", "Size", "ArgMax", "ArgMin", "NonZero"))
_BROADCAST = frozenset(
    (
        "Add",
        "Sub",
        "Mul",
        "Div",
        "Pow",
        "Max",
        "Min",
        "Sum",
        "Mean",
        "Mod",
        "BitwiseAnd",
        "BitwiseOr",
        "BitwiseXor",
        "BitShift",
        "PRelu",
    )
) | (_BOOL - _BOOL_UNARY)
_SAME = frozenset(
    [
        "Abs",
        "Acos",
        "Acosh",
        "Asin",
        "Asinh",
        "Atan",
        "Atanh",
        "Ceil",
        "Celu",
        "Clip",
        "Cos",
        "Cosh",
        "Cumsum",
        "CumSum",
        "Elu",
        "Erf",
        "Exp",
        "Floor",
        "Gelu",
        "HardSigmoid",
        "HardSwish",
        "Identity",
        "LeakyRelu",
        "Log",
        "LogSoftmax",
        "LpNormalization",
        "LRN",
        "Mish",
        "Neg",
        "Not",
        "Reciprocal",
        "Relu",
        "Round",
        "Selu",
        "Sigmoid",
        "Sign",
        "Sin",
        "Sinh",
        "Softmax",
        "Softplus",
        "Softsign",
        "Sqrt",
        "Swish",
        "Tan",
        "Tanh",
        "ThresholdedRelu",
        "Trilu",
        "BitwiseNot",
        "IsNaN",
        "IsInf",
        "ReverseSequence",
        "ScatterND",
        "ScatterElements",
    ]
)


def constant_array(value: ir.Value | None) -> np.ndarray | None:
    """The contents of a constant, None where the value is computed."""
    return None if value is None or value.const_value is None else value.const_value.numpy()


def static_shape(value: ir.Value | None) -> list[int] | None:
    """The shape as integers, None where the rank or a dimension is not known."""
    if value is None or value.shape is None:
        return None
    dims = list(value.shape)
    return [int(d) for d in dims] if all(isinstance(d, int) for d in dims) else None  # type: ignore[arg-type]


def rank(value: ir.Value | None) -> int | None:
    """The number of dimensions, None where it is not known."""
    return None if value is None or value.shape is None else len(value.shape)


def infer(node: ir.Node) -> None:
    """Set dtype and shape of the node's outputs where they follow simply from its inputs and attributes."""
    if node.domain == MICROSOFT:
        return
    if node.domain != ONNX:
        return
    dtype = _dtype(node)
    if dtype is not None:
        for value in node.outputs:
            value.type = ir.TensorType(dtype)
    shape = _shape(node)
    if shape is not None:
        node.outputs[0].shape = ir.Shape(shape)
    if node.op_type == "TopK":
        node.outputs[1].type = ir.TensorType(ir.DataType.INT64)


def _dtype(node: ir.Node) -> ir.DataType | None:
    op = node.op_type
    if op in _BOOL:
        return ir.DataType.BOOL
    if op in _INT64:
        return ir.DataType.INT64
    if op == "Cast":
        return ir.DataType(attr(node, "to"))
    if op in ("QuantizeLinear",):
        zero = node.inputs[2] if len(node.inputs) > 2 else None
        return zero.dtype if zero is not None else ir.DataType.UINT8
    if op == "DequantizeLinear":
        return node.inputs[1].dtype if node.inputs[1] is not None else None
    if op == "ConstantOfShape":
        value = attr(node, "value")
        return ir.DataType.FLOAT if value is None else value.dtype
    if op in ("If", "Loop", "Scan", "LabelEncoder", "Unique", "NonMaxSuppression", "Optional", "SequenceConstruct"):
        return {"NonMaxSuppression": ir.DataType.INT64}.get(op)
    index = 1 if op == "Where" else 0
    if op in ("MatMulInteger", "ConvInteger"):
        return ir.DataType.INT32
    if op == "OneHot":
        index = 2
    source = node.inputs[index] if len(node.inputs) > index else None
    return None if source is None else source.dtype


Dims = Sequence[int | ir.SymbolicDim | str | None]


def _shape(node: ir.Node) -> Dims | None:
    op, x = node.op_type, node.inputs[0] if node.inputs else None
    known = None if x is None or x.shape is None else list(x.shape)
    if op in _BROADCAST or op == "Where":
        return _broadcast([v for v in node.inputs if v is not None])
    if op == "Shape":
        return None if known is None else [len(known[attr(node, "start", 0) : attr(node, "end", len(known))])]
    if op == "Reshape":
        return _reshape(node, x)
    if op == "Expand":
        target = constant_array(node.inputs[1])
        return None if target is None or known is None else _broadcast_dims([known, [int(d) for d in target]])
    if op == "ConstantOfShape":
        target = constant_array(x)
        return None if target is None else [int(d) for d in target]
    if known is None:
        return None
    if op in _SAME or op in ("Cast", "QuantizeLinear", "DequantizeLinear"):
        return known
    if op == "Transpose":
        perm = attr(node, "perm") or tuple(reversed(range(len(known))))
        return [known[p] for p in perm] if len(perm) == len(known) else None
    if op in ("Unsqueeze", "Squeeze"):
        return _squeeze(node, known)
    if op.startswith("Reduce"):
        return _reduce(node, known)
    if op == "Concat":
        return _concat(node)
    if op == "Gather":
        return _gather(node, known)
    if op in ("MatMul", "MatMulInteger"):
        return _matmul(node, known)
    return None


def _broadcast(values: Sequence[ir.Value]) -> Dims | None:
    shapes = [v.shape for v in values]
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


def _reshape(node: ir.Node, x: ir.Value | None) -> Dims | None:
    target = constant_array(node.inputs[1])
    if target is None:
        return None
    dims = [int(d) for d in target]
    source = static_shape(x)
    if not attr(node, "allowzero", 0) and 0 in dims:
        if source is None:
            return None
        dims = [source[i] if d == 0 and i < len(source) else d for i, d in enumerate(dims)]
    if -1 not in dims:
        return dims
    rest = int(np.prod([d for d in dims if d != -1]))
    if source is None or rest == 0:
        return [None if d == -1 else d for d in dims]
    return [int(np.prod(source)) // rest if d == -1 else d for d in dims]


def _axes(node: ir.Node) -> list[int] | None:
    if "axes" in node.attributes:
        return list(attr(node, "axes"))
    given = constant_array(node.inputs[1]) if len(node.inputs) > 1 else None
    return None if given is None else [int(a) for a in np.atleast_1d(given)]


def _squeeze(node: ir.Node, known: Dims) -> Dims | None:
    axes = _axes(node)
    if axes is None:
        return None
    if node.op_type == "Squeeze":
        drop = {a % len(known) for a in axes} if known else set()
        return [d for i, d in enumerate(known) if i not in drop]
    size = len(known) + len(axes)
    new = {a % size for a in axes}
    rest = iter(known)
    return [1 if i in new else next(rest) for i in range(size)]


def _reduce(node: ir.Node, known: Dims) -> Dims | None:
    axes = _axes(node)
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


def _gather(node: ir.Node, known: Dims) -> Dims | None:
    indices = node.inputs[1]
    if indices is None or indices.shape is None or not known:
        return None
    axis = attr(node, "axis", 0) % len(known)
    return [*known[:axis], *indices.shape, *known[axis + 1 :]]


def _matmul(node: ir.Node, known: Dims) -> Dims | None:
    other = node.inputs[1]
    if other is None or other.shape is None or len(known) < 2 or len(other.shape) < 2:
        return None
    right = list(other.shape)
    return [*_broadcast_dims([known[:-2], right[:-2]]), known[-2], right[-1]]
