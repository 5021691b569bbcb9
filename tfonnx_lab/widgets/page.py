"""One file that steps through a trace: no kernel, no server, no network."""

from __future__ import annotations

import base64
import gzip
import html
import json
from typing import Any

from tfonnx_lab.widgets._source import TraceLike, packed
from tfonnx_lab.widgets.assets import asset, netron

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


def summary(trace: bytes) -> str:
    """One line about a packed trace: the model's name and the number of steps."""
    lines = gzip.decompress(trace).splitlines()
    header: dict[str, Any] = json.loads(lines[0])["header"]
    steps = sum(line.startswith(b'{"step"') for line in lines)
    return f"{header['name']}: {steps} steps"
