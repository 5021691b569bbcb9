"""What an ONNX file holds beside the weights, and what is told of its size."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import onnx
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from conformance.simple import made
from tfonnx_lab import samples
from tfonnx_lab.graph.meta import ORIGIN_PROPERTY
from tfonnx_lab.graph.origins import called, origin_text, origins_in, origins_of
from tfonnx_lab.reports.size import reasons

sizes: Any = importlib.import_module("benchmarks.sizes")


def test_shapes_are_written_on_request() -> None:
    plain = lab.convert(samples.path("digits_int8")).model
    told = lab.convert(samples.path("digits_int8"), shapes=True).model
    assert not plain.graph.value_info
    made_by_nodes = {o for node in told.graph.node for o in node.output} - {o.name for o in told.graph.output}
    assert made_by_nodes and made_by_nodes <= {v.name for v in told.graph.value_info}
    del told.graph.value_info[:]
    assert plain == told


def test_shapes_in_subgraphs_are_left_out_too() -> None:
    """The graphs in a Loop: their own inputs keep their types."""
    inner = graphs(lab.convert(loop().bytes()).model.graph)[1:]
    told = graphs(lab.convert(loop().bytes(), shapes=True).model.graph)[1:]
    assert inner and not any(g.value_info for g in inner) and all(g.value_info for g in told)
    assert all(value.type.tensor_type.elem_type for g in inner for value in g.input)


def graphs(graph: onnx.GraphProto) -> list[onnx.GraphProto]:
    """The graph and those in it."""
    held = [a.g for node in graph.node for a in node.attribute if a.type == onnx.AttributeProto.GRAPH]
    return [graph, *(inner for g in held for inner in graphs(g))]


def loop() -> Model:
    """WHILE: counts to three."""
    m = Model()
    cond, body = m.subgraph("cond"), m.subgraph("body")
    n = cond.input([], "int32")
    cond.outputs(cond.op("LESS", [n, cond.const(3)], [cond.tensor("bool", [])]))
    n = body.input([], "int32")
    one_more = body.op("ADD", [n, body.const(1)], [body.tensor("int32", [])])
    body.outputs(body.op("MUL", [one_more, body.const(1)], [body.tensor("int32", [])]))
    made = m.op(
        "WHILE", [m.input([], "int32")], [m.tensor("int32", [])], cond_subgraph_index=cond, body_subgraph_index=body
    )
    return m.outputs(made)


def test_what_nobody_can_infer_keeps_its_shape() -> None:
    m = Model()
    inner = m.op("MyOp", [m.input([1, 4])], [m.tensor(shape=[1, 4])])
    m.outputs(m.op("EXP", [inner], [m.tensor(shape=[1, 4])]))
    told = lab.convert(m.bytes(), custom_ops="mine").model.graph
    assert [v.name for v in told.value_info] == list(next(n for n in told.node if n.domain == "mine").output)


@pytest.mark.parametrize("numbers", [(), (3,), (3, 4), (3, 4, 5), (1, 3, 4, 5, 9, 10, 12)])
def test_origins_as_text(numbers: tuple[int, ...]) -> None:
    assert origins_in(origin_text(numbers)) == numbers


def test_origins_are_short() -> None:
    assert origin_text({7, 3, 8, 9, 12, 11, 10}) == "3,7-12" and called("Conv", frozenset({2, 12})) == "Conv_12"


def test_the_file_tells_the_origins() -> None:
    result = lab.convert(samples.path("digits_int8"))
    nodes = {n.name: n for n in result.ir_model.graph.all_nodes()}
    for node in result.model.graph.node:
        assert [p.key for p in node.metadata_props] == [ORIGIN_PROPERTY]
        assert set(origins_of(node)) == nodes[node.name].meta["origin"]


def table() -> Model:
    """SOFTMAX of 16-bit codes: a table of 65,536 entries."""
    m = Model()
    quant = (1 / 32768, 0)
    x = m.input([1, 8], "int16", quant)
    return m.outputs(m.op("SOFTMAX", [x], [m.tensor("int16", [1, 8], (1 / 32768, 0))], beta=1.0))


def test_a_larger_file_has_a_reason() -> None:
    result = lab.convert(table().bytes())
    size = result.model.ByteSize()
    told = reasons(result, size)
    assert told and "tables in the place of integer functions" in told[0] and "SOFTMAX" in told[0]
    assert "larger" in dict(lab.report(result, parity=False).lines())


def test_a_file_of_the_same_size_has_none() -> None:
    result = lab.convert(samples.path("digits_float"))
    report = lab.report(result, parity=False)
    assert report.larger == [] and "times the TFLite file's" in dict(report.lines())["size"]


def test_four_bits_in_eight_are_told() -> None:
    m = Model()
    w = m.const(made([256, 3, 3, 64], "int4"), "int4", (np.full(256, 0.1, np.float32), [0] * 256, 0))
    x = m.input([1, 8, 8, 64], "int8", (0.1, 0))
    bias = m.const(np.zeros(256, np.int32), "int32", (np.full(256, 0.01, np.float32), [0] * 256, 0))
    m.outputs(
        m.op(
            "CONV_2D",
            [x, w, bias],
            [m.tensor("int8", [1, 8, 8, 256], (0.1, 0))],
            padding="SAME",
            stride_h=1,
            stride_w=1,
        )
    )
    result = lab.convert(m.bytes())
    assert any("fewer than 8 bits" in text for text in reasons(result, result.model.ByteSize()))


def test_the_table_of_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(samples.path("digits_float"), tmp_path / "a.tflite")
    assert sizes.main([str(tmp_path)]) == 1 and capsys.readouterr().out.splitlines()[-1] == "no models"
    code = sizes.main([str(tmp_path), "--least", "0"])
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("geometric mean of 1: ") and code == int(float(last.split()[4].rstrip(";")) > sizes.MEAN)
    with mock.patch.object(sizes, "peer_size", return_value=10):
        assert sizes.main([str(tmp_path), "--least", "0"]) == 1
    assert "of tf2onnx's" in capsys.readouterr().out


def test_faults_of_a_row() -> None:
    row = sizes.Row("m", 100, 130, None)
    assert row.faults == ["larger, without a reason"]
    assert sizes.Row("m", 100, 130, None, ("tables",)).faults == []
    assert sizes.Row("m", 100, 104, 100).faults and not sizes.Row("m", 100, 103, 100).faults
