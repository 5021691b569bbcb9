"""The driver: rules return values, the Editor mutates, listeners hear of all of it."""

from __future__ import annotations

import onnx_ir as ir
import pytest

from tfonnx_lab.graph import Editor, OpBuilder
from tfonnx_lab.patterns import onnx, tfl, var
from tfonnx_lab.rules import Driver, Miss, Rule, RuleListener, Stage, StepFailure
from tfonnx_lab.rules.rule import RuleFunction
from tfonnx_lab.trace import Recorder

TEXT = """
<ir_version: 10, opset_import: ["" : 18, "tflite" : 1]>
g (float[2] x) => (float[2] y) {
    a = Relu(x)
    b = Relu(a)
    y = Relu(b)
}
"""


def run(text: str, pattern: object, function: RuleFunction, *listeners: RuleListener) -> tuple[ir.Model, Driver]:
    model = ir.from_onnx_text(text)
    stage = Stage("optimizers", ("only",))
    stage.add(Rule("optimizers", pattern, function), "only")  # type: ignore[arg-type]
    driver = Driver(Editor(model, listeners), 18, None, listeners)
    driver.run(stage)
    return model, driver


def ops(model: ir.Model) -> list[str]:
    return [node.op_type for node in model.graph]


def test_a_rule_is_applied_until_nothing_matches() -> None:
    def merge(op: OpBuilder, outer: ir.Node, x: ir.Value) -> ir.Value:
        """Relu(Relu(x)) => Relu(x)."""
        return op.Relu(x)

    model, _ = run(TEXT, onnx.Relu(onnx.Relu(var("x")), name="outer"), merge)
    assert model.graph.outputs[0].name == "y"
    producer = model.graph.outputs[0].producer()
    assert producer is not None and producer.inputs[0] is model.graph.inputs[0]
    used = [n for n in model.graph if any(v.uses() or v.is_graph_output() for v in n.outputs)]
    assert used == [producer], "what the rule took apart is used by nobody"


def test_none_and_miss_change_nothing() -> None:
    heard: list[str] = []

    class Ear(RuleListener):
        def missed(self, rule: Rule, root: ir.Node, why: str) -> None:
            heard.append(why)

        def inserted(self, node: ir.Node, before: ir.Node | None) -> None:
            heard.append("inserted")

    def nothing(op: OpBuilder, node: ir.Node) -> None:
        """Relu => Relu."""
        op.Neg(node.inputs[0])

    def nearly(op: OpBuilder, node: ir.Node) -> None:
        """Relu => Relu."""
        raise Miss("not today")

    run(TEXT, onnx.Relu(..., name="node"), nothing, Ear())
    assert heard == []
    run(TEXT, onnx.Relu(..., name="node"), nearly, Ear())
    assert heard == ["not today"] * 3


def test_a_rule_that_raises_is_a_failure_of_its_node_alone() -> None:
    def broken(op: OpBuilder, node: ir.Node) -> ir.Value:
        """Relu => Neg."""
        if node.name == "second":
            raise ZeroDivisionError("no")
        return op.Neg(node.inputs[0])

    model = ir.from_onnx_text(TEXT)
    model.graph.node(1).name = "second"
    stage = Stage("optimizers", ("only",))
    stage.add(Rule("optimizers", onnx.Relu(..., name="node"), broken), "only")
    recorder = Recorder(model, "t", 18, {})
    driver = Driver(Editor(model, [recorder]), 18, None, [recorder])
    driver.run(stage)
    assert ops(model) == ["Neg", "Relu", "Neg"]
    assert [type(f.error) for f in driver.failures] == [ZeroDivisionError]
    assert [s.error["type"] for s in recorder.trace if s.error] == ["ZeroDivisionError"]


def test_rules_that_undo_each_other_end_in_an_error() -> None:
    def again(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
        """Relu(x) => Relu(x), for ever."""
        return op.Relu(x)

    with pytest.raises(RuntimeError, match="do not come to an end"):
        run(TEXT, onnx.Relu(var("x"), name="node"), again)


def test_a_wrong_dtype_is_refused() -> None:
    def wrong(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
        """Relu(x) => codes."""
        return op.Cast(x, to=ir.DataType.INT8)

    model, driver = run(TEXT, onnx.Relu(var("x"), name="node"), wrong)
    assert [str(f.error) for f in driver.failures] == [
        "wrong returned int8 for y, which is float32; cast it: op.Cast(x, to=...)"
    ]
    assert ops(model)[-1] == "Relu", "the op whose dtype is known stays as it is"


def test_an_op_without_handler_is_a_failure() -> None:
    model = ir.from_onnx_text(TEXT.replace("b = Relu(a)", "b = tflite.RELU(a)"))
    driver = Driver(Editor(model), 18)
    driver.convert(Stage("handlers", ("ops",)))
    failure: StepFailure = driver.failures[0]
    assert failure.rule is None and failure.node is not None and failure.node.op_type == "RELU"
    assert tfl.RELU(...).match_node(failure.node, {}), "the op stays as it is"


def test_an_op_of_which_an_output_is_kept_stays() -> None:
    text = (
        TEXT[: TEXT.index("g (")]
        + "g (float[4] x) => (float[2] y, float[2] z) { y, z = Split <axis = 0, num_outputs = 2> (x) }"
    )

    def first(op: OpBuilder, node: ir.Node, x: ir.Value) -> list[ir.Value | None] | None:
        """Split(x) => Slice(x) for its first output; the second stays."""
        if node.outputs[0].name != "y":
            return None
        return [op.Slice(x, op.const([0]), op.const([2])), None]

    model, driver = run(text, onnx.Split(var("x"), name="node"), first)
    assert not driver.failures and sorted(ops(model)) == ["Slice", "Split"]
    assert [v.producer().op_type for v in model.graph.outputs] == ["Slice", "Split"]  # type: ignore[union-attr]
