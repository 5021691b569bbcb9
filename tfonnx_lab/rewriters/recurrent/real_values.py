"""--dequantize: recurrent ops of codes compute on real values, and keep real values from run to run.

Ops: SVDF, UNIDIRECTIONAL_SEQUENCE_LSTM.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, Quantization, is_quantized, plain, quantization
from tfonnx_lab.graph.meta import INITIAL, PLACE, VARIABLE
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rewriters.quantization.bounds import real_values, stated_range
from tfonnx_lab.rewriters.quantization.explicit import dequantized
from tfonnx_lab.rewriters.state_variables import initial_value
from tfonnx_lab.rules import Miss, rewriter


@rewriter(tfl["SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"](..., name="node"), phase="quantize")
def float_recurrent(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """SVDF(q, qw, q_state) => QUANTIZE(SVDF(DEQUANTIZE(q), DEQUANTIZE(qw), state)), where the state holds real
    values."""
    out = node.outputs[0]
    if not op.options.dequantize or not is_quantized(out) or not is_quantized(node.inputs[0]):
        return None
    given = list(node.inputs)
    for bias, factors in _products(node).items():
        given[bias] = _in_steps_of(op, given[bias], [given[i] for i in factors])
    if any(x is not None and x.dtype == ir.DataType.INT32 and quantization(x) is None for x in given):
        raise Miss("its bias says no scale")
    inputs = [_real(op, x) if is_quantized(x) else x for x in given]
    options = plain(node)
    if node.op_type == "SVDF" and stated_range(out)[0] < 0:
        options["fused_activation_function"] = (
            "NONE"  # LiteRT's integer kernel has it named, and leaves it to the codes
        )
    real = op.tfl.node(node.op_type, inputs, options, name=f"{node.name}/real")
    op.editor.inherit(real, node, PLACE)
    made = real.outputs[0]
    made.type = ir.TensorType(ir.DataType.FLOAT)
    made.shape = None if out.shape is None else out.shape.copy()
    return op.like(op.tfl.node("QUANTIZE", [made], {}, name=f"{node.name}/QUANTIZE").outputs[0], out)


def _products(node: ir.Node) -> dict[int, tuple[int, int]]:
    """Which biases are added to integer sums of products, and of which inputs' scales their steps are the product.

    Not those of an LSTM with normalization, which come behind it. Source: svdf.h and lstm.cc,
    PrecomputeZeroPointTimesWeightWithBias.
    """
    if node.op_type == "SVDF":
        return {3: (4, 2)}
    return {} if any(node.inputs[20:24]) else {bias: (0, bias - 11) for bias in (12, 13, 14, 15)}


def _in_steps_of(op: OpBuilder, bias: ir.Value | None, factors: list[ir.Value | None]) -> ir.Value | None:
    quants = [quantization(x) for x in factors]
    if bias is None or bias.const_value is None or bias.dtype != ir.DataType.INT32:
        return bias
    scale = np.float32(1)
    for quant in quants:
        if quant is None or not quant.per_tensor:
            return bias
        scale = scale * np.float32(quant.scale[0])
    steps = Quantization(np.array([scale], np.float32), np.zeros(1, np.int64))
    return op.const(bias.const_value, name=f"{bias.name}/rescaled", quant=steps)


def _real(op: OpBuilder, x: ir.Value | None) -> ir.Value | None:
    """The real values of an input; a state becomes one of real values itself."""
    quant = quantization(x)
    if x is None or quant is None or not x.meta.get(VARIABLE):
        return dequantized(op, x)
    codes = ir.Value(const_value=ir.tensor(initial_value(x)))
    op.editor.describe(x, INITIAL, real_values(codes, quant))
    op.editor.retype(x, dtype=ir.DataType.FLOAT)
    return x
