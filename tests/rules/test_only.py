"""`only=`: where a rule is called."""

from __future__ import annotations

import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.patterns import var

pytestmark = pytest.mark.usefixtures("own_rules")


def test_a_rule_is_called_where_it_says() -> None:
    called = []

    @lab.rewriter(lab.tfl.ADD(var("x"), var("y"), name="node"), only=lambda node: node.inputs[0] is node.inputs[1])
    def doubled(op: OpBuilder, node: ir.Node, x: ir.Value, y: ir.Value) -> None:
        """ADD(x, x) => as it is."""
        called.append((x, y))

    m = Model()
    a, b = m.input([3]), m.input([3])
    both = m.op("ADD", [a, b], [m.tensor()])
    lab.convert(m.outputs(m.op("ADD", [both, both], [m.tensor()])).bytes())
    assert called and all(x is y for x, y in called)
