"""A matplotlib picture alone in a cell: itself, in the colours of the page's theme, and not only the name of its
class."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

INK = "#010203"
"""What text and lines are drawn with; as SVG they take the page's own colour in its place."""

PAPER = "#fdfefe"
"""The background of a legend, replaced in the same way."""

_INKED = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
_OPAQUE = {INK: "var(--jp-ui-font-color1, #222)", "#000000": "var(--jp-ui-font-color1, #222)",
PAPER: "var(--jp-layout-color1, #fff)"}  # fmt: skip


@contextmanager
def inked() -> Iterator[None]:
    """Draw with INK on PAPER where matplotlib's own black and white are set; a reader's own style stays."""
    import matplotlib as mpl

    now: Any = mpl.rcParams
    settings: dict[Any, Any] = {name: INK for name in _INKED if now[name] == "black"}
    if now["legend.facecolor"] == "inherit" and now["axes.facecolor"] == "white":
        settings["legend.facecolor"] = PAPER
    with mpl.rc_context(settings):
        yield


def shown_alone(ax: Any, told: str, lines: Sequence[str]) -> Any:
    """The same Axes, which is a picture and its lines as HTML; `told` is the picture in one sentence."""
    ax._repr_html_ = partial(_as_html, ax, told, tuple(lines))
    return ax


def svg_of(figure: Any, label: str) -> str:
    """A figure that was drawn `inked` as SVG for a page, in the page's own colours."""
    import matplotlib as mpl

    text = io.StringIO()
    with inked(), mpl.rc_context({"svg.fonttype": "none"}):  # ticks are made as it is drawn
        figure.savefig(text, format="svg", transparent=True)
    svg = text.getvalue()[text.getvalue().index("<svg") :]
    # shrunk to a cell its letters could not be read: it scrolls
    own = f'role="img" aria-label="{html.escape(label, quote=True)}" style="max-width:none"'
    svg = svg.replace("<svg ", f"<svg {own} ", 1)
    return re.sub("|".join(_OPAQUE), lambda m: _OPAQUE[m[0]], svg)


def _as_html(ax: Any, told: str, lines: Sequence[str]) -> str:
    """The picture, which the notebook need not show a second time, and the same in words."""
    import matplotlib.pyplot as plt

    picture = svg_of(ax.figure, told)
    plt.close(ax.figure)
    words = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    more = f"<details><summary>the same in words</summary><ol>{words}</ol></details>" if lines else ""
    return f'<div style="overflow:auto">{picture}</div><p>{html.escape(told)}</p>{more}'
