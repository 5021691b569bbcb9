"""What the handlers view shows: a row for each TFLite op, and everything known about one of them."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from tfonnx_lab.debug import Changes
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.parity import Parity
from tfonnx_lab.trace.summary import StepSummary, Summary
from tfonnx_lab.widgets.view import number

_ORDER = {"failed": 0, "kept": 1, "wrong": 2, "ok": 3}
_DRAWN = 40
"""Nodes of one op that are drawn at most."""
COLUMNS: list[dict[str, Any]] = [
    {
        "key": "status",
        "title": "status",
        "hint": "failed: no ONNX; kept: left as it was; far: more than rounding",
    },
    {"key": "op", "title": "op", "numeric": True, "hint": "the number of the op in the TFLite file"},
    {"key": "type", "title": "type", "hint": "TFLite's name of the op"},
    {"key": "steps", "title": "error, steps", "numeric": True, "hint": "largest error in steps of the tensor's scale"},
    {
        "key": "relative",
        "title": "error, of its scale",
        "numeric": True,
        "hint": "largest error over the largest value of the tensor",
    },
    {"key": "incoming", "title": "error coming in", "numeric": True, "hint": "the same of what the op reads"},
    {"key": "onnx", "title": "ONNX nodes", "hint": "what is left of the op in the ONNX graph"},
    {"key": "ms", "title": "ms", "numeric": True, "hint": "how long its handler took"},
    {"key": "name", "title": "name", "hint": "the tensor that the op makes"},
]


WAS = [{"key": "was", "title": "before the retry", "hint": "its status as it was"}]
"""The column that tells what a retry changed."""


def was(changes: Changes) -> dict[int, str]:
    """TFLite op => what it was before a retry, for those that became something else."""
    return {change.position: change.before for change in changes.ops}


def ops(brief: Summary) -> dict[int, Any]:
    """The ops of the start graph by their number: of the TFLite file, or of the ONNX file that was given."""
    found: dict[int, Any] = {}
    for node in brief.start:
        if node["origin"]:  # nodes of a subgraph come later, with the number of the one that they belong to
            found.setdefault(int(node["origin"][0]), node)
    return found


def handled(brief: Summary) -> dict[int, list[StepSummary]]:
    """TFLite op => the steps that touched it."""
    found: dict[int, list[StepSummary]] = {}
    for step in brief.steps:
        for origin in step.origin:
            found.setdefault(origin, []).append(step)
    return found


def rows(brief: Summary, parity: Parity | None) -> list[dict[str, Any]]:
    """One row an op, what needs attention first."""
    left, steps, errors = brief.origins(), handled(brief), _errors(parity)
    makers = {v: int(n["origin"][0]) for n in brief.start if n["origin"] for v in n["out"]}
    wrong = _wrong(parity)
    found = []
    for position, node in ops(brief).items():
        mine = steps.get(position, [])
        nodes = [brief.nodes[k] for k in left.get(position, ())]
        worst = errors.get(position)
        before = [errors[makers[v]] for v in node["in"] if v in makers and makers[v] in errors]
        found.append(
            {
                "op": position,
                "type": node["op"],
                "name": node["name"],
                "status": _status(mine, nodes, position in wrong),
                "onnx": _counted([n["op"] for n in nodes]),
                "steps": None if worst is None else number(worst[1]),
                "relative": None if worst is None else number(worst[0]),
                "incoming": number(max((b[0] for b in before), default=0.0)) if errors else None,
                "ms": round(sum(s.ms for s in mine if s.stage == "handlers"), 3),
                "origin": position,
            }
        )
    return sorted(found, key=lambda row: (_ORDER[row["status"]], row["op"]))


def table(brief: Summary, parity: Parity | None, changes: Changes | None = None) -> dict[str, Any]:
    """The rows with a heading, and how many ops have each status; after a retry also what ops were before."""
    found = rows(brief, parity)
    before = {} if changes is None else was(changes)
    for row in found if before else ():
        row["was"] = before.get(row["op"], "")
    counts = Counter(row["status"] for row in found)
    statuses = [[status, counts[status]] for status in _ORDER if counts[status]]
    title = f"{len(found)} TFLite ops: {', '.join(f'{n} {status}' for status, n in statuses)}"
    columns = [*COLUMNS, *WAS] if before else COLUMNS
    return {"title": title, "columns": columns, "rows": found, "statuses": statuses}


def _errors(parity: Parity | None) -> dict[int, tuple[float, float | None]]:
    """TFLite op => (relative error, steps) of the worst tensor that it makes."""
    worst: dict[int, tuple[float, float | None]] = {}
    for row in parity.rows if parity is not None else ():
        if row.position not in worst or row.relative > worst[row.position][0]:
            worst[row.position] = (row.relative, row.steps)
    return worst


def _wrong(parity: Parity | None) -> set[int]:
    """The ops that are wrong by themselves; none where nothing was judged."""
    try:
        return set() if parity is None else {one.position for one in parity.verdict.wrong}
    except ConversionError:
        return set()


def _status(steps: list[StepSummary], nodes: list[Any], wrong: bool) -> str:
    unconverted = any(n["domain"].startswith("tflite") for n in nodes)
    if unconverted:
        return "failed" if any(s.error for s in steps) else "kept"
    return "wrong" if wrong else "ok"


def _counted(types: list[str]) -> str:
    return ", ".join(f"{n} {op}" if n > 1 else op for op, n in Counter(types).items()) or "none (folded)"


def detail(brief: Summary, position: int) -> dict[str, Any]:
    """Attributes, tensors, steps, failure, source and values at hand of one op."""
    node = ops(brief).get(position)
    if node is None:
        return {}
    steps = handled(brief).get(position, [])
    left = [brief.nodes[k] for k in brief.origins().get(position, ())]
    failed = next((s for s in reversed(steps) if s.error), None)
    by_handlers = [s for s in steps if s.stage == "handlers"]
    own = [s for s in by_handlers if s.rule.get("name") not in ("quantize", "dequantize")]
    handler = failed or next(iter(own or by_handlers), None)
    error = None if failed is None or failed.error is None else failed.error
    return {
        "op": position,
        "type": node["op"],
        "name": node["name"],
        "attributes": [[k, plain(v)] for k, v in brief.json(node["attrs"]).items()],
        "inputs": [_tensor(brief, v) for v in node["in"]],
        "outputs": [_tensor(brief, v) for v in node["out"]],
        "onnx": [f"{n['domain'] or 'ai.onnx'}::{n['op']}  {n['name']}" for n in left],
        "graph": _graph(brief, left),
        "steps": [
            {"index": s.i, "text": f"{s.stage}: {s.rule.get('name', 'no handler')}", "note": s.note} for s in steps
        ],
        "rule": None if handler is None else _rule(handler),
        "error": None if error is None else f"{error['type']}: {error['message']}",
        "traceback": "" if error is None else error.get("traceback", ""),
        "bindings": [] if handler is None else _bindings(brief, handler),
    }


def _graph(brief: Summary, nodes: list[Any]) -> dict[str, Any]:
    """Nodes and their values as in a trace, to be drawn; without those of an op that became a great many."""
    shown = nodes[:_DRAWN]
    values = {v for n in shown for v in (*n["in"], *n["out"]) if v is not None}
    return {"nodes": [brief.json(n) for n in shown], "values": [brief.json(brief.values[v]) for v in sorted(values)]}


def _rule(step: StepSummary) -> dict[str, Any] | None:
    """The rule's place and source, and the line that raised (from 0)."""
    rule = step.rule
    if not rule:
        return None
    line = None
    if step.error:
        start = int(rule["line"])
        count = len(str(rule["source"]).splitlines())
        places = [int(n) for n in re.findall(r"line (\d+)", step.error.get("traceback", ""))]
        inside = [n - start for n in places if start <= n < start + count]
        line = inside[-1] if inside else None
    return {"name": rule["name"], "doc": rule["doc"], "file": place_of(rule),
            "source": rule["source"], "line": line}  # fmt: skip


def place_of(rule: dict[str, Any]) -> str:
    """`handlers/conv.py:31`; of a rule that stands in a notebook `your cell 5, line 3`."""
    apart = ", line " if str(rule["file"]).startswith("your cell") else ":"
    return f"{rule['file']}{apart}{rule['line']}"


def _bindings(brief: Summary, step: StepSummary) -> list[list[str]]:
    """What the handler had at hand: each name and what it stood for."""
    bind = brief.trace.records[step.i]["bind"]
    found = []
    for name, what in brief.json(bind).items():
        if isinstance(what, dict) and what.get("value") in brief.values:
            found.append([name, _tensor(brief, what["value"])])
        elif isinstance(what, dict) and what.get("node") in brief.nodes:
            _, op, label = brief.named(what["node"])
            found.append([name, f"node {op} {label}"])
    return found


def _tensor(brief: Summary, number_: int | None) -> str:
    """`name  INT8 [1, 8, 8, 16]  0.0235 * (q + 128)`, and the range of a constant."""
    if number_ is None:
        return "(left out)"
    value = brief.json(brief.values[number_])
    shape = value["shape"]
    held = value.get("tensors")  # its name in the file, where it was renamed since
    name = held[0][0] if held else value["name"]
    text = f"{name}  {value['dtype']} {'unknown shape' if shape is None else shape}"
    quant, const = value.get("quant"), value.get("const")
    if quant:
        text += f"  {formula(quant)}"
    if const:
        text += f"  constant {plain(const['data'])}" if "data" in const else f"  constant, {_range(const)}"
    return text


def formula(quant: dict[str, Any]) -> str:
    """`0.0235 * (q + 128)`."""
    if quant["size"] > 1:
        return f"{quant['size']} scales along axis {quant['axis']}"
    zero = quant["zero_point"][0]
    code = "q" if zero == 0 else f"(q {'-' if zero > 0 else '+'} {abs(zero)})"
    return f"{quant['scale'][0]:.4g} * {code}"


def _range(const: dict[str, Any]) -> str:
    return f"{plain(const['min'])} to {plain(const['max'])}" if "min" in const else f"{const['bytes']} bytes"


def plain(value: Any) -> str:
    """A value of an attribute or a constant, for reading."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return f"[{', '.join(plain(v) for v in value)}]"
    if isinstance(value, dict):
        return f"graph {value['graph']}" if "graph" in value else f"{value.get('dtype')} {value.get('shape')}"
    return str(value)
