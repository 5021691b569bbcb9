"""The two pages of the server extension, as text."""

from __future__ import annotations

import re

SCHEMES = {"light": "not all", "dark": "all"}
STEPPER = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>tfonnx_lab</title>
<body {attributes}>
<div id="stepper" role="status">loading…</div>
<script type="module" src="served.js"></script>
</body>
</html>
"""
_META = '<meta name="{}"[^>]*>\n?'


def themed(text: str, theme: str) -> str:
    """A page or style sheet that shows the theme, whatever the browser's own setting is."""
    return text.replace("(prefers-color-scheme: dark)", SCHEMES[theme]) if theme in SCHEMES else text


def netron_page(html: str, theme: str) -> str:
    """Netron's index.html so that it asks nobody, reports nothing and does not expire.

    Without a date it has no age. Version 0.0.0 is one that was not released: those send no telemetry.
    """
    html = re.sub(_META.format("date"), "", html)
    unreleased = '<meta name="type" content="Python">\n<meta name="version" content="0.0.0">\n'
    html = re.sub(_META.format("version"), unreleased, html)
    if theme in SCHEMES:
        html = themed(html, theme).replace('href="grapher.css"', f'href="grapher.css?theme={theme}"')
    return html


def stepper_page(theme: str) -> str:
    """The page that steps through the trace that its address names."""
    dark = {"light": "true", "dark": "false"}.get(theme)
    return STEPPER.format(attributes=f'data-jp-theme-light="{dark}"' if dark else 'class="tl-page"')
