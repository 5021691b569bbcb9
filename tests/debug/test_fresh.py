"""Which steps a retry made new, changed or took away, and that every view shows them."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.graph import OpBuilder

pytestmark = pytest.mark.usefixtures("handlers")


def careless() -> None:
    @lab.handler("ADD")
    def careless_add(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
        """ADD => an Add that forgets a tenth of b."""
        return op.Add(a, op.Mul(b, np.float32(0.9)))


def test_only_what_differs_is_marked() -> None:
    old = lab.convert(samples.path("digits_float"))
    lab.compare(old, samples.inputs("digits_float"))
    careless()
    new = lab.retry(old)
    changes = new.changes
    assert changes is not None
    [handled] = [s.i for s in new.trace if s.rule.get("name") == "careless_add"]
    assert changes.marks[handled] == "changed"
    assert all(new.trace[i].stage in ("handlers", "optimizers") for i in changes.marks)
    assert 0 < len(changes.marks) <= 6 < len(new.trace)
    assert "changed" in str(changes)
    again = lab.retry(new, everything=True)
    assert again.changes is not None and (again.changes.marks, again.changes.gone) == ({}, ())


def test_steps_that_are_no_more_are_told() -> None:
    @lab.rewriter(lab.tfl.ADD(lab.var("a"), lab.var("b"), name="node"), phase="prepare")
    def add_as_maximum(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
        """ADD(a, b) => MAXIMUM(a, b)."""
        return op.like(op.tfl.MAXIMUM(a, b), node.outputs[0])

    old = lab.convert(samples.path("digits_float"))
    view = lab.RewriterView(old)
    lab.restore("add_as_maximum")
    new = lab.retry(old)
    assert new.changes is not None
    assert ("rewriters", "add_as_maximum", "ADD => MAXIMUM") in new.changes.gone
    gone = [row for row in view.data["rows"] if row["retry"] == "gone"]
    assert [row["rule"] for row in gone] == ["add_as_maximum"]
    assert "gone since the retry" in view.data["title"] and "gone" in view.text()


def test_views_that_stand_alone_follow_a_retry() -> None:
    old = lab.convert(samples.path("digits_float"))
    lab.compare(old, samples.inputs("digits_float"))
    views = [lab.Stepper(old), lab.ParityView(old), lab.OptimizerView(old), lab.RuntimeView(old), lab.HandlerView(old)]
    stepper, parity = views[:2]
    careless()
    new = lab.retry(old)
    assert new.changes is not None
    assert stepper.marks == {str(i): mark for i, mark in new.changes.marks.items()} != {}
    assert stepper.index == min(new.changes.marks)
    was = [row for row in parity.data["rows"] if "was" in row]
    assert was and all(row["relative"] > row["was"] for row in was) and "changed by the retry" in parity.data["title"]
    assert views[4].result is new


def test_the_parity_view_finds_what_is_wrong() -> None:
    careless()
    it = lab.Lab(samples.path("digits_float"), samples.inputs("digits_float"))
    view = it.view("Parity")
    assert "ADD is wrong: handler careless_add" in view.data["title"] and view.data["ok"] is False
    assert {row["op"].split()[1] for row in view.data["rows"] if row["status"] == "wrong"} == {"ADD"}
    view.act("bisect", {})
    assert "careless_add" in view.message and it.selection == view.selection
    assert it.result.trace[it.index].rule["name"] == "careless_add"
    lab.restore("ADD")
    it.retry()
    assert "no op is wrong by itself" in it.view("Parity").data["title"]
    assert not any(row["status"] in ("wrong", "amplified") for row in it.view("Parity").data["rows"])
    it.close()


def test_a_lab_is_told_once_and_its_steps_are_marked() -> None:
    it = lab.Lab(samples.path("digits_float"))
    for name in ("Steps", "Rewriters", "Optimizers"):
        it.view(name)
    careless()
    it.retry()
    steps = it.view("Steps")
    assert steps.marks and it.index == steps.index == min(int(i) for i in steps.marks)
    assert "since the retry" in it.view("Optimizers").data["title"]
    it.close()
