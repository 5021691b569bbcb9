"""Pictures of a conversion: the real range of every activation, and where a ReLU was found in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfonnx_lab.conversion import Conversion
from tfonnx_lab.trace import Trace

_CODES = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}
_WIDE = 40
"""More tensors than this are drawn as a band over the graph instead of a labelled bar each."""


@dataclass(frozen=True)
class Range:
    """The real range of a quantized activation: (qmin - zero_point) * scale to (qmax - zero_point) * scale.

    op: type of the TFLite op that makes it ("INPUT" for an input of the model). step: real distance of two codes.
    decision: "RELU", "RELU6", "RELU_N1_TO_1" where one was inferred, "refused" where one was considered, else "".
    """

    name: str
    op: str
    low: float
    high: float
    step: float
    decision: str = ""
    reason: str = ""


def ranges(result: Conversion) -> list[Range]:
    """The ranges of the quantized activations of the TFLite model, in graph order, each tensor once."""
    start = result.trace.start
    values = {v["id"]: v for v in start["values"]}
    main = start["graphs"][0]
    made = [("INPUT", v) for v in main["inputs"]]
    nodes = {n["id"]: n for n in start["nodes"]}
    made += [(nodes[n]["op"], v) for n in main["nodes"] for v in nodes[n]["out"]]
    decisions = inferred(result.trace)
    found = []
    for op, number in made:
        value = values[number]
        quant = value["quant"]
        if quant is None or value["dtype"] not in _CODES or value["const"] is not None:
            continue
        low, high = _CODES[value["dtype"]]
        scale, zero = quant["scale"][0], quant["zero_point"][0]
        decision, reason = decisions.get(value["name"], ("", ""))
        found.append(Range(value["name"], op, (low - zero) * scale, (high - zero) * scale, scale, decision, reason))
    return found


def inferred(trace: Trace) -> dict[str, tuple[str, str]]:
    """Tensor name => (activation, reason) where the dequantizing rewriter inferred one, ("refused", reason) where not."""
    found: dict[str, tuple[str, str]] = {}
    names = _names(trace)
    rules = trace.rules
    for miss in trace.misses:
        if rules[miss["rule"]]["name"].startswith("infer_"):
            for name in names.get(miss["node"], ()):
                found[name] = "refused", miss["why"]
    for step in trace:
        if step.rule.get("name", "").startswith("infer_") and step.root is not None:
            kinds = [e[3]["op"] for e in step.edits if e[0] == "insert" and e[3]["op"].startswith("RELU")]
            for name in names.get(step.root, ()):
                found[name] = (kinds[0] if kinds else "refused"), step.note
    return found


def _names(trace: Trace) -> dict[int, list[str]]:
    """Node id => names of its outputs at the time it came in, and of what it replaced."""
    values = {v["id"]: v["name"] for v in trace.start["values"]}
    found = {n["id"]: [values[v] for v in n["out"]] for n in trace.start["nodes"]}
    for step in trace:
        for edit in step.edits:
            if edit[0] == "insert":
                values.update({v["id"]: v["name"] for v in edit[4]})
                found[edit[3]["id"]] = [values[v] for v in edit[3]["out"]]
            elif edit[0] == "retype" and "name" in edit[2]:
                for names in found.values():
                    if names and values.get(edit[1]) in names:
                        names.append(edit[2]["name"])
                values[edit[1]] = edit[2]["name"]
    return found


_COLOURS = {"RELU": "tab:green", "RELU6": "tab:orange", "RELU_N1_TO_1": "tab:purple", "refused": "0.5"}


def plot_ranges(result: Conversion, ax: Any = None) -> Any:
    """Draw each activation's real range as a bar, with zero, six and the quantization step; returns the Axes.

    Inferred activations (`dequantize=True`) are filled marks at the bar's upper end, considered and refused ones hollow.
    Up to 40 tensors get a labelled row each; more are drawn side by side over the graph.
    """
    import matplotlib.pyplot as plt

    rows = ranges(result)
    wide = len(rows) > _WIDE
    if ax is None:
        size = (11, 4) if wide else (8, 1.2 + 0.26 * max(len(rows), 1))
        _, ax = plt.subplots(figsize=size, layout="constrained")
    (_draw_wide if wide else _draw_rows)(ax, rows)
    ax.set_title(f"{result.name.rsplit('/', 1)[-1]}: real range of each activation", fontsize=10)
    return ax


def _draw_rows(ax: Any, rows: list[Range]) -> None:
    y = np.arange(len(rows))
    for position, row in zip(y, rows, strict=True):
        bar = ax.barh(position, row.high - row.low, left=row.low, height=0.6, color="tab:blue", alpha=0.75)[0]
        bar.set_gid(f"range:{position}")
        ax.plot([0, row.step], [position, position], color="black", linewidth=2.5, solid_capstyle="butt")
        _mark(ax, row, row.high, float(position))
    _guides(ax.axvline, rows)
    ax.set_yticks(y, [f"{row.op}  {_short(row.name)}" for row in rows], fontsize=7)
    ax.invert_yaxis()
    ax.set_xlabel("real value (black: one quantization step)")
    _legend(ax, rows)


def _draw_wide(ax: Any, rows: list[Range]) -> None:
    x = np.arange(len(rows))
    low, high = np.array([r.low for r in rows]), np.array([r.high for r in rows])
    ax.bar(x, high - low, bottom=low, width=0.9, color="tab:blue", alpha=0.75)
    for position, row in zip(x, rows, strict=True):
        _mark(ax, row, float(position), row.high)
    _guides(ax.axhline, rows)
    limit = float(np.percentile(np.abs(np.concatenate([low, high])), 95)) * 1.3
    if limit < float(np.abs(np.concatenate([low, high])).max()):
        ax.set_yscale("symlog", linthresh=max(limit / 4, 1.0))
    ax.set_xlim(-1, len(rows))
    ax.set_xlabel("activation, in graph order")
    ax.set_ylabel("real value")
    _legend(ax, rows)


def _mark(ax: Any, row: Range, x: float, y: float) -> None:
    if row.decision:
        fill = "none" if row.decision == "refused" else _COLOURS[row.decision]
        ax.scatter([x], [y], s=34, facecolors=fill, edgecolors=_COLOURS[row.decision], zorder=3, linewidths=1.4)


def _guides(line: Any, rows: list[Range]) -> None:
    line(0, color="black", linewidth=0.8)
    if any(5 < row.high < 8 for row in rows):
        line(6, color="tab:orange", linewidth=0.8, linestyle="--")


def _legend(ax: Any, rows: list[Range]) -> None:
    kinds = dict.fromkeys(row.decision for row in rows if row.decision)
    for kind in kinds:
        label = "considered, refused" if kind == "refused" else f"{kind} inferred"
        fill = "none" if kind == "refused" else _COLOURS[kind]
        ax.scatter([], [], s=34, facecolors=fill, edgecolors=_COLOURS[kind], label=label)
    if any(5 < row.high < 8 for row in rows):
        ax.plot([], [], color="tab:orange", linestyle="--", linewidth=0.8, label="six")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(fontsize=7, loc="best")


def _short(name: str, size: int = 28) -> str:
    tail = name.split(";")[0]
    return tail if len(tail) <= size else f"...{tail[-size:]}"
