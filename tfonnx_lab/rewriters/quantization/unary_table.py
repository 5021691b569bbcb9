"""An 8-bit unary op has 256 possible results: a table, exactly LiteRT's, instead of float arithmetic between codes.

What each way costs is in docs/quantization.md, printed by benchmarks/lowerings.py. LOGISTIC, for which ONNX Runtime has
an exact table of its own, stays an op. So do the ops whose kernels are faster than a table, on large tensors and
between convolutions, unless exactness is asked for: LiteRT rounds some of them in fixed point, so a few codes are a
step off.

Ops: ABS, ELU, EXP, GELU, HARD_SWISH, LEAKY_RELU, LOG, LOGISTIC, LOOKUP_CODES, NEG, QUANTIZE, RELU, RELU6,
RELU_0_TO_1, RELU_N1_TO_1, RSQRT, SOFTMAX, SQRT, TANH.
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.activations import BOUNDS as BOUNDED
from tfonnx_lab.graph import (
    EIGHT_BIT,
    OpBuilder,
    Quantization,
    attr,
    constant_array,
    is_quantized,
    quantization,
    use_count,
)
from tfonnx_lab.patterns import intermediate, tfl
from tfonnx_lab.rewriters.quantization.bits import is_marked
from tfonnx_lab.rewriters.quantization.codes8 import REAL, table
from tfonnx_lab.rewriters.quantization.codes16 import SOFTMAX_STEP, UNARY_16, softmax_tables, table_16
from tfonnx_lab.rules import Miss, rewriter

INEXACT = ("ABS", "NEG", "SQRT")
"""Ops whose LiteRT kernel rounds in its own way: float arithmetic would be one step off at many codes."""

UNARY = (*REAL, *BOUNDED, *INEXACT, "HARD_SWISH", "LEAKY_RELU", "QUANTIZE", "RSQRT")

SLOW = ("ELU", "GELU", "LOG")
"""Ops whose float kernels take longer than a table at any size."""

COMPUTED_BY_NNAPI = (*BOUNDED, "ELU", "EXP", "HARD_SWISH", "LEAKY_RELU", "LOG", "QUANTIZE", "RSQRT", "TANH")
"""What it computes in float; it has no op that reads from a table."""

LARGE = 16384
"""Elements from which the other ops are faster in float."""

LARGE_IMAGE = 1024
"""The same for what convolutions make: ONNX Runtime has to transpose it twice for a table, but not for a float op."""


@rewriter(tfl[UNARY](..., name="node"), phase="activations")
def unary_by_table(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """TANH(int8) => LOOKUP_CODES(int8, the 256 results)."""
    x, out = node.inputs[0], node.outputs[0]
    if (
        is_marked(node)
        or op.options.dequantize
        or not is_8_bit(x)
        or not is_8_bit(out)
        or x is None
        or out.dtype is None
    ):
        return None
    if x.dtype != out.dtype and node.op_type != "QUANTIZE":
        return None
    source, target = quantization(x), quantization(out)
    if source is None or target is None or not source.per_tensor or not target.per_tensor:
        return None
    if node.op_type in BOUNDED and source.same(target):
        return None
    if node.op_type == "QUANTIZE" and _real_values_are_kept(source, target, x.dtype, out.dtype):
        return None
    if not _wanted(op, node, x):
        return None
    return _lookup(op, node, x, source, target, out)


def _real_values_are_kept(
    source: Quantization, target: Quantization, dtype: ir.DataType | None, out: ir.DataType
) -> bool:
    """Whether a QUANTIZE only moves the codes to another dtype, or does nothing."""
    shift = 0 if dtype == out else -128 if out == ir.DataType.INT8 else 128
    return np.array_equal(source.scale, target.scale) and np.array_equal(source.zero_point + shift, target.zero_point)


def _lookup(
    op: OpBuilder, node: ir.Node, x: ir.Value, source: Quantization, target: Quantization, out: ir.Value
) -> ir.Value:
    assert x.dtype is not None and out.dtype is not None
    entries = table(node, source, x.dtype, target, out.dtype)
    if entries is None:
        raise Miss(f"LiteRT has no {x.dtype.name} kernel for it")
    op.note(f"{source.formula()} => {target.formula()}")
    return op.like(op.intermediate.LOOKUP_CODES(x, op.const(entries, name=f"{node.name}/table")), out)


@rewriter(tfl[UNARY_16](..., name="node"), phase="activations")
def unary_by_large_table(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """TANH(int16) => LOOKUP_CODES(int16, the 65,536 results)."""
    x, out = node.inputs[0], node.outputs[0]
    if op.options.dequantize or x is None or x.dtype != ir.DataType.INT16 or out.dtype != x.dtype:
        return None
    source, target = quantization(x), quantization(out)
    if source is None or target is None or not source.per_tensor or not target.per_tensor:
        return None
    entries = table_16(node, source, target, op.options.bits)
    if entries is None:
        raise Miss("LiteRT takes 16 bits without zero points only")
    op.note(f"{source.formula()} => {target.formula()}")
    return op.like(op.intermediate.LOOKUP_CODES(x, op.const(entries, name=f"{node.name}/table")), out)


@rewriter(tfl.SOFTMAX(..., name="node"), phase="activations")
def softmax_of_16_bits(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """SOFTMAX(int16) => INTEGER_SOFTMAX(int16, exponentials, reciprocals): LiteRT's own tables and sums."""
    x, out = node.inputs[0], node.outputs[0]
    if op.options.dequantize or x is None or x.dtype != ir.DataType.INT16 or out.dtype != x.dtype:
        return None
    source = quantization(x)
    if source is None or not source.per_tensor:
        return None
    exponentials, reciprocals = (np.roll(t, len(t) // 2).astype(np.int16) for t in softmax_tables())
    tables = [op.const(t, name=f"{node.name}/{n}") for n, t in (("exp", exponentials), ("reciprocal", reciprocals))]
    rescale = float(source.scale[0]) * float(attr(node, "beta", 1.0)) / SOFTMAX_STEP
    return op.like(op.intermediate.INTEGER_SOFTMAX(x, *tables, rescale=rescale), out)


@rewriter(
    intermediate.LOOKUP_CODES(intermediate.LOOKUP_CODES(..., name="first"), ..., name="second"), phase="activations"
)
def merge_tables(op: OpBuilder, first: ir.Node, second: ir.Node) -> ir.Value | None:
    """LOOKUP_CODES(LOOKUP_CODES(x, a), b) => LOOKUP_CODES(x, b[a])."""
    inner, outer = constant_array(first.inputs[1]), constant_array(second.inputs[1])
    if inner is None or outer is None:
        return None
    entries = op.const(outer[inner.astype(int)], name=f"{second.name}/table")
    return op.like(op.intermediate.LOOKUP_CODES(first.inputs[0], entries), second.outputs[0])


def _wanted(op: OpBuilder, node: ir.Node, x: ir.Value) -> bool:
    if beside_a_table(node, x):
        return True
    if node.op_type == "LOGISTIC":
        return bool(op.options.bits)
    if op.options.target == "nnapi" and not op.options.exact:
        return node.op_type not in COMPUTED_BY_NNAPI
    return node.op_type in (*INEXACT, *SLOW) or op.options.exact or not is_fast_in_float(x)


def is_fast_in_float(x: ir.Value) -> bool:
    """Whether ops whose kernels are faster than a table are better left to them, though a few codes may be a step
    off."""
    shape = [dim if isinstance(dim, int) else 1 for dim in x.shape or ()]
    return math.prod(shape) >= (LARGE_IMAGE if len(shape) == 4 and shape[1] * shape[2] > 1 else LARGE)


def beside_a_table(node: ir.Node, x: ir.Value) -> bool:
    """Whether the op reads from a table, so the two become one."""
    maker = x.producer()
    return maker is not None and maker.op_type == "LOOKUP_CODES" and use_count(x) == 1


def is_8_bit(value: ir.Value | None) -> bool:
    """Whether the value holds 8-bit codes."""
    return value is not None and is_quantized(value) and value.dtype in EIGHT_BIT
