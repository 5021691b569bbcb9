"""What the tests found, op by op: collected while they run, written where TFONNX_LAB_RECORD says."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import onnx_ir as ir

from tfonnx_lab.errors import ConversionError, Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.patterns.pattern import Bindings
from tfonnx_lab.rules.driver import Driver
from tfonnx_lab.rules.rule import Result, Rule

RECORDS: list[dict[str, Any]] = []
"""One entry for each op of each model checked in this process."""

FIRED: set[str] = set()
"""Names of the rules that fired in this process."""


def scheme(inputs: Sequence[Any], outputs: Sequence[Any]) -> str:
    """How the tensors of an op are quantized, in a word or two."""
    from .encoding import Blockwise

    quants = [(t, t.quant) for t in (*inputs, *outputs) if t.quant is not None]
    if not quants:
        return "none"
    kinds = set()
    for tensor, quant in quants:
        if isinstance(quant, Blockwise):
            kinds.add("blockwise")
        elif isinstance(quant, tuple) and getattr(quant[0], "__len__", lambda: 0)() > 1:
            kinds.add("per channel")
        elif tensor.constant and tensor.dtype.startswith("int4"):
            kinds.add("int4")
    moving = [t for t in (*inputs, *outputs) if not t.constant]
    hybrid = all(t.quant is None and t.dtype.startswith("float") for t in moving) and len(quants) > 0
    word = "16x8" if any(t.dtype == "int16" for t in moving) and any(t.dtype == "int8" for t in inputs) else ""
    detail = ", ".join(sorted(kinds)) or "per tensor"
    return " ".join(filter(None, ["hybrid" if hybrid else word, detail]))


def rule_key(rule: Any) -> str:
    """A rule's name with its stage and module: "handlers/conv/conv_2d"."""
    return f"{rule.stage}/{rule.function.__module__.rsplit('.', 1)[-1]}/{rule.name}"


def watch() -> None:
    """Have every rule that returns something, or says why it cannot (a graph's rule, too), noted in `FIRED`."""
    plain, whole = Rule.apply, Driver._apply
    if hasattr(plain, "watched"):
        return

    def apply(self: Rule, op: OpBuilder, root: ir.Node, bound: Bindings) -> Result:
        try:
            result = plain(self, op, root, bound)
        except Unsupported:
            FIRED.add(rule_key(self))
            raise
        if result is not None and result is not False:
            FIRED.add(rule_key(self))
        return result

    def apply_to_graph(self: Driver, rule: Rule, root: ir.Node | None, bound: Bindings, op: OpBuilder) -> bool:
        try:
            fired = whole(self, rule, root, bound, op)
        except ConversionError:
            FIRED.add(rule_key(rule))
            raise
        if fired:
            FIRED.add(rule_key(rule))
        return fired

    apply.watched = True  # type: ignore[attr-defined]
    Rule.apply = apply  # type: ignore[method-assign]
    Driver._apply = apply_to_graph  # type: ignore[method-assign]


class Recording:
    """Keeps how a check ended, whatever happens in it."""

    def __init__(self, facts: Sequence[dict[str, Any]], opset: int) -> None:
        self.facts, self.opset = list(facts), opset

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        verdict = "pass" if kind is None else "unsupported" if kind.__name__ == "ConversionError" else "fail"
        reason = "" if error is None else str(error)
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rsplit(" ", 1)[0]
        for fact in self.facts:
            RECORDS.append({**fact, "opset": self.opset, "verdict": verdict, "reason": reason[:600], "test": test})
