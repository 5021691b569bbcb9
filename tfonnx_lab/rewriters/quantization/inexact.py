"""exact="bits": what is left of real arithmetic is named, op by op, for its codes may not be LiteRT's.

Ops: every op that computes on real values.
"""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import ONNX, TFLITE, OpBuilder, all_nodes
from tfonnx_lab.graph.meta import INEXACT, PLACE
from tfonnx_lab.rewriters.quantization.bits import is_marked
from tfonnx_lab.rewriters.quantization.moves import MOVES, READERS
from tfonnx_lab.rules import rewriter
from tfonnx_lab.rules.bits import why_not

AS_WRITTEN = frozenset((
    "ABS", "ADD", "CAST", "CEIL", "DEQUANTIZE", "DIV", "EQUAL", "FLOOR", "GREATER", "GREATER_EQUAL", "HARD_SWISH", "IF",
    "LEAKY_RELU", "LESS",
    "LESS_EQUAL", "MUL", "NEG", "NOT_EQUAL", "QUANTIZE", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "ROUND",
    "SIGN", "SQRT", "SQUARE", "SQUARED_DIFFERENCE", "SUB", "WHILE", "ZEROS_LIKE", *MOVES, *READERS,
))  # fmt: skip
"""Ops whose result for real numbers IEEE 754 leaves no choice about, or that only move them."""

MADE = "/real"
"""How the name of an op ends that a rewriter put between DEQUANTIZE and QUANTIZE."""

MISREAD = "LiteRT 2.3's reference kernel reads its codes as uint8; these are the codes of LiteRT's other kernels"

_REAL = (ir.DataType.FLOAT, ir.DataType.FLOAT16, ir.DataType.DOUBLE, ir.DataType.BFLOAT16)


@rewriter(phase="dequantize")
def name_what_is_not_exact(op: OpBuilder) -> bool | None:
    """The ops that compute on real values, with exact="bits" => the same, and named in the result."""
    if not op.options.bits:
        return None
    found = []
    for node in all_nodes(op.editor.graph):
        if why := _why(node):
            place = str(node.meta.get(PLACE, node.name))
            found.append((node.op_type, place, why))
            op.note(f"{node.op_type} ({place}): {why}")
    op.editor.describe(op.editor.model, INEXACT, tuple(found))
    return True


def _why(node: ir.Node) -> str:
    """Why the op's results may not be LiteRT's bit for bit; empty where they are."""
    if node.op_type == "SUM" and is_marked(node):
        return MISREAD if node.outputs[0].dtype != ir.DataType.UINT8 else ""
    made = (node.name or "").endswith(MADE)
    if node.domain == ONNX or node.op_type == "DYNAMIC_QUANTIZE" or (node.op_type in AS_WRITTEN and not made):
        return ""
    if not any(v is not None and v.dtype in _REAL for v in (*node.inputs, *node.outputs)):
        return ""
    if not made:
        return "it computes with real numbers in the file"
    return (node.domain == TFLITE and why_not(node)) or "no handler computes it on codes"
