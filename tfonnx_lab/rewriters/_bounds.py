"""What is known of the real values of a float tensor from the ops that make it."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import TFLITE, constant_array
from tfonnx_lab.rewriters._moves import MOVES

Range = tuple[float, float]

INF = float("inf")
ANY: Range = (-INF, INF)
POSITIVE: Range = (0.0, INF)

GIVEN: dict[str, Range] = {
    "ABS": POSITIVE, "ELU": (-1.0, INF), "EXP": POSITIVE, "GELU": (-0.17, INF), "HARD_SWISH": (-0.375, INF),
    "L2_NORMALIZATION": (-1.0, 1.0), "LOGISTIC": (0.0, 1.0), "LOG_SOFTMAX": (-INF, 0.0), "RELU": POSITIVE,
    "RELU6": (0.0, 6.0), "RELU_0_TO_1": (0.0, 1.0), "RELU_N1_TO_1": (-1.0, 1.0), "RSQRT": POSITIVE, "SOFTMAX": (0.0, 1.0),
    "SQRT": POSITIVE, "SQUARE": POSITIVE, "SQUARED_DIFFERENCE": POSITIVE, "TANH": (-1.0, 1.0), "COS": (-1.0, 1.0),
    "SIN": (-1.0, 1.0), "SIGN": (-1.0, 1.0),
}  # fmt: skip
"""Ops whose results lie in a range of their own."""

AVERAGES = ("AVERAGE_POOL_2D", "MEAN", "RESIZE_BILINEAR")
_DEPTH = 12


def bounds(value: ir.Value | None, depth: int = _DEPTH) -> Range:
    """A range that the values cannot leave; infinite where nothing is known."""
    array = None if value is None else constant_array(value)
    if array is not None:
        return (float(np.min(array)), float(np.max(array))) if array.size and array.dtype.kind in "fiu" else ANY
    node = None if value is None else value.producer()
    if node is None or node.domain != TFLITE or depth == 0:
        return ANY
    op = node.op_type
    if op in GIVEN:
        return _given(op, bounds(node.inputs[0], depth - 1))
    if op in AVERAGES or op in ("REAL_RANGE", "QUANTIZE", "DEQUANTIZE"):
        return bounds(node.inputs[0], depth - 1)
    if op in MOVES:
        return _moved(node, depth)
    if op in ("ADD", "SUB", "MUL"):
        return _combined(op, bounds(node.inputs[0], depth - 1), bounds(node.inputs[1], depth - 1))
    if op == "SUM" and bounds(node.inputs[0], depth - 1)[0] >= 0:
        return POSITIVE
    return ANY


def _given(op: str, x: Range) -> Range:
    """A clamp also keeps what its input keeps."""
    low, high = GIVEN[op]
    if op.startswith("RELU"):
        return min(max(low, x[0]), high), max(min(high, x[1]), low)
    return low, high


def _moved(node: ir.Node, depth: int) -> Range:
    chosen = MOVES[node.op_type]
    inputs = node.inputs if chosen is None else [node.inputs[i] for i in chosen if i < len(node.inputs)]
    ranges = [bounds(v, depth - 1) for v in inputs]
    if node.op_type in ("PAD", "SPACE_TO_BATCH_ND"):
        ranges.append((0.0, 0.0))
    return min(r[0] for r in ranges), max(r[1] for r in ranges)


def _combined(op: str, a: Range, b: Range) -> Range:
    if op == "ADD":
        return a[0] + b[0], a[1] + b[1]
    if op == "SUB":
        return a[0] - b[1], a[1] - b[0]
    products = [0.0 if x == 0 or y == 0 else x * y for x in a for y in b]
    return min(products), max(products)
