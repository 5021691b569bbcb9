"""Layout rules come to an end, whatever the graph: each lowers a measure, and results stay what they were."""

from __future__ import annotations

import time
from unittest import mock

import onnx_ir as ir
import pytest

from optimizers.random_graphs import RandomGraph, symmetrised
from optimizers.rewrite import HEAD, optimized_model
from tfonnx_lab.graph import Editor, OpBuilder
from tfonnx_lab.optimizers._measure import measure
from tfonnx_lab.patterns import onnx, var
from tfonnx_lab.rules import Driver, Rule, Stage

GRAPHS = 300


@pytest.mark.parametrize("start", range(0, GRAPHS, 50))
def test_random_graphs_come_to_an_end(start: int) -> None:
    for seed in range(start, start + 50):
        optimized_model(RandomGraph(seed).model())


@pytest.mark.parametrize("function", ["", "Relu", "Softmax"])
@pytest.mark.parametrize("rank", [2, 3])
def test_a_value_and_its_own_transpose(rank: int, function: str) -> None:
    optimized_model(symmetrised(rank, function))


def _swap(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """Transpose(Relu(x)) => Relu(Transpose(x)): up, where the layout rules go down."""
    relu = node.inputs[0].producer() if node.inputs[0] is not None else None
    assert relu is not None
    return op.Relu(op.Transpose(x, perm=list(node.attributes["perm"].as_ints())))


def _stage(*, measured: bool) -> Stage:
    stage = Stage("optimizers", ("layout",))
    stage.add(Rule("optimizers", onnx.Transpose(onnx.Relu(var("x")), name="node"), _swap), "layout")
    if measured:
        stage.measures["layout"] = measure
    return stage


TEXT = HEAD + "g (float[2, 3] x) => (float[3, 2] y) { a = Relu(x)\n y = Transpose <perm = [1, 0]> (a) }"


def test_a_rule_that_does_not_lower_the_measure_is_told() -> None:
    model = ir.from_onnx_text(TEXT)
    with (
        mock.patch.object(Driver, "measured", True),
        pytest.raises(AssertionError, match=r"_swap at .* does not lower"),
    ):
        Driver(Editor(model), 18).run(_stage(measured=True))


def test_rules_that_undo_each_other_end_within_seconds_and_are_named() -> None:
    def down(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
        """Relu(Transpose(x)) => Transpose(Relu(x))."""
        return op.Transpose(op.Relu(x), perm=[1, 0])

    stage = _stage(measured=False)
    stage.add(Rule("optimizers", onnx.Relu(onnx.Transpose(var("x")), name="node"), down), "layout")
    began = time.process_time()
    with pytest.raises(RuntimeError, match=r"1,040 applications, the last of (_swap|down) at .* lab\.without"):
        Driver(Editor(ir.from_onnx_text(TEXT)), 18).run(stage)
    assert time.process_time() - began < 5
