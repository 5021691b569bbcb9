"""A Transpose that is taken out hands on which TFLite tensors it held."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from tfonnx_lab.graph import ONNX, TENSORS, Editor, OpBuilder
from tfonnx_lab.graph.meta import known
from tfonnx_lab.graph.quantization import Quantization, quantization


@pytest.fixture
def op() -> OpBuilder:
    x = ir.Value(name="x", type=ir.TensorType(ir.DataType.INT8), shape=ir.Shape([1, 2, 3, 4]))
    maker = ir.Node(ONNX, "Identity", [x], num_outputs=1)
    maker.outputs[0].type, maker.outputs[0].shape = x.type, x.shape
    graph = ir.Graph([x], [], nodes=[maker], opset_imports={"": 18}, name="g")
    return OpBuilder(Editor(ir.Model(graph, ir_version=8)), 18, None)


def _moved(op: OpBuilder, perm: list[int], **told: Any) -> tuple[ir.Value, ir.Node]:
    """The input, and a Transpose of it that holds the tensor `t`."""
    value = next(iter(op.editor.graph)).outputs[0]
    node = ir.Node(ONNX, "Transpose", [value], [ir.AttrInt64s("perm", perm)], num_outputs=1)
    op.editor.insert(node)
    node.outputs[0].type = value.type
    op.editor.retype(node.outputs[0], tensors=(("t", told.get("back")),), quant=told.get("quant"))
    return value, node


@pytest.mark.parametrize("back", [None, (3, 1, 2, 0)])
def test_the_permutation_that_restores_it(op: OpBuilder, back: tuple[int, ...] | None) -> None:
    value, node = _moved(op, [0, 2, 3, 1], back=back)
    op.editor.erase(node)
    ((name, perm),) = known(value)[TENSORS]
    data = np.arange(24).reshape(1, 2, 3, 4)
    tensor = data.transpose(0, 2, 3, 1) if back is None else data.transpose(0, 2, 3, 1).transpose(back)
    assert name == "t" and np.array_equal(data.transpose(perm), tensor)


def test_its_quantization_has_the_axis_of_the_other_layout(op: OpBuilder) -> None:
    scales = Quantization(np.ones(2, np.float32), np.zeros(2, np.int64), 3)
    value, node = _moved(op, [0, 2, 3, 1], quant=scales)
    op.editor.erase(node)
    found = quantization(value)
    assert found is not None and found.axis == 1


def test_what_is_known_already_stays(op: OpBuilder) -> None:
    value, node = _moved(op, [0, 3, 1, 2])
    op.editor.retype(value, tensors=(("t", None), ("u", None)))
    op.editor.erase(node)
    assert known(value)[TENSORS] == (("t", None), ("u", None))
