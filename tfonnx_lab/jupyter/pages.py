"""The pages of the server extension, as text."""

from __future__ import annotations

_DARK = {"light": "true", "dark": "false"}
_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>tfonnx_lab</title>
<body {attributes}>
<div id="place" role="status">loading…</div>
<script type="module" src="{script}"></script>
</body>
</html>
"""


def page(script: str, theme: str) -> str:
    """A page that shows, with a script beside it, the file that its address names.

    theme: "light", "dark", or the system's.
    """
    dark = _DARK.get(theme)
    return _PAGE.format(script=script, attributes=f'data-jp-theme-light="{dark}"' if dark else 'class="tl-page"')
