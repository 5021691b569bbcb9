"""For NNAPI: a product whose weights have a scale for each result is a convolution, the only op that may have so
many."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, is_onnx, rank, static_shape, tensor_of, use_count
from tfonnx_lab.patterns import onnx
from tfonnx_lab.rules import optimizer


@optimizer(
    onnx.QuantizeLinear(onnx["Gemm", "MatMul"](..., name="product"), ..., name="node"),
    phase="fuse",
    when=lambda options: options.target == "nnapi",
)
def product_by_convolution(op: OpBuilder, node: ir.Node, product: ir.Node) -> ir.Value | None:
    """Q(Gemm(DQ(x), DQ{a scale each}(w), DQ(b))) => Reshape(Q(Conv(DQ(Reshape(x)), DQ{a scale each}(w), DQ(b))))."""
    if use_count(product.outputs[0]) != 1 or product.outputs[0].is_graph_output():
        return None
    made = [None if x is None else x.producer() for x in product.inputs]
    if any(m is None or not is_onnx(m, "DequantizeLinear") for m in made) or not _is_plain(product):
        return None
    read, weights, *bias = made
    assert read is not None and weights is not None
    codes, scales = constant_array(weights.inputs[0]), constant_array(weights.inputs[1])
    if codes is None or codes.ndim != 2 or codes.dtype != np.int8 or scales is None or scales.size == 1:
        return None
    results_first = product.op_type == "Gemm" and bool(attr(product, "transB", 0))
    axis = int(attr(weights, "axis", 1)) % 2
    if rank(read.inputs[0]) != 2 or axis != (0 if results_first else 1):
        return None
    rows = codes if results_first else codes.T
    shape = static_shape(read.inputs[0])
    many = -1 if shape is None else shape[0]  # rows of x; its width is that of the weights
    kernel = np.ascontiguousarray(rows)[:, :, None, None]
    held = op.const(tensor_of(kernel, ir.DataType.INT8), name=f"{weights.inputs[0].name}/kernel")  # type: ignore[union-attr]
    real_weights = op.DequantizeLinear(held, *weights.inputs[1:], axis=0)
    image = op.DequantizeLinear(op.Reshape(read.inputs[0], op.const([many, rows.shape[1], 1, 1])), *read.inputs[1:])
    y = op.Conv(image, real_weights, *(m.outputs[0] for m in bias if m is not None), kernel_shape=[1, 1])
    y.type, y.shape = ir.TensorType(ir.DataType.FLOAT), ir.Shape([None if many < 0 else many, rows.shape[0], 1, 1])
    wanted = op.const([many, rows.shape[0]])
    return op.like(op.Reshape(op.QuantizeLinear(y, *node.inputs[1:]), wanted), node.outputs[0])


def _is_plain(product: ir.Node) -> bool:
    one = attr(product, "alpha", 1.0) == 1 and attr(product, "beta", 1.0) == 1
    return one and not attr(product, "transA", 0) and len(product.inputs) >= 2
