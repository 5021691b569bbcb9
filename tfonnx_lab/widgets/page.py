"""One file that steps through a trace: no kernel, no server, no network."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from collections import Counter
from typing import Any

from tfonnx_lab.widgets._source import TraceLike, packed
from tfonnx_lab.widgets.assets import asset, netron

RULES = ["stage", "rule", "steps", "what it does"]
_RULE = re.compile(rb'"rule": ?(\d+|null)')
PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' blob:;
 style-src 'unsafe-inline'; img-src data: blob:; frame-src 'self'">
<link rel="icon" href="data:,">
<title>{title}</title>
<body class="tl-page">
<div id="stepper">{title}</div>
<script type="application/octet-stream" id="trace">{trace}</script>
<script type="application/octet-stream" id="netron">{netron}</script>
<script>{script}</script>
</body>
</html>
"""


def trace_to_html(trace: TraceLike) -> str:
    """A self-contained HTML page with the stepper, the trace and Netron in it."""
    data = packed(trace)
    return PAGE.format(
        title=html.escape(summary(data)),
        trace=base64.b64encode(data).decode(),
        netron=base64.b64encode(netron()).decode(),
        script=asset("page.js").replace("</", "<\\/"),
    )


def rules(trace: bytes) -> list[list[str]]:
    """Stage, rule, how often it was applied and its one-line doc, of a packed trace."""
    known: dict[int | None, dict[str, str]] = {None: {"stage": "handlers", "name": "no handler", "doc": ""}}
    counts: Counter[int | None] = Counter()
    for line in gzip.decompress(trace).splitlines():
        if line.startswith(b'{"rule"'):
            record = json.loads(line)["rule"]
            known[record["id"]] = record
        elif line.startswith(b'{"step"') and (found := _RULE.search(line)) is not None:
            counts[None if found[1] == b"null" else int(found[1])] += 1
    return [[known[k]["stage"], known[k]["name"], str(n), known[k]["doc"]] for k, n in counts.items()]


def summary(trace: bytes) -> str:
    """One line about a packed trace: the model's name and the number of steps."""
    lines = gzip.decompress(trace).splitlines()
    header: dict[str, Any] = json.loads(lines[0])["header"]
    steps = sum(line.startswith(b'{"step"') for line in lines)
    return f"{header['name']}: {steps} steps"
