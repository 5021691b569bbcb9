"""Tables as HTML, in the colours of the page around them, with the style of all reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

NUMBER = ' class="tfr-number"'
"""The attribute of a cell that holds a number."""

_STYLE = """
.tfr { --fg: var(--jp-ui-font-color1, #1c1c1c); --dim: var(--jp-ui-font-color2, #555); --line: var(--jp-border-color2,
  #ddd);
  --soft: var(--jp-layout-color2, #eee); --accent: var(--jp-brand-color1, #1976d2); --warn: var(--jp-warn-color1,
    #b85c00);
  font: 13px/1.5 var(--jp-ui-font-family, system-ui, sans-serif); color: var(--fg); max-width: 1000px; }
.tfr h3 { margin: 0 0 2px; font-size: 15px; overflow-wrap: anywhere; } .tfr h4 { margin: 14px 0 4px !important;
  font-size: 13px; }
.tfr :is(h3, h4) { font-weight: 600 !important; }
.tfr p { margin: 0 0 6px; color: var(--dim); }
.tfr .tfr-cards { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0; }
.tfr .tfr-card { background: var(--soft); border-radius: 6px; padding: 6px 12px; min-width: 130px; }
.tfr .tfr-card b { display: block; font-size: 16px; font-variant-numeric: tabular-nums; } .tfr .tfr-card span {
  color: var(--dim); }
.tfr table { border-collapse: collapse; margin: 0; font-size: 12px; color: inherit; font-variant-numeric: tabular-nums;
  }
.tfr :is(th, td) { text-align: left !important; padding: 2px 14px 2px 0; border: 0;
  border-bottom: 1px solid var(--line); vertical-align: top; background: none; overflow-wrap: break-word; }
.tfr th { color: var(--dim); font-weight: 500; } .tfr table td.tfr-number { text-align: right !important;
  white-space: nowrap; }
.tfr .tfr-bar { display: inline-block; height: 9px; background: var(--accent); border-radius: 2px;
  vertical-align: middle; }
.tfr .tfr-beside { display: flex; flex-wrap: wrap; gap: 0 40px; } .tfr .tfr-beside section { min-width: 340px; }
.tfr .tfr-warn { color: var(--warn); }
.tfr .tfr-right { color: var(--fg); } .tfr .tfr-wrong { color: var(--jp-error-color1, #c62828); }
"""


def styled(body: str) -> str:
    """A fragment with the style of all reports."""
    return f'<style>{_STYLE}</style><div class="tfr">{body}</div>'


def grid(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table alone, in the style of the page around it.

    head: the headings.
    rows: what stands below them; its text is escaped.
    """
    cells = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(item))}</td>" for item in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> str:
    """A table under its title, nothing where it has no rows; the last `numbers` columns are numbers."""
    first = len(head) - numbers
    body = "".join(
        "<tr>"
        + "".join(f"<td{NUMBER if i >= first else ''}>{escape(text)}</td>" for i, text in enumerate(row))
        + "</tr>"
        for row in rows
    )
    cells = "".join(f"<th>{escape(text)}</th>" for text in head)
    return f"<h4>{escape(title)}</h4><table><tr>{cells}</tr>{body}</table>" if body else ""
