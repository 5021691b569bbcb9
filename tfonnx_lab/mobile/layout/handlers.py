"""Which handler moves a Transpose behind which op.

Source: onnxruntime/core/optimizer/transpose_optimization/onnx_transpose_optimization.cc (the handlers) and
ort_transpose_optimization.cc (com.microsoft).
"""

from __future__ import annotations

from tfonnx_lab.mobile.graph import Node
from tfonnx_lab.mobile.layout.axes import arg, gather, reduce, slices, squeeze, unsqueeze
from tfonnx_lab.mobile.layout.elementwise import (
    broadcast,
    cpu_only,
    q_binary_inputs,
    q_concat_inputs,
    q_pool,
    quantize,
    simple,
    softmax,
    with_axis,
)
from tfonnx_lab.mobile.layout.merging import reshape, transpose
from tfonnx_lab.mobile.layout.moves import Handler, every, first, not_scalar
from tfonnx_lab.mobile.layout.sizes import pad, shape, tile

_SIMPLE = (
    "Cast Exp Gelu Identity LeakyRelu Log Reciprocal Relu Sigmoid Sqrt Tanh Abs Not Ceil Floor Neg Erf HardSigmoid "
    "Round IsInf IsNaN Selu Shrink Sign Softplus Softsign ThresholdedRelu Celu HardSwish Sin Cos Tan Sinh Cosh Asin "
    "Acos Atan Asinh Acosh Atanh"
)
_BROADCAST = (
    "Add Max Min Mul Sub Div And Or Xor Mod PRelu BitShift Equal Greater Less GreaterOrEqual LessOrEqual Mean Sum "
    "Pow Where"
)
_REDUCE = "LogSum LogSumExp Max Mean Min Prod Sum SumSquare L1 L2"

HANDLERS: dict[str, Handler] = {
    **{op: Handler(every, simple) for op in _SIMPLE.split()},
    **{op: Handler(not_scalar, broadcast) for op in _BROADCAST.split()},
    **{f"Reduce{op}": Handler(first, reduce) for op in _REDUCE.split()},
    **{op: Handler(first, simple) for op in ("Clip", "CastLike")},
    **{op: Handler(first, arg) for op in ("ArgMin", "ArgMax")},
    **{op: Handler(first, softmax) for op in ("Softmax", "Hardmax", "LogSoftmax")},
    **{op: Handler(first, quantize) for op in ("QuantizeLinear", "DequantizeLinear")},
    "Transpose": Handler(first, transpose, outputs=False),
    "Concat": Handler(every, with_axis(None)),
    "Split": Handler(first, with_axis(0)),
    "Shape": Handler(first, shape, outputs=False),
    "Pad": Handler(first, pad),
    "Squeeze": Handler(first, squeeze),
    "Unsqueeze": Handler(first, unsqueeze),
    "Slice": Handler(first, slices),
    "Tile": Handler(first, tile),
    "Gather": Handler(first, gather),
    "Reshape": Handler(first, reshape, outputs=False),
    "MaxPool": Handler(first, cpu_only),
    "Resize": Handler(first, cpu_only),
    "com.microsoft.QuantizeLinear": Handler(first, quantize),
    "com.microsoft.DequantizeLinear": Handler(first, quantize),
    "com.microsoft.QLinearAdd": Handler(q_binary_inputs, broadcast),
    "com.microsoft.QLinearMul": Handler(q_binary_inputs, broadcast),
    "com.microsoft.QLinearAveragePool": Handler(first, q_pool),
    "com.microsoft.QLinearGlobalAveragePool": Handler(first, q_pool),
    "com.microsoft.QLinearConcat": Handler(q_concat_inputs, with_axis(None)),
    "com.microsoft.QLinearLeakyRelu": Handler(first, simple),
    "com.microsoft.QLinearSigmoid": Handler(first, simple),
    "com.microsoft.QLinearReduceMean": Handler(first, reduce),
    "com.microsoft.QLinearSoftmax": Handler(first, softmax),
}


def handler_of(node: Node) -> Handler | None:
    """The handler of a node; None where a Transpose stops."""
    return HANDLERS.get(node.op if node.domain == "" else f"{node.domain}.{node.op}")
