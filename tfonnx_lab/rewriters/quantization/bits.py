"""exact="bits": quantized ops are marked, so that their handlers compute on codes what LiteRT's kernels compute.

Ops: ABS, ADD, AVERAGE_POOL_2D, BATCH_MATMUL, CONCATENATION, CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED,
L2_NORMALIZATION, LSTM, MEAN, MUL, PRELU, QUANTIZE, RELU, RELU6, RESIZE_BILINEAR, SOFTMAX,
SQUARED_DIFFERENCE, SUB, SUM.
"""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, is_quantized, plain
from tfonnx_lab.graph.intermediate import BITS_OPS, ON_CODES
from tfonnx_lab.graph.meta import INTERMEDIATES, PLACE
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rules import Miss, rewriter
from tfonnx_lab.rules.bits import why_not

AGREED = ("AVERAGE_POOL_2D", "PRELU")
"""Ops of 8 bits of which LiteRT's three sets of kernels give the same codes, so that `exact=True` has them, too."""


def _agrees(options: Any) -> bool:
    """Whether the options ask for LiteRT's codes; NNAPI and CoreML have no op for sums of integers."""
    return bool((options.bits or options.exact) and not options.dequantize and options.target != "nnapi")


@rewriter(tfl[BITS_OPS](..., name="node"), after=("transposed_convolution",), when=_agrees)
def bit_for_bit(op: OpBuilder, node: ir.Node) -> list[ir.Value] | None:
    """CONV_2D(q, qw, qb) => CONV_2D{on_codes}(q, qw, qb), whose handler computes with LiteRT's integers."""
    if not (op.options.bits or node.op_type in AGREED) or is_marked(node) or not any(map(is_quantized, node.outputs)):
        return None
    if why := why_not(node):
        raise Miss(why)
    made = op.tfl.node(
        node.op_type, node.inputs, plain(node) | {ON_CODES: 1}, outputs=len(node.outputs), name=f"{node.name}/codes"
    )
    op.editor.inherit(made, node, PLACE, INTERMEDIATES)
    return [op.like(value, old) for value, old in zip(made.outputs, node.outputs, strict=True)]


def is_marked(node: ir.Node) -> bool:
    """Whether the op's handler computes on codes."""
    return bool(attr(node, ON_CODES, 0))
