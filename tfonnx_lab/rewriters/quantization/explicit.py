"""What TFLite leaves implicit: a quantized op computes on real values and its tensors hold codes. Q/DQ say so."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import (
    EIGHT_BIT,
    OpBuilder,
    attr,
    code_range,
    is_quantized,
    plain,
    quantization,
    static_shape,
)
from tfonnx_lab.graph.meta import INTERMEDIATES, PLACE
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rewriters.quantization.bias import with_bias_as_litert
from tfonnx_lab.rewriters.quantization.bits import is_marked
from tfonnx_lab.rewriters.quantization.means import (
    better_in_integers,
    count_of_sum,
    fit_of_mean,
    over_height_and_width,
    sums_are_known,
)
from tfonnx_lab.rewriters.quantization.moves import MOVES
from tfonnx_lab.rewriters.quantization.multiplier16 import matmul_scale
from tfonnx_lab.rewriters.quantization.resize_distance import HALVES_AWAY, LARGE, on_codes, size_of, steps_are_whole
from tfonnx_lab.rules import rewriter

COMPUTING = (
    "ABS", "ADD", "ADD_N", "ATAN2", "AVERAGE_POOL_2D", "BATCH_MATMUL", "CEIL", "CONV_2D", "CONV_3D",
    "CONV_3D_TRANSPOSE", "COS", "CUMSUM", "DEPTHWISE_CONV_2D", "DIV", "ELU", "EQUAL", "EXP", "FLOOR", "FLOOR_DIV",
    "FLOOR_MOD", "FULLY_CONNECTED", "GELU", "GREATER", "GREATER_EQUAL", "HARD_SWISH", "L2_NORMALIZATION", "L2_POOL_2D",
    "LEAKY_RELU", "LESS", "LESS_EQUAL", "LOCAL_RESPONSE_NORMALIZATION", "LOG", "LOGISTIC", "LOG_SOFTMAX", "MEAN", "MUL",
    "NEG", "NOT_EQUAL", "POW", "PRELU", "REDUCE_PROD", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1",
    "RESIZE_BILINEAR",
    "ROUND", "RSQRT", "SIGN", "SIN", "SOFTMAX", "SQRT", "SQUARE", "SQUARED_DIFFERENCE", "SUB", "SUM", "TANH",
    "TRANSPOSE_CONV",
)  # fmt: skip
"""Ops whose result depends on the real values of quantized tensors, not on their codes alone."""

SCALED = (
    "DIV", "ELU", "EXP", "GELU", "HARD_SWISH", "L2_NORMALIZATION", "LEAKY_RELU", "LOG", "LOGISTIC",
    "LOG_SOFTMAX", "MEAN", "PRELU", "RSQRT", "SOFTMAX", "SQRT", "SUM", "TANH",
)  # fmt: skip
"""Ops that take 8- and 16-bit integers as codes only: without a scale LiteRT's kernels compute with one of zero."""

SCALED_8 = ("MUL", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1")
"""Ops that take 8-bit integers as codes only."""

COMPARING = ("EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL")

Way = dict[str, float | int]
"""Attributes of a DEQUANTIZE or QUANTIZE: `as_scale` and `as_zero_point` instead of the tensor's own."""

_FEW = 100
"""Elements of a window up to which a mean of codes that is no half is far enough from one."""
_WIDE = (ir.DataType.INT32, ir.DataType.INT64)


def _has_no_scale(node: ir.Node) -> bool:
    x = node.inputs[0]
    if x is None or quantization(x) is not None:
        return False
    return x.dtype in EIGHT_BIT or (x.dtype is ir.DataType.INT16 and node.op_type in SCALED)


@rewriter(tfl[(*SCALED, *SCALED_8)](..., name="node"), phase="prepare", only=_has_no_scale)
def scale_wanted(op: OpBuilder, node: ir.Node) -> None:
    """TANH(int8 without a scale) => an error, for it stands for no real values."""
    kind = node.inputs[0].dtype.name.lower()  # type: ignore[union-attr]
    raise Unsupported(f"its {kind} input has no scale, so it stands for no real values")


@rewriter(tfl[COMPUTING](..., name="node"), phase="quantize")
def explicit_quantization(op: OpBuilder, node: ir.Node) -> list[ir.Value] | None:
    """CONV_2D(q, qw, qb) -> q  =>  QUANTIZE(CONV_2D(DEQUANTIZE(q), DEQUANTIZE(qw), DEQUANTIZE(qb)))."""
    codes = [v for v in (*node.inputs, *node.outputs) if v is not None and is_quantized(v)]
    if all(v.dtype in _WIDE for v in codes) or is_marked(node) or _whatever_the_scale(node):
        return None  # LiteRT computes with 32 and 64 bits as they are
    if node.op_type in COMPARING and not op.options.dequantize and all(is_quantized(v) for v in node.inputs):
        return None  # LiteRT compares rounded integers, which its handler does, too
    if not op.options.dequantize and _integer_kernel(op, node):
        return None
    return compute_in_real(op, node)


def _whatever_the_scale(node: ir.Node) -> bool:
    """Whether LiteRT's kernel computes with the codes and never asks for their scale."""
    x, out = node.inputs[0], node.outputs[0]
    if node.op_type in ("FLOOR_DIV", "FLOOR_MOD"):
        return True
    if node.op_type == "BATCH_MATMUL":
        return out.dtype == ir.DataType.INT32
    return node.op_type == "NEG" and x is not None and x.dtype == ir.DataType.INT16


def _integer_kernel(op: OpBuilder, node: ir.Node) -> bool:
    """Whether the handler computes on codes what LiteRT does, which real values would not give within its rounding.

    MEAN over height and width stays a GlobalAveragePool, which is fused, unless that is off at more than one code in
    twenty of a small tensor, and a large RESIZE_BILINEAR a Resize, which is four times as fast, unless exactness is
    asked for. DIV is a table of all pairs of codes at any size: six times as slow as a float Div, which is up to 255
    codes off where LiteRT's shift for small quotients overflows.
    """
    x, out = node.inputs[0], node.outputs[0]
    if x is None or not is_quantized(x) or not is_quantized(out) or x.dtype != out.dtype:
        return False
    if node.op_type == "RESIZE_BILINEAR":
        small = op.options.exact or size_of(out) < LARGE
        return x.dtype == ir.DataType.INT16 or (x.dtype == ir.DataType.INT8 and small and not steps_are_whole(node))
    if node.op_type == "DIV":
        return x.dtype in EIGHT_BIT
    if node.op_type == "MEAN":
        if op.options.target == "nnapi" and not op.options.exact:  # which has neither Round nor double
            return False
        if over_height_and_width(node) and not op.options.exact and not better_in_integers(node):
            return False
    elif node.op_type != "REDUCE_PROD" or x.dtype not in (ir.DataType.INT8, ir.DataType.INT16):
        return False
    if node.op_type == "REDUCE_PROD":
        return 0 not in (static_shape(x) or ())  # whose handler asks for the sizes that it needs
    return sums_are_known(node)


@rewriter(tfl[tuple(MOVES)](..., name="node"), phase="quantize", only=lambda node: is_quantized(node.outputs[0]))
def explicit_quantization_of_mixed(op: OpBuilder, node: ir.Node) -> list[ir.Value] | None:
    """CONCATENATION of codes with different scales => QUANTIZE(CONCATENATION(DEQUANTIZE ...)); equal ones stay codes.

    Only for 8-bit CONCATENATION does LiteRT rescale; the other ops, and more bits, take the codes as they are: other
    real values than the model had in float, which it has again when it is dequantized.
    """
    out = node.outputs[0]
    quant = quantization(out)
    if is_marked(node):
        return None
    if not op.options.dequantize and (node.op_type != "CONCATENATION" or out.dtype not in EIGHT_BIT):
        return None
    codes = [v for v in node.inputs if v is not None and is_quantized(v)]
    if quant is None or all(quant.same(quantization(v)) for v in codes):
        return None
    return compute_in_real(op, node)


def compute_in_real(op: OpBuilder, node: ir.Node) -> list[ir.Value]:
    """The same op between DEQUANTIZE of its quantized inputs and QUANTIZE of its quantized outputs."""
    kind, ways, how = (node.op_type, {}, {}) if op.options.dequantize else as_litert(op, node)
    inputs = []
    for index, value in enumerate(with_bias_as_litert(op, node)):
        inputs.append(dequantized(op, value, ways.get(index, {})) if is_quantized(value) else value)
    real = op.tfl.node(kind, inputs, plain(node), outputs=len(node.outputs), name=f"{node.name}/real")
    op.editor.inherit(real, node, PLACE, INTERMEDIATES)
    results = []
    for made, out in zip(real.outputs, node.outputs, strict=True):
        made.shape = None if out.shape is None else out.shape.copy()
        if not is_quantized(out):
            made.type = out.type
            results.append(made)
            continue
        made.type = ir.TensorType(ir.DataType.FLOAT)
        results.append(op.like(op.tfl.node("QUANTIZE", [made], how, name=f"{node.name}/QUANTIZE").outputs[0], out))
    return results


def as_litert(op: OpBuilder, node: ir.Node) -> tuple[str, dict[int, Way], Way]:
    """(op type, how inputs are dequantized, how the output is quantized) where that gives LiteRT's codes, or a fused
    kernel.

    SUB adds with a negative scale, which ONNX Runtime's integer Add takes (three times as fast as a float Sub).
    MEAN over height and width takes the zero points with which the fused kernel rounds most sums as LiteRT does; SUM is
    such a mean whose output has a scale as much smaller as there are codes, and rounds half away from zero (Source:
    reduce.h). SOFTMAX of 8 bits counts from the lowest code, whatever zero point its output states (Source: softmax.h).
    RESIZE_BILINEAR and AVERAGE_POOL_2D compute with the codes themselves and round half away from zero (Source:
    resize_bilinear.h, pooling.h), which a scale a little smaller than the input's does to QuantizeLinear, which rounds
    half to even. A portable file has none of this but SOFTMAX's zero point.
    """
    x, out = node.inputs[0], node.outputs[0]
    source, target = quantization(x), quantization(out)
    values = [v for v in (*node.inputs, out) if is_quantized(v)]
    if op.options.as_stated and node.op_type != "SOFTMAX":
        return node.op_type, {}, {}
    if node.op_type == "AVERAGE_POOL_2D" and source is not None and x is not None:
        before, after = on_codes(source, _less(node, x))
        return node.op_type, {0: before}, after
    if node.op_type == "BATCH_MATMUL" and (scale := matmul_scale(node)) is not None:
        return node.op_type, {1: {"as_scale": scale}}, {}
    if x is None or source is None or target is None or any(v is None or v.dtype not in EIGHT_BIT for v in values):
        return node.op_type, {}, {}
    if (
        node.op_type == "SUB"
        and len(values) == 3
        and (other := quantization(node.inputs[1])) is not None
        and other.per_tensor
    ):
        return "ADD", {1: {"as_scale": -float(other.scale[0])}}, {}
    if node.op_type == "SOFTMAX" and out.dtype is not None:
        return node.op_type, {}, {"as_zero_point": code_range(out.dtype)[0]}
    if node.op_type == "RESIZE_BILINEAR":
        before, after = on_codes(source, HALVES_AWAY)
        return node.op_type, {0: before}, after
    if node.op_type == "SUM":
        count = count_of_sum(node)
        return (
            "SUM" if count is None else "MEAN",
            {},
            {"as_scale": float(target.scale[0]) / (count or 1) * (1 - HALVES_AWAY)},
        )
    if node.op_type == "MEAN" and (fit := fit_of_mean(node)) is not None:
        op.note(f"zero points {fit.zero} and {fit.out_zero} give {fit.equal:.1%} of the sums LiteRT's codes")
        how: Way = {"as_zero_point": fit.out_zero, "as_scale": float(target.scale[0]) / fit.stretch}
        return "MEAN", {0: {"as_zero_point": fit.zero}}, how
    return node.op_type, {}, {}


_OF_16_BITS, _OF_FEW = 2.0**-21, 2.0**-15
"""As HALVES_AWAY, for codes of 16 bits, and of 8 in a small window."""


def _less(node: ir.Node, x: ir.Value) -> float:
    """How much smaller the scale is with which an AVERAGE_POOL_2D rounds halves away from zero.

    ONNX Runtime's kernel adds the zero point, 128, before it rounds: half a step and so much of it has to be more than
    128.5 in float32, and 128 steps and so much of them nearer than half a step of the mean.
    """
    if x.dtype == ir.DataType.INT16:
        return _OF_16_BITS
    count = int(attr(node, "filter_height", 1)) * int(attr(node, "filter_width", 1))
    return _OF_FEW if x.dtype == ir.DataType.INT8 and count <= _FEW else HALVES_AWAY


def dequantized(op: OpBuilder, value: ir.Value | None, way: Way | None = None) -> ir.Value:
    """The real values of a quantized tensor."""
    assert value is not None
    real = op.tfl.node("DEQUANTIZE", [value], dict(way or {}), name=f"{value.name}/DEQUANTIZE").outputs[0]
    real.type = ir.TensorType(ir.DataType.FLOAT)
    real.shape = None if value.shape is None else value.shape.copy()
    return real
