"""The error along the graph, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfonnx_lab.parity.tensors import LEAST_SIZE, TensorParity
from tfonnx_lab.texts import in_picture, inked, shown_alone

_FLOOR = LEAST_SIZE
_TOLD = 1e-6
"""Growth up to a smaller error is rounding of float32, and not named."""


def plot_errors(rows: Sequence[TensorParity], name: str, ax: Any = None) -> Any:
    """Draw each tensor's nrmse against the position of its op (log scale); returns the matplotlib Axes.

    Outputs are squares; the grey line of an output is what LiteRT's own optimised kernels differ from its reference.
    The op that adds most to the error is named.
    """
    import matplotlib.pyplot as plt

    with inked():
        if ax is not None:
            return _draw(ax, rows, name)
        _, ax = plt.subplots(figsize=(9, 3.2), layout="constrained")
        _draw(ax, rows, name)
    told = f"The error of {len(rows)} tensors of {name.rsplit('/', 1)[-1]} along the graph."
    return shown_alone(ax, told, [])


def _draw(ax: Any, rows: Sequence[TensorParity], name: str) -> Any:
    x = np.array([row.position for row in rows])
    y = np.maximum(np.nan_to_num(np.array([row.nrmse for row in rows]), posinf=1e3), _FLOOR)
    is_output = np.array([row.is_output for row in rows], bool)
    if len(rows):
        ax.plot(x, y, color="0.75", linewidth=0.8, zorder=1)
        ax.scatter(x[~is_output], y[~is_output], s=14, color="tab:blue", label="tensor", zorder=2)
        ax.scatter(x[is_output], y[is_output], s=36, color="tab:orange", marker="s", label="output", zorder=3)
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
    _name_the_worst(ax, rows, y)
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter("{x:g}")  # as a power of ten its exponent is too small to read
    ax.yaxis.set_minor_formatter("")
    ax.set_ylim(bottom=_FLOOR / 2)
    ax.set_xlabel("TFLite op, in graph order")
    ax.set_ylabel("error (nrmse)")
    ax.set_title(f"{in_picture(name.rsplit('/', 1)[-1])}: distance from LiteRT along the graph", fontsize=10)
    ax.legend(fontsize=8.5, loc="best", framealpha=0.9)
    return ax


def _name_the_worst(ax: Any, rows: Any, y: np.ndarray) -> None:
    """Write the op's type where the error grows most."""
    if len(rows) < 2 or y.max() <= 10 * _FLOOR:
        return
    growth = np.diff(np.log(y), prepend=np.log(_FLOOR))
    k = int(np.argmax(np.where(y > _TOLD, growth, 0)))
    ax.annotate(
        f"{in_picture(rows[k].op)} {rows[k].position}",
        (rows[k].position, y[k]),
        xytext=(6, 8),
        textcoords="offset points",
        fontsize=8.5,
    )
