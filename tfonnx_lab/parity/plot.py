"""The error along the graph, as a picture. Colours say what the verdict says, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfonnx_lab.parity.tensors import LEAST_SIZE, TensorParity
from tfonnx_lab.parity.verdict import Status, Verdict
from tfonnx_lab.texts import in_picture, inked, shown_alone

_FLOOR = LEAST_SIZE
_CEILING = 1e3

LOOKS: dict[Status | str, tuple[str, str, bool]] = {
    "wrong": ("wrong by itself", "tab:red", True),
    "amplified": ("right by itself, fed with something off", "tab:orange", False),
    "within": ("within LiteRT's own band", "0.55", True),
    "exact": ("exact", "tab:blue", True),
    "": ("not judged", "0.55", False),
}
"""Status => what it is called, its colour, whether it is filled: as in the lab's tab Parity."""


def plot_errors(rows: Sequence[TensorParity], name: str, ax: Any = None, verdict: Verdict | None = None) -> Any:
    """Draw each tensor's nrmse against the position of its op (log scale); returns the matplotlib Axes.

    verdict: gives each op its colour, and names the first that is wrong; without one nothing is accused.
    Outputs are squares; the grey line of an output is what LiteRT's own optimised kernels differ from its reference.
    """
    import matplotlib.pyplot as plt

    with inked():
        if ax is not None:
            return _draw(ax, rows, name, verdict)
        _, ax = plt.subplots(figsize=(8.3, 3.2), layout="constrained")
        _draw(ax, rows, name, verdict)
    told = f"The error of {len(rows)} tensors of {name.rsplit('/', 1)[-1]} along the graph."
    return shown_alone(ax, told, [verdict.sentence] if verdict is not None else [])


def _draw(ax: Any, rows: Sequence[TensorParity], name: str, verdict: Verdict | None) -> Any:
    x = np.array([row.position for row in rows])
    y = np.clip(np.nan_to_num(np.array([row.nrmse for row in rows]), posinf=_CEILING), _FLOOR, _CEILING)
    if len(rows):
        ax.plot(x, y, color="0.75", linewidth=0.8, zorder=1)
        _dots(ax, rows, x, y, verdict)
    bands = [row.band for row in rows if row.band]
    if bands:
        ax.axhspan(
            _FLOOR,
            max(bands),
            color="0.5",
            alpha=0.2,
            linewidth=0,
            zorder=0,
            label="LiteRT's XNNPACK differs from its reference by this much",
        )
    if verdict is not None and verdict.op is not None:
        _name_the_wrong(ax, rows, y, verdict.op)
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter("{x:g}")  # as a power of ten its exponent is too small to read
    ax.yaxis.set_minor_formatter("")
    ax.set_ylim(bottom=_FLOOR / 2)
    ax.set_xlabel("TFLite op, in graph order; squares are outputs")
    ax.set_ylabel("error (nrmse)")
    ax.set_title(f"{in_picture(name.rsplit('/', 1)[-1])}: distance from LiteRT along the graph", fontsize=10)
    ax.legend(fontsize=8.5, loc="best", framealpha=0.9)
    return ax


def _dots(ax: Any, rows: Sequence[TensorParity], x: np.ndarray, y: np.ndarray, verdict: Verdict | None) -> None:
    """A dot a tensor, in the colour of its op's status."""
    known: dict[int, str] = {one.position: one.status for one in verdict.ops} if verdict is not None else {}
    statuses = [known.get(row.position, "") for row in rows]
    for status, (label, colour, filled) in LOOKS.items():
        for is_output, marker, size in ((False, "o", 16), (True, "s", 36)):
            mine = [s == status and row.is_output == is_output for s, row in zip(statuses, rows, strict=True)]
            if not any(mine):
                continue
            first = label not in ax.get_legend_handles_labels()[1]
            face = colour if filled else "none"
            ax.scatter(
                x[mine], y[mine], s=size, marker=marker, facecolors=face, edgecolors=colour, zorder=3,
                label=label if first and (verdict is not None or status) else None, gid=f"status:{status}",
            )  # fmt: skip


def _name_the_wrong(ax: Any, rows: Sequence[TensorParity], y: np.ndarray, op: int) -> None:
    """Write the type of the op that is wrong beside its tensor."""
    k = next((i for i, row in enumerate(rows) if row.position == op), None)
    if k is not None:
        told, at = f"{in_picture(rows[k].op)} {op} is wrong", (op, y[k])
        ax.annotate(told, at, xytext=(6, 8), textcoords="offset points", fontsize=8.5)
