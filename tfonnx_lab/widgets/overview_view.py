"""Overview: what came in, what came out, can I trust it?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import onnx_ir as ir

from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.reports import report
from tfonnx_lab.runtime import Group, RuntimeReport, runtime_report
from tfonnx_lab.texts import human
from tfonnx_lab.trace.summary import summary_of
from tfonnx_lab.widgets._shapes import unknown_shapes
from tfonnx_lab.widgets.parity_view import errors
from tfonnx_lab.widgets.runtime_view import origin_of, places_of
from tfonnx_lab.widgets.view import View, line

_RULES = 6
_ENDS = 8
"""Inputs or outputs that are listed."""


class OverviewView(View):
    """The first thing seen of a conversion: each line leads to the tab that shows more of it.

    result: a Conversion, or what `convert` takes.
    opens: called with the name of a tab that a line leads to.
    compare: called where the verdict is asked for; returns the comparison with LiteRT.
    """

    KIND = "overview"
    KNOWS_PLACE = True

    def __init__(
        self,
        result: Any,
        opens: Callable[[str], None] = lambda tab: None,
        compare: Callable[[], Any] | None = None,
        **traits: Any,
    ) -> None:
        result = converted(result, "keep")
        self._opens = opens
        self._compare = compare
        super().__init__(overview(result), source=result, **traits)

    def shows(self, result: Conversion) -> dict[str, Any]:
        """The overview of another conversion."""
        return overview(result)

    def judge(self, parity: Any) -> None:
        """Say the verdict of a comparison with LiteRT."""
        self.data = {**self.data, "verdict": verdict(parity)}

    def tell_phone(self, brief: dict[str, str]) -> None:
        """Say what the tab Mobile has answered."""
        self.data = {**self.data, "phone": [[question, text] for question, text in brief.items()]}

    def act(self, name: str, content: dict[str, Any]) -> None:
        """Open a tab, or compare with LiteRT."""
        if name == "open":
            self._opens(str(content.get("tab")))
        elif name == "compare" and self._compare is not None:
            self.message = "comparing with LiteRT: the model runs there and in ONNX Runtime ..."
            with self.at_work("running LiteRT and ONNX Runtime"):
                self._compare()
            self.message = ""

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The same as lines."""
        data = self.data
        rows = [["in", " ".join(data["source"])], ["out", " ".join(data["target"])], ["steps", data["counts"]]]
        rows += [["on integers", data["share"]]] if data["share"] else []
        rows += [["float island", f"{i['text']}: {i['why']}"] for i in data["islands"]]
        rows += [["risk", risk["text"]] for risk in data["risks"]]
        rows += [["rule", f"{rule['name']} {rule['steps']}"] for rule in data["rules"]]
        return ["", ""], rows


def verdict(parity: Any) -> dict[str, Any]:
    """The sentence of a comparison, whether all is well, and the op that is wrong by itself; or what the errors say."""
    found = getattr(parity, "verdict", None)
    if found is not None:
        return {"text": found.sentence, "ok": found.ok, "origin": found.op}
    along = errors(parity)
    return {"text": along["title"], "ok": along["first"] is None, "origin": along["first"]}


def overview(result: Conversion) -> dict[str, Any]:
    """What there is to say at once: nothing is computed that takes longer than the conversion did."""
    facts, brief = report(result, parity=False), summary_of(result.trace)
    runtime = None
    if not result.failures:
        try:
            runtime = runtime_report(result.model, result.options.target)
        except Exception as error:  # ONNX Runtime's errors share no base class
            facts.notes.append(str(error))
    start = result.trace.start
    known = {v["id"]: v for v in start["values"]}
    main = start["graphs"][0]
    tflite = sum(n["domain"].startswith("tflite") for n in brief.start)
    size = "" if facts.source_size is None else human(facts.source_size)
    ends = [
        {"what": what, "from": _ends(known[v] for v in main[what]), "to": _made(values)}
        for what, values in (("inputs", result.ir_model.graph.inputs), ("outputs", result.ir_model.graph.outputs))
    ]
    return {
        "title": Path(result.name).name,
        "source": [Path(result.name).name, size],
        "target": [f"ONNX opset {facts.opset}", human(facts.size)],
        "ends": ends,
        "counts": f"{tflite} ops became {len(result.ir_model.graph)} nodes in {facts.steps} steps",
        "types": ", ".join(f"{n} {dtype}" for dtype, n in facts.activations.items()),
        "verdict": _unfinished(result),
        "share": _share(runtime),
        "islands": [] if runtime is None else _islands(runtime.islands, places_of(result)),
        "risks": [*_failures(result), *_risks(result, facts.saturating, facts.notes)],
        "rules": _rules(brief),
        "phone": [],
        "live": True,
    }


def _share(runtime: RuntimeReport | None) -> str:
    """How much runs on integers, where anything does."""
    if runtime is None:
        return ""
    if runtime.fused_share is not None:
        return f"{runtime.fused_share:.0%} of the ops between Q and DQ run on integers"
    return runtime.share if any(g.on for g in runtime.groups) else ""


def _ends(values: Any) -> list[str]:
    found = [f"{line(v['name'])} {(v['dtype'] or '?').lower()} {_shape(v['shape'])}" for v in values]
    return [*found[:_ENDS], *([f"and {len(found) - _ENDS} more"] if len(found) > _ENDS else [])]


def _made(values: Sequence[ir.Value]) -> list[str]:
    return _ends(
        {
            "name": v.name or "",
            "dtype": None if v.dtype is None else v.dtype.name,
            "shape": None if v.shape is None else [d if isinstance(d, int) else str(d) for d in v.shape],
        }
        for v in values
    )


def _shape(shape: Any) -> str:
    return "of unknown shape" if shape is None else f"[{', '.join('?' if d is None else str(d) for d in shape)}]"


def _islands(groups: Sequence[Group], places: dict[str, int]) -> list[dict[str, Any]]:
    """Float ops between codes, those with one reason together."""
    found: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        found.setdefault((group.op, group.reason), []).append(group)
    return [
        {
            "text": op if len(same) == 1 else f"{len(same)} {op}",
            "why": why,
            "name": line(same[0].name),
            "origin": origin_of(same[0], places),
        }
        for (op, why), same in sorted(found.items(), key=lambda item: -len(item[1]))
    ]


def _unfinished(result: Conversion) -> dict[str, Any] | None:
    """The verdict of a conversion that cannot run yet; None where it can."""
    if not result.failures:
        return None
    first, *others = result.failures
    more = f", and {len(others)} more" if others else ""
    origin = next((int(step.origin[0]) for step in result.trace if step.error and step.origin), None)
    text = f"not converted: {first.op} ({first.place}){more}; the handlers tell why"
    return {"text": text, "ok": False, "origin": origin, "tab": "Handlers"}


def _failures(result: Conversion) -> list[dict[str, Any]]:
    return [{"text": f"{f.op} ({f.place}) is not converted: {f.reason}", "tab": "Handlers"} for f in result.failures]


def _risks(result: Conversion, saturating: str, notes: Sequence[str]) -> list[dict[str, Any]]:
    """What may go otherwise than one thinks, each with the tab that shows it."""
    graph = result.ir_model.graph
    found = [{"text": saturating, "tab": "ONNX Runtime"}] if saturating else []
    unknown = unknown_shapes(result.model)
    if unknown:
        found.append(
            {"text": f"{unknown} {'tensor has' if unknown == 1 else 'tensors have'} an unknown shape", "tab": "Source"}
        )
    sizes = sorted({str(d) for v in graph.inputs for d in (v.shape or ()) if not isinstance(d, int)})
    if sizes:
        found.append({"text": f"sizes that only a run decides: {', '.join(sizes)}", "tab": "Source"})
    if result.states:
        names = ", ".join(line(s.input) for s in result.states[:4])
        found.append({"text": f"{len(result.states)} states go from run to run: {names}", "tab": "Handlers"})
    return found + [{"text": note, "tab": "ONNX Runtime"} for note in notes]


def _rules(brief: Any) -> list[dict[str, Any]]:
    """The rules that took most steps, each with its first one."""
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], Any] = {}
    for step in brief.steps:
        key = (step.stage, step.rule.get("name", "no handler"))
        counts[key] += 1
        first.setdefault(key, step)
    found = []
    for (stage, name), count in counts.most_common(_RULES):
        step = first[stage, name]
        doc = step.rule.get("doc", "")
        found.append({"name": name, "stage": stage, "steps": count, "doc": doc, "index": step.i})
    return found
