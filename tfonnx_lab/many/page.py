"""A sweep as HTML: one file that sorts and filters without server or network, and links to each model's own page."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from typing import Any, Protocol

from tfonnx_lab.many import places
from tfonnx_lab.many.job import GOOD, Row
from tfonnx_lab.texts.numbers import human


class Sweep(Protocol):
    """What a page shows of `table.Sweep`."""

    rows: list[Row]
    before: Any

    @property
    def counts(self) -> dict[str, int]:
        """Status => how many models."""

    @property
    def changes(self) -> Sequence[Any]:
        """What is different from the sweep before."""


_COLUMNS = (
    ("status", "status", "what became of the model"),
    ("name", "model", "its own page, where there is one"),
    ("said", "verdict or error", "LiteRT's word on it, or why there is no file"),
    ("source_bytes", "source", "size of the model's file"),
    ("bytes", "ONNX", "size of the ONNX file"),
    ("ratio", "ratio", "ONNX over source"),
    ("nodes", "nodes", "of the ONNX graph"),
    ("seconds", "CPU s", "CPU time of the conversion"),
    ("latency_ms", "ms", "CPU time of one run in ONNX Runtime on one thread"),
    ("before", "before", "what an older sweep said, where it is different"),
)
_STYLE = """
.tfm { --fg: #1c1c1c; --dim: #555; --line: #ccc; --bad: #b71c1c; --good: #1b5e20; --bg: #fff;
  color: var(--fg); background: var(--bg); font: 14px/1.45 system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { .tfm { --fg: #e0e0e0; --dim: #aaa; --line: #444; --bad: #ef9a9a; --good: #a5d6a7;
  --bg: #111; } }
body:has(> .tfm) { margin: 24px; background: #fff; } @media (prefers-color-scheme: dark) { body:has(> .tfm) {
  background: #111; } }
.tfm table { border-collapse: collapse; margin-top: 12px; }
.tfm :is(th, td) { text-align: left; padding: 3px 14px 3px 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
.tfm .n { text-align: right; font-variant-numeric: tabular-nums; }
.tfm th button { all: unset; cursor: pointer; font-weight: 600; }
.tfm th button:focus-visible, .tfm a:focus-visible { outline: 2px solid #1976d2; } .tfm a { color: inherit; }
.tfm .bad { color: var(--bad); font-weight: 600; } .tfm .good { color: var(--good); } .tfm .said { max-width: 56ch; }
.tfm input, .tfm select { font: inherit; padding: 3px 6px; } .tfm .dim { color: var(--dim); }
"""
_SCRIPT = """
const STEP = 200; // rows that are shown at once; a browser lays out thousands of them for seconds
for (const root of document.querySelectorAll(".tfm")) {
  const body = root.querySelector("tbody"), text = root.querySelector("input"), status = root.querySelector("select");
  const count = root.querySelector("output"), end = root.querySelector(".end"), collator = new Intl.Collator();
  const rows = [...body.rows].map((row) => ({ row, text: row.textContent.toLowerCase() }));
  let wanted = rows;
  const more = (step) => {
    const next = wanted.slice(body.rows.length, body.rows.length + step);
    if (!next.length) return;
    body.append(...next.map((one) => one.row));
    seen.unobserve(end); // tells again whether the end is in sight
    seen.observe(end);
  };
  const seen = new IntersectionObserver((found) => found.some((one) => one.isIntersecting) && more(STEP));
  const filter = () => {
    const word = text.value.toLowerCase(), kind = status.value;
    wanted = rows.filter((one) => (!kind || one.row.dataset.status === kind) && one.text.includes(word));
    body.replaceChildren();
    more(STEP);
    count.textContent = `${wanted.length} of ${rows.length} models`;
  };
  text.addEventListener("input", filter);
  status.addEventListener("change", filter);
  window.addEventListener("beforeprint", () => more(rows.length));
  root.querySelectorAll("th button").forEach((button, at) => button.addEventListener("click", () => {
    const head = button.parentElement, up = head.getAttribute("aria-sort") !== "ascending";
    root.querySelectorAll("th").forEach((th) => th.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const number = head.className === "n", order = number ? (a, b) => a - b : collator.compare;
    for (const one of rows) {
      const key = one.row.cells[at].dataset.key;
      one.key = number ? Number(key) || -1 : key;
    }
    rows.sort((a, b) => (up ? 1 : -1) * order(a.key, b.key));
    filter();
  }));
  filter();
}
"""
_NUMBERS = {"source_bytes", "bytes", "ratio", "nodes", "seconds", "latency_ms"}


def page(sweep: Sweep, folder: str) -> str:
    """The whole page.

    folder: where it stands, which the links start from.
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>tfonnx_lab: '
        f"{len(sweep.rows)} models</title></head><body>{fragment(sweep, folder)}</body></html>\n"
    )


def fragment(sweep: Sweep, folder: str) -> str:
    """The table with its style and script."""
    different = {c.name: ", ".join(f"{k}: {a}" for k, (a, _) in c.fields.items()) or "none" for c in sweep.changes}
    columns = _columns(sweep)
    heads = "".join(
        f'<th{_number(key)}><button type="button" title="{html.escape(hint)}">{title}</button></th>'
        for key, title, hint in columns
    )
    keys = [key for key, _, _ in columns]
    rows = "".join(_row(row, folder, different.get(row["name"], ""), keys) for row in sweep.rows)
    choices = "".join(f'<option value="{s}">{s} ({n})</option>' for s, n in sweep.counts.items())
    gone = [change.name for change in sweep.changes if change.only == "before"]
    missing = f'<p class="dim">only in the sweep before: {html.escape(", ".join(gone))}</p>' if gone else ""
    return (
        f'<div class="tfm"><style>{_STYLE}</style>'
        f'<p><input type="search" aria-label="filter" placeholder="filter"> <select aria-label="status">'
        f'<option value="">every status</option>{choices}</select> <output class="dim"></output></p>{missing}'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f'<p class="end"></p><script>{_SCRIPT}</script></div>'
    )


def _columns(sweep: Sweep) -> list[tuple[str, str, str]]:
    """Those that have something to show."""
    empty = {"latency_ms": not any("latency_ms" in row for row in sweep.rows), "before": sweep.before is None}
    return [column for column in _COLUMNS if not empty.get(column[0])]


def _row(row: Row, folder: str, before: str, keys: Sequence[str]) -> str:
    values: dict[str, Any] = dict(row)
    values["said"] = row.get("error") or row.get("verdict") or row.get("note") or ""
    values["before"] = before
    if row.get("bytes") and row.get("source_bytes"):
        values["ratio"] = round(row["bytes"] / row["source_bytes"], 3)
    cells = "".join(_cell(key, values, folder) for key in keys)
    return f'<tr data-status="{html.escape(row["status"])}">{cells}</tr>'


def _cell(key: str, values: dict[str, Any], folder: str) -> str:
    value = values.get(key, "")
    shown = human(value) if key in ("bytes", "source_bytes") and value != "" else str(value)
    text = html.escape(shown)
    if key == "status":
        text = f'<span class="{"good" if value in GOOD else "bad"}">{text}</span>'
    if key == "name" and values.get("page") and "bytes" in values:
        text = f'<a href="{html.escape(_link(values["page"], folder))}">{text}</a>'
    return f'<td{_number(key)} data-key="{html.escape(str(value))}">{text}</td>'


def _link(target: str, folder: str) -> str:
    """From the page to a model's, relative where both lie together, so that the folder can be moved."""
    if places.is_url(target):
        return target.removeprefix(folder.rstrip("/") + "/") if folder else target
    return os.path.relpath(target, folder).replace(os.sep, "/") if folder else f"file://{target}"


def _number(key: str) -> str:
    return ' class="n"' if key in _NUMBERS else ' class="said"' if key == "said" else ""
