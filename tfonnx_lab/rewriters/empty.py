"""Ops on tensors without elements: reductions of nothing, and windows that do not fit, which ONNX Runtime refuses.

Ops: AVERAGE_POOL_2D, CONV_2D, CONV_3D, DEPTHWISE_CONV_2D, L2_POOL_2D, MAX_POOL_2D, MEAN, REDUCE_ALL, REDUCE_ANY,
REDUCE_MAX, REDUCE_MIN, REDUCE_PROD, SUM.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, is_quantized, quantization, static_shape
from tfonnx_lab.graph.budget import room
from tfonnx_lab.graph.op_families import REDUCING
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rules import rewriter

WINDOWED = ("AVERAGE_POOL_2D", "CONV_2D", "CONV_3D", "DEPTHWISE_CONV_2D", "L2_POOL_2D", "MAX_POOL_2D")


@rewriter(tfl[tuple(sorted(REDUCING))](..., name="node"), phase="prepare")
def reduction_of_nothing(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """REDUCE_MIN(no elements) => the largest number, SUM => 0, MEAN => NaN.

    Source: EvalType and EvalMean in reduce.cc.
    """
    x, out = node.inputs[0], node.outputs[0]
    given, shape = static_shape(x), static_shape(out)
    if given is None or 0 not in given or shape is None or x is None or x.dtype is None or is_quantized(x):
        return None
    room(shape, math.ceil(x.dtype.itemsize), "its result")
    return op.like(op.const(np.full(shape, result_for_nothing(node.op_type, x.dtype.numpy()))), out)


def result_for_nothing(op_type: str, dtype: np.dtype[Any]) -> Any:
    """What a reduction starts from; LiteRT's MEAN divides nothing by nothing, in integers as 0."""
    if op_type == "MEAN":
        return dtype.type(np.nan if dtype.kind == "f" else 0)
    if op_type in ("REDUCE_MAX", "REDUCE_MIN"):
        limits: Any = (np.finfo if dtype.kind == "f" else np.iinfo)(dtype)
        return dtype.type(limits.min if op_type == "REDUCE_MAX" else limits.max)
    return dtype.type(op_type in ("REDUCE_ALL", "REDUCE_PROD"))


def _is_empty(node: ir.Node) -> bool:
    shape = node.outputs[0].shape
    return shape is not None and 0 in shape


@rewriter(tfl[WINDOWED](..., name="node"), phase="prepare", only=_is_empty)
def empty_result(op: OpBuilder, node: ir.Node) -> ir.Value | None:
    """CONV_2D of a window larger than its input => a constant without elements."""
    out = node.outputs[0]
    shape = static_shape(out)
    if shape is None or out.dtype is None:
        return None
    return op.const(np.zeros(shape, out.dtype.numpy()), name=f"{out.name}/empty", quant=quantization(out))
