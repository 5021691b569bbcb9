"""Weights of float ops: written so that ONNX Runtime makes floats of them once, as it loads the model."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, attr, constant_array, is_onnx, rank, tensor_of
from tfonnx_lab.patterns import const, onnx, var
from tfonnx_lab.rules import optimizer

FLOAT_OPS = ("Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM")


@optimizer(
    onnx.DequantizeLinear(const("x"), const("scale"), var("zero"), name="node"),
    phase="finish",
    after=("quantization_with_a_kernel",),
    only=lambda node: _is_read_in_float(node.outputs[0]),
)
def weights_that_fold(
    op: OpBuilder, node: ir.Node, x: ir.Value, scale: ir.Value, zero: ir.Value | None
) -> ir.Value | None:
    """Conv(x, DequantizeLinear(constant)) in float => Conv(x, Mul(Cast(constant), scale)).

    ONNX Runtime computes a DequantizeLinear in each run, and its blocked convolution needs weights that are constant;
    Cast and Mul of constants it folds. The file keeps its bytes.
    """
    if x.dtype not in EIGHT_BIT or attr(node, "block_size", 0) or node.outputs[0].dtype != ir.DataType.FLOAT:
        return None
    size, scales, zeros = rank(x), constant_array(scale), constant_array(zero)
    if size is None or scales is None or (zero is not None and zeros is None):
        return None
    along = [1] * size
    if scales.ndim:
        along[attr(node, "axis", 1) % size] = -1
    real = op.Cast(x, to=ir.DataType.FLOAT)
    if zeros is not None and zeros.any():
        real = op.Sub(real, op.const(zeros.astype(np.float32).reshape(along if zeros.ndim else [])))
    return op.Mul(real, op.const(scales.reshape(along if scales.ndim else [])))


def _is_read_in_float(value: ir.Value) -> bool:
    uses = value.uses()
    return bool(uses) and all(index > 0 and _is_float(user) for user, index in uses)


def _is_float(node: ir.Node) -> bool:
    """Whether it computes on reals: ONNX Runtime makes no integer kernel of it."""
    if not is_onnx(node, *FLOAT_OPS):
        return False
    x = node.inputs[0]
    maker = None if x is None else x.producer()
    return maker is None or not is_onnx(maker, "DequantizeLinear") or maker.inputs[1].const_value is None  # type: ignore[union-attr]


@optimizer(
    onnx.Gemm(var("x"), onnx.DequantizeLinear(const("w"), const("scale"), ..., name="dq"), ..., name="node"),
    phase="fuse",
)
def blocks_that_fuse(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, scale: ir.Value, dq: ir.Node
) -> ir.Value | None:
    """Gemm{transB}(x, DequantizeLinear{block_size}(w), b) => Add(MatMul(x, DequantizeLinear(w transposed)), b).

    ONNX Runtime makes one MatMulNBits of it, which reads the packed weights.
    """
    block, codes, scales = attr(dq, "block_size", 0), constant_array(w), constant_array(scale)
    if not block or attr(dq, "axis", 1) != 1 or not attr(node, "transB", 0) or codes is None or scales is None:
        return None
    zeros = constant_array(dq.inputs[2]) if len(dq.inputs) > 2 else None
    if zeros is not None and zeros.astype(np.int64).any():
        return None
    columns = op.const(tensor_of(np.ascontiguousarray(codes.T), w.dtype), name=f"{w.name}/columns")
    real = op.DequantizeLinear(columns, op.const(np.ascontiguousarray(scales.T)), axis=0, block_size=block)
    y = op.MatMul(x, real)
    return y if len(node.inputs) < 3 else op.Add(y, node.inputs[2])
