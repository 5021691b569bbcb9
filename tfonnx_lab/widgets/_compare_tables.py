"""The tables of `Compare`: facts, ops, steps, kernels and errors of two conversions beside each other."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tfonnx_lab.widgets._difference import Difference, One
from tfonnx_lab.widgets._handlers import ops
from tfonnx_lab.widgets.view import number

_VERDICT = "wrong by itself, amplified from what came in, or within LiteRT's own band"
_NRMSE = "root mean square error over the tensor's spread"
_STEPS = "largest error in steps of the tensor's own quantization"


def fact_rows(found: Difference) -> list[list[str]]:
    return [list(row) for row in found.facts()]


def summary_table(found: Difference) -> dict[str, Any]:
    rows = [{"what": what, "a": a, "b": b, "far": a != b} for what, a, b in found.facts()]
    return {
        "question": "What are both?",
        "title": found.sentence(),
        "columns": [
            _column("what", "fact", "what is told of both"),
            _column("a", "a", "the first conversion"),
            _column("b", "b", "the second conversion"),
        ],
        "rows": rows,
    }


def _column(key: str, title: str, hint: str, *, numeric: bool = False) -> dict[str, Any]:
    return {"key": key, "title": title, "hint": hint, "numeric": numeric}


def ops_table(found: Difference) -> dict[str, Any]:
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
            _column("status", "status", "whether both made the same of it"),
            _column("op", "op", "its number in the file", numeric=True), _column("type", "type", "of the op"),
            _column("a", "nodes in a", "what it became there"), _column("b", "nodes in b", "what it became there"),
            _column("name", "name", "of its first output"),
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


def steps_table(found: Difference) -> dict[str, Any]:
    rules = found.rules()
    return _counted(
        "Which steps has one and the other not?",
        f"{len(rules)} rules were applied more often in one than in the other",
        ("rule", "its name"),
        ("steps", "how often it was applied there"),
        [(name, a, b, a == 0 or b == 0) for name, a, b in rules],
    )


def kernels_table(found: Difference) -> dict[str, Any]:
    reports = [one.runtime for one in (found.a, found.b)]
    counts = [Counter() if report is None else report.kernels for report in reports]
    both = [(str(name), counts[0][name], counts[1][name]) for name in dict.fromkeys([*counts[0], *counts[1]])]
    both.sort(key=lambda row: -abs(row[2] - row[1]))
    missing = [who for who, report in zip("ab", reports, strict=True) if report is None]
    title = f"ONNX Runtime was not asked of {' and '.join(missing)}" if missing else f"{len(both)} kinds of kernels"
    return _counted(
        "What does ONNX Runtime run of each?",
        title,
        ("kernel", "what ONNX Runtime runs"),
        ("nodes", "nodes that it computes"),
        [(name, a, b, a != b) for name, a, b in both],
    )


def _counted(
    question: str, title: str, key: tuple[str, str], what: tuple[str, str], rows: list[tuple[str, int, int, bool]]
) -> dict[str, Any]:
    """A table of how many there are of each name in a and in b.

    key: the column of the names, and what they are; what: what is counted, in a word and in a sentence.
    rows: name, how many in a and in b, whether that is told apart.
    """
    (name, hint), (unit, counted) = key, what
    return {
        "question": question,
        "title": title,
        "columns": [
            _column("more", "more in b", f"{unit} of b minus those of a", numeric=True),
            _column(name, name, hint),
            _column("a", f"{unit} in a", counted, numeric=True),
            _column("b", f"{unit} in b", counted, numeric=True),
        ],
        "rows": [{name: one, "a": a, "b": b, "more": b - a, "far": far} for one, a, b, far in rows],
    }


def parity_table(found: Difference) -> dict[str, Any]:
    """The errors of each tensor beside each other."""
    sides = [one.parity for one in (found.a, found.b)]
    if None in sides:
        raise ValueError("parity needs two conversions: a trace alone cannot be run")
    errors = [{row.name: row for row in parity.rows} for parity in sides]
    verdicts = [one.verdict for one in (found.a, found.b)]
    judged = [{} if v is None else {op.position: op.status for op in v.ops} for v in verdicts]
    rows = []
    for name in dict.fromkeys([*errors[0], *errors[1]]):
        a, b = (errors[side].get(name) for side in (0, 1))
        known = a or b
        assert known is not None
        rows.append({
            "status_a": "" if a is None else judged[0].get(a.position, ""),
            "status_b": "" if b is None else judged[1].get(b.position, ""),
            "op": f"{known.position} {known.op}", "a": None if a is None else number(a.nrmse),
            "b": None if b is None else number(b.nrmse), "steps_a": None if a is None else number(a.steps),
            "steps_b": None if b is None else number(b.steps), "name": name,
            "output": "output" if known.is_output else "", "far": a is None or b is None or a.nrmse != b.nrmse,
            "origin": known.position if a is not None else None,
        })  # fmt: skip
    changed = sum(bool(row["far"]) for row in rows)
    said = [f"{who}: {v.sentence}" for who, v in zip("ab", verdicts, strict=True) if v is not None]
    return {
        "question": "How far is each from LiteRT?",
        "title": "; ".join(said) or f"{changed} of {len(rows)} tensors have another error",
        "columns": [
            _column("status_a", "verdict of a", _VERDICT), _column("status_b", "verdict of b", _VERDICT),
            _column("op", "TFLite op", "the op that makes the tensor"),
            _column("a", "nrmse of a", _NRMSE, numeric=True), _column("b", "nrmse of b", _NRMSE, numeric=True),
            _column("steps_a", "steps, a", _STEPS, numeric=True), _column("steps_b", "steps, b", _STEPS, numeric=True),
            _column("output", "is", "whether the model gives it out"),
            _column("name", "tensor", "its name in the file"),
        ],
        "rows": rows,
    }  # fmt: skip
