"""plot_ranges(): the ranges of all activations in one picture."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.plots.ranges import Range, blocks, ranges
from tfonnx_lab.texts import in_picture, inked, shortened, shown_alone, svg_of

_SMALL = 8.5
"""Points of the smallest letters: 11 px on a page."""
_WIDE = 40
"""More tensors than this are drawn side by side over the graph instead of a labelled row each."""

_LINEAR = 8.0
"""Up to here the axis of a wide picture is linear, so 0 to 6 can be read; beyond it is logarithmic."""

_TOLD = 300
"""Lines of the same in words: they are saved with a notebook."""

_MARKS = {"RELU": "^", "RELU6": "o", "RELU_N1_TO_1": "s"}
_COLOURS = {"RELU": "tab:green", "RELU6": "tab:orange", "RELU_N1_TO_1": "tab:purple"}


def plot_ranges(result: Any, ax: Any = None) -> Any:
    """Draw each activation's real range as a bar, with zero, six and the quantization step; returns the Axes.

    result: a Conversion, or what `convert` takes.
    A filled mark at a bar's upper end is an activation that `dequantize=True` inferred, a hollow one was considered and
    refused, a small one is named by the file. Up to 40 tensors get a row each, with their mapping in words; more stand
    side by side, with the names of the network's blocks below them.
    """
    import matplotlib.pyplot as plt

    result = converted(result)
    rows = ranges(result)
    wide = len(rows) > _WIDE
    name = in_picture(result.name.rsplit("/", 1)[-1])
    with inked():
        own = ax is None
        if own:
            size = (max(11, 0.045 * len(rows)), 4.2) if wide else (11, 1.3 + 0.27 * max(len(rows), 1))
            _, ax = plt.subplots(figsize=size, layout="constrained")
        (_draw_wide if wide else _draw_rows)(ax, rows)
        ax.set_title(f"{name}: real range of each activation", fontsize=10, loc="left", pad=48 if wide else 6)
    told = f"The real ranges of {len(rows)} activations of {result.name.rsplit('/', 1)[-1]}."
    return shown_alone(ax, told, [row.text() for row in rows[:_TOLD]]) if own else ax


def ranges_svg(result: Conversion) -> str:
    """The picture as SVG for a page: each bar and mark tells what it is when the pointer rests on it; text in the
    page's own colour."""
    import matplotlib.pyplot as plt

    rows = ranges(result)
    figure = plot_ranges(result).figure
    svg = svg_of(figure, f"the real ranges of {len(rows)} activations")
    plt.close(figure)
    return re.sub(r'<g id="range:(\d+)">', lambda m: f"{m[0]}<title>{html.escape(rows[int(m[1])].text())}</title>", svg)


def _draw_rows(ax: Any, rows: Sequence[Range]) -> None:
    least, most = _limits(rows)
    width = most - least
    for y, row in enumerate(rows):
        low, high = max(row.low, least), min(row.high, most)
        ax.barh(y, high - low, left=low, height=0.6, color="tab:blue", alpha=0.75)[0].set_gid(f"range:{y}")
        ax.plot([0, row.step], [y, y], color="black", linewidth=4, solid_capstyle="butt")
        for end, cut, sign in ((row.low, least, "<"), (row.high, most, ">")):
            if end != min(max(end, least), most):
                ax.plot([cut], [y], marker=sign, color="tab:blue", markersize=7, clip_on=False)
        _mark(ax, row, high, float(y), y)
        told = f"{row.low:.4g} to {row.high:.4g} = {row.formula()}"
        ax.annotate(
            told, (1.01, y), xycoords=ax.get_yaxis_transform(), va="center", fontsize=_SMALL, family="monospace"
        )
    _guides(ax.axvline, rows)
    ax.set_xlim(least - 0.02 * width, most + 0.02 * width)
    ax.set_yticks(
        range(len(rows)), [in_picture(f"{row.op}  {shortened(row.name, 28)}") for row in rows], fontsize=_SMALL
    )
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlabel("real value (black at zero: one quantization step)", fontsize=_SMALL)
    ax.tick_params(axis="x", labelsize=_SMALL)
    _legend(ax, rows)


def _limits(rows: Sequence[Range]) -> tuple[float, float]:
    """The part of the axis that is shown: a few very wide ranges are cut, so that the others can be read."""
    ends = np.array([(row.low, row.high) for row in rows] or [(0.0, 1.0)])
    usual = 3 * float(np.percentile(np.abs(ends).max(axis=1), 70))
    return max(float(ends[:, 0].min()), -usual), min(float(ends[:, 1].max()), usual)


def _draw_wide(ax: Any, rows: Sequence[Range]) -> None:
    x = np.arange(len(rows))
    low, high = np.array([r.low for r in rows]), np.array([r.high for r in rows])
    for index, bar in enumerate(ax.bar(x, high - low, bottom=low, width=0.9, color="tab:blue", alpha=0.75)):
        bar.set_gid(f"range:{index}")
    for index, row in enumerate(rows):
        _mark(ax, row, float(index), row.high, index)
    _guides(ax.axhline, rows)
    unit = "real value"
    if float(np.abs([low, high]).max()) > 3 * _LINEAR:
        ax.set_yscale("symlog", linthresh=_LINEAR, linscale=1.5)
        ticks = [t for t in (3, 6, 10, 30, 100, 300, 1000, 10_000, 100_000) if t <= np.abs([low, high]).max()]
        ax.set_yticks(
            [*(-t for t in ticks), 0, *ticks], [*(f"-{t}" for t in ticks), "0", *map(str, ticks)], fontsize=_SMALL
        )
        ax.minorticks_off()
        unit += f" (logarithmic beyond {_LINEAR:.0f})"
    ax.set_xlim(-1, len(rows))
    ax.set_xlabel("activation, in graph order", fontsize=_SMALL)
    ax.set_ylabel(unit, fontsize=_SMALL)
    ax.tick_params(axis="x", labelsize=_SMALL)
    _name_blocks(ax, rows)
    _legend(ax, rows)


def _name_blocks(ax: Any, rows: Sequence[Range]) -> None:
    """Shade every other block of three tensors or more, and name those that have room for it above the picture."""
    large = [block for block in blocks(rows) if block[0] and block[2] - block[1] >= 3]
    written = -1.0
    for number, (name, first, behind) in enumerate(large):
        if number % 2 == 0:
            ax.axvspan(first - 0.5, behind - 0.5, color="0.5", alpha=0.13, linewidth=0, zorder=0)
        middle = (first + behind - 1) / 2
        if middle - written > 0.018 * len(rows) or written < 0:
            ax.annotate(
                in_picture(shortened(name, 18)), (middle, 1.01), xycoords=ax.get_xaxis_transform(), rotation=50,
                fontsize=_SMALL,
                ha="left", va="bottom", rotation_mode="anchor",
            )  # fmt: skip
            written = middle


def _mark(ax: Any, row: Range, x: float, y: float, index: int) -> None:
    if row.decision:
        ax.scatter([x], [y], zorder=3, **_look(row.activation, row.decision)).set_gid(f"range:{index}")


def _look(activation: str, decision: str) -> dict[str, Any]:
    """How a mark looks: its shape tells the activation, filled inferred, hollow refused, small named by the file."""
    colour = _COLOURS.get(activation, "0.4")
    fill = "none" if decision == "refused" else colour if decision == "inferred" else "0.35"
    edge = "0.35" if decision == "named" else colour
    size = 9 if decision == "named" else 38
    return {"marker": _MARKS.get(activation, "D"), "s": size, "facecolors": fill, "edgecolors": edge, "linewidths": 1.4}


def _guides(line: Any, rows: Sequence[Range]) -> None:
    line(0, color="black", linewidth=0.8)
    if _reaches_six(rows):
        line(6, color="tab:orange", linewidth=0.9, linestyle="--")


def _reaches_six(rows: Sequence[Range]) -> bool:
    return any(5 < row.high < 8 for row in rows)


def _legend(ax: Any, rows: Sequence[Range]) -> None:
    words = {"inferred": "inferred", "refused": "considered, refused", "named": "named by the file"}
    for activation, decision in sorted({(row.activation, row.decision) for row in rows if row.decision}):
        ax.scatter([], [], label=f"{activation} {words[decision]}", **_look(activation, decision))
    if _reaches_six(rows):
        ax.plot([], [], color="tab:orange", linestyle="--", linewidth=0.9, label="six")
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        ax.figure.legend(handles, labels, fontsize=_SMALL, loc="outside lower left", ncols=5, frameon=False)
