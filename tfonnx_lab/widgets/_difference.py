"""What is different between two conversions, by the TFLite op that each node came from; knows no widget."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any

from tfonnx_lab.conversion.onnx_pass import OnnxPass
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.parity import compare
from tfonnx_lab.parity.onnx_pair import compare_onnx
from tfonnx_lab.runtime import RuntimeReport, runtime_report
from tfonnx_lab.texts import human
from tfonnx_lab.trace import Trace
from tfonnx_lab.trace.summary import Summary, summary_of
from tfonnx_lab.widgets._handlers import ops
from tfonnx_lab.widgets.view import line


@dataclass(frozen=True)
class One:
    """One of the two: a trace, and where there is one its conversion."""

    trace: Trace
    result: Conversion | None

    @cached_property
    def brief(self) -> Summary:
        """The steps in brief."""
        return summary_of(self.trace)

    @cached_property
    def runtime(self) -> RuntimeReport | None:
        """What ONNX Runtime makes of it; None where it cannot load it, or there is only a trace."""
        if self.result is None or self.result.failures:
            return None
        try:
            return runtime_report(self.result.model, self.result.options.target)
        except Exception:  # ONNX Runtime's errors share no base class; the summary shows a dash
            return None

    @cached_property
    def parity(self) -> Any:
        """The comparison with LiteRT, or of an ONNX model with itself before; None where there is only a trace."""
        if self.result is None:
            return None
        return compare_onnx(self.result) if isinstance(self.result, OnnxPass) else compare(self.result)

    @property
    def verdict(self) -> Any:
        """The verdict of the comparison with LiteRT; None where there is no LiteRT model."""
        return None if isinstance(self.result, OnnxPass) else getattr(self.parity, "verdict", None)

    @property
    def options(self) -> dict[str, Any]:
        """The options that are not the default ones, and the opset."""
        return {"opset": self.trace.header.get("opset"), **self.trace.header.get("options", {})}

    @cached_property
    def left(self) -> dict[int, list[int]]:
        """TFLite op => the nodes that are left of it."""
        return self.brief.origins()

    def said(self, number: int) -> str:
        """What a node is, whatever its name: op, attributes, constants, dtypes and shapes."""
        node = self.brief.nodes[number]
        values = [None if v is None else self.brief.json(self.brief.values[v]) for v in (*node["in"], *node["out"])]
        types = [None if v is None else [v["dtype"], v["shape"], v.get("quant"), v.get("const")] for v in values]
        return json.dumps([node["domain"], node["op"], self.brief.json(node["attrs"]), types], sort_keys=True)


class Difference:
    """Two conversions, aligned.

    a, b: the two.
    pairs: number of an op of a => that of b; ops that only one has are missing.
    marks: for each of the two the nodes of the last graph that the other does not have, as "only" or "differs".
    """

    def __init__(self, a: One, b: One) -> None:
        self.a, self.b = a, b
        self.pairs = _aligned(ops(a.brief), ops(b.brief))
        self.marks: tuple[dict[int, str], dict[int, str]] = ({}, {})
        back = {y: x for x, y in self.pairs.items()}
        for x, y in self.pairs.items():
            self._mark(a.left.get(x, []), b.left.get(y, []))
        for x in set(ops(a.brief)) - set(self.pairs):
            self._mark(a.left.get(x, []), [])
        for y in set(ops(b.brief)) - set(back):
            self._mark([], b.left.get(y, []))

    def _mark(self, mine: list[int], theirs: list[int]) -> None:
        """Nodes of one op that have no equal among those of the other."""
        said = [{n: one.said(n) for n in nodes} for one, nodes in ((self.a, mine), (self.b, theirs))]
        counts = [Counter(texts.values()) for texts in said]
        alone: list[list[int]] = [[], []]
        for side in (0, 1):
            common = counts[0] & counts[1]
            for node, text in said[side].items():
                if common[text] > 0:
                    common[text] -= 1
                else:
                    alone[side].append(node)
        kinds = [Counter(one.brief.nodes[n]["op"] for n in nodes)
                 for one, nodes in zip((self.a, self.b), alone, strict=True)]  # fmt: skip
        for side, one in enumerate((self.a, self.b)):
            for node in alone[side]:
                other = kinds[1 - side][one.brief.nodes[node]["op"]] > 0
                self.marks[side][node] = "differs" if other else "only"

    @property
    def changed(self) -> list[int]:
        """The ops of a whose nodes are not those that b has of it."""
        marked = [set(marks) for marks in self.marks]
        return [
            x
            for x, y in self.pairs.items()
            if marked[0] & set(self.a.left.get(x, ())) or marked[1] & set(self.b.left.get(y, ()))
        ]

    def sentence(self) -> str:
        """What is different, in a sentence: options, rules, ops."""
        parts = [f"{key} {_plain(was)} and {_plain(now)}" for key, was, now in self.options()]
        if not parts:
            for name, x, y in self.rules():
                if (x == 0) != (y == 0):
                    parts.append(f"{name} only in {'b' if x == 0 else 'a'}")
        lost = len(ops(self.a.brief)) - len(self.pairs), len(ops(self.b.brief)) - len(self.pairs)
        parts += [f"{n} ops only in {who}" for n, who in zip(lost, "ab", strict=True) if n]
        count = len(self.changed)
        head = "; ".join(parts[:4]) or "the same options and rules"
        return f"{head}: {count or 'none'} of {len(self.pairs)} ops became something else"

    def options(self) -> list[tuple[str, Any, Any]]:
        """The options that differ, as (name, of a, of b)."""
        a, b = self.a.options, self.b.options
        return [(key, a.get(key), b.get(key)) for key in dict.fromkeys([*a, *b]) if a.get(key) != b.get(key)]

    def rules(self) -> list[tuple[str, int, int]]:
        """Rule => how many steps each took, where that differs; the largest difference first."""
        counts = [Counter(step.rule.get("name", "no handler") for step in one.brief.steps) for one in (self.a, self.b)]
        names = [n for n in dict.fromkeys([*counts[0], *counts[1]]) if counts[0][n] != counts[1][n]]
        return sorted(((n, counts[0][n], counts[1][n]) for n in names), key=lambda row: -abs(row[1] - row[2]))

    def facts(self) -> list[tuple[str, str, str]]:
        """What both are, side by side."""
        return [(name, _fact(name, self.a), _fact(name, self.b)) for name in _FACTS]


_FACTS = (
    "model",
    "opset",
    "options",
    "TFLite ops",
    "steps",
    "nodes",
    "size",
    "on integers",
    "float islands",
    "kernels",
)


def _fact(name: str, one: One) -> str:
    """One line of the summary, a dash where it is not known."""
    result, runtime, share = one.result, one.runtime, None if one.runtime is None else one.runtime.fused_share
    options = {k: v for k, v in one.options.items() if k != "opset"}
    known: dict[str, Any] = {
        "model": one.trace.header["name"].rsplit("/", 1)[-1],
        "opset": one.trace.header.get("opset"),
        "options": ", ".join(f"{k}={v}" for k, v in options.items()) or "defaults",
        "TFLite ops": len(ops(one.brief)),
        "steps": len(one.trace),
        "nodes": len(one.brief.live),
        "size": None if result is None or result.failures else human(result.model.ByteSize()),
        "on integers": None if share is None else f"{share:.1%}",
        "float islands": None if runtime is None else len(runtime.islands),
        "kernels": None if runtime is None else sum(runtime.kernels.values()),
    }
    return "—" if known[name] is None else str(known[name])


def _aligned(a: dict[int, Any], b: dict[int, Any]) -> dict[int, int]:
    """Which op of one is which of the other: by type and name in order, then what is left by type alone."""
    found: dict[int, int] = {}
    for key in (lambda n: (n["op"], n["name"]), lambda n: (n["op"], "")):
        left, right = ([i for i in sorted(some) if i not in known] for some, known in
                       ((a, found), (b, set(found.values()))))  # fmt: skip
        x, y = [key(a[i]) for i in left], [key(b[i]) for i in right]
        for block in SequenceMatcher(None, x, y, autojunk=False).get_matching_blocks():
            found |= {left[block.a + k]: right[block.b + k] for k in range(block.size)}
    return dict(sorted(found.items()))


def _plain(value: Any) -> str:
    return "default" if value is None else line(str(value))
