"""The report as HTML: a fragment for a notebook, a page for a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from tfonnx_lab.reports.facts import Facts
from tfonnx_lab.texts import NUMBER, human, short_name, some, styled, table

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body {{ margin: 24px; }} @media (prefers-color-scheme: dark) {{ body {{ background: #111;
  --jp-ui-font-color1: #e0e0e0;
--jp-ui-font-color2: #a8a8a8; --jp-border-color2: #444; --jp-layout-color2: #222; --jp-brand-color1: #42a5f5;
  --jp-warn-color1: #ffb74d; }} }}</style>
</head><body>{body}</body></html>
"""


def page(report: Facts) -> str:
    """The report as a page of its own, light or dark as the reader has it."""
    return _PAGE.format(title=escape(f"{short_name(report.name)}: conversion report"), body=fragment(report))


def fragment(report: Facts) -> str:
    """The report in the colours of the page around it."""
    options = ", ".join(f"{k}={v}" for k, v in report.options.items()) or "default options"
    parts = [
        f"<h3>{escape(short_name(report.name))}</h3>",
        f"<p>opset {report.opset}, {escape(options)}, {report.steps} steps in {report.seconds * 1e3:.0f} ms</p>",
        _verdict(report),
        _cards(report, human),
        _warnings("Not converted", report.unconverted),
        _warnings("Notes", report.notes),
        _plain("Right, and rounded in another way than LiteRT's reference", report.rounding),
        table(
            "Outputs, compared with LiteRT's reference kernels",
            ("output", "shape", "nrmse", "XNNPACK's nrmse", "largest error", "steps"),
            [
                (
                    o["name"],
                    "x".join(map(str, o["shape"])),
                    *(_number(o[k]) for k in ("nrmse", "band", "error", "steps")),
                )
                for o in report.outputs
            ],
            numbers=4,
        ),
        table(
            "Float islands: ops that compute in float between codes",
            ("op", "how many", "why", "where"),
            [(op, str(len(names)), why, some(names)) for op, why, names in report.grouped()],
        ),
        '<div class="tfr-beside">',
        _bars("Weights by dtype", report.weights, human),
        _bars("Results of kernels by dtype", report.activations, str),
        '</div><div class="tfr-beside">',
        _bars("Kernels that run", report.kernels, str),
        _bars("ONNX ops", report.ops, str),
        "</div>",
    ]
    return styled("".join(parts))


def _cards(report: Facts, human: Callable[[int], str]) -> str:
    worst = max((o["nrmse"] for o in report.outputs), default=None)
    size = "" if report.source_size is None else f"TFLite {human(report.source_size)}"
    cards = [(human(report.size), f"ONNX file, {size}".rstrip(", "))]
    if report.fused_share is not None:
        cards += [(f"{report.fused_share:.0%}", "of the ops between Q and DQ on integers")]
        cards += [(str(len(report.islands)), "float islands")]
    cards += [
        ("not known" if worst is None else f"{worst:.2g}", "largest nrmse of an output"),
    ]
    body = "".join(f'<div class="tfr-card"><b>{escape(b)}</b><span>{escape(t)}</span></div>' for b, t in cards)
    return f'<div class="tfr-cards">{body}</div>'


def _verdict(report: Facts) -> str:
    """The verdict, marked by a sign and a colour, and the ops that are wrong."""
    if not report.verdict:
        return ""
    sign, kind = ("&#10003;", "tfr-right") if report.ok else ("&#10007;", "tfr-wrong")
    rows = "".join(f"<li>{escape(text)}</li>" for text in report.faults)
    return f'<p class="{kind}"><b>{sign} {escape(report.verdict)}</b></p>' + (f"<ul>{rows}</ul>" if rows else "")


def _warnings(title: str, texts: Sequence[str]) -> str:
    rows = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f'<h4>{title}</h4><ul class="tfr-warn">{rows}</ul>' if rows else ""


def _plain(title: str, texts: Sequence[str]) -> str:
    rows = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<h4>{title}</h4><ul>{rows}</ul>" if rows else ""


def _bars(title: str, counts: dict[str, int], shown: Callable[[int], str]) -> str:
    most = max(counts.values(), default=0)
    body = "".join(
        f"<tr><td>{escape(name)}</td><td{NUMBER}>{escape(shown(count))}</td>"
        f'<td><span class="tfr-bar" style="width:{max(2, round(180 * count / most))}px"></span></td></tr>'
        for name, count in counts.items()
    )
    return f"<section><h4>{escape(title)}</h4><table>{body}</table></section>" if body else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
