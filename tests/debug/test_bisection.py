"""The first op and the first step where numbers leave LiteRT's, whoever brought the error in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.rules import REWRITERS
from tfonnx_lab.runtime import sessions as runtime

MODELS = Path(__file__).parents[3] / "shared" / "models"
FLOAT = samples.path("digits_float")
RIGHT = "as close to LiteRT's reference as LiteRT's own fast kernels; no op is wrong by itself"
pytestmark = pytest.mark.usefixtures("handlers")


def wrong_add() -> None:
    @lab.handler("ADD")
    def careless_add(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
        """ADD => an Add that forgets a tenth of b."""
        return op.Add(a, op.Mul(b, np.float32(0.9)) if b.dtype == ir.DataType.FLOAT else b)


@pytest.mark.parametrize("name", ["digits_float", "digits_int8", "digits_dynamic_range"])
def test_nothing_in_a_right_conversion(name: str) -> None:
    found = lab.bisect(lab.convert(samples.path(name)), samples.inputs(name))
    assert found.op is None and found.step is None
    assert found.verdict == RIGHT


@pytest.mark.parametrize("name", ["digits_float", "digits_int8"])
def test_a_handler(name: str) -> None:
    wrong_add()
    found = lab.bisect(lab.convert(samples.path(name)))
    assert found.op == "ADD" and found.step is not None and found.step.rule["name"] == "careless_add"
    assert found.runs <= 8
    assert "careless_add" in str(found) and "by itself" in str(found)
    assert f"op {found.position} ADD is wrong: handler careless_add" in found.verdict


@pytest.mark.parametrize(("name", "rewriter", "op"), [
    ("digits_float", "split_activation", "CONV_2D"), ("digits_int8", "split_activation", "CONV_2D"),
    ("digits_int8", "explicit_quantization", "SOFTMAX"),
])  # fmt: skip
def test_a_rewriter_of_the_package_that_cannot_be_left_out(name: str, rewriter: str, op: str) -> None:
    """Its op does not convert without it, so it is told by what is right where it has nothing to do."""
    [rule] = [rule for rule in REWRITERS if rule.name == rewriter]
    right: Callable[..., Any] = rule.function

    def wrong(op: OpBuilder, node: ir.Node, **bound: ir.Value) -> Any:
        """Forgets the activation, or takes the real numbers' negatives."""
        made = right(op, node=node, **bound)
        if made is None or (rewriter == "explicit_quantization" and node.op_type != "SOFTMAX"):
            return made
        if rewriter == "split_activation":
            return made.producer().inputs[0]
        quantize = made[0].producer()
        quantize.replace_input_with(0, op.like(op.tfl.NEG(quantize.inputs[0]), quantize.inputs[0]))
        return made

    wrong.__name__, wrong.__module__ = right.__name__, right.__module__
    vars(rule)["function"] = wrong
    try:
        found = lab.bisect(lab.convert(samples.path(name)), samples.inputs(name))
    finally:
        vars(rule)["function"] = right
    assert found.op == op and found.step is not None, str(found)
    assert (found.step.stage, found.step.rule["name"]) == ("rewriters", rewriter), str(found)


def test_the_last_conversion_is_searched() -> None:
    wrong_add()
    lab.convert(FLOAT)
    assert lab.bisect().op == "ADD"


def test_a_rewriter() -> None:
    @lab.rewriter(lab.tfl.ADD(lab.var("a"), lab.var("b"), name="node"), phase="prepare")
    def add_as_maximum(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value | None:
        """ADD(a, b) => MAXIMUM(a, b)."""
        return op.like(op.tfl.MAXIMUM(a, b), node.outputs[0])

    found = lab.bisect(lab.convert(FLOAT))
    assert found.op == "ADD" and found.step is not None
    assert (found.step.stage, found.step.rule["name"]) == ("rewriters", "add_as_maximum")
    assert found.runs <= 8


def test_an_optimizer_of_one_op() -> None:
    @lab.optimizer(lab.onnx.Softmax(lab.var("x"), name="node"), phase="finish")
    def softmax_as_sigmoid(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
        """Softmax(x) => Sigmoid(x)."""
        return op.Sigmoid(x)

    found = lab.bisect(lab.convert(FLOAT))
    assert found.op == "SOFTMAX" and found.step is not None
    assert (found.step.stage, found.step.rule["name"]) == ("optimizers", "softmax_as_sigmoid")
    assert found.runs <= 12


def test_an_optimizer_across_ops() -> None:
    @lab.optimizer(lab.onnx.Softmax(lab.onnx.Gemm(..., name="gemm"), name="node"), phase="finish")
    def drop_softmax(op: OpBuilder, node: ir.Node, gemm: ir.Node) -> ir.Value | None:
        """Softmax(Gemm(x)) => Gemm(x)."""
        return gemm.outputs[0]

    result = lab.convert(FLOAT)
    assert "drop_softmax" in str(result.trace)
    found = lab.bisect(result)
    assert found.step is not None and found.step.rule["name"] == "drop_softmax"
    assert found.runs <= 14 and any(p.kind == "steps" for p in found.search)


@pytest.mark.models
@pytest.mark.parametrize(
    ("model", "op", "subgraph"), [("op_test_while_subgraphs", "MUL", 2), ("op_test_if_while_loop", "SUB", 2)]
)
def test_an_op_inside_of_a_loop(model: str, op: str, subgraph: int) -> None:
    @lab.handler(op)
    def careless(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
        """Takes a tenth off b."""
        return op.node(node.op_type.capitalize(), [a, op.Mul(b, np.float32(0.9))], {}).outputs[0]

    result = lab.convert(MODELS / f"{model}.tflite")
    inputs = [np.ones(d["shape"], d["dtype"]) for d in LiteRT(result.source).inputs]
    found = lab.bisect(result, inputs)
    assert (found.op, found.subgraph, found.caller) == (op, subgraph, 0), str(found)
    assert f"of subgraph {subgraph}, which op 0 runs" in str(found) and "careless" in str(found)
    cut = lab.isolate(result, (found.subgraph, found.position), inputs)  # type: ignore[arg-type]
    assert cut.op == op and cut.real


@pytest.mark.models
def test_a_loop_that_never_ends_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "PATIENCE", 1.0)

    @lab.handler("LESS")
    def always(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
        """LESS(a, b) => true."""
        return op.Equal(a, a)

    result = lab.convert(MODELS / "op_test_while_subgraphs.tflite")
    with pytest.raises(lab.ConversionError, match="a loop that never ends"):
        lab.compare(result)


def test_it_shows_its_search() -> None:
    wrong_add()
    page = lab.bisect(lab.convert(FLOAT))._repr_html_()
    assert "<svg" in page and "careless_add" in page and "by itself" in page
    assert page.count("<tr>") >= 3


def test_what_cannot_run_is_told() -> None:
    with pytest.raises(lab.ConversionError, match="was not converted"):
        lab.bisect(lab.convert(samples.path("digits_unsupported"), on_error="keep"))
