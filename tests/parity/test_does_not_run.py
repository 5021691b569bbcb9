"""A fault for which ONNX Runtime cannot run the model is a verdict like any other: the op is named, and the status of
the command is that of a wrong op."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.commands.cli import main
from tfonnx_lab.commands.compare import WRONG
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.parity import Parity, compare
from tfonnx_lab.parity.given import default_given
from tfonnx_lab.parity.running import stop_of
from tfonnx_lab.runtime.sessions import OnnxRuntime

BEYOND = """
import numpy as np
import tfonnx_lab as lab

@lab.handler("SOFTMAX")
def beyond(op, node, x, *, beta=0.0):
    return op.Gather(op.Softmax(x, axis=-1), op.const(np.arange(5, 15)), axis=1)
"""
KEPT = ["digits_float", "digits_int8", "digits_dynamic_range"]


pytestmark = pytest.mark.usefixtures("own_rules")


def of(name: str, **options: object) -> Parity:
    return compare(lab.convert(samples.path(name), **options), samples.inputs(name))  # type: ignore[arg-type]


def taller(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """ADD(a, b) => Reshape(a + b) to one row more, of a shape that only a run computes."""
    more = op.Add(op.Shape(a), np.array([0, 1, 0, 0], np.int64))
    return op.Reshape(op.Add(a, b), more)


@pytest.mark.parametrize("options", [{}, {"dequantize": True}])
@pytest.mark.parametrize("name", KEPT)
def test_in_the_middle(name: str, options: dict[str, object]) -> None:
    right = of(name, **options)
    lab.handler("ADD")(taller)
    parity = of(name, **options)
    found = parity.verdict
    assert not found.ok and found.op == 3 and found.step is not None and found.step.rule["name"] == "taller"
    assert found.sentence.startswith("op 3 ADD is wrong: its node does not run: Reshape: ")
    assert found.sentence.endswith("(handler taller)") and "/onnxruntime" not in found.sentence
    assert [one.position for one in found.wrong] == [3], "what comes after it is right by itself"
    before = {row.name: row.nrmse for row in right.rows if row.position < 3}
    assert {row.name: row.nrmse for row in parity.rows} == before, "what runs is compared"


@pytest.mark.parametrize("name", KEPT)
def test_at_the_end(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.py").write_text(BEYOND)
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(samples.path(name)), "--handlers", str(tmp_path / "mine.py"), "--quiet"])
    assert ended.value.code == WRONG
    said = capsys.readouterr().out
    assert said.startswith("op 9 SOFTMAX is wrong: its node does not run: Gather: indices element out of data bounds")


def test_an_optimizer_that_makes_such_a_node() -> None:
    @lab.optimizer(lab.onnx.Softmax(lab.var("x"), name="node"), phase="finish")
    def reads_beyond(op: OpBuilder, x: ir.Value, node: ir.Node) -> ir.Value | None:
        """Softmax(x) => Gather(x), whose indices end behind x."""
        return op.Gather(x, op.const(np.arange(5, 15)), axis=1)

    result = lab.convert(samples.path("digits_float"))
    found = compare(result).verdict
    assert found.op == 9 and found.sentence.endswith("(optimizer reads_beyond)"), str(found)
    said: list[str] = []
    assert lab.bisect(result, progress=said.append).op == "SOFTMAX" and said


def test_the_first_node_of_an_ordinary_run_that_fails() -> None:
    right = lab.convert(samples.path("digits_float"))
    lab.handler("ADD")(taller)
    wrong = lab.convert(samples.path("digits_float"))
    for result, position in ((right, None), (wrong, 3)):
        runtime = OnnxRuntime(result.model)
        stop = stop_of(result, runtime.feed(default_given(result)))
        assert (stop and stop.position) == position


def test_several_ops_of_one_handler() -> None:
    """Each is wrong by itself, and the first is named."""

    @lab.handler("CONV_2D")
    def none_fits(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value) -> ir.Value:
        """CONV_2D(x, w, b) => an Expand of b to a shape that only a run computes."""
        nothing = op.Mul(op.Cast(op.ReduceMax(x, keepdims=0), to=ir.DataType.INT64), np.int64(0))
        wrong = op.Add(op.Shape(x), op.Add(nothing, np.array([0, 0, 0, 77], np.int64)))
        return op.like(op.Expand(op.Unsqueeze(b, [0, 1, 2]), wrong), node.outputs[0])

    found = of("digits_float").verdict
    convolutions = [one.position for one in found.ops if one.op == "CONV_2D"]
    assert found.op == 0 and [one.position for one in found.wrong][: len(convolutions)] == convolutions[:]
