"""Layout: Transposes are moved behind the ops that do not care, until they meet their inverse and vanish."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, is_onnx, rank, static_shape, tensor_of, use_count
from tfonnx_lab.graph.handed_on import Perm, compose
from tfonnx_lab.optimizers._measure import is_read, pays
from tfonnx_lab.optimizers._transposes import behind, inverse, stands_for, transposed
from tfonnx_lab.patterns import onnx, var
from tfonnx_lab.rules import Miss, optimizer

UNARY = (
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitwiseNot", "Cast", "Ceil", "Celu", "Clip", "Cos",
    "Cosh",
    "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "IsInf", "IsNaN", "LeakyRelu", "Log", "Mish",
    "Neg",
    "Not", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt",
    "Tan",
    "Tanh", "ThresholdedRelu",
)  # fmt: skip
"""Ops that treat every element of their first input alike; further inputs are scalars."""

ELEMENTWISE = (
    "Add", "And", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Div", "Equal", "Greater", "GreaterOrEqual",
    "Less",
    "LessOrEqual", "Max", "Mean", "Min", "Mod", "Mul", "Or", "PRelu", "Pow", "Sub", "Sum", "Where", "Xor",
)  # fmt: skip
"""Ops that combine elements of several inputs, which are broadcast."""


@optimizer(onnx.Transpose(onnx.Transpose(var("x"), name="inner"), name="outer"), phase="clean")
def merge_transposes(op: OpBuilder, x: ir.Value, inner: ir.Node, outer: ir.Node) -> ir.Value:
    """Transpose(Transpose(x)) => Transpose(x), or x where the two cancel."""
    first, second = attr(inner, "perm"), attr(outer, "perm")
    perm = compose(first, second)
    if perm == tuple(range(len(perm))):
        op.note(f"{list(first)} then {list(second)} cancel")
        return x
    return op.Transpose(x, perm=list(perm))


def _moves_nothing(node: ir.Node) -> bool:
    perm = attr(node, "perm")
    return perm is not None and tuple(perm) == tuple(range(len(perm)))


@optimizer(onnx.Transpose(var("x"), name="node"), phase="clean", only=_moves_nothing)
def drop_identity_transpose(op: OpBuilder, x: ir.Value, node: ir.Node) -> ir.Value:
    """Transpose(x) that moves nothing => x."""
    return x


@optimizer(onnx[UNARY](onnx.Transpose(var("x"), name="t"), ..., name="node"), phase="layout")
def transpose_behind_unary(op: OpBuilder, node: ir.Node, t: ir.Node, x: ir.Value) -> list[ir.Value]:
    """Relu(Transpose(x)) => Transpose(Relu(x))."""
    return behind(op, node, [x, *node.inputs[1:]], tuple(attr(t, "perm")))


@optimizer(
    onnx["QuantizeLinear", "DequantizeLinear"](onnx.Transpose(var("x"), name="t"), ..., name="node"), phase="layout"
)
def transpose_behind_quantization(op: OpBuilder, node: ir.Node, t: ir.Node, x: ir.Value) -> list[ir.Value] | None:
    """QuantizeLinear(Transpose(x)) => Transpose(QuantizeLinear(x)), its axis moved along."""
    perm = tuple(attr(t, "perm"))
    scale = node.inputs[1]
    if perm == (0, 2, 3, 1) and _normalized_along_channels(t.outputs[0]):
        raise Miss("a normalization reads the codes channels last, as integer kernels leave them")
    if attr(node, "block_size", 0):
        raise Miss("its scales are blockwise")
    if rank(scale) == 0:
        return behind(op, node, [x, *node.inputs[1:]], perm)
    return behind(op, node, [x, *node.inputs[1:]], perm, axis=perm[attr(node, "axis", 1) % len(perm)])


def _normalized_along_channels(codes: ir.Value) -> bool:
    """Whether a mean over the last axis alone is taken of the codes."""
    for dq in [user for user, index in codes.uses() if index == 0 and is_onnx(user, "DequantizeLinear")]:
        for user, _ in dq.outputs[0].uses():
            if is_onnx(user, "ReduceSum", "ReduceMean") and len(user.inputs) > 1:
                axes = constant_array(user.inputs[1])
                if axes is not None and axes.tolist() in ([3], [-1]):
                    return True
    return False


@optimizer(onnx.DynamicQuantizeLinear(onnx.Transpose(var("x"), name="t"), name="node"), phase="layout")
def transpose_behind_dynamic_quantization(op: OpBuilder, node: ir.Node, t: ir.Node, x: ir.Value) -> list[ir.Value]:
    """DynamicQuantizeLinear(Transpose(x)) => Transpose of its codes; their scale and zero point stay."""
    codes, *parameters = node.outputs
    made = op.node(node.op_type, [x], {}, outputs=3)
    perm = tuple(attr(t, "perm"))
    stands_for(made.outputs[0], codes, perm)
    results = [op.Transpose(made.outputs[0], perm=list(perm))]
    for new, old in zip(made.outputs[1:], parameters, strict=True):
        results.append(op.like(new, old))
    return results


@optimizer(
    onnx[ELEMENTWISE](..., name="node"),
    phase="layout",
    only=lambda node: any(transposed(v) is not None for v in node.inputs),
)
def transpose_behind_elementwise(op: OpBuilder, node: ir.Node) -> list[ir.Value]:
    """Add(Transpose(a), Transpose(b)) => Transpose(Add(a, b)); constants are permuted, small inputs reshaped."""
    perms = [t[1] for t in map(transposed, node.inputs) if t is not None]
    perm = max(perms, key=perms.count)
    if any((rank(v) or 0) > len(perm) for v in node.inputs):
        raise Miss("an input has a higher rank than the one that is transposed")
    inputs = [without(op, v, perm) for v in node.inputs]
    return behind(op, node, _with_those_that_exist(op, node, inputs, perm) if None in inputs else inputs, perm)


def _with_those_that_exist(
    op: OpBuilder, node: ir.Node, inputs: Sequence[ir.Value | None], perm: Perm
) -> list[ir.Value]:
    """The inputs before Transpose(perm), where None stands for one that only a Transpose that exists can give.

    Raises Miss where there is none, or where it does not pay: two rules could move one Transpose back and forth for
    ever.
    """
    makers = [v.producer() for v in node.inputs if v is not None and transposed(v) is not None]
    taken = [_inverse_of(node.inputs[i], perm) for i, v in enumerate(inputs) if v is None]
    there = [t for t in taken if t is not None]
    if len(there) < len(taken) or not all(_only_use(t.outputs[0]) for t in makers if t is not None):
        raise Miss("another input has no Transpose of this kind, and is too large to be given one")
    if not pays([t for t in makers if t is not None and tuple(attr(t, "perm")) == perm], there):
        raise Miss("another input's Transpose would stay where this one goes")
    found = [t.outputs[0] if _before(t, node) else op.Transpose(t.inputs[0], perm=inverse(perm)) for t in there]
    return [found.pop(0) if v is None else v for v in inputs]


def _only_use(value: ir.Value | None) -> bool:
    return value is not None and use_count(value) == 1 and not value.is_graph_output()


def _inverse_of(value: ir.Value | None, perm: Perm) -> ir.Node | None:
    """A Transpose of the value by the inverse of `perm`, where there is one."""
    for user, _ in () if value is None else value.uses():
        if is_onnx(user, "Transpose") and tuple(attr(user, "perm") or ()) == inverse(perm) and is_read(user):
            return user
    return None


def _before(first: ir.Node, second: ir.Node) -> bool:
    """Whether one node stands before another one of its graph, which may then read it."""
    graph = second.graph
    return graph is not None and first.graph is graph and next(n for n in graph if n in (first, second)) is first


def without(op: OpBuilder, value: ir.Value | None, perm: Perm) -> ir.Value | None:
    """The value as it is before Transpose(perm): for nothing or next to nothing, else None."""
    source = transposed(value)
    if value is None or (source is not None and source[1] == perm):
        return None if source is None else source[0]
    back = inverse(perm)
    array = constant_array(value)
    if array is not None:
        if array.size == 1:
            return value
        full = array.reshape([1] * (len(perm) - array.ndim) + list(array.shape))
        return op.const(tensor_of(full.transpose(back), value.dtype), name=f"{value.name}/transposed")
    shape = static_shape(value)
    if shape is None:
        return None
    full_shape = [1] * (len(perm) - len(shape)) + shape
    moving = [i for i in back if full_shape[i] != 1]
    if moving != sorted(moving):  # the axes, not their sizes: those of 32 x 32 x 32 are alike in any order
        return None
    moved = [full_shape[i] for i in back]
    return value if moved == shape else op.Reshape(value, op.const(moved))
