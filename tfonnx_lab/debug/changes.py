"""What a second try changed: ops, nodes and numbers."""

from __future__ import annotations

import html
import weakref
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import onnx_ir as ir

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.debug.fresh import CHANGED, NEW, fresh_steps
from tfonnx_lab.graph import ORIGIN, all_nodes, is_tflite
from tfonnx_lab.graph.attributes import TENSORS_OF_IR
from tfonnx_lab.parity import Parity

_SMALL = 64
_UNCONVERTED = "not converted"


@dataclass(frozen=True)
class OpChange:
    """A TFLite op that became something else: its number in the file, its type, and what it was and is."""

    position: int
    op: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"op {self.position} {self.op}: {self.before} => {self.after}"


@dataclass(frozen=True)
class Changes:
    """What `retry` did.

    why: the rule that made it necessary.
    reused: how many steps were taken over from the conversion before, steps: how many there are now.
    marks: which of them are "new" or "changed", by their index from 0.
    gone: those that are gone, as (stage, rule, what it did).
    ops: which TFLite ops became something else.
    removed, added: ONNX nodes by name.
    before, after: comparisons with LiteRT.
    note: why there is none.
    failures: the ops that are still not converted, and why.
    """

    why: str
    reused: int
    steps: int
    ops: tuple[OpChange, ...] = ()
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    before: Parity | None = None
    after: Parity | None = None
    note: str = field(default="")
    failures: tuple[str, ...] = ()
    marks: dict[int, str] = field(default_factory=dict)
    gone: tuple[tuple[str, str, str], ...] = ()

    def lines(self) -> list[str]:
        """What is to be said, a line each."""
        if not self.why:
            return ["nothing was converted again: no rule that this model uses has changed", *self._numbers()]
        kept = f"{self.reused} of {self.steps} steps taken over"
        first = f"{kept}, converted again from step {self.reused + 1} on: {self.why}"
        counts = Counter(self.marks.values())
        said = f"{_steps(counts[NEW])} new, {_steps(counts[CHANGED])} changed, {_steps(len(self.gone))} gone"
        ops = [str(op) for op in self.ops] or ["every op became what it was before"]
        nodes = f"{_nodes(len(self.removed))} gone, {_nodes(len(self.added))} new (by name)"
        return [first, said, *ops, nodes, *(f"still not converted: {f}" for f in self.failures), *self._numbers()]

    def _numbers(self) -> list[str]:
        if self.after is None:
            return [f"not compared with LiteRT: {self.note}"] if self.note else []
        text = f"largest error of the outputs, of their scale: {_worst(self.after)}"
        return [text if self.before is None else f"{text} (it was {_worst(self.before)})"]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        return "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in self.lines()) + "</ul>"


_LAST: weakref.WeakKeyDictionary[Conversion, Changes] = weakref.WeakKeyDictionary()


def changes_of(result: Conversion) -> Changes | None:
    """What `retry` did to the conversion before this one; None where this is a first conversion."""
    return _LAST.get(result)


def remember(result: Conversion, found: Changes) -> None:
    """`changes_of(result)` gives these from now on."""
    _LAST[result] = found


def _steps(count: int) -> str:
    return f"{count} step" if count == 1 else f"{count} steps"


def _nodes(count: int) -> str:
    return f"{count} node" if count == 1 else f"{count} nodes"


def _worst(parity: Parity) -> str:
    return f"{max((row.relative for row in parity.outputs), default=0.0):.2g}"


def changes(old: Conversion, new: Conversion, why: str, reused: int) -> Changes:
    """Compare two conversions of one model."""
    was, now = _by_op(old), _by_op(new)
    types = _types(old) | _types(new)
    ops = [
        OpChange(position, types.get(position, "?"), *_both_told(was.get(position), now.get(position)))
        for position in sorted(was | now)
        if was.get(position) != now.get(position)
    ]
    before, after = _names(old), _names(new)
    marks, gone = fresh_steps(old.trace, new.trace, reused) if why else ({}, ())
    left = tuple(f"{f.op} ({f.place}): {f.reason}" for f in new.failures)
    return Changes(
        why,
        reused,
        len(new.trace),
        tuple(ops),
        tuple(sorted(before - after)),
        tuple(sorted(after - before)),
        failures=left,
        marks=marks,
        gone=gone,
    )


def _names(result: Conversion) -> set[str]:
    return {node.name or "" for node in all_nodes(result.ir_model.graph)}


def _types(result: Conversion) -> dict[int, str]:
    return {int(n["origin"][0]): str(n["op"]) for n in result.trace.start["nodes"] if n["origin"]}


def _by_op(result: Conversion) -> dict[int, Counter[str]]:
    """TFLite op => the nodes that are left of it, by what they compute."""
    found: dict[int, Counter[str]] = {}
    for node in all_nodes(result.ir_model.graph):
        for position in node.meta.get(ORIGIN, ()):
            found.setdefault(position, Counter())[_signature(node)] += 1
    return found


def _signature(node: ir.Node) -> str:
    """The op with its attributes and small constants."""
    if is_tflite(node):
        return _UNCONVERTED
    attributes = ", ".join(f"{k}={_plain(a)}" for k, a in node.attributes.items())
    constants = [_plain(v.const_value) for v in node.inputs if v is not None and v.const_value is not None]
    return f"{node.op_type}({', '.join([attributes, *constants])})"


def _plain(item: Any) -> str:
    value = item.value if isinstance(item, ir.Attr) else item
    if isinstance(value, ir.Graph):
        return "; ".join(_signature(node) for node in value)
    if isinstance(value, TENSORS_OF_IR):
        return str(value.numpy().tolist()) if value.size <= _SMALL else f"{value.dtype}{list(value.shape)}"
    return str(value)


def _both_told(was: Counter[str] | None, now: Counter[str] | None) -> tuple[str, str]:
    """What an op was and is; where that are the same nodes, it says that something in them differs."""
    before, after = _told(was), _told(now)
    return before, after if before != after else f"{after} (with other attributes, constants or inputs)"


def _told(nodes: Counter[str] | None) -> str:
    if not nodes:
        return "nothing (folded away)"
    short: Counter[str] = Counter()
    for key, count in nodes.items():
        short[key.split("(")[0]] += count
    return ", ".join(op if count == 1 else f"{count} {op}" for op, count in sorted(short.items()))
