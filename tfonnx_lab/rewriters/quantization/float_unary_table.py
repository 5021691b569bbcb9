"""Float ops between DEQUANTIZE and QUANTIZE, as TensorFlow's converter leaves those without a quantized form: tables,
too.

Ops: QUANTIZE.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import finite, round_away
from tfonnx_lab.graph import OpBuilder, code_range, quantization, use_count
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rewriters.quantization.codes8 import REAL, Floats
from tfonnx_lab.rewriters.quantization.unary_table import SLOW, is_8_bit, is_fast_in_float
from tfonnx_lab.rules import rewriter

F = np.float32

FLOAT: dict[str, Callable[[Floats], Floats]] = {
    **{name: REAL[name] for name in ("ELU", "EXP", "LOG", "LOGISTIC", "TANH")},
    "COS": np.cos,
    "RSQRT": lambda x: np.reciprocal(np.sqrt(x)),
    "SIN": np.sin,
    "SQRT": np.sqrt,
    "SQUARE": lambda x: x * x,
}  # fmt: skip
"""Op => its float32 kernel. GELU is left out, whose float kernel LiteRT approximates in another way."""


@rewriter(
    tfl.QUANTIZE(tfl[tuple(FLOAT)](tfl.DEQUANTIZE(..., name="read"), name="node"), name="write"), phase="activations"
)
def float_unary_by_table(op: OpBuilder, write: ir.Node, node: ir.Node, read: ir.Node) -> ir.Value | None:
    """QUANTIZE(ELU(DEQUANTIZE(int8))) => LOOKUP_CODES(int8, the 256 results)."""
    x, out, real = read.inputs[0], write.outputs[0], node.outputs[0]
    if op.options.dequantize or x is None or not is_8_bit(x) or not is_8_bit(out) or x.dtype != out.dtype:
        return None
    source, target = quantization(x), quantization(out)
    if source is None or target is None or not source.per_tensor or not target.per_tensor or x.dtype is None:
        return None
    if use_count(real) != 1 or real.is_graph_output():
        return None
    if op.options.target == "nnapi" and not op.options.exact and node.op_type != "COS":
        return None  # it computes the others, and reads from no table
    if node.op_type not in SLOW and not op.options.exact and is_fast_in_float(x):
        return None
    low, high = code_range(x.dtype)
    codes = np.arange(low, high + 1)
    with np.errstate(all="ignore"):
        results = FLOAT[node.op_type]((codes - source.zero_point[0]).astype(F) * F(source.scale[0])).astype(F)
        steps = finite(round_away(results / F(target.scale[0])))
    entries = np.roll(np.clip(steps + target.zero_point[0], low, high), low).astype(x.dtype.numpy())
    op.note(f"{source.formula()} => {target.formula()}")
    return op.like(op.intermediate.LOOKUP_CODES(x, op.const(entries, name=f"{node.name}/table")), out)
