"""The Fourier transform by small matrices gives numpy's numbers at every length, and takes little room."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import onnxruntime as ort
import pytest

from tfonnx_lab.graph import Editor, OpBuilder
from tfonnx_lab.handlers.lowering.fourier import real_transform


def model_of(length: int, dtype: type[np.floating]) -> ir.Model:
    kind = ir.DataType.from_numpy(np.dtype(dtype))
    given = ir.Value(name="x", type=ir.TensorType(kind), shape=ir.Shape([2, 3, length]))
    graph = ir.Graph([given], [], nodes=[], name="g", opset_imports={"": 13})
    model = ir.Model(graph, ir_version=8)
    op = OpBuilder(Editor(model), 13)
    result = real_transform(op, given, 3, length, dtype)
    result.name = "y"
    for node in op.tape:
        op.editor.insert(node, graph=graph)
    graph.outputs.append(result)
    return model


@pytest.mark.parametrize("length", [1, 2, 7, 128, 129, 131, 135, 200, 256, 400, 480, 1023, 1024, 2048])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_transform(length: int, dtype: type[np.floating]) -> None:
    x = np.random.default_rng(length).normal(size=(2, 3, length)).astype(dtype)
    session = ort.InferenceSession(
        ir.to_proto(model_of(length, dtype)).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    got = np.asarray(session.run(None, {"x": x})[0])
    wanted = np.fft.rfft(x.astype(np.float64))
    error = np.abs(got[..., 0] + 1j * got[..., 1] - wanted).max() / np.abs(wanted).max()
    assert got.shape == (2, 3, length // 2 + 1, 2) and error < (2e-6 if dtype is np.float32 else 1e-13)


@pytest.mark.parametrize(("length", "most"), [(2048, 130_000), (512, 40_000), (400, 30_000)])
def test_its_constants_are_small(length: int, most: int) -> None:
    """One matrix would have 4 * length * (length + 2) bytes: 16.8 MB for 2,048."""
    constants = model_of(length, np.float32).graph.initializers.values()
    assert sum(v.const_value.nbytes for v in constants if v.const_value is not None) < most
