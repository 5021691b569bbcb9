"""NNAPI's rules as data: one row a builder of the provider, readable as documentation.

docs/mobile_nnapi.md is generated from these rows. Rules were read from ONNX Runtime 1.27 to 1.29
(onnxruntime/core/providers/nnapi/nnapi_builtin/builders) and compared with the answers of the real provider of 1.29.0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tfonnx_lab.mobile.nnapi import checks as c
from tfonnx_lab.mobile.nnapi import checks_weights as w
from tfonnx_lab.mobile.nnapi.case import Case

FOLDER = "onnxruntime/core/providers/nnapi/nnapi_builtin/builders/impl"
MAX_OPSET = 27
"""The newest since-version that the provider takes (base_op_builder.h of 1.29)."""

Check = Callable[[Case], str | None]


@dataclass(frozen=True)
class Row:
    """One row.

    ops: names, whatever their domain.
    source: the builder's file.
    level: the lowest feature level, by op where they differ ("" is the rest).
    nchw_level: the same with USE_NCHW.
    opset: the lowest since-version, by op where they differ.
    qdq: ops that are taken as QDQ groups.
    types: what is asked of types and quantization.
    checks: what is asked of the rest, in the provider's order.
    uint8_level: the level where the input is uint8, None where that makes no difference.
    advice: what helps where the row refuses, in plain words.
    """

    ops: tuple[str, ...]
    source: str
    level: dict[str, int]
    types: Check = c.float_input
    checks: tuple[Check, ...] = ()
    opset: dict[str, int] | None = None
    qdq: tuple[str, ...] = ()
    nchw_level: int | None = None
    uint8_level: int | None = None
    advice: str = ""

    def lowest(self, op: str) -> int:
        """The lowest feature level of an op."""
        return self.level.get(op, self.level.get("", 27))

    def oldest(self, op: str) -> int:
        """The lowest since-version of an op."""
        table = self.opset or {}
        return table.get(op, table.get("", 1))


def _ops(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ROWS: tuple[Row, ...] = (
    Row(
        ops=_ops("Add Sub Mul Div QLinearAdd QLinearMul PRelu"),
        source="binary_op_builder.cc",
        level={"": 27, "Sub": 28, "Div": 28, "PRelu": 29},
        types=c.float_or_binary_codes,
        checks=(c.both_up_to_four,),
        opset={"Add": 7, "Sub": 7, "Mul": 7, "Div": 7},
        qdq=_ops("Add Mul"),
        advice="ranks of 4 at most; quantized operands as uint8",
    ),
    Row(
        ops=_ops("Pow"),
        source="binary_op_builder.cc",
        level={"": 29},
        types=c.two_floats,
        checks=(c.both_up_to_four,),
        opset={"": 7},
        advice="both operands float32",
    ),
    Row(
        ops=_ops("Abs Exp Floor Log Neg Sin Sqrt Tanh"),
        source="unary_op_builder.cc",
        level={"": 29, "Floor": 27, "Tanh": 27},
        opset={"": 6},
        advice="float32 input",
    ),
    Row(
        ops=_ops("Sigmoid"),
        source="unary_op_builder.cc",
        level={"": 27},
        checks=(c.one_to_four,),
        opset={"": 6},
        advice="float32 input of rank 1 to 4",
    ),
    Row(
        ops=_ops("QLinearSigmoid"),
        source="unary_op_builder.cc",
        level={"": 27},
        types=c.sigmoid_codes,
        checks=(c.sigmoid_result,),
        advice="quantize the result with scale 1/256 and zero point 0",
    ),
    Row(ops=_ops("Relu"), source="relu_op_builder.cc", level={"": 27}, opset={"": 6}, advice="float32 input"),
    Row(
        ops=_ops("LeakyRelu"),
        source="leakyrelu_op_builder.cc",
        level={"": 27},
        checks=(c.one_to_four,),
        opset={"": 6},
        advice="float32 input of rank 1 to 4",
    ),
    Row(ops=_ops("Elu"), source="elu_op_builder.cc", level={"": 30}, opset={"": 6}, advice="float32 input"),
    Row(ops=_ops("Identity"), source="identity_op_builder.cc", level={"": 27}, advice="float32 input"),
    Row(
        ops=_ops("Max Min"),
        source="minmax_op_builder.cc",
        level={"": 29},
        checks=(c.two_inputs,),
        opset={"": 6},
        advice="write more inputs as a chain of two",
    ),
    Row(
        ops=_ops("Clip"),
        source="clip_op_builder.cc",
        level={"": 27},
        checks=(c.clip_range,),
        advice="only Relu6 (0, 6) and Relu1 (-1, 1); other ranges as Max and Min (level 29)",
    ),
    Row(
        ops=_ops("Cast"),
        source="cast_op_builder.cc",
        level={"": 29},
        checks=(c.cast_target,),
        opset={"": 6},
        advice="from float32 to float32 or int32",
    ),
    Row(
        ops=_ops("Concat"),
        source="concat_op_builder.cc",
        level={"": 27},
        types=c.concat_types,
        checks=(c.one_to_four,),
        qdq=_ops("Concat"),
        advice="rank 1 to 4; quantized inputs as uint8, below level 29 with one scale",
    ),
    Row(
        ops=_ops("Conv QLinearConv"),
        source="conv_op_builder.cc",
        level={"": 28},
        nchw_level=29,
        types=c.float_or_binary_codes,
        checks=(w.conv,),
        qdq=_ops("Conv"),
        advice="2-D with constant weights; quantized: uint8 activations, weights uint8 or int8 with zero points 0",
    ),
    Row(
        ops=_ops("AveragePool MaxPool GlobalAveragePool GlobalMaxPool QLinearAveragePool"),
        source="pool_op_builder.cc",
        level={"": 28},
        nchw_level=29,
        types=c.pool_types,
        checks=(w.pool, w.pool_codes),
        qdq=_ops("AveragePool"),
        advice="rank 4 without ceil_mode, dilations or counted padding; quantized: one scale in and out",
    ),
    Row(
        ops=_ops("Gemm MatMul QLinearMatMul"),
        source="gemm_op_builder.cc",
        level={"": 27},
        types=c.float_or_binary_codes,
        checks=(w.product,),
        opset={"Gemm": 7},
        qdq=_ops("Gemm MatMul"),
        advice="rank 2 with a constant second operand; float batches with equal leading dimensions (level 29)",
    ),
    Row(
        ops=_ops("BatchNormalization"),
        source="batchnorm_op_builder.cc",
        level={"": 27},
        checks=(c.norm_constants,),
        opset={"": 7},
        advice="fold it into the convolution before it, or make its parameters constant",
    ),
    Row(ops=_ops("LRN"), source="LRN_op_builder.cc", level={"": 28}, checks=(c.four,), advice="rank 4"),
    Row(
        ops=_ops("DepthToSpace"),
        source="depthtospace_op_builder.cc",
        level={"": 27},
        checks=(c.four, c.depth_mode),
        advice="rank 4, mode DCR",
    ),
    Row(
        ops=_ops("Flatten"),
        source="flatten_op_builder.cc",
        level={"": 27},
        checks=(c.one_to_four, c.flattened),
        advice="float32 input of rank 1 to 4",
    ),
    Row(
        ops=_ops("Unsqueeze"),
        source="unsqueeze_op_builder.cc",
        level={"": 27},
        checks=(c.one_to_four, c.axes_constant),
        advice="float32 input of rank 1 to 4, constant axes",
    ),
    Row(
        ops=_ops("Squeeze"),
        source="squeeze_op_builder.cc",
        level={"": 28},
        checks=(c.one_to_four, c.axes_constant),
        advice="float32 input of rank 1 to 4, constant axes",
    ),
    Row(
        ops=_ops("Transpose"),
        source="transpose_op_builder.cc",
        level={"": 28},
        types=c.codes_or_plain,
        checks=(c.one_to_four,),
        qdq=_ops("Transpose"),
        advice="rank 1 to 4, float32 or uint8",
    ),
    Row(
        ops=_ops("Gather"),
        source="gather_op_builder.cc",
        level={"": 29},
        checks=(c.one_to_four, c.no_empty_dimension, c.indices_constant),
        advice="float32 data of rank 1 to 4; indices constant or int32",
    ),
    Row(
        ops=_ops("Pad"),
        source="pad_op_builder.cc",
        level={"": 29},
        checks=(c.one_to_four, c.no_empty_dimension, c.pad_constants),
        opset={"": 11},
        advice="mode constant, constant pads that are not negative, no axes input",
    ),
    Row(
        ops=_ops("ReduceMean"),
        source="reduction_op_builder.cc",
        level={"": 28},
        checks=(c.one_to_four, c.reduce_axes),
        advice="float32 input of rank 1 to 4, constant axes",
    ),
    Row(
        ops=_ops("Reshape"),
        source="reshape_op_builder.cc",
        level={"": 27},
        types=c.float_or_codes,
        checks=(c.new_shape,),
        opset={"": 5},
        qdq=_ops("Reshape"),
        advice="float32 (or quantized uint8) input of rank 1 to 4, a constant shape",
    ),
    Row(
        ops=_ops("Resize"),
        source="resize_op_builder.cc",
        level={"": 29},
        uint8_level=28,
        types=c.codes_or_plain,
        checks=(w.resize,),
        opset={"": 11},
        qdq=_ops("Resize"),
        advice="rank 4, linear half_pixel or align_corners (level 30) or nearest asymmetric floor, constant sizes",
    ),
    Row(
        ops=_ops("Slice"),
        source="slice_op_builder.cc",
        level={"": 28},
        checks=(c.up_to_four, c.no_empty_dimension, c.slice_constants),
        opset={"": 10},
        advice="float32 input of rank 4 at most, constant starts, ends, axes and steps",
    ),
    Row(
        ops=_ops("Softmax"),
        source="softmax_op_builder.cc",
        level={"": 28},
        types=c.softmax_types,
        checks=(c.softmax_axis,),
        qdq=_ops("Softmax"),
        advice="rank 4 at most; quantized with a result of scale 1/256 and zero point 0",
    ),
    Row(
        ops=_ops("Split"),
        source="split_op_builder.cc",
        level={"": 29},
        checks=(w.parts,),
        opset={"": 13},
        advice="equal parts, written with num_outputs",
    ),
    Row(
        ops=_ops("DequantizeLinear"),
        source="dequantizelinear_op_builder.cc",
        level={"": 27},
        types=c.codes_in,
        advice="uint8 codes with one constant scale",
    ),
    Row(
        ops=_ops("QuantizeLinear"),
        source="quantizelinear_op_builder.cc",
        level={"": 29},
        types=c.codes_out,
        advice="uint8 codes with one constant scale",
    ),
)

BY_OP: dict[str, Row] = {op: row for row in ROWS for op in row.ops}
STOP_OPS = frozenset(("NonMaxSuppression",))
"""Neither they nor anything behind them is taken (nnapi_execution_provider.cc, kDefaultPartitioningStopOps)."""
PLAIN_CODES = frozenset(("Transpose", "Resize", "Concat", "MaxPool"))
"""Run on uint8 as they are, where their input is made in the same partition (helper.cc,
IsInternalQuantizedNodeUnit)."""
TRIVIAL = frozenset(("Reshape", "Flatten", "Identity"))
"""A partition of one of these alone is not worth it (helper.cc, IsValidSupportedNodeGroup)."""
