"""The report as HTML: a fragment for a notebook, a page for a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfonnx_lab.runtime.report import Report

_STYLE = """
.tfr { --fg: var(--jp-ui-font-color1, #1c1c1c); --dim: var(--jp-ui-font-color2, #555); --line: var(--jp-border-color2, #ddd);
  --soft: var(--jp-layout-color2, #eee); --accent: var(--jp-brand-color1, #1976d2); --warn: var(--jp-warn-color1, #b85c00);
  font: 13px/1.5 var(--jp-ui-font-family, system-ui, sans-serif); color: var(--fg); max-width: 1000px; }
.tfr h3 { margin: 0 0 2px; font-size: 15px; overflow-wrap: anywhere; } .tfr h4 { margin: 14px 0 4px !important; font-size: 13px; }
.tfr :is(h3, h4) { font-weight: 600 !important; }
.tfr p { margin: 0 0 6px; color: var(--dim); }
.tfr .tfr-cards { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0; }
.tfr .tfr-card { background: var(--soft); border-radius: 6px; padding: 6px 12px; min-width: 130px; }
.tfr .tfr-card b { display: block; font-size: 16px; font-variant-numeric: tabular-nums; } .tfr .tfr-card span { color: var(--dim); }
.tfr table { border-collapse: collapse; margin: 0; font-size: 12px; color: inherit; font-variant-numeric: tabular-nums; }
.tfr :is(th, td) { text-align: left !important; padding: 2px 14px 2px 0; border: 0; border-bottom: 1px solid var(--line); vertical-align: top; background: none; overflow-wrap: break-word; }
.tfr th { color: var(--dim); font-weight: 500; } .tfr table td.tfr-number { text-align: right !important; white-space: nowrap; }
.tfr .tfr-bar { display: inline-block; height: 9px; background: var(--accent); border-radius: 2px; vertical-align: middle; }
.tfr .tfr-beside { display: flex; flex-wrap: wrap; gap: 0 40px; } .tfr .tfr-beside section { min-width: 340px; }
.tfr .tfr-warn { color: var(--warn); }
"""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body {{ margin: 24px; }} @media (prefers-color-scheme: dark) {{ body {{ background: #111; --jp-ui-font-color1: #e0e0e0;
--jp-ui-font-color2: #a8a8a8; --jp-border-color2: #444; --jp-layout-color2: #222; --jp-brand-color1: #42a5f5; --jp-warn-color1: #ffb74d; }} }}</style>
</head><body>{body}</body></html>
"""


def page(report: Report) -> str:
    """The report as a page of its own, light or dark as the reader has it."""
    from tfonnx_lab.runtime.report import short_name

    return _PAGE.format(title=escape(f"{short_name(report.name)}: conversion report"), body=fragment(report))


def fragment(report: Report) -> str:
    """The report in the colours of the page around it."""
    from tfonnx_lab.runtime.report import human, short_name, some

    options = ", ".join(f"{k}={v}" for k, v in report.options.items()) or "default options"
    parts = [
        f"<h3>{escape(short_name(report.name))}</h3>",
        f"<p>opset {report.opset}, {escape(options)}, {report.steps} steps in {report.seconds * 1e3:.0f} ms</p>",
        _cards(report, human),
        _warnings("Not converted", report.unconverted),
        _warnings("Notes", report.notes),
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


def styled(body: str) -> str:
    """A fragment with the style of all reports."""
    return f'<style>{_STYLE}</style><div class="tfr">{body}</div>'


def _cards(report: Report, human: Callable[[int], str]) -> str:
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


def _warnings(title: str, texts: Sequence[str]) -> str:
    rows = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f'<h4>{title}</h4><ul class="tfr-warn">{rows}</ul>' if rows else ""


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> str:
    """A table under its title, nothing where it has no rows; the last `numbers` columns are numbers."""
    first = len(head) - numbers
    body = "".join(
        "<tr>"
        + "".join(f"<td{_NUMBER if i >= first else ''}>{escape(text)}</td>" for i, text in enumerate(row))
        + "</tr>"
        for row in rows
    )
    cells = "".join(f"<th>{escape(text)}</th>" for text in head)
    return f"<h4>{escape(title)}</h4><table><tr>{cells}</tr>{body}</table>" if body else ""


_NUMBER = ' class="tfr-number"'


def _bars(title: str, counts: dict[str, int], shown: Callable[[int], str]) -> str:
    most = max(counts.values(), default=0)
    body = "".join(
        f"<tr><td>{escape(name)}</td><td{_NUMBER}>{escape(shown(count))}</td>"
        f'<td><span class="tfr-bar" style="width:{max(2, round(180 * count / most))}px"></span></td></tr>'
        for name, count in counts.items()
    )
    return f"<section><h4>{escape(title)}</h4><table>{body}</table></section>" if body else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
