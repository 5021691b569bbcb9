"""The steps of a size as bars: base, matrix code, kernels, each as wide as its bytes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tfonnx_lab.mobile.size_sum import Sum
from tfonnx_lab.texts import human

_SHADES = {"base": 0.25, "matrix": 0.5, "kernels": 0.85}
"""Part of a sum => how dark its piece of a bar is; the colour is the text's, so it fits any theme."""


def bars(steps: Sequence[tuple[str, Sum]]) -> str:
    """HTML: a bar a step, the widest for the most bytes, with a legend; every piece has its name and size as a
    title."""
    most = max((total.total for _, total in steps), default=1)
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td style='width:60%'><div "
        "style='display:flex;height:1em'>"
        f"{''.join(_piece(part, getattr(total, part), most) for part in _SHADES)}</div></td>"
        f"<td style='text-align:right'>{human(total.total)}</td></tr>"
        for name, total in steps
    )
    legend = ", ".join(f"<span>{_swatch(shade)} {part}</span>" for part, shade in _SHADES.items())
    return f"<table style='width:100%' role='img' aria-label='size, step by step'>{rows}</table><p>{legend}</p>"


def _piece(part: str, count: int, most: int) -> str:
    shade = _SHADES[part]
    width = f"width:{100 * count / most:.2f}%"
    return f"<div title='{part}: {count:,} bytes' style='{width};background:currentColor;opacity:{shade}'></div>"


def _swatch(shade: float) -> str:
    return f"<span style='display:inline-block;width:1em;height:.7em;background:currentColor;opacity:{shade}'></span>"
