"""Rewriters: which patterns were found, what they became, and what nearly matched."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tfonnx_lab.trace import Trace
from tfonnx_lab.trace.summary import summary_of
from tfonnx_lab.widgets._source import shown
from tfonnx_lab.widgets.view import View, marked

_NEAR = 2000
"""How many near misses are shown; a rule that misses more often says nothing new."""


class RewriterView(View):
    """The matches of the rewriters and the near misses with their reasons.

    source: a Conversion, a Trace or its file, or what `convert` takes.
    A click on a match sets `index` (its step) and `selection` (its TFLite op). After a retry of the conversion it shows
    the new one, and which matches are new, changed or gone.
    """

    KIND = "rewriters"
    KNOWS_PLACE = True

    def __init__(self, source: Any, **traits: Any) -> None:
        source = shown(source)
        super().__init__(self.shows(source), source=source, **traits)

    def shows(self, result: Any) -> dict[str, Any]:
        """The matches and near misses of a conversion or a trace."""
        changes = getattr(result, "changes", None)
        return marked(rewriters(getattr(result, "trace", result)), changes, "rewriters", "change")


def rewriters(trace: Trace) -> dict[str, Any]:
    """Matches and near misses of the first stage."""
    brief = summary_of(trace)
    rows = [
        {
            "step": s.i + 1,
            "rule": s.rule.get("name", ""),
            "change": s.change,
            "why": s.note or s.rule.get("doc", ""),
            "ops": ", ".join(str(o) for o in s.origin),
            "index": s.i,
            "origin": s.origin[0] if s.origin else None,
        }
        for s in brief.steps
        if s.stage == "rewriters" and s.error is None
    ]
    misses = []
    for miss in trace.misses:
        rule = brief.rules.get(miss["rule"], {})
        node = brief.nodes.get(miss["node"])
        if rule.get("stage") != "rewriters" or node is None:
            continue
        origin = list(node["origin"])
        misses.append(
            {
                "rule": rule["name"],
                "op": f"{node['op']} {node['name']}",
                "why": miss["why"],
                "index": max(0, int(miss["step"]) - 1),
                "origin": origin[0] if origin else None,
            }
        )
    counts = Counter(row["rule"] for row in rows)
    return {
        "title": f"{len(rows)} matches of {len(counts)} rewriters, {len(misses)} near misses",
        "columns": [
            {"key": "step", "title": "step", "numeric": True, "hint": "its number in the trace"},
            {"key": "rule", "title": "rewriter", "hint": "the rule that matched"},
            {"key": "change", "title": "match => replacement", "hint": "ops removed => ops inserted"},
            {"key": "why", "title": "rule", "hint": "what the rule does, or why it did it here"},
            {"key": "ops", "title": "TFLite op", "hint": "numbers of the ops that it came from"},
        ],
        "rows": rows,
        "misses": misses[:_NEAR],
        "bars": [{"name": name, "value": n} for name, n in counts.most_common()],
    }
