"""Names of the file: those that a user knows, and short ones."""

from __future__ import annotations

import re

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.graph import ORIGIN, TENSORS, all_nodes
from tfonnx_lab.optimizers.short_names import LONGEST

SAMPLES = ["digits_float", "digits_int8"]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("opset", [13, 18])
def test_a_value_that_holds_a_tensor_has_its_name(name: str, opset: int) -> None:
    """In whatever layout; another value that holds it as well has a short one."""
    result = lab.convert(samples.path(name), opset)
    values = [v for node in all_nodes(result.ir_model.graph) for v in node.outputs]
    names = {v.name for v in values}
    held = {tensor for v in values for tensor, _ in v.meta.get(TENSORS, ())}
    assert held and held <= names
    tensors = {v["name"] for v in result.trace.start["values"] if not v["const"]}
    assert all(v.name in tensors or len(v.name or "") <= LONGEST for v in values)
    start = result.trace.start
    main = start["graphs"][0]
    known = {v["id"]: v["name"] for v in start["values"]}
    assert [known[i] for i in main["inputs"]] == [v.name for v in result.ir_model.graph.inputs]
    assert [known[i] for i in main["outputs"]] == [v.name for v in result.ir_model.graph.outputs]


@pytest.mark.parametrize("name", SAMPLES)
def test_nodes_tell_their_op(name: str) -> None:
    """`Conv_3` is a Conv that op 3 of the TFLite file led to; no name is had twice."""
    nodes = list(all_nodes(lab.convert(samples.path(name)).ir_model.graph))
    for node in nodes:
        found = re.fullmatch(rf"{node.op_type}_(\d+)(_\d+)?", node.name or "")
        assert found and int(found[1]) in node.meta[ORIGIN]
    assert len({node.name for node in nodes}) == len(nodes)


@pytest.mark.parametrize("name", SAMPLES)
def test_constants_are_short(name: str) -> None:
    graph = lab.convert(samples.path(name)).ir_model.graph
    assert graph.initializers and all(len(constant) <= LONGEST for constant in graph.initializers)
