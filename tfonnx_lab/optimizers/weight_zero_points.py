"""Zero points of 8-bit weights, each of its own: what a session option of ONNX Runtime needs.

With `session.x64quantprecision`, ONNX Runtime makes uint8 of int8 weights as it loads, on x86 without VNNI, where its
kernels saturate otherwise. It names what it makes after the constant, so two weights that share a zero point end with
"Attempt to replace the existing tensor" (1.32). Weights that two ops share still do.

Source: ConvertS8WeightToU8 in s8_to_u8.cc.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, constant_array
from tfonnx_lab.rules import optimizer

_LARGE = 64
"""Beyond this ONNX Runtime changes a tensor's codes."""


@optimizer(phase="finish", after=("merge_equal_constants",))
def own_zero_points(op: OpBuilder) -> bool | None:
    """DequantizeLinear(w, scale, zero) of two int8 weights beyond 64 with one zero => a zero each."""
    made = 0
    for value in list(op.editor.graph.initializers.values()):
        if not is_apart(op, value):
            continue
        for node, at in tuple(value.uses())[1:]:
            if _is_of_large_weights(node, at):
                op.editor.set_input(node, at, op.editor.constant(_array(value), shared=False))
                made += 1
    op.note(f"{made} zero points")
    return True if made else None


def is_apart(op: OpBuilder, value: ir.Value) -> bool:
    """Whether a constant is the zero point of such weights, in a model for x86."""
    if op.options.target != "x86_64" or value.dtype != ir.DataType.INT8 or value.is_graph_input():
        return False
    return any(_is_of_large_weights(node, at) for node, at in value.uses())


def _is_of_large_weights(node: ir.Node, at: int) -> bool:
    if node.op_type != "DequantizeLinear" or at != 2:
        return False
    weights = constant_array(node.inputs[0])
    return weights is not None and bool((np.abs(weights.astype(np.int16)) > _LARGE).any())


def _array(value: ir.Value) -> np.ndarray:
    array = constant_array(value)
    assert array is not None
    return array
