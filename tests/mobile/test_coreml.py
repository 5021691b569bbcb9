"""CoreML's table against cases written from ONNX Runtime's sources; partitions; what fails when the session is
created."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import tfonnx_lab as lab
from mobile.coreml_case import Case, X, bools
from mobile.coreml_cases import CASES
from mobile.one_node import f32, floats, ints, model, ones, view
from tfonnx_lab import samples
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph.origins import origins_of
from tfonnx_lab.mobile.answer import CREATED, ProviderAnswer
from tfonnx_lab.mobile.coreml import coreml, document
from tfonnx_lab.mobile.coreml.table import LATER, ROWS, ops
from tfonnx_lab.mobile.graph import View
from tfonnx_lab.mobile.xnnpack import xnnpack


def named(case: Case) -> str:
    return f"{case.op}-{case.want or 'taken'}"


def asked(case: Case, form: str) -> ProviderAnswer:
    graph = view(case.op, case.inputs, **case.more)
    return coreml(graph, form, case.version, release=case.release)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES, ids=named)
def test_verdict(case: Case) -> None:
    for form in case.formats:
        answer = asked(case, form)
        (node,) = answer.nodes
        assert node.supported == (not case.want), (form, node)
        assert answer.session == CREATED or case.op == "Tile"
        if case.want:
            assert case.want in node.reason
            assert not answer.partitions
        assert ".cc)" in node.rule


def test_every_rule_decides_a_case() -> None:
    """A row whose rule no case trips, or that no case passes, could be wrong unseen."""
    decided, taken = set(), set()
    for case in CASES:
        for form in case.formats:
            node = asked(case, form).nodes[0]
            decided |= {(case.release, form, case.op, node.rule)}
            if node.supported:
                taken.add((case.release, form, case.op))
    rules = {rule for *_, rule in decided}
    # a Cast needs a node before it: tests of their own, below
    missing = {r.op for r in (*ROWS, *LATER) if not r.never and (r.release, r.format, r.op) not in taken}
    assert missing == {"Cast"}
    texts = {r.text for row in (*ROWS, *LATER) for r in row.rules}
    silent = {text for text in texts if not any(f": {text} (" in rule for rule in rules)}
    # the readers of an ArgMax and a Cast behind it need more than one node: tests of their own, below
    assert silent == {"no Cast to int32 is one of several readers of the result"}


def graph(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, tuple[int, Sequence[int | str]]],
    outputs: Sequence[str],
    constants: Mapping[str, np.ndarray] | None = None,
) -> View:
    infos = [helper.make_tensor_value_info(n, *t) for n, t in inputs.items()]
    made = [onnx.ValueInfoProto(name=o) for o in outputs]
    tensors = [onnx.numpy_helper.from_array(a, n) for n, a in (constants or {}).items()]
    built = helper.make_graph(nodes, "g", infos, made, tensors)
    return View.of(helper.make_model(built, opset_imports=[helper.make_opsetid("", 18)]))


FLOAT4 = (TensorProto.FLOAT, (1, 3, 4, 4))


def test_neural_network_takes_a_cast_behind_argmax_only() -> None:
    nodes = [
        helper.make_node("ArgMax", ["x"], ["a"], name="argmax"),
        helper.make_node("Cast", ["a"], ["y"], name="cast", to=TensorProto.INT32),
    ]
    answer = coreml(graph(nodes, {"x": FLOAT4}, ["y"]), "NeuralNetwork")
    assert [n.supported for n in answer.nodes] == [True, True]
    assert len(answer.partitions) == 1

    wide = [nodes[0], helper.make_node("Cast", ["a"], ["y"], name="cast", to=TensorProto.FLOAT)]
    assert "not int32" in coreml(graph(wide, {"x": FLOAT4}, ["y"]), "NeuralNetwork").nodes[1].reason

    other = [helper.make_node("Shape", ["x"], ["a"], name="shape"), nodes[1]]
    assert "made by Shape" in coreml(graph(other, {"x": FLOAT4}, ["y"]), "NeuralNetwork").nodes[1].reason

    last = [helper.make_node("ArgMax", ["x"], ["a"], name="argmax", select_last_index=1), nodes[1]]
    assert "does not take the ArgMax" in coreml(graph(last, {"x": FLOAT4}, ["y"]), "NeuralNetwork").nodes[1].reason


def test_ml_program_takes_a_cast_behind_a_node() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], name="relu"),
        helper.make_node("Cast", ["a"], ["y"], name="cast", to=TensorProto.FLOAT16),
    ]
    view_ = graph(nodes, {"x": FLOAT4}, ["y"])
    assert coreml(view_).nodes[1].partition == 0
    assert not coreml(view_, "NeuralNetwork").nodes[1].supported


def test_neural_network_refuses_an_argmax_that_a_cast_and_others_read() -> None:
    nodes = [
        helper.make_node("ArgMax", ["x"], ["a"], name="argmax"),
        helper.make_node("Cast", ["a"], ["y"], name="cast", to=TensorProto.INT32),
        helper.make_node("Identity", ["a"], ["z"], name="identity"),
    ]
    view_ = graph(nodes, {"x": FLOAT4}, ["y", "z"])
    assert "other nodes read" in coreml(view_, "NeuralNetwork").nodes[0].reason
    assert coreml(view_, "MLProgram").nodes[0].supported


def test_partitions_and_what_crosses() -> None:
    """Relu, Abs, Relu: two partitions, with Abs between; four crossings of 192 bytes."""
    nodes = [
        helper.make_node(op, [i], [o], name=o)
        for op, i, o in (("Relu", "x", "a"), ("Abs", "a", "b"), ("Relu", "b", "y"))
    ]
    answer = coreml(graph(nodes, {"x": FLOAT4}, ["y"]))
    assert [p.nodes for p in answer.partitions] == [(0,), (2,)]
    assert [(c.value, c.nbytes) for c in answer.crossings] == [("x", 192), ("a", 192), ("b", 192), ("y", 192)]
    assert answer.nbytes == 4 * 192
    assert [n.op for n in answer.fallback] == ["Abs"]
    assert answer.to_json()["fallback"] == [1]


def test_nodes_beside_an_unsupported_one_run_together() -> None:
    """Both branches run before Abs would stop them, so that they are one partition."""
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], name="a"),
        helper.make_node("Abs", ["a"], ["b"], name="b"),
        helper.make_node("Tanh", ["x"], ["c"], name="c"),
        helper.make_node("Add", ["b", "c"], ["y"], name="y"),
    ]
    answer = coreml(graph(nodes, {"x": FLOAT4}, ["y"]))
    assert [p.nodes for p in answer.partitions] == [(0, 2), (3,)]


@pytest.mark.parametrize("op", ["Identity", "Transpose", "Reshape", "Squeeze", "Tile", "Flatten"])
def test_a_partition_of_trivial_nodes_is_dropped(op: str) -> None:
    more = {"Reshape": [ints(-1)], "Squeeze": [ints(0)], "Tile": [ints(1, 1, 1, 1)]}.get(op, [])
    answer = coreml(view(op, [f32(1, 3, 4, 4), *more]), "NeuralNetwork")
    (node,) = answer.nodes
    assert node.supported
    assert node.partition is None
    assert "dropped" in node.reason
    assert not answer.partitions


def test_trivial_nodes_stay_beside_others() -> None:
    nodes = [helper.make_node("Transpose", ["x"], ["a"], name="a"), helper.make_node("Relu", ["a"], ["y"], name="y")]
    assert [p.nodes for p in coreml(graph(nodes, {"x": FLOAT4}, ["y"])).partitions] == [(0, 1)]


def test_conv_transpose_without_pads_kills_the_process() -> None:
    dead = view("ConvTranspose", [X, ones(3, 4, 3, 3)])
    answer = coreml(dead, "MLProgram")
    assert "the process dies" in answer.session
    assert not answer.partitions
    assert "pads" in answer.nodes[0].advice
    assert coreml(dead, "NeuralNetwork").session == CREATED


@pytest.mark.parametrize(
    ("op", "inputs", "more"),
    [
        ("Shape", [f32(2, 3)], {"end": 2}),
        ("Pad", [X, ints(1, 1), floats(0)[0], ints(0).astype("int32")], {}),
        ("Resize", [X, None, floats(2, 2)], {"nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}),
    ],
)
def test_a_check_that_throws_ends_the_session(op: str, inputs: list[Any], more: dict[str, Any]) -> None:
    assert coreml(view(op, inputs, made="float", **more)).session.startswith("not created: n: ")


def test_bool_at_the_border_of_a_partition() -> None:
    """Tile takes bool, but the CoreML model has no bool input; releases after 1.27 write one for MLProgram."""
    nodes = [
        helper.make_node("Tile", ["m", "r"], ["t"], name="tile"),
        helper.make_node("Relu", ["x"], ["y"], name="relu"),
    ]
    view_ = graph(nodes, {"m": (TensorProto.BOOL, (2,)), "x": FLOAT4}, ["t", "y"], {"r": ints(2)})
    assert "doesn't have valid type, name: m type: 9" in coreml(view_).session
    assert coreml(view_, release="1.32").session == CREATED


def test_later_releases_are_told_apart() -> None:
    answer = coreml(view("Sin", [X]))
    assert answer.nodes[0].advice == "ONNX Runtime 1.32 takes it"
    assert set(ops("1.32")) - set(ops()) == {"And", "Cos", "GatherND", "Sin", "Where"}
    assert any("1.32" in note for note in coreml(view("Sin", [X]), release="1.32").notes)
    assert coreml(view("Cast", [bools(2)], to=TensorProto.FLOAT)).nodes[0].advice == "ONNX Runtime 1.32 takes it"


def test_what_helps_a_quantized_model() -> None:
    codes = view("Relu", [("int8", (2,))], opset=14)
    assert coreml(codes).nodes[0].advice == "convert with dequantize=True"
    quantized = view("QuantizeLinear", [X, floats(1)[0]])
    assert coreml(quantized).nodes[0].advice == "convert with dequantize=True"
    assert coreml(view("Abs", [X])).nodes[0].advice == ""


def test_static_shapes_only() -> None:
    loose = view("Relu", [f32("N", 2)])
    assert coreml(loose).nodes[0].supported
    assert "not static" in coreml(loose, static=True).nodes[0].reason


def test_rows_of_the_source_that_stock_tables_lack() -> None:
    """README of the shared measurements, section 5: rows missing or misspelt in ONNX Runtime's own tables."""
    rows = {(r.op, r.format) for r in ROWS if not r.never}
    for op in ("ArgMax", "BatchNormalization", "Gather", "Pad", "ReduceMin", "ReduceProd"):
        assert (op, "MLProgram") in rows
    for op in ("ReduceSum", "HardSigmoid", "Identity", "ReduceMean", "Tile"):
        assert (op, "NeuralNetwork") in rows


@pytest.mark.parametrize("ask", [coreml, xnnpack], ids=["coreml", "xnnpack"])
def test_a_constant_that_was_not_loaded(ask: Callable[[View], ProviderAnswer]) -> None:
    view_ = view("Resize", [X, None, floats(1, 1, 2, 2)], mode="linear")
    view_.initializers["i2"].data_location = TensorProto.EXTERNAL
    with pytest.raises(ConversionError, match="'i2' is stored outside of the model"):
        ask(view_)


@pytest.mark.parametrize("wrong", [{"format": "mlprogram"}, {"version": 4}, {"version": "7"}, {"release": "1.31"}])
def test_arguments_that_do_not_exist(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConversionError, match="is not known; it is one of"):
        coreml(view("Relu", [X]), **wrong)


def test_a_model_is_optimized_first() -> None:
    """ONNX Runtime's basic optimizations run before a provider is asked: here they take out an Identity."""
    nodes = [helper.make_node("Identity", ["x"], ["a"], name="a"), helper.make_node("Relu", ["a"], ["y"], name="b")]
    ends = [helper.make_tensor_value_info(n, *FLOAT4) for n in "xy"]
    built = helper.make_graph(nodes, "g", ends[:1], ends[1:])
    given = helper.make_model(built, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    assert [n.op for n in coreml(given).nodes] == ["Relu"]
    assert [n.op for n in coreml(View.of(given)).nodes] == ["Identity", "Relu"]


def test_page_is_what_the_table_says() -> None:
    assert document.main(["--check", str(Path(__file__).parents[2] / "docs" / "mobile_coreml.md")]) == 0


def test_check_of_a_page_that_differs_fails(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("another")
    assert document.main(["--check", str(tmp_path / "page.md")]) == 1
    assert document.main([str(tmp_path / "page.md")]) == 0
    assert document.main(["--check", str(tmp_path / "page.md")]) == 0


@pytest.mark.parametrize("ask", [coreml, xnnpack], ids=["coreml", "xnnpack"])
@pytest.mark.parametrize("name", [n for n in samples.names() if n != "digits_unsupported"])
def test_nodes_name_the_tflite_ops_they_came_from(name: str, ask: Callable[[onnx.ModelProto], ProviderAnswer]) -> None:
    """ONNX Runtime's optimizer keeps no metadata; a fused node names the ops of all that went into it."""
    model = lab.convert(samples.path(name)).model
    before = {origin for n in model.graph.node for origin in origins_of(n)}
    answer = ask(model)
    assert answer.nodes
    assert all(n.origin for n in answer.nodes)
    assert {p for n in answer.nodes for p in n.origin} <= before


def test_float16_is_asked_as_it_is_written_to_a_file() -> None:
    """The CPU has no Tanh of float16: in a file it stands between casts, and a session asks about it as it is."""
    mobile = lab.Mobile(model("Tanh", [("float16", (1, 4))]))
    written = mobile.coreml()
    assert [(n.op, n.supported) for n in written.nodes] == [("Cast", False), ("Tanh", True), ("Cast", True)]
    assert [p.nodes for p in written.partitions] == [(1, 2)]
    assert any("written=False" in note for note in written.notes)
    loaded = mobile.coreml(written=False)
    assert [(n.op, n.partition) for n in loaded.nodes] == [("Tanh", 0)]
    assert not any("written=False" in note for note in loaded.notes)
    assert [n.supported for n in mobile.coreml("NeuralNetwork").nodes] == [False, True, False]
    assert not mobile.coreml("NeuralNetwork", written=False).partitions
