"""Compare: what is different between these two?"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import traitlets

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.trace import Trace, load_trace
from tfonnx_lab.widgets._difference import Difference, One
from tfonnx_lab.widgets._handlers import ops
from tfonnx_lab.widgets._host import Host
from tfonnx_lab.widgets._links import link_view
from tfonnx_lab.widgets._source import packed
from tfonnx_lab.widgets.assets import FrontEnd
from tfonnx_lab.widgets.view import View, as_html, as_text, number

TABS = ("Summary", "Ops", "Steps", "Graphs", "Kernels", "Parity")


class Compare(Host):
    """Two conversions side by side: what differs, op by op and node by node.

    a: a Conversion, a Trace, the path of a `.tfltrace` file, an ONNX model, or what `convert` takes, which is converted
        with default options.
    b: the other one, the same kinds.
    selection: the number of an op of a.
    difference: what was found, as data.
    `lab.Compare(lab.convert(m, 13), lab.convert(m, 18))`; with and without a rule:
    `with lab.without("split_activation"): b = lab.convert(m)`.
    Raises ConversionError for what cannot be read or converted.
    """

    FRONT = "lab"

    selection = traitlets.Int(None, allow_none=True).tag(sync=True)
    tabs = traitlets.List(list(TABS)).tag(sync=True)
    tab = traitlets.Unicode(TABS[0]).tag(sync=True)

    def __init__(self, a: Any, b: Any, *, height: str = "560px") -> None:
        self.difference = Difference(one_of(a), one_of(b))
        self._height = height
        self._views: dict[str, Any] = {}
        super().__init__()
        self.about = self.hold("about", lambda: Said(self.difference.sentence()))

    def part(self, name: str) -> Any:
        """The line over the tabs, or the view of a tab."""
        return self.about if name == "about" else self.view(name)

    def view(self, name: str) -> Any:
        """The view of a tab. Raises KeyError for another name."""
        if name not in self._views:
            makes: dict[str, Callable[[], Any]] = {
                "Summary": lambda: _Table(_summary(self.difference), self._height),
                "Ops": lambda: _Table(_ops(self.difference), self._height),
                "Steps": lambda: _Table(_steps(self.difference), self._height),
                "Graphs": lambda: Sides(self.difference, height=self._height),
                "Kernels": lambda: _Table(_kernels(self.difference), self._height),
                "Parity": lambda: _Table(_parity(self.difference), self._height),
            }
            made = self.hold(name, makes[name])
            link_view(self, made)
            self._views[name] = made
        return self._views[name]

    def choosing(self) -> Any:
        """While a view chooses; as in the lab."""
        import contextlib

        return contextlib.nullcontext()

    def close(self) -> None:
        """Close every view in it."""
        self._views = {}
        super().close()

    def text(self) -> str:
        """The summary as text."""
        return f"Compare: {self.difference.sentence()}\n" + as_text("", ["", "a", "b"], _rows(self.difference))

    def html(self) -> str:
        """The summary as HTML."""
        return as_html(self.difference.sentence(), ["", "a", "b"], _rows(self.difference))


class Said(View):
    """A line over the tabs."""

    KIND = "said"

    def __init__(self, text: str) -> None:
        super().__init__({"title": text, "question": "What is different between these two?"}, height="auto")


class _Table(View):
    """A table with what differs coloured."""

    KIND = "compare"

    def __init__(self, data: dict[str, Any], height: str) -> None:
        super().__init__(data, height)


class Sides(FrontEnd):
    """Both graphs in Netron, what differs coloured, with one selection.

    selection: the number of an op of a.
    """

    FRONT = "pair"
    KNOWS_PLACE = True

    selection = traitlets.Int(None, allow_none=True)
    moment = traitlets.Unicode("").tag(sync=True)
    moments: Any = traitlets.List().tag(sync=True)
    before = traitlets.Unicode("a").tag(sync=True)
    trace = traitlets.Bytes().tag(sync=True)
    other = traitlets.Bytes().tag(sync=True)
    left_at = traitlets.Int(0).tag(sync=True)
    at = traitlets.Int(0).tag(sync=True)
    marks = traitlets.Dict().tag(sync=True)
    left_selected = traitlets.Int(None, allow_none=True).tag(sync=True)
    right_selected = traitlets.Int(None, allow_none=True).tag(sync=True)
    height = traitlets.Unicode("560px").tag(sync=True)

    def __init__(self, difference: Difference, **traits: Any) -> None:
        self._difference = difference
        a, b = difference.a.trace, difference.b.trace
        sides = zip(("left", "right"), difference.marks, strict=True)
        marks = {side: {str(node): kind for node, kind in found.items()} for side, found in sides}
        super().__init__(trace=packed(a), other=packed(b), left_at=len(a) - 1, at=len(b) - 1, marks=marks, **traits)

    @traitlets.observe("selection")
    def _show(self, change: Any = None) -> None:
        if self.selection is None:
            return
        found = self._difference
        self.left_selected = next(iter(found.a.left.get(self.selection, ())), None)
        other = found.pairs.get(self.selection)
        self.right_selected = None if other is None else next(iter(found.b.left.get(other, ())), None)

    @traitlets.observe("left_selected")
    def _left(self, change: Any) -> None:
        self._picked(self._difference.a, change["new"], lambda op: op)

    @traitlets.observe("right_selected")
    def _right(self, change: Any) -> None:
        back = {y: x for x, y in self._difference.pairs.items()}
        self._picked(self._difference.b, change["new"], lambda op: back.get(op))

    def _picked(self, one: One, node: int | None, op_of_a: Callable[[int], int | None]) -> None:
        record = None if node is None else one.brief.nodes.get(node)
        if record is None or not record["origin"]:
            return
        found = [op for origin in record["origin"] if (op := op_of_a(int(origin))) is not None]
        if found and self.selection not in found:
            self.selection = found[0]


def one_of(source: Any) -> One:
    """What `Compare` is given as a trace with its conversion, where there is one."""
    if isinstance(source, Trace):
        return One(source, None)
    if isinstance(source, Conversion):
        return One(source.trace, source)
    if isinstance(source, (str, os.PathLike)) and Path(source).suffix == ".tfltrace":
        return One(load_trace(source), None)
    from tfonnx_lab.conversion.onnx_pass import optimize_onnx
    from tfonnx_lab.conversion.options import Options
    from tfonnx_lab.conversion.pipeline import convert_with
    from tfonnx_lab.widgets.onnx_lab import is_onnx

    made = optimize_onnx(source) if is_onnx(source) else convert_with(source, Options(), "keep")
    return One(made.trace, made)


def _rows(found: Difference) -> list[list[str]]:
    return [list(row) for row in found.facts()]


def _summary(found: Difference) -> dict[str, Any]:
    rows = [{"what": what, "a": a, "b": b, "far": a != b} for what, a, b in found.facts()]
    return {
        "question": "What are both?",
        "title": found.sentence(),
        "columns": [_column("what", ""), _column("a", "a"), _column("b", "b")],
        "rows": rows,
    }


def _column(key: str, title: str, hint: str | None = None, *, numeric: bool = False) -> dict[str, Any]:
    return {"key": key, "title": title, "hint": hint, "numeric": numeric}


def _ops(found: Difference) -> dict[str, Any]:
    """Every op with what it became in each, those that differ first."""
    changed, rows = set(found.changed), []
    known, others = ops(found.a.brief), ops(found.b.brief)
    for op, node in known.items():
        other = found.pairs.get(op)
        status = "only in a" if other is None else "differs" if op in changed else "equal"
        left = [] if other is None else found.b.left.get(other, [])
        rows.append(_op(status, op, node, _kinds(found.a, found.a.left.get(op, [])), _kinds(found.b, left), op))
    for op in sorted(set(others) - set(found.pairs.values())):
        rows.append(_op("only in b", op, others[op], "", _kinds(found.b, found.b.left.get(op, [])), None))
    order = ["differs", "only in a", "only in b", "equal"]
    rows.sort(key=lambda row: (order.index(row["status"]), row["op"]))
    counts = Counter(row["status"] for row in rows)
    return {
        "question": "What did each op become?",
        "title": ", ".join(f"{counts[status]} {status}" for status in order if counts[status]),
        "columns": [
            _column("status", "status"), _column("op", "op", numeric=True), _column("type", "type"),
            _column("a", "nodes in a"), _column("b", "nodes in b"), _column("name", "name"),
        ],
        "rows": rows,
        "statuses": [[status, counts[status]] for status in order if counts[status]],
    }  # fmt: skip


def _op(status: str, op: int, node: Any, a: str, b: str, origin: int | None) -> dict[str, Any]:
    far = status != "equal"
    return {"status": status, "op": op, "type": node["op"], "name": node["name"], "a": a, "b": b, "far": far,
            "origin": origin}  # fmt: skip


def _kinds(one: One, nodes: list[int]) -> str:
    counts = Counter(one.brief.nodes[n]["op"] for n in nodes)
    return ", ".join(f"{n} {op}" if n > 1 else op for op, n in counts.items()) or "none"


def _steps(found: Difference) -> dict[str, Any]:
    rules = found.rules()
    rows = [{"rule": name, "a": a, "b": b, "more": b - a, "far": a == 0 or b == 0} for name, a, b in rules]
    return {
        "question": "Which steps has one and the other not?",
        "title": f"{len(rows)} rules were applied more often in one than in the other",
        "columns": [
            _column("rule", "rule"), _column("a", "steps in a", numeric=True), _column("b", "steps in b", numeric=True),
            _column("more", "more in b", numeric=True),
        ],
        "rows": rows,
    }  # fmt: skip


def _kernels(found: Difference) -> dict[str, Any]:
    reports = [one.runtime for one in (found.a, found.b)]
    counts = [Counter() if report is None else report.kernels for report in reports]
    rows: list[dict[str, Any]] = [
        {"kernel": name, "a": counts[0][name], "b": counts[1][name], "more": counts[1][name] - counts[0][name],
         "far": counts[0][name] != counts[1][name]}
        for name in dict.fromkeys([*counts[0], *counts[1]])
    ]  # fmt: skip
    rows.sort(key=lambda row: -abs(row["more"]))
    missing = [who for who, report in zip("ab", reports, strict=True) if report is None]
    title = f"ONNX Runtime was not asked of {' and '.join(missing)}" if missing else f"{len(rows)} kinds of kernels"
    return {
        "question": "What does ONNX Runtime run of each?",
        "title": title,
        "columns": [
            _column("kernel", "kernel"), _column("a", "in a", numeric=True), _column("b", "in b", numeric=True),
            _column("more", "more in b", numeric=True),
        ],
        "rows": rows,
    }  # fmt: skip


def _parity(found: Difference) -> dict[str, Any]:
    """The errors of each tensor beside each other."""
    sides = [one.parity for one in (found.a, found.b)]
    if None in sides:
        raise ValueError("parity needs two conversions: a trace alone cannot be run")
    errors = [{row.name: row for row in parity.rows} for parity in sides]
    rows = []
    for name in dict.fromkeys([*errors[0], *errors[1]]):
        a, b = (errors[side].get(name) for side in (0, 1))
        known = a or b
        assert known is not None
        rows.append({
            "op": f"{known.position} {known.op}", "a": None if a is None else number(a.nrmse),
            "b": None if b is None else number(b.nrmse), "steps_a": None if a is None else number(a.steps),
            "steps_b": None if b is None else number(b.steps), "name": name,
            "output": "output" if known.is_output else "", "far": a is None or b is None or a.nrmse != b.nrmse,
            "origin": known.position if a is not None else None,
        })  # fmt: skip
    verdicts = [one.verdict for one in (found.a, found.b)]
    changed = sum(bool(row["far"]) for row in rows)
    said = [f"{who}: {v.sentence}" for who, v in zip("ab", verdicts, strict=True) if v is not None]
    return {
        "question": "How far is each from LiteRT?",
        "title": "; ".join(said) or f"{changed} of {len(rows)} tensors have another error",
        "columns": [
            _column("op", "TFLite op"), _column("a", "nrmse of a", numeric=True),
            _column("b", "nrmse of b", numeric=True), _column("steps_a", "steps, a", numeric=True),
            _column("steps_b", "steps, b", numeric=True), _column("output", "is"), _column("name", "tensor"),
        ],
        "rows": rows,
    }  # fmt: skip
