"""One verdict: right conversions have no wrong op, and a fault is named with the rule that made it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.graph import ORIGIN, OpBuilder
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.parity import Parity, Verdict, compare

MODELS = Path(__file__).parents[3] / "shared" / "models"
RIGHT = "as close to LiteRT's reference as LiteRT's own fast kernels; no op is wrong by itself"
NAMES = [name for name in samples.names() if name != "digits_unsupported"]


pytestmark = pytest.mark.usefixtures("own_rules")


def verdict(name: str, **options: Any) -> Verdict:
    return compare(lab.convert(samples.path(name), **options), samples.inputs(name)).verdict


def op_of(name: str, kind: str) -> int:
    """The first op of a type."""
    return next(row.position for row in compare(lab.convert(samples.path(name))).rows if row.op == kind)


@pytest.mark.parametrize("options", [{}, {"dequantize": True}, {"opset": 13}, {"target": "arm64"}, {"exact": True}])
@pytest.mark.parametrize("name", NAMES)
def test_a_right_conversion_has_no_wrong_op(name: str, options: dict[str, Any]) -> None:
    found = verdict(name, **options)
    assert found.ok and found.op is None and not found.wrong, str(found)
    assert found.ops and "no op is wrong by itself" in found.sentence


@pytest.mark.parametrize("name", NAMES)
def test_its_sentence(name: str) -> None:
    assert verdict(name).sentence == RIGHT


@pytest.mark.parametrize("name", ["digits_float", "digits_int8", "digits_uint8", "digits_dynamic_range"])
def test_a_handler(name: str) -> None:
    @lab.handler("ADD")
    def my_add(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
        """ADD(a, b) => a + 0.9 b."""
        return op.Add(a, op.Mul(b, np.float32(0.9)))

    found = verdict(name)
    position = op_of("digits_float", "ADD") if name == "digits_float" else found.op
    assert not found.ok and found.op == position
    assert found.sentence == f"op {position} ADD is wrong: handler my_add"
    assert found.step is not None and found.step.rule["name"] == "my_add"
    after = [one.status for one in found.ops if one.position > found.op]  # type: ignore[operator]
    assert "wrong" not in after and "amplified" in after, "what comes after the wrong op is right by itself"


def test_rounding_down_is_a_fault_of_one_step() -> None:
    """No code is off by more than one, but half of them are."""

    @lab.optimizer(lab.onnx.QuantizeLinear(lab.var("x"), ..., name="node"), phase="finish")
    def rounds_down(op: OpBuilder, x: ir.Value, node: ir.Node) -> ir.Value | None:
        """QuantizeLinear(x) => QuantizeLinear(x - step / 2)."""
        maker = x.producer()
        if maker is None or maker.op_type == "Sub" or 4 not in node.meta.get(ORIGIN, ()):
            return None
        half = node.inputs[1].const_value.numpy() / 2  # type: ignore[union-attr]
        made = op.node("QuantizeLinear", [op.Sub(x, half), *node.inputs[1:]], {}).outputs[0]
        return op.like(made, node.outputs[0])

    found = verdict("digits_int8")
    assert not found.ok and "optimizer rounds_down" in found.sentence, str(found)
    assert found.wrong[0].own.worst == 1 and found.wrong[0].own.share > 0.3


@pytest.mark.parametrize("name", ["digits_float", "digits_int8"])
def test_a_rewriter(name: str) -> None:
    @lab.rewriter(lab.tfl.ADD(lab.var("a"), lab.var("b"), name="node"), phase="prepare")
    def add_as_maximum(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
        """ADD(a, b) => MAXIMUM(a, b)."""
        return op.like(op.tfl.MAXIMUM(a, b), node.outputs[0])

    found = verdict(name)
    assert "ADD is wrong: rewriter add_as_maximum" in found.sentence


def test_an_optimizer_that_makes_two_ops_one() -> None:
    """Of the op before nothing is left to compare; the graph before the optimizers tells the two apart."""

    @lab.optimizer(lab.onnx.Softmax(lab.onnx.Gemm(..., name="gemm"), name="node"), phase="finish")
    def drop_softmax(op: OpBuilder, node: ir.Node, gemm: ir.Node) -> ir.Value:
        """Softmax(Gemm(x)) => Gemm(x)."""
        return gemm.outputs[0]

    found = verdict("digits_float")
    assert "SOFTMAX is wrong: optimizer drop_softmax" in found.sentence
    assert found.op == op_of("digits_float", "SOFTMAX")


def test_a_dropped_activation_shows_where_no_codes_clamp() -> None:
    """A dequantized model has no codes that stop at 0 and 6: the activation that the op states is held against it."""

    @lab.optimizer(lab.onnx.Relu(lab.var("x")), phase="finish")
    def forgets_relu(op: OpBuilder, x: ir.Value) -> ir.Value:
        """Relu(x) => x."""
        return x

    found = verdict("digits_int8", dequantize=True)
    assert not found.ok and "optimizer forgets_relu" in found.sentence, str(found)


def test_another_rank_is_wrong() -> None:
    """The value is compared although it cannot hold the tensor."""

    @lab.handler("SOFTMAX")
    def one_more(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
        """SOFTMAX(x) => a softmax with one dimension more."""
        return op.Unsqueeze(op.Softmax(x, axis=-1), [0])

    found = verdict("digits_float")
    assert "SOFTMAX is wrong: handler one_more" in found.sentence
    assert "LiteRT has" in found.wrong[0].own.said


def test_nan_is_wrong() -> None:
    @lab.handler("SOFTMAX")
    def not_a_number(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
        """SOFTMAX(x) => NaN."""
        return op.Mul(op.Softmax(x, axis=-1), np.float32(np.nan))

    assert "SOFTMAX is wrong: handler not_a_number" in verdict("digits_float").sentence


def test_it_is_made_once_and_outlives_the_conversion() -> None:
    parity = compare(lab.convert(samples.path("digits_float")))
    first = parity.verdict
    assert parity.verdict is first and parity.judge() is not first


def test_it_tells_what_it_does() -> None:
    heard: list[str] = []
    compare(lab.convert(samples.path("digits_float"))).judge(heard.append)
    assert "judging each op on LiteRT's inputs" in heard


@pytest.mark.models
@pytest.mark.parametrize(
    "name",
    [
        "mnist_unidirectional_lstm_fp32", "micro_speech_lstm_int8", "micro_wake_word_okay_nabu_int8_stateful",
        "op_test_if_while_loop", "op_test_while_subgraphs", "op_test_non_max_suppression_v4",
        "op_test_hashtable_int64_to_string", "op_test_call_once_resource_variable",
        "dtln_noise_suppression_1_dynamic_range", "ocr_crnn_lstm_while_dynamic_range",
        "rock_paper_scissors_int16x8", "mediapipe_face_detection_short_range_fp16",
        "yolo_face_detect_int8", "tiny_bert_encoder_fp32", "qwen_fully_connected_int4_blockwise",
    ],
)  # fmt: skip
@pytest.mark.parametrize("options", [{}, {"dequantize": True}])
def test_networks_of_many_kinds(name: str, options: dict[str, Any]) -> None:
    found = compare(lab.convert(MODELS / f"{name}.tflite", **options), band=False).verdict
    assert found.ok, str(found)


@pytest.mark.models
@pytest.mark.parametrize("name", ["dtln_noise_suppression_1_dynamic_range", "micro_wake_word_okay_nabu_int8_stateful"])
def test_a_fault_in_a_network_that_keeps_something(name: str) -> None:
    right: list[int] = []

    @lab.handler("LOGISTIC")
    def hard(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
        """LOGISTIC(x) => three straight lines."""
        right.extend(node.meta[ORIGIN])
        return op.HardSigmoid(x)

    found = compare(lab.convert(MODELS / f"{name}.tflite"), band=False).verdict
    assert found.op == min(right) and "handler hard" in found.sentence


def test_a_comparison_made_by_hand_has_none() -> None:
    with pytest.raises(lab.ConversionError, match="nothing to judge"):
        _ = Parity("by hand", [], []).verdict


def test_no_op_is_accused_where_litert_answers_otherwise_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    @lab.handler("ADD")
    def my_add(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
        """ADD(a, b) => a."""
        return op.Identity(a)

    assert verdict("digits_float").op is not None
    plain, turns = LiteRT.rounds, iter(range(1000))

    def unsteady(self: LiteRT, runs: Any) -> Any:
        """Memory that nobody wrote: the last tensor is another each time."""
        made = plain(self, runs)
        return [[*rest, last + np.asarray(next(turns), last.dtype)] for *rest, last in made]

    monkeypatch.setattr(LiteRT, "rounds", unsteady)
    with pytest.raises(lab.ConversionError, match="LiteRT gives other numbers each time"):
        verdict("digits_float")
