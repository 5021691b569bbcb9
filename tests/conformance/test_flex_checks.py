"""Flex ops that compute nothing: checks, prints, waits."""

from __future__ import annotations

import pytest

from . import Model, check
from .against import given_reference
from .flex_models import definition_of, ints, packed, x


def test_checks_are_left_out() -> None:
    m = Model()
    a = m.input([3])
    cond = m.op("LESS", [a, m.const(x(3) + 9)], [m.tensor("bool", [3])])
    all_ = m.op("REDUCE_ALL", [cond, m.const(ints(0))], [m.tensor("bool", [])])
    m.op("FlexAssert", [all_, a], [], custom=packed("Assert", definition_of("Assert", condition=True, data=[x(3)])))
    y = m.op("NEG", [a], [m.tensor(shape=[3])])
    check(m.outputs(y), opset=18, ref=given_reference(m, [-m.feeds()[0]]))


@pytest.mark.parametrize("op", ["PrintV2", "NoOp"])
def test_what_only_prints_or_waits_is_left_out(op: str) -> None:
    m = Model()
    a = m.input([3])
    given = {"input": "text"} if op == "PrintV2" else {}
    text = [m.const(["text"], "string")] if op == "PrintV2" else []
    m.op(f"Flex{op}", text, [], custom=packed(op, definition_of(op, **given)))
    y = m.op("NEG", [a], [m.tensor(shape=[3])])
    outcome = check(m.outputs(y), opset=18, ref=given_reference(m, [-m.feeds()[0]]))
    assert [n.op_type for n in outcome.result.model.graph.node] == ["Neg"]
