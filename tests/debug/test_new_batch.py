"""What looks at single ops looks at those of the converted batch: isolate, compare_ops, bisect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab import samples
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.rules import Rule

INT8 = samples.path("digits_int8")
MODELS = Path(__file__).parents[3] / "shared" / "models"
ROWS = 3


pytestmark = pytest.mark.usefixtures("own_rules")


@pytest.mark.parametrize("op", ["CONV_2D", "MEAN", "SOFTMAX"])
def test_an_op_of_a_new_batch(op: str) -> None:
    cut = lab.isolate(lab.convert(INT8, inputs={"image": (ROWS, 8, 8, 1)}), op)
    assert cut.real and cut.inputs[0].shape[0] == ROWS
    assert cut.expected is not None and cut.expected[0].shape[0] == ROWS
    alone = lab.convert(cut.data)
    assert [d.dim_value for d in alone.model.graph.input[0].type.tensor_type.shape.dim] == list(cut.inputs[0].shape)
    assert lab.compare(alone, list(cut.inputs), band=False).verdict.ok


def test_an_op_of_an_open_batch_runs_on_what_is_given() -> None:
    given = np.random.default_rng(0).integers(-128, 128, (ROWS, 8, 8, 1)).astype(np.int8)
    result = lab.convert(INT8, inputs={"image": ("N", 8, 8, 1)})
    assert lab.isolate(result, "ADD", [given]).inputs[0].shape == (ROWS, 8, 8, 12)
    assert lab.isolate(result, "ADD").inputs[0].shape == (1, 8, 8, 12)


@pytest.mark.parametrize("batch", [ROWS, "N"])
def test_ops_by_themselves(batch: int | str) -> None:
    given = np.random.default_rng(0).integers(-128, 128, (ROWS, 8, 8, 1)).astype(np.int8)
    found = lab.compare_ops(lab.convert(INT8, inputs={"image": (batch, 8, 8, 1)}), [given])
    assert not found.skipped and len(found.rows) == 10
    assert all(row.steps <= 1 for row in found.rows)


def reshaped() -> bytes:
    """ABS(RESHAPE(x)), with a shape that has to follow a new batch."""
    m = Model()
    x = m.input([1, 4, 6], name="x")
    flat = m.op("RESHAPE", [x, m.const([1, 24], "int32")], [m.tensor(shape=[1, 24])])
    m.outputs(m.op("ABS", [flat], [m.tensor(shape=[1, 24])]))
    return m.bytes()


def test_what_flows_behind_a_reshape_that_follows() -> None:
    result = lab.convert(reshaped(), inputs={"x": (ROWS, 4, 6)})
    for op, shape in (("RESHAPE", (ROWS, 4, 6)), ("ABS", (ROWS, 24))):
        cut = lab.isolate(result, op)
        assert cut.real and cut.inputs[0].shape == shape


def test_a_package_rule_is_searched_at_the_new_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """No rule of the user's: the op is cut out at its batch and converted once more."""

    @lab.handler("ABS")
    def careless(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
        """ABS(x) => -x."""
        return op.Neg(x)

    monkeypatch.setattr(Rule, "of_the_package", True)
    found = lab.bisect(lab.convert(reshaped(), inputs={"x": (ROWS, 4, 6)}), progress=lambda said: None)
    assert (found.op, found.position) == ("ABS", 1) and found.step is not None
    assert not any("alone" in probe.what for probe in found.search), "the op could be cut out"


@pytest.mark.models
def test_an_op_of_another_signature() -> None:
    """Its type is that of the converted subgraph's op, not of the first one's."""

    @lab.handler("SUB")
    def careless(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
        """A sum for a difference."""
        return op.Add(a, b)

    path = MODELS / "op_test_multi_signatures.tflite"
    assert lab.bisect(lab.convert(path, signature="add"), progress=lambda said: None).op is None
    found = lab.bisect(lab.convert(path, signature="sub"), progress=lambda said: None)
    assert (found.op, found.position) == ("SUB", 0)
