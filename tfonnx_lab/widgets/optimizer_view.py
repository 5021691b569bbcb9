"""Optimizers: what was unnecessary, and who says so."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tfonnx_lab.trace import Trace
from tfonnx_lab.trace.summary import summary_of
from tfonnx_lab.widgets._source import shown
from tfonnx_lab.widgets.view import View, marked


class OptimizerView(View):
    """What the optimizers deleted, by which rule and why; nodes over steps; nodes deleted and added by rule as bars.

    source: a Conversion, a Trace or its file, or what `convert` takes.
    A click on a deletion sets `index` (its step) and `selection` (its TFLite op).
    """

    KIND = "optimizers"
    KNOWS_PLACE = True

    def __init__(self, source: Any, **traits: Any) -> None:
        source = shown(source)
        super().__init__(self.shows(source), source=source, **traits)

    def shows(self, result: Any) -> dict[str, Any]:
        """The deletions of a conversion or a trace."""
        changes = getattr(result, "changes", None)
        return marked(optimizers(getattr(result, "trace", result)), changes, "optimizers", "gone")


def optimizers(trace: Trace) -> dict[str, Any]:
    """Deletions with reasons, bars and the curve of node counts."""
    brief = summary_of(trace)
    deleted: Counter[str] = Counter()
    added: Counter[str] = Counter()
    rows, curve = [], []
    for s in brief.steps:
        curve.append([s.i, s.left, s.stage])
        if s.stage != "optimizers" or s.error is not None:
            continue
        name = s.rule.get("name", "")
        deleted[name] += len(s.deleted)
        added[name] += len(s.added)
        if s.deleted:
            rows.append(
                {
                    "step": s.i + 1,
                    "rule": name,
                    "gone": ", ".join(f"{op} {label}" for _, op, label in s.deleted),
                    "new": ", ".join(op for _, op, _ in s.added),
                    "why": s.note or s.rule.get("doc", ""),
                    "index": s.i,
                    "origin": s.origin[0] if s.origin else None,
                }
            )
    order = sorted(deleted, key=lambda name: added[name] - deleted[name])
    gone, made = sum(deleted.values()), sum(added.values())
    return {
        "title": f"{gone} nodes deleted, {made} added by {len(order)} optimizers",
        "columns": [
            {"key": "step", "title": "step", "numeric": True, "hint": "its number in the trace"},
            {"key": "rule", "title": "optimizer", "hint": "the rule that says so"},
            {"key": "gone", "title": "deleted", "hint": "nodes that are gone"},
            {"key": "new", "title": "in its place", "hint": "nodes that came instead"},
            {"key": "why", "title": "why", "hint": "why the result is the same"},
        ],
        "rows": rows,
        "bars": [{"name": name, "value": deleted[name], "added": added[name]} for name in order],
        "curve": curve,
    }
