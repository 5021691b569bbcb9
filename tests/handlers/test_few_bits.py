"""Codes of 4 and 2 bits that the graph unpacks are the codes, whatever their number, sign and opset."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import onnx_ir as ir
import onnxruntime as ort
import pytest

from tfonnx_lab.graph import Editor, OpBuilder
from tfonnx_lab.handlers.lowering.few_bits import unpacked

KINDS = [(ml_dtypes.int4, -8, 8), (ml_dtypes.uint4, 0, 16), (ml_dtypes.int2, -2, 2)]


@pytest.mark.parametrize("shape", [(64, 65), (4099,), (3, 5), (40, 3, 40)])
@pytest.mark.parametrize("kind", KINDS, ids=lambda k: np.dtype(k[0]).name)
@pytest.mark.parametrize("dtype", [ir.DataType.FLOAT, ir.DataType.INT8])
@pytest.mark.parametrize("opset", [13, 18, 21])
def test_unpacked(shape: tuple[int, ...], kind: tuple[type, int, int], dtype: ir.DataType, opset: int) -> None:
    codes = np.random.default_rng(1).integers(kind[1], kind[2], shape)
    graph = ir.Graph([], [], nodes=[], name="g", opset_imports={"": opset})
    model = ir.Model(graph, ir_version=8 if opset < 21 else 10)
    op = OpBuilder(Editor(model), opset)
    result = op.Identity(unpacked(op, codes.astype(kind[0]), shape, dtype))
    result.name = "y"
    for node in op.tape:
        op.editor.insert(node, graph=graph)
    graph.outputs.append(result)
    session = ort.InferenceSession(ir.to_proto(model).SerializeToString(), providers=["CPUExecutionProvider"])
    got = np.asarray(session.run(None, {})[0])
    assert got.dtype == dtype.numpy() and np.array_equal(got, codes)
    stored = max(v.const_value.nbytes for v in graph.initializers.values() if v.const_value is not None)
    bits = 2 if kind[0] is ml_dtypes.int2 else 4
    if codes.size > 4096 and not (opset >= 21 and bits == 2):
        assert stored <= -(-codes.size * bits // 8)
