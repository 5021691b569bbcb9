"""Arithmetic of complex numbers, of their real and imaginary parts; what is not converted is refused.

A complex tensor has its parts in a last axis, so an op that is let through would compute with them as with two numbers.

Ops: BATCH_MATMUL, COS, DIV, EXP, FlexMatMul, LOG, SIN, SQRT, SQUARE.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import ConversionError, Failure
from tfonnx_lab.graph import ORIGIN, TFLITE, TFLITE_CUSTOM, OpBuilder, all_nodes, attr
from tfonnx_lab.graph.meta import KIND, PLACE
from tfonnx_lab.patterns import custom, tfl, var
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rewriters.complex_parts import MOVING, is_complex, part_of
from tfonnx_lab.rules import rewriter

Pair = tuple[Any, Any]
Compute = Callable[..., Pair]
"""(builder of TFLite ops, the op, the operands' parts) => the result's."""


def _product(t: OpBuilder, node: ir.Node, a: Pair, b: Pair) -> Pair:
    return t.SUB(t.MUL(a[0], b[0]), t.MUL(a[1], b[1])), t.ADD(t.MUL(a[0], b[1]), t.MUL(a[1], b[0]))


def _square(t: OpBuilder, node: ir.Node, a: Pair) -> Pair:
    return _product(t, node, a, a)


def _quotient(t: OpBuilder, node: ir.Node, a: Pair, b: Pair) -> Pair:
    size = t.ADD(t.MUL(b[0], b[0]), t.MUL(b[1], b[1]))
    real, imaginary = _product(t, node, a, (b[0], t.NEG(b[1])))
    return t.DIV(real, size), t.DIV(imaginary, size)


def _matrix_product(t: OpBuilder, node: ir.Node, a: Pair, b: Pair) -> Pair:
    """Adjoint matrices are conjugated, too."""
    adjoint = [bool(attr(node, name, False)) for name in ("adj_x", "adj_y")]
    (ar, ai), (br, bi) = ((p[0], t.NEG(p[1]) if turned else p[1]) for p, turned in zip((a, b), adjoint, strict=True))

    def times(x: Any, y: Any) -> Any:
        return t.BATCH_MATMUL(x, y, adj_x=adjoint[0], adj_y=adjoint[1])

    return t.SUB(times(ar, br), times(ai, bi)), t.ADD(times(ar, bi), times(ai, br))


def _hyperbolic(t: OpBuilder, x: Any) -> tuple[Any, Any]:
    """Cosine and sine."""
    up, down = t.EXP(x), t.EXP(t.NEG(x))
    return t.MUL(t.ADD(up, down), _number(0.5, x)), t.MUL(t.SUB(up, down), _number(0.5, x))


def _number(value: float, like: ir.Value) -> Any:
    assert like.dtype is not None
    return like.dtype.numpy().type(value)


def _exponential(t: OpBuilder, node: ir.Node, a: Pair) -> Pair:
    size = t.EXP(a[0])
    return t.MUL(size, t.COS(a[1])), t.MUL(size, t.SIN(a[1]))


def _cosine(t: OpBuilder, node: ir.Node, a: Pair) -> Pair:
    high, low = _hyperbolic(t, a[1])
    return t.MUL(t.COS(a[0]), high), t.NEG(t.MUL(t.SIN(a[0]), low))


def _sine(t: OpBuilder, node: ir.Node, a: Pair) -> Pair:
    high, low = _hyperbolic(t, a[1])
    return t.MUL(t.SIN(a[0]), high), t.MUL(t.COS(a[0]), low)


def _logarithm(t: OpBuilder, node: ir.Node, a: Pair) -> Pair:
    size = t.SQRT(t.ADD(t.MUL(a[0], a[0]), t.MUL(a[1], a[1])))
    return t.LOG(size), t.ATAN2(a[1], a[0])


def _root(t: OpBuilder, node: ir.Node, a: Pair) -> Pair:
    """The root with a real part that is not negative: w + i b / 2w, where w is the root of (|a| + |z|) / 2.

    On the left of 0 the parts of that change places, and the sign is b's: nothing is lost by subtraction.
    """
    half, zero = _number(0.5, a[0]), _number(0, a[0])
    size = t.SQRT(t.ADD(t.MUL(a[0], a[0]), t.MUL(a[1], a[1])))
    w = t.SQRT(t.MUL(t.ADD(t.ABS(a[0]), size), half))
    other = t.DIV(t.MUL(a[1], half), t.MAXIMUM(w, _number(np.finfo(_number(0, a[0]).dtype).tiny, a[0])))
    right, below = t.GREATER_EQUAL(a[0], zero), t.LESS(a[1], zero)
    left = t.SELECT_V2(below, t.NEG(w), w)
    return t.SELECT_V2(right, w, t.ABS(other)), t.SELECT_V2(right, other, left)


ARITHMETIC: dict[str, Compute] = {
    "SQUARE": _square,
    "DIV": _quotient,
    "BATCH_MATMUL": _matrix_product,
    "EXP": _exponential,
    "COS": _cosine,
    "SIN": _sine,
    "LOG": _logarithm,
    "SQRT": _root,
}
"""Op => its parts."""

_COMPARE = ("GREATER_EQUAL", "LESS")
_KNOWN = frozenset(
    (
        "ADD", "SUB", "MUL", "NEG", "ADD_N", "REAL", "IMAG", "COMPLEX_ABS", "CAST", "RESHAPE", "SQUEEZE", "RFFT2D",
        "BITCAST", "SHAPE", "RANK", "IF", "WHILE", "CALL", "FlexComplex", "FlexConj", "FlexAngle",
        "FlexConjugateTranspose", "FlexFFT", "FlexFFT2D", "FlexFFT3D", "FlexIFFT", "FlexIFFT2D", "FlexIFFT3D",
        "FlexRFFT", "FlexRFFT3D", "FlexIRFFT", "FlexIRFFT2D", "FlexIRFFT3D", "FlexIdentity", "FlexIdentityN",
        "FlexStopGradient", "FlexRoll", "Roll", "IRFFT2D", "Irfft2d",
    )
)  # fmt: skip
"""Ops that know of complex numbers, or do to both parts what they do to all numbers."""


@rewriter(tfl[tuple(ARITHMETIC)](..., name="node"), phase="prepare")
def complex_arithmetic(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """DIV(complex, complex) => COMPLEX of quotients of sums of products; so for EXP, COS, BATCH_MATMUL ..."""
    out = node.outputs[0]
    if not is_complex(out):
        return None
    parts = [(part_of(op, x, "REAL"), part_of(op, x, "IMAG")) for x in node.inputs]
    before = len(op.tape)
    real, imaginary = ARITHMETIC[node.op_type](op.tfl, node, *parts)
    shapes = {str(x.shape) for x in node.inputs if x is not None}
    for made in op.tape[before:]:
        made.outputs[0].type = ir.TensorType(ir.DataType.BOOL) if made.op_type in _COMPARE else out.type
        if out.shape is not None and (len(shapes) == 1 or node.op_type == "BATCH_MATMUL"):
            made.outputs[0].shape = ir.Shape(list(out.shape)[:-1])
    made_pair = op.like(op.intermediate.COMPLEX(real, imaginary), out)
    op.editor.inherit(made_pair, out, KIND)
    return made_pair


@rewriter(custom["FlexMatMul"](var("a"), var("b"), name="node"), phase="prepare")
def complex_matmul(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value | None:
    """FlexMatMul{transpose_a, transpose_b}(complex, complex) => BATCH_MATMUL(TRANSPOSE(a), TRANSPOSE(b)): nothing is
    conjugated."""
    out, definition = node.outputs[0], NodeDef(node)
    if not is_complex(out):
        return None
    given = []
    for x, name in ((a, "transpose_a"), (b, "transpose_b")):
        if definition.get(name, False):
            turned = op.tfl.TRANSPOSE(x, op.const([1, 0]))
            turned.type, turned.shape = x.type, None
            op.editor.inherit(turned, x, KIND)
            if x.shape is not None:
                first, second, pair = list(x.shape)
                turned.shape = ir.Shape([second, first, pair])
            x = turned
        given.append(x)
    made = op.like(op.tfl.BATCH_MATMUL(*given), out)
    op.editor.inherit(made, out, KIND)
    return made


@rewriter(phase="patterns")
def refuse_complex(op: OpBuilder) -> bool | None:
    """An op that knows nothing of complex numbers, given some => an error."""
    for node in all_nodes(op.editor.graph):
        if node.domain not in (TFLITE, TFLITE_CUSTOM) or node.op_type in _KNOWN or node.op_type in MOVING:
            continue
        if any(map(is_complex, (*node.inputs, *node.outputs))):
            op.editor.origin = node.meta.get(ORIGIN, frozenset())
            place = str(node.meta.get(PLACE, node.name))
            why = (
                "of complex numbers, which ONNX does not have; take their parts (tf.math.real, tf.math.imag) before it"
            )
            raise ConversionError("1 op could not be converted", [Failure(node.op_type, place, "", why)])
    return None
