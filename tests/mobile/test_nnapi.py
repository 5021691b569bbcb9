"""NNAPI's answers: rules op by op, QDQ groups, partitions and what crosses them, the second look, the session."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tfonnx_lab as lab
from mobile.nnapi_case import Case
from mobile.nnapi_cases import CASES
from mobile.nnapi_models import parsed
from mobile.one_node import f32, model, ones
from tfonnx_lab import samples
from tfonnx_lab.mobile.answer import CREATED, ProviderAnswer
from tfonnx_lab.mobile.graph import NHWC_DOMAIN, View
from tfonnx_lab.mobile.nnapi import document, nnapi
from tfonnx_lab.mobile.nnapi.checks import first_line
from tfonnx_lab.mobile.nnapi.session import lost_layout
from tfonnx_lab.mobile.nnapi.table import ROWS

PAGE = Path(__file__).parents[2] / "docs" / "mobile_nnapi.md"


def asked(name: str, level: int = 31, opset: int = 18) -> ProviderAnswer:
    return nnapi(parsed(name, opset), level, optimize=False)


def where(answer: ProviderAnswer) -> dict[str, int | None]:
    return {n.name: n.partition for n in answer.nodes}


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.op}-{c.level}-{c.want[:30]}")
def test_rule(case: Case) -> None:
    made = model(case.op, case.inputs, **case.model)
    node = nnapi(made, case.level, case.nchw, optimize=False).nodes[0]
    assert (node.reason, node.supported) == (case.want, not case.want)
    assert case.op in node.rule or "opset" in node.rule


def test_every_row_takes_and_refuses() -> None:
    """But for the rows of com.microsoft, which the recorded probes ask."""
    for row in ROWS:
        wants = [bool(c.want) for c in CASES if c.op in row.ops]
        assert row.source == "unary_op_builder.cc" or set(wants) == {True, False}, row.ops


def test_rules_decide_cases() -> None:
    """Each op's own rules but those of quantized forms refuse something."""
    answers = [nnapi(model(c.op, c.inputs, **c.model), c.level, c.nchw, optimize=False) for c in CASES if c.want]
    seen = " ".join(n.rule for a in answers for n in a.nodes)
    checks = {first_line(c) for row in ROWS for c in (*row.checks, row.types)}
    assert {c for c in checks if c not in seen} == {
        "A quantized average pool has the same scale and zero point in and out, to the bit",
        "The result's scale is 1/256 and its zero point 0 exactly",
    }, "those of quantized pools and QLinearSigmoid: the recorded probes ask"


def test_partitions_and_what_crosses() -> None:
    answer = asked("between")
    assert where(answer) == {"a": 0, "b": 0, "c": None, "d": 1, "e": 1}
    first, second = answer.partitions
    assert [(c.value, c.dtype, c.shape, c.nbytes) for c in (*first.inputs, *first.outputs)] == [
        ("x", "float", (1, 4), 16),
        ("b", "float", (1, 4), 16),
    ]
    assert [c.value for c in (*second.inputs, *second.outputs)] == ["c", "y"]
    assert answer.nbytes == 64
    assert [n.name for n in answer.fallback] == ["c"]
    assert answer.session == CREATED


def test_a_node_beside_the_way_does_not_cut() -> None:
    assert where(asked("beside")) == {"a": 0, "b": None, "c": 0}


def test_a_node_that_reads_both_sides_waits() -> None:
    assert where(asked("around")) == {"a": 0, "c": 0, "b": None, "d": 1}


def test_one_reshape_is_no_partition() -> None:
    (node,) = asked("trivial").nodes
    assert (node.supported, node.partition) == (True, None)
    assert where(asked("trivial pair")) == {"a": 0, "b": 0}


def test_constants_alone_are_no_partition() -> None:
    assert where(asked("all constant")) == {"a": None, "d": None}


def test_nothing_behind_nonmaxsuppression() -> None:
    answer = asked("stop")
    assert where(answer) == {"a": 0, "b": None, "c": None, "d": None}
    assert [n.reason for n in answer.nodes if n.name == "d"] == [
        "[Relu] is behind NonMaxSuppression: the provider stops there"
    ]


def test_group_is_judged_as_one() -> None:
    answer = asked("group")
    assert where(answer) == dict.fromkeys(("db", "dw", "dx", "c", "q"), 0)
    (centre,) = {n.unit for n in answer.nodes}
    assert [n.op for n in answer.nodes if n.index == centre] == ["Conv"]
    assert {n.reason for n in asked("group", 27).nodes} == {
        "Current Android API level [27], Operator [Conv] is only supported on API >28"
    }


def test_a_bias_of_another_scale_makes_no_group() -> None:
    answer = asked("bias")
    assert where(answer) == {"db": None, "dw": 0, "dx": 0, "c": None, "q": 1}
    reasons = {n.name: n.reason for n in answer.nodes}
    assert reasons["c"] == "The weight of convolution must be a constant initializer"
    assert reasons["db"].endswith("Input index  [0] has unsupported type [6]")


def test_relu_that_the_codes_make_redundant() -> None:
    """Only then is it a part of the group; else Add and Relu run in float."""
    inside, between = asked("redundant relu"), asked("relu between")
    assert len({n.unit for n in inside.nodes}) == 1
    assert len({n.unit for n in between.nodes}) == 5
    assert len(inside.partitions) == len(between.partitions) == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("softmax", "Op [Softmax] name [a]'s output 0  scale can only be [0.00390625], actual scale: 0.1"),
        ("refused group", "QDQ NodeUnit [Neg] is not supported for now"),
        ("int8", "[Add] A Input type: [3] B Input type: [3] is not supported for now"),
    ],
)
def test_a_group_is_refused_as_one(name: str, reason: str) -> None:
    answer = asked(name)
    assert {(n.reason, n.partition) for n in answer.nodes} == {(reason, None)}


def test_plain_codes_run_inside_only() -> None:
    assert where(asked("codes")) == {"r": 0, "q": 0, "t": 0}
    (node,) = asked("codes alone").nodes
    assert node.reason.endswith("has input [x] does not support using graph input(quantized) as node input")


@pytest.mark.parametrize(
    ("name", "session"),
    [
        ("two scales", "Input [x] NNAPI input scale: 0.2, ONNX input scale: 0.1"),
        (
            "plain concat",
            "concat_op_builder.cc:97 AddToModelBuilderImpl Input[1]'s scale: 0.2 is different than input[0]'s scale: "
            "0.1",
        ),
        ("split", "process died"),
    ],
)
def test_passes_the_check_and_fails_later(name: str, session: str) -> None:
    answer = asked(name)
    assert {n.supported for n in answer.nodes} == {True}
    assert answer.session == session
    assert session in str(answer)
    assert len(answer.notes) == 1


def test_the_check_itself_fails() -> None:
    answer = asked("gemm alone")
    assert answer.session.endswith("Input index,  0 has no quant_param")
    assert not answer.partitions


def test_second_look_after_the_change_of_layout() -> None:
    answer = asked("two convolutions")
    assert answer.second is not None
    assert [(n.op, n.domain) for n in answer.second.nodes] == [
        ("Transpose", ""),
        ("Conv", NHWC_DOMAIN),
        ("Relu", ""),
        ("Conv", NHWC_DOMAIN),
        ("Transpose", ""),
    ]
    assert [len(p.nodes) for p in answer.second.partitions] == [5]
    assert nnapi(parsed("two convolutions"), nchw=True).second is None


@pytest.mark.parametrize(
    ("name", "ops"),
    [
        ("reshape splits", ["Transpose", "Conv", "Reshape", "Erf", "Transpose"]),
        ("one index", ["Transpose", "Conv", "Gather"]),
    ],
)
def test_transposes_move_as_in_1_29(name: str, ops: list[str]) -> None:
    answer = asked(name)
    assert answer.second is not None
    assert [n.op for n in answer.second.nodes] == ops


def test_a_node_that_is_lost_by_the_change_of_layout() -> None:
    answer = asked("two convolutions")
    view = View.of(parsed("two convolutions"))
    for node in view.nodes:
        node.domain = NHWC_DOMAIN
    said = lost_layout(view.nodes, 0, [[n for n in view.nodes if n.op != "Relu"]])
    assert answer.session == CREATED
    assert said is not None
    assert said.startswith("Node 'b' OpType:Relu with domain:com.ms.internal.nhwc was inserted using the NHWC format")


def test_opset_outside_of_the_layouts() -> None:
    answer = asked("between", opset=6)
    assert not answer.partitions
    assert {n.reason.partition(":")[0] for n in answer.nodes} == {"NNAPI cannot be used with this model"}


def test_another_level() -> None:
    with pytest.raises(ValueError, match="NNAPI's feature level 26 is none of 27 to 31"):
        nnapi(model("Relu", [f32(4)]), 26)


def test_basic_optimizations_come_first() -> None:
    """Two Reshapes in a row are one for the provider, and one alone is not worth it."""
    answer = nnapi(parsed("trivial pair"))
    assert [(n.op, n.partition) for n in answer.nodes] == [("Reshape", None)]


def test_unnamed_nodes() -> None:
    made = parsed("two convolutions")
    for node in made.graph.node:
        node.name = ""
    answer = nnapi(made)
    assert answer.second is not None
    assert [len(p.nodes) for p in answer.second.partitions] == [5]


def test_shown() -> None:
    answer = asked("bias")
    assert (
        str(answer).splitlines()[0]
        == "NNAPI (level 31, nchw False): 3 of 5 nodes in 2 partitions, 336 bytes copied at each run"
    )
    assert "The weight of convolution must be a constant initializer" in answer._repr_html_()
    plain = json.loads(json.dumps(answer.to_json()))
    assert [p["nodes"] for p in plain["partitions"]] == [list(p.nodes) for p in answer.partitions]
    assert plain["fallback"] == [n.index for n in answer.fallback]


def test_advice() -> None:
    (node,) = nnapi(model("Conv", [f32("N", 3, 8, 8), ones(4, 3, 3, 3)])).nodes
    assert node.advice == "give every input a fixed shape (fix the batch)"


def test_mobile_asks_it() -> None:
    answer = lab.Mobile(samples.path("digits_int8")).nnapi(level=28)
    assert (answer.provider, answer.setting["level"]) == ("NNAPI", 28)
    assert any(n.origin for n in answer.nodes)


def test_the_page_is_what_the_table_says() -> None:
    assert document.main(["--check", str(PAGE)]) == 0


def test_the_page_is_written_anew(tmp_path: Path) -> None:
    target = str(tmp_path / "page.md")
    assert document.main(["--check", target]) == 1
    assert document.main([target]) == 0
    assert document.main(["--check", target]) == 0
