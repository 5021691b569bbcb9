"""CoreML rows of the ops that work element by element: activations, unary and binary ops, Clip, Cast, Identity."""

from __future__ import annotations

import math

import numpy as np
from onnx import TensorProto

from tfonnx_lab.mobile.coreml.rules import (
    ANY,
    DYNAMIC,
    HALF,
    NETWORK,
    PROGRAM,
    Ask,
    Row,
    both,
    program_only,
    rule,
    type_name,
)

ACTIVATION = "impl/activation_op_builder.cc"
BINARY = "impl/binary_op_builder.cc"
UNARY = "impl/unary_op_builder.cc"
CLIP = "impl/clip_op_builder.cc"
CAST = "impl/cast_op_builder.cc"


@rule()
def prelu_rank(ask: Ask) -> str:
    """X has rank 3 or 4 and a known channel dimension (the third from the end)."""
    shape = ask.shape(0)
    if len(shape) not in (3, 4):
        return f"X has rank {len(shape)}, not 3 or 4"
    return "the third dimension from the end of X is not known" if shape[-3] == DYNAMIC else ""


@rule("make the slope an initializer")
def prelu_slope_constant(ask: Ask) -> str:
    """the slope is a constant initializer."""
    return "" if ask.is_constant(1) else f"the slope {ask.name(1)!r} is no constant initializer"


@rule("one slope a channel, of shape (C, 1, 1)")
def prelu_slope_shape(ask: Ask) -> str:
    """the slope has shape (C, 1, 1), or one value where X has more than one channel."""
    slope = ask.shape(1)
    single = math.prod(slope) == 1
    if not single and not (len(slope) == 3 and slope[1:] == (1, 1)):
        return f"the slope has shape {slope}, neither (C, 1, 1) nor one value"
    return "X has one channel and the slope one value" if single and ask.shape(0)[-3] == 1 else ""


@rule("cast one of them")
def same_types(ask: Ask) -> str:
    """both inputs have the same element type."""
    first, second = ask.dtype(0), ask.dtype(1)
    return "" if first == second != "unknown" else f"the inputs are {first} and {second}"


@rule("make min and max initializers")
def clip_bounds_constant(ask: Ask) -> str:
    """min and max, where given as inputs, are constant initializers, and the input is then float or float16."""
    if ask.node.version < 11:
        return ""
    for position, word in ((1, "min"), (2, "max")):
        if ask.has(position):
            if not ask.is_constant(position):
                return f"{word} {ask.name(position)!r} is no constant initializer"
            if ask.dtype(0) not in HALF:
                return f"{word} is given and the input is {ask.dtype(0)}, not float or float16"
    return ""


@rule()
def clip_bounds_differ(ask: Ask) -> str:
    """min and max are not equal."""
    low, high = _bounds(ask)
    return f"min and max are both {low:g}" if low == high else ""


def _bounds(ask: Ask) -> tuple[float, float]:
    """min and max of a Clip, float32's own where they are left out."""
    low, high = float(np.finfo(np.float32).min), float(np.finfo(np.float32).max)
    if ask.node.version < 11:
        return float(np.float32(ask.get("min", low))), float(np.float32(ask.get("max", high)))
    given = [float(ask.data(i).reshape(-1)[0]) if ask.has(i) else None for i in (1, 2)]
    return low if given[0] is None else given[0], high if given[1] is None else given[1]


@rule()
def cast_types(ask: Ask) -> str:
    """the input and the output are float, float16, int32 or int64."""
    return _castable(ask, ("float", "float16", "int32", "int64"))


@rule()
def cast_types_with_bool(ask: Ask) -> str:
    """the input and the output are float, float16, int32, int64 or bool."""
    return _castable(ask, ("float", "float16", "int32", "int64", "bool"))


def _castable(ask: Ask, allowed: tuple[str, ...]) -> str:
    into = type_name(ask.view.dtype(ask.node.outputs[0]))
    if ask.dtype(0) in allowed and into in allowed:
        return ""
    return f"it casts {ask.dtype(0)} to {into}; only {', '.join(allowed)} are known"


@rule("ONNX Runtime after 1.27 takes it")
def cast_after_node(ask: Ask) -> str:
    """the input is made by a node, not a graph input or an initializer."""
    return "" if ask.view.input_edges[ask.node.index] else f"no node makes its input {ask.name(0)!r}"


@rule('format="MLProgram"')
def cast_from_int64(ask: Ask) -> str:
    """the input is int64."""
    return "" if ask.dtype(0) == "int64" else f"its input is {ask.dtype(0)}, not int64"


@rule('format="MLProgram"')
def cast_after_argmax(ask: Ask) -> str:
    """the input is made by an ArgMax that the provider takes, and the output is int32."""
    edges = ask.view.input_edges[ask.node.index]
    if not edges:
        return f"no node makes its input {ask.name(0)!r}"
    maker = edges[0].node
    if maker.op != "ArgMax":
        return f"its input is made by {maker.op}, not by ArgMax"
    if not ask.accepts(maker):
        return "the provider does not take the ArgMax that makes its input"
    to = ask.get("to", 0)
    return "" if to == TensorProto.INT32 else f"it casts to {type_name(to)}, not int32"


ROWS: tuple[Row, ...] = (
    *both("Sigmoid Tanh Relu LeakyRelu", ACTIVATION, first=6),
    *both("HardSigmoid", ACTIVATION, types=HALF, first=6),
    *both("PRelu", ACTIVATION, prelu_rank, prelu_slope_constant, prelu_slope_shape, first=6),
    *program_only("Gelu Elu", ACTIVATION, first=6),
    *program_only("Softplus", ACTIVATION),
    *program_only("QuickGelu", "impl/quick_gelu_op_builder.cc"),
    *both("Add Sub Mul Div", BINARY, first=7),
    *both("Pow", BINARY, same_types, first=7),
    *program_only("Max", BINARY, first=7),
    *both("Sqrt Reciprocal", UNARY),
    *program_only("Erf Round Exp", UNARY),
    *program_only("Ceil", UNARY, trivial=True),
    *both("Clip", CLIP, clip_bounds_constant, clip_bounds_differ),
    Row("Cast", PROGRAM, CAST, ANY, (cast_types, cast_after_node), trivial=True),
    Row("Cast", NETWORK, CAST, ANY, (cast_from_int64, cast_after_argmax), trivial=True),
    *both("Identity", "impl/identity_op_builder.cc", trivial=True),
)

LATER: tuple[Row, ...] = (
    Row("Cast", PROGRAM, CAST, ANY, (cast_types_with_bool,), trivial=True, release="1.32"),
    *program_only("Sin Cos", UNARY, release="1.32"),
)
