"""A second try after a handler was written or repaired."""

from __future__ import annotations

from typing import Any

from tfonnx_lab.conversion import Conversion
from tfonnx_lab.pipeline import convert


def retry(result: Conversion) -> Conversion:
    """Convert the same source again with the same options and the handlers that are registered now.

    A conversion takes milliseconds, so all of it is done again: what does not depend on a changed handler comes out the
    same, step by step.
    """
    options: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in result.options.changed().items()}
    for given in ("opset", "dequantize"):
        options.pop(given, None)
    return convert(result.source, result.options.opset, result.options.dequantize, on_error="keep", **options)
