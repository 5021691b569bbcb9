"""What a person calls on a trace and a room above gives. Apart from `face.py`, because a saved trace is read where the
converter is not installed."""

from __future__ import annotations

import os

from tfonnx_lab.files import write_text
from tfonnx_lab.trace.trace import Trace


def _to_html(trace: Trace, path: str | os.PathLike[str] | None = None) -> str:
    """One page that steps through the trace without kernel, server or network; also written to `path` if given.

    Raises ConversionError where the file cannot be written, or is the model that was converted.
    """
    from tfonnx_lab.widgets import trace_to_html

    page = trace_to_html(trace)
    if path is not None:
        write_text(path, page, trace.originals)
    return page


Trace.to_html = _to_html
