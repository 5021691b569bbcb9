"""Dynamic range: a float op with integer weights. LiteRT quantizes its input as it comes, and multiplies integers.

How it is computed was chosen by measurement (one thread, x86-64 with VNNI, ONNX Runtime 1.32; microseconds):

    96 -> 24 channels of 56 x 56, kernel 1      MatMulInteger 165   float Conv on rounded inputs 435   ConvInteger 256
    64 -> 64 channels of 28 x 28, kernel 3                          float Conv on rounded inputs 571   ConvInteger 518
    96 channels of 56 x 56, depthwise                               float Conv on rounded inputs 397   ConvInteger 745
    64 rows of 512, times 512 x 128             MatMulInteger 63    float Gemm on rounded inputs 106

(Weights of MatMulInteger are uint8 where int8 ones could overflow on x86 without VNNI: twice as long with many rows, as
long with one, docs/schemes.md.)

So products of matrices, kernels of 1 x 1 among them, are integer, and so are convolutions as products of windows
(`handlers/dynamic_range_conv.py`) where they multiply much. Others are float ones on rounded inputs: the sums are the
same numbers, and a float Conv takes the activation behind it along.

Ops: BATCH_MATMUL, CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, TRANSPOSE_CONV.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import (
    OpBuilder,
    Quantization,
    attr,
    constant_array,
    is_quantized,
    plain,
    quantization,
    rank,
    tensor_of,
)
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rewriters.quantization.batch import is_batch, is_one
from tfonnx_lab.rewriters.quantization.dynamic_range_conv import hybrid_conv
from tfonnx_lab.rewriters.quantization.explicit import dequantized
from tfonnx_lab.rules import rewriter

_D = ir.DataType
_CODES = (_D.INT8, _D.INT4, _D.INT2)
_INPUT = {"FULLY_CONNECTED": 0, "CONV_2D": 0, "DEPTHWISE_CONV_2D": 0, "BATCH_MATMUL": 0, "TRANSPOSE_CONV": 2}
"""Op => which of its inputs is the float one; its weights are the next one (TRANSPOSE_CONV: the one before)."""
_OF_ROWS = ("FULLY_CONNECTED", "BATCH_MATMUL")
_BIAS = {"FULLY_CONNECTED": 2, "CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "TRANSPOSE_CONV": 3}


@rewriter(tfl[tuple(_INPUT)](..., name="node"), phase="activations")
def dynamic_quantization(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """FULLY_CONNECTED(x, qw) in float => HYBRID_MATMUL(x, qw), CONV_2D(x, qw) => CONV_2D(DYNAMIC_QUANTIZE(x),
    DEQUANTIZE(qw)).

    Source: EvalHybrid in fully_connected.cc, conv.cc, depthwise_conv.cc, batch_matmul.cc.
    """
    x, w, out = node.inputs[_INPUT[node.op_type]], node.inputs[1], node.outputs[0]
    if x is None or w is None or x.dtype != _D.FLOAT or not is_quantized(w) or out.dtype != _D.FLOAT:
        return None
    if attr(node, "fused_activation_function", "NONE") != "NONE":
        return None  # split_activation comes first
    if not op.options.rounds_inputs or w.const_value is None or w.dtype not in _CODES:
        return _again(op, node, w=dequantized(op, w))
    if node.op_type == "BATCH_MATMUL" and attr(node, "adj_x", False):
        return _again(op, node, x=_adjoint(op, x), adj_x=False)
    if not op.options.own_ranges and _is_shared(op, node, x, w):
        op.note("a batch of unknown size shares one range: exact=True gives each its own")
    if node.op_type == "CONV_2D" and not _width(x):
        op.note("the number of channels is not known: the range is taken as for one group")
    how = {"asymmetric": is_asymmetric(node, x, w), "unit": _unit(op, node, x, w)}
    if op.options.exact and (made := _exact(op, node, x, w, how)) is not None:
        return made
    if not op.options.exact and (columns := _as_matrix(op, node, x, w, how["unit"] == "tensor")) is not None:
        bias = node.inputs[2] if len(node.inputs) > 2 else None
        return op.like(
            op.intermediate.node("HYBRID_MATMUL", [x, columns, bias], how, name=f"{node.name}/hybrid").outputs[0], out
        )
    one_range = how["unit"] == "tensor" and not op.options.exact
    if one_range and (made := hybrid_conv(op, node, x, w, bool(how["asymmetric"]))) is not None:
        return made
    flat = node.op_type == "FULLY_CONNECTED" and _width(x) != _width(w)
    rounded = op.intermediate.node("DYNAMIC_QUANTIZE", [x], how | {"width": _width(w) if flat else 0}).outputs[0]
    return _again(op, node, x=op.like(rounded, x), w=dequantized(op, w))


def _again(
    op: OpBuilder, node: ir.Node, x: ir.Value | None = None, w: ir.Value | None = None, **options: object
) -> ir.Value:
    """The node with another input, other weights, other options."""
    inputs = list(node.inputs)
    at = _INPUT[node.op_type]
    inputs[at], inputs[1] = x or inputs[at], w or inputs[1]
    made = op.tfl.node(node.op_type, inputs, plain(node) | options, name=f"{node.name}/hybrid").outputs[0]
    return op.like(made, node.outputs[0])


def _adjoint(op: OpBuilder, x: ir.Value) -> ir.Value:
    """Rows and columns exchanged."""
    size = rank(x)
    if size is None:
        raise Unsupported("the number of its input's dimensions is not known")
    order = [*range(size - 2), size - 1, size - 2]
    turned = op.like(op.tfl.TRANSPOSE(x, op.const(np.array(order, np.int32))), x)
    if x.shape is not None:
        dims = list(x.shape)
        turned.shape = ir.Shape([dims[i] for i in order])
    return turned


def _computed(op: OpBuilder, constant: ir.Value, at_run_time: ir.Value) -> ir.Value:
    """The constant times one, which is known at run time only.

    ONNX Runtime folds a constant factor behind a Conv into its weights, and rounds there.
    """
    one = op.like(op.tfl.DIV(at_run_time, at_run_time, fused_activation_function="NONE"), at_run_time)
    made: ir.Value = op.tfl.MUL(constant, one, fused_activation_function="NONE")
    made.type = ir.TensorType(_D.FLOAT)
    return made


def _rows(op: OpBuilder, x: ir.Value, width: int) -> ir.Value:
    """All of x as rows of this width."""
    rows = op.like(op.tfl.RESHAPE(x, op.const(np.array([-1, width], np.int32))), x)
    rows.shape = ir.Shape([None, width])
    return rows


def _width(value: ir.Value) -> int:
    """The last dimension, 0 where it is not known."""
    last = list(value.shape)[-1] if value.shape is not None and len(value.shape) else 0
    return last if isinstance(last, int) else 0


def is_asymmetric(node: ir.Node, x: ir.Value, w: ir.Value) -> bool:
    """Whether LiteRT takes the whole range of the input, or one that reaches as far on both sides of zero.

    Its kernel for weights of 4 bits, which takes 4 rows of 32 of them at a time, always does the latter. Source:
    PrepareImpl in fully_connected.cc.
    """
    quant = quantization(w)
    if w.dtype == _D.INT4 and node.op_type == "FULLY_CONNECTED" and not (quant and quant.block):
        count, width = w.shape or (0, 0)
        if isinstance(count, int) and isinstance(width, int) and count >= 4 and width >= 32 and width % 2 == 0:
            return False
    if node.op_type in _OF_ROWS:
        return bool(attr(node, "asymmetric_quantize_inputs", False)) or bool(quant and quant.block)
    grouped = _width(x) not in (0, _width(w))
    return node.op_type != "CONV_2D" or grouped or (quant is not None and len(np.unique(quant.scale)) > 1)


def _is_shared(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value) -> bool:
    """Whether one range is taken for what may be several, since the size is not known."""
    return _unit(op, node, x, w) == "tensor" and not is_one(x) and not isinstance(list(x.shape or [None])[0], int)


def _unit(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value) -> str:
    """What has a range of its own: each row (products of matrices) or batch (convolutions); one that is alone is the
    tensor.

    A model's batch of unknown size is taken for one, and so are rows in the body of a loop, where they are the batch:
    several would share a range, and the numbers be a little off, but the usual batch of one is twice as fast. Not with
    `exact`, and not where `inputs=` asks for such a batch.
    """
    dims = list(x.shape or [None])
    if node.op_type not in _OF_ROWS:
        alone = is_one(x) or (not isinstance(dims[0], int) and is_batch(x) and not op.options.own_ranges)
        return "tensor" if alone else "batch"
    width = _width(w) if node.op_type == "FULLY_CONNECTED" else _width(x)
    size = int(np.prod([d if isinstance(d, int) else 0 for d in dims]))
    in_loop = node.graph is not op.editor.graph and not isinstance(dims[0], int) and len(dims) == 2
    return "tensor" if (width and size == width) or (in_loop and not op.options.own_ranges) else "row"


def _as_matrix(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, one_range: bool) -> ir.Value | None:
    """The weights as a matrix [in, out], where the op is a product with one."""
    quant, codes = quantization(w), constant_array(w)
    if quant is None or codes is None or quant.block or quant.zero_point.any():
        return None
    if node.op_type == "CONV_2D":
        point = codes.shape[1:3] == (1, 1) and attr(node, "stride_h", 1) == attr(node, "stride_w", 1) == 1
        if not one_range or not point or codes.shape[3] != _width(x):
            return None
        codes = codes.reshape(codes.shape[0], -1)
    elif node.op_type not in _OF_ROWS or codes.ndim != 2:
        return None
    by_row = node.op_type != "BATCH_MATMUL" or bool(attr(node, "adj_y", False))
    if quant.axis is not None and quant.axis != (0 if by_row else 1):
        return None
    columns = Quantization(quant.scale, quant.zero_point, None if quant.axis is None else 1)
    matrix = np.ascontiguousarray(codes.T if by_row else codes)
    packed = w.dtype in (_D.INT4, _D.INT2)  # the runtime makes int8 of them as it loads
    stored = tensor_of(matrix, w.dtype) if packed else matrix.astype(np.int8)
    return op.const(stored, name=f"{w.name}/columns", quant=columns)


def _exact(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, how: dict[str, object]) -> ir.Value | None:
    """The op on whole numbers held as floats, which are summed without an error; times both scales, plus the bias.

    The order of these roundings is LiteRT's, so the results are its bits as long as no sum needs more than 24: the
    scales are multiplied first, but by a convolution with a scale for each channel, which multiplies its sums by one
    after the other. (TRANSPOSE_CONV rounds each product of LiteRT's, and adds them up one by one: here the sums are
    exact.) Source: HybridConvPerChannel in conv.h, HybridTransposeConv in transpose_conv.h.
    """
    quant, codes = quantization(w), constant_array(w)
    if quant is None or codes is None or quant.block or quant.zero_point.any():
        return None
    if node.op_type == "FULLY_CONNECTED" and rank(x) != 2 and rank(node.outputs[0]) != rank(x):
        if rank(node.outputs[0]) != 2 or not _width(w):
            return None
        x = _rows(op, x, _width(w))
    steps, scale = op.intermediate.node("DYNAMIC_QUANTIZE", [x], how, outputs=2).outputs
    op.like(steps, x)
    scale.type = ir.TensorType(_D.FLOAT)
    plain_codes = op.const(codes.astype(np.int8), name=f"{w.name}/codes")
    real = op.tfl.CAST(plain_codes, in_data_type="INT8", out_data_type="FLOAT32")
    real.type, real.shape = ir.TensorType(_D.FLOAT), w.shape
    inputs = list(node.inputs)
    at, bias = _BIAS.get(node.op_type), None
    if at is not None and at < len(inputs):
        bias, inputs[at] = inputs[at], None
    inputs[_INPUT[node.op_type]], inputs[1] = steps, real
    out = node.outputs[0]
    product = op.like(op.tfl.node(node.op_type, inputs, plain(node), name=f"{node.name}/steps").outputs[0], out)
    weights = op.const(quant.scale.reshape(()) if quant.per_tensor else quant.scale)
    if node.op_type == "CONV_2D" and how["asymmetric"]:
        y = op.like(op.tfl.MUL(product, _computed(op, weights, scale), fused_activation_function="NONE"), out)
        y = op.like(op.tfl.MUL(y, scale, fused_activation_function="NONE"), out)
    else:
        both = op.tfl.MUL(scale, weights, fused_activation_function="NONE")
        both.type = ir.TensorType(_D.FLOAT)
        y = op.like(op.tfl.MUL(product, both, fused_activation_function="NONE"), out)
    return y if bias is None else op.like(op.tfl.ADD(y, bias, fused_activation_function="NONE"), out)
