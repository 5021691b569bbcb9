"""XNNPACK's table against cases written from ONNX Runtime's sources (nothing was recorded), its second look, its
session."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import tfonnx_lab as lab
from mobile.one_node import f16, f32, floats, i32, ints, model, ones, view
from tfonnx_lab import samples
from tfonnx_lab.mobile.answer import CREATED
from tfonnx_lab.mobile.graph import View
from tfonnx_lab.mobile.xnnpack import document, xnnpack
from tfonnx_lab.mobile.xnnpack.table import ROWS, text


@dataclass(frozen=True)
class Case:
    """want: "" where the node is taken, else a part of the reason."""

    op: str
    inputs: list[Any]
    want: str = ""
    more: dict[str, Any] = field(default_factory=dict)


def case(op: str, inputs: list[Any], want: str = "", **more: Any) -> Case:
    return Case(op, inputs, want, more)


X, W, B = f32(1, 3, 8, 8), ones(4, 3, 3, 3), ones(4)
K: dict[str, Any] = {"kernel_shape": [2, 2]}
LINEAR = {"mode": "linear"}
UP = floats(1, 1, 2, 2)

CASES = [
    case("Conv", [X, W, B]),
    case("Conv", [f16("N", 3, 8, 8), np.ones((4, 3, 3, 3), np.float16)]),
    case("Conv", [f32(1, 3, 8), ones(4, 3, 3)]),
    case("Conv", [X, W], "SAME_LOWER", auto_pad="SAME_LOWER"),
    case("Conv", [X, W], "since-version is 1", opset=10),
    case("Conv", [f32(1, 3, 8, 8, 8), ones(4, 3, 3, 3, 3)], "not of rank 3 or 4"),
    case("Conv", [("double", (1, 3, 8, 8)), W.astype(np.float64)], "is double"),
    case("Conv", [f32(1, 3, "H", 8), W], "not known but for the batch"),
    case("Conv", [X, f32(4, 3, 3, 3)], "weights 'i1'"),
    case("Conv", [X, W, f32(4)], "bias 'i2'"),
    case("ConvTranspose", [X, ones(3, 4, 3, 3)]),
    case("FusedConv", [X, W, B], "no kernel for com.microsoft:FusedConv", domain="com.microsoft", made="float"),
    case("Abs", [X], "no kernel for Abs"),
    case("MaxPool", [X], **K),
    case("MaxPool", [("uint8", (1, 3, 8, 8))], **K),
    case("MaxPool", [X], "since-version is 1", opset=7, **K),
    case("MaxPool", [("double", (1, 3, 8, 8))], "is double", **K),
    case("MaxPool", [X], "indices", outputs=2, **K),
    case("MaxPool", [f32(1, 3, 8)], "not of rank 4", kernel_shape=[2]),
    case("MaxPool", [X], "ceil_mode", ceil_mode=1, **K),
    case("MaxPool", [X], "kernel is [1, 1]", kernel_shape=[1, 1]),
    case("MaxPool", [X], dilations=[2, 2], **K),
    case("AveragePool", [X], **K),
    case("AveragePool", [X], "SAME_LOWER", auto_pad="SAME_LOWER", **K),
    case("AveragePool", [("double", (1, 3, 8, 8))], "is double", **K),
    case("AveragePool", [X], "count_include_pad", count_include_pad=1, **K),
    case("AveragePool", [X], "dilations are [2, 2]", opset=19, dilations=[2, 2], **K),
    case("Softmax", [X]),
    case("Softmax", [X], "axis is 1 of rank 4", axis=1),
    case("Softmax", [X], opset=11, axis=1),
    case("Softmax", [f32(1, "N")], "last dimension"),
    case("Softmax", [("double", (1, 3))], "is double"),
    case("Gemm", [f32(2, 3), ones(3, 4), ones(4)]),
    case("Gemm", [f32(2, 3), ones(3, 4)]),
    case("Gemm", [f32(2, 3), ones(3, 4)], "alpha is 0.5", alpha=0.5),
    case("Gemm", [f32(2, 3), f32(3, 4)], "'i1' is no constant"),
    case("Gemm", [f32(2, 3), ones(3, 4), f32(4)], "'i2' is no constant"),
    case("Gemm", [i32(2, 3), np.ones((3, 4), np.int32)], "A is int32"),
    case("Gemm", [f32(2, 3), ones(3, 4), ones(1, 4)], "C has shape (1, 4)"),
    case("Gemm", [f32(2, 3), ones(3, 4), floats(1)[0]], "C has shape ()"),
    case("MatMul", [f32(5, 2, 3), ones(3, 4)]),
    case("MatMul", [f32(2, 3), f32(3, 4)], "no constant"),
    case("MatMul", [f32(5, 2, 3), ones(5, 3, 4)], "B has shape (5, 3, 4)"),
    case("MatMul", [i32(2, 3), np.ones((3, 4), np.int32)], "A is int32"),
    case("Resize", [X, None, UP], **LINEAR),
    case("Resize", [X, None, None, ints(1, 3, 12, 12)], **LINEAR),
    case("Resize", [X, None, UP], "mode is nearest"),
    case("Resize", [i32(1, 3, 8, 8), None, UP], "is int32", **LINEAR),
    case("Resize", [f32(3, 8, 8), None, floats(1, 2, 2)], "has shape (3, 8, 8)", **LINEAR),
    case("Resize", [X, None, f32(4)], "neither scales nor sizes", **LINEAR),
    case("Resize", [X, None, floats(1, 2, 2, 2)], "scales are [1.0, 2.0", **LINEAR),
    case("Resize", [X, None, floats(1, 1, 0.5, 0.5)], **LINEAR),
    case("Resize", [X, None, floats(1, 1, 0.5, 2)], "scales are", **LINEAR),
    case("Resize", [X, None, None, ints(1, 6, 8, 8)], "sizes are", **LINEAR),
    case("Resize", [X, None, UP], "antialias is 1", antialias=1, **LINEAR),
    case("Resize", [X, None, UP], "extrapolation_value", extrapolation_value=1.0, **LINEAR),
    case("Resize", [X, None, UP], coordinate_transformation_mode="pytorch_half_pixel", **LINEAR),
    case("Resize", [X, None, UP], "tf_crop_and_resize", coordinate_transformation_mode="tf_crop_and_resize", **LINEAR),
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.op}-{c.want or 'taken'}")
def test_verdict(case: Case) -> None:
    answer = xnnpack(view(case.op, case.inputs, **case.more))
    (node,) = answer.nodes
    assert node.supported == (not case.want), node
    assert case.want in node.reason
    assert node.rule.endswith(".cc)")
    assert len(answer.partitions) == (not case.want)
    assert "1.29" in answer.notes[0]


def quantized(
    op: str, data: str = "uint8", weights: str = "uint8", *, channels: bool = False, bias: bool = True,
    scale: float = 1 / 256,
    **attrs: Any,
) -> View:  # fmt: skip
    """A QDQ group: codes, DequantizeLinear, the op, QuantizeLinear, codes."""
    kinds = {"uint8": np.uint8, "int8": np.int8}
    constants: dict[str, Any] = {
        "s": np.float32(0.1),
        "z": kinds[data](0),
        "so": np.float32(scale),
        "zo": kinds[data](0),
    }
    nodes = [helper.make_node("DequantizeLinear", ["x", "s", "z"], ["xf"], name="dq_x")]
    names, shape = ["xf"], [1, 3, 8, 8]
    if op in ("Conv", "ConvTranspose"):
        rows = 3 if op == "ConvTranspose" else 4
        size = rows if channels else ()
        constants |= {"w": np.ones((rows, 3, 3, 3), kinds[weights])}
        constants |= {"sw": np.full(size, 0.1, np.float32), "zw": np.zeros(size, kinds[weights])}
        nodes.append(helper.make_node("DequantizeLinear", ["w", "sw", "zw"], ["wf"], name="dq_w", axis=0))
        names.append("wf")
        if bias:
            constants |= {"b": np.zeros(rows, np.int32), "sb": np.full(size, 0.01, np.float32)}
            constants |= {"zb": np.zeros(size, np.int32)}
            nodes.append(helper.make_node("DequantizeLinear", ["b", "sb", "zb"], ["bf"], name="dq_b", axis=0))
            names.append("bf")
    if op == "Resize":
        constants["scales"] = UP
        names += ["", "scales"]
    nodes += [
        helper.make_node(op, names, ["yf"], name="op", **attrs),
        helper.make_node("QuantizeLinear", ["yf", "so", "zo"], ["y"], name="q"),
    ]
    number = TensorProto.DataType.Value(data.upper())
    given = [helper.make_tensor_value_info("x", number, shape)]
    tensors = [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
    made = [helper.make_tensor_value_info("y", number, None)]
    graph = helper.make_graph(nodes, "g", given, made, tensors)
    return View.of(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]))


GROUPS: list[tuple[str, dict[str, Any], str]] = [
    ("Conv", {}, ""),
    ("Conv", {"data": "int8", "weights": "int8"}, ""),
    ("Conv", {"data": "int8", "weights": "int8", "channels": True}, ""),
    ("Conv", {"weights": "int8"}, "the input is uint8, the weights int8, the output uint8"),
    ("Conv", {"channels": True}, "the weights not of a known kind"),
    ("MaxPool", {"scale": 0.1, **K}, ""),
    ("AveragePool", K, "no quantized average pool"),
    ("Softmax", {}, ""),
    ("Softmax", {"scale": 0.1}, "scale is 0.1, not 1/256"),
    ("Softmax", {"data": "int8"}, "not uint8"),
]


@pytest.mark.parametrize(("op", "more", "want"), GROUPS)
def test_quantized_group(op: str, more: dict[str, Any], want: str) -> None:
    """The group is one unit: its four to six nodes have one verdict."""
    answer = xnnpack(quantized(op, **more))
    assert {n.supported for n in answer.nodes} == {not want}
    assert all(want in n.reason for n in answer.nodes)
    if not want:
        assert len(answer.partitions) == 1
        assert len(answer.partitions[0].nodes) == len(answer.nodes)
        assert answer.session == CREATED


def test_a_quantized_resize_runs_on_floats() -> None:
    """Resize of mode linear makes no group: its kernel runs between DequantizeLinear and QuantizeLinear."""
    answer = xnnpack(quantized("Resize", scale=0.1, mode="linear"))
    assert [n.op for n in answer.nodes if n.partition is not None] == ["Resize"]
    assert answer.session == CREATED


def test_a_quantized_transposed_convolution_per_channel_ends_the_session() -> None:
    answer = xnnpack(quantized("ConvTranspose", "int8", "int8", channels=True))
    assert "TypeInferenceError" in answer.session
    assert xnnpack(quantized("ConvTranspose")).session == CREATED


def test_every_rule_decides_a_case() -> None:
    seen = [n.rule for c in CASES for n in xnnpack(view(c.op, c.inputs, **c.more)).nodes if not n.supported]
    seen += [n.rule for op, more, want in GROUPS if want for n in xnnpack(quantized(op, **more)).nodes]
    texts = {text(check) for row in ROWS for check in (*row.rules, *(row.groups or ()))}
    silent = {t for t in texts if not any(f": {t} (" in rule for rule in seen)}
    # a QDQ group of MaxPool with unlike codes is formed by no selector
    assert silent == {"input and output are both uint8 or both int8, per tensor"}


def chain(*ops: str, opset: int = 18, ends: tuple[str, ...] = ()) -> View:
    """Conv and what follows it, one after the other. ends: values that are outputs of the graph, too."""
    nodes, last = [helper.make_node("Conv", ["x", "w"], ["v0"], name="conv", pads=[1, 1, 1, 1])], "v0"
    constants: dict[str, Any] = {"w": ones(3, 3, 3, 3), "low": np.float32(0), "high": np.float32(6)}
    for i, op in enumerate(ops, 1):
        more = ["low", "high"] if op == "Clip" else []
        nodes.append(helper.make_node(op, [last, *more], [f"v{i}"], name=f"{op}{i}"))
        last = f"v{i}"
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 3, 8, 8]) for n in dict.fromkeys((*ends, last))]
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])]
    graph = helper.make_graph(
        nodes, "g", given, outputs, [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
    )
    return View.of(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)]))


@pytest.mark.parametrize("activation", ["Relu", "Clip"])
def test_an_activation_joins_the_kernel_before_it(activation: str) -> None:
    answer = xnnpack(chain(activation))
    assert [n.supported for n in answer.nodes] == [True, False]
    second = answer.second
    assert second is not None
    taken = {n.op: n for n in second.nodes if n.supported}
    assert set(taken) == {"Conv", activation}
    assert len(second.partitions) == 1
    assert len(second.partitions[0].nodes) == 2
    assert f"{activation}: joins Conv" in taken[activation].rule
    assert answer.session == CREATED


def test_other_ops_join_no_kernel() -> None:
    second = xnnpack(chain("Tanh")).second
    assert second is not None
    assert [n.op for n in second.nodes if n.supported] == ["Conv"]


def test_an_activation_behind_a_result_that_others_read_stays_on_the_cpu() -> None:
    answer = xnnpack(chain("Relu", ends=("v0",)))
    assert answer.session == CREATED
    assert answer.second is not None
    assert [n.op for n in answer.second.nodes if n.supported] == ["Conv"]
    assert any("1.27 creates no session" in n for n in answer.notes)
    assert not any("1.27" in n for n in xnnpack(chain("Relu")).notes)


def test_the_second_look_names_tflite_ops_too() -> None:
    answer = xnnpack(lab.convert(samples.path(samples.names()[0])).model)
    assert answer.second is not None
    kernels = [n for n in answer.second.nodes if n.partition is not None]
    assert kernels
    assert all(n.origin for n in kernels)


def test_nothing_is_copied_and_transposes_are_counted() -> None:
    answer = xnnpack(chain("Relu"))
    assert answer.nbytes == 0
    assert "0 Transposes before, 2 after the change of layout, which then write 1,536 bytes" in answer.notes[1]


def test_an_opset_that_the_change_of_layout_does_not_know() -> None:
    answer = xnnpack(chain("Relu", opset=6))
    assert not answer.partitions
    assert "does not know opset 6" in answer.nodes[0].reason


def test_a_pool_whose_pads_are_not_smaller_than_its_kernel() -> None:
    answer = xnnpack(view("MaxPool", [X], made="float", pads=[2, 2, 2, 2], **K))
    assert answer.session == "not created: n: Pad should be smaller than kernel."


def test_a_resize_with_too_few_scales() -> None:
    answer = xnnpack(view("Resize", [X, None, floats(1, 1)], made="float", axes=[0, 1], **LINEAR))
    assert "the process dies" in answer.session


def test_float16_and_unknown_rows_are_noted() -> None:
    half = xnnpack(view("Softmax", [f16(1, 3)]))
    assert any("float16" in n for n in half.notes)
    assert any("one row" in n for n in xnnpack(view("Gemm", [f32("N", 3), ones(3, 4)])).notes)
    assert not any("one row" in n for n in xnnpack(view("Gemm", [f32(2, 3), ones(3, 4)])).notes)


def test_of_a_model() -> None:
    answer = xnnpack(model("Softmax", [X], made="float"))
    assert answer.nodes[0].supported
    assert "<table>" in answer._repr_html_()
    assert answer.to_json()["provider"] == "XNNPACK"


def test_page_is_what_the_table_says() -> None:
    assert document.main(["--check", str(Path(__file__).parents[2] / "docs" / "mobile_xnnpack.md")]) == 0


def test_models_are_not_changed() -> None:
    given = model("Softmax", [X], made="float")
    before = given.SerializeToString()
    xnnpack(given)
    assert onnx.ModelProto.FromString(before) == given
