"""What is known of the real values of a float tensor from the ops that make it, and from the ranges that a file
states."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import TFLITE, Quantization, attr, constant_array, is_tflite, quantization
from tfonnx_lab.graph.meta import CODES, DATA_RANGE
from tfonnx_lab.rewriters.quantization.moves import MOVES

Range = tuple[float, float]

INF = float("inf")
ANY: Range = (-INF, INF)
POSITIVE: Range = (0.0, INF)

GIVEN: dict[str, Range] = {
    "ABS": POSITIVE, "ELU": (-1.0, INF), "EXP": POSITIVE, "GELU": (-0.17, INF), "HARD_SWISH": (-0.375, INF),
    "L2_NORMALIZATION": (-1.0, 1.0), "LOGISTIC": (0.0, 1.0), "LOG_SOFTMAX": (-INF, 0.0), "RELU": POSITIVE,
    "RELU6": (0.0, 6.0), "RELU_0_TO_1": (0.0, 1.0), "RELU_N1_TO_1": (-1.0, 1.0), "RSQRT": POSITIVE, "SOFTMAX": (0.0,
    1.0),
    "SQRT": POSITIVE, "SQUARE": POSITIVE, "SQUARED_DIFFERENCE": POSITIVE, "TANH": (-1.0, 1.0), "COS": (-1.0, 1.0),
    "SIN": (-1.0, 1.0), "SIGN": (-1.0, 1.0),
}  # fmt: skip
"""Ops whose results lie in a range of their own."""

AVERAGES = ("AVERAGE_POOL_2D", "MEAN", "RESIZE_BILINEAR")

_DEPTH = 12
_WEIGHTED = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}
"""Op => the axis of its weights that the results are counted along."""


def stated_range(value: ir.Value) -> tuple[float, float, float]:
    """(low, high, step): what the codes reach, or the range that the file states where that says the same to a step."""
    quant = quantization(value)
    assert quant is not None
    scale = float(quant.scale.flat[0])
    low, high = quant.real_range(value.meta.get(CODES, value.dtype))
    if quant.minimum.size == 1 and quant.maximum.size == 1:
        least, most = float(quant.minimum[0]), float(quant.maximum[0])
        if abs(least - low) <= scale and abs(most - high) <= scale:
            return least, most, scale
    return low, high, scale


def bounds(value: ir.Value | None, depth: int = _DEPTH) -> Range:
    """A range that the values do not leave while the data is like what the model was calibrated with; infinite where
    nothing is known."""
    low, high = _computed(value, depth)
    data: Range = ANY if value is None else value.meta.get(DATA_RANGE, ANY)
    return max(low, data[0]), min(high, data[1])


def _computed(value: ir.Value | None, depth: int) -> Range:
    array = None if value is None else constant_array(value)
    if array is not None:
        return (float(np.min(array)), float(np.max(array))) if array.size and array.dtype.kind in "fiu" else ANY
    node = None if value is None else value.producer()
    if node is None or not is_tflite(node) or depth == 0:
        return ANY
    op = node.op_type
    if op in GIVEN:
        return _given(op, bounds(node.inputs[0], depth - 1))
    if op == "REAL_RANGE":
        return stated_range(node.outputs[0])[:2]
    if op == "DEQUANTIZE" and quantization(node.inputs[0]) is not None:
        assert node.inputs[0] is not None
        return stated_range(node.inputs[0])[:2]
    if op in AVERAGES or op == "QUANTIZE":
        return bounds(node.inputs[0], depth - 1)
    if op in MOVES:
        return _moved(node, depth)
    if op in ("ADD", "SUB", "MUL", "DIV"):
        if op == "MUL" and node.inputs[0] is node.inputs[1]:
            return POSITIVE
        return _combined(op, bounds(node.inputs[0], depth - 1), bounds(node.inputs[1], depth - 1))
    if op in _WEIGHTED:
        return _weighted(node, _WEIGHTED[op], depth)
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
    if op == "DIV":
        return POSITIVE if a[0] >= 0 and b[0] >= 0 else ANY
    products = [0.0 if x == 0 or y == 0 else x * y for x in a for y in b]
    return min(products), max(products)


def _weighted(node: ir.Node, axis: int, depth: int) -> Range:
    """The least and the largest sum of products that the weights can make of inputs in their range."""
    weights, x = _constant(node.inputs[1]), bounds(node.inputs[0], depth - 1)
    bias = _constant(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] is not None else np.zeros(1)
    if weights is None or bias is None or not np.isfinite(x).all():
        return ANY
    if attr(node, "padding", "VALID") == "SAME":
        x = min(x[0], 0.0), max(x[1], 0.0)
    sums = tuple(a for a in range(weights.ndim) if a != axis)
    up, down = np.maximum(weights, 0).sum(axis=sums), np.minimum(weights, 0).sum(axis=sums)
    return float((up * x[0] + down * x[1] + bias).min()), float((up * x[1] + down * x[0] + bias).max())


def _constant(value: ir.Value | None) -> np.ndarray | None:
    """The real values of weights, which are constants or the DEQUANTIZE of one."""
    node = None if value is None else value.producer()
    if node is not None and node.op_type == "DEQUANTIZE" and node.domain == TFLITE:
        source = node.inputs[0]
        quant = quantization(source)
        return None if source is None or quant is None or source.const_value is None else real_values(source, quant)
    array = None if value is None else constant_array(value)
    return array if array is not None and array.dtype.kind == "f" else None


def real_values(value: ir.Value, quant: Quantization) -> np.ndarray:
    """The real values of a constant."""
    codes = constant_array(value)
    assert codes is not None
    scale, zero = quant.scale.astype(np.float64), quant.zero_point.astype(np.float64)
    if quant.block and quant.axis is not None:
        scale, zero = (np.repeat(a, quant.block, axis=quant.axis) for a in (scale, zero))
    elif quant.axis is not None:
        shape = [-1 if i == quant.axis % codes.ndim else 1 for i in range(codes.ndim)]
        scale, zero = scale.reshape(shape), zero.reshape(shape)
    return np.asarray((codes.astype(np.float64) - zero) * scale, np.float32).reshape(codes.shape)
