"""What was converted last in this process: what `lab.retry()`, `lab.bisect()` and `lab.isolate()` act on by default."""

from __future__ import annotations

from typing import Any

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.result import Conversion


class _Last:
    attempt: tuple[Any, Options] | None = None
    result: Conversion | None = None


def attempted(source: Any, options: Options) -> None:
    """A conversion begins; the one before is let go of, so that two models are not in memory at once."""
    _Last.attempt, _Last.result = (source, options), None


def shown(result: Conversion) -> None:
    """This conversion was made, or is shown."""
    _Last.attempt, _Last.result = (result.source, result.options), result


def last() -> tuple[Conversion | None, tuple[Any, Options] | None]:
    """The last conversion, None where it ended in an error, and what was converted last."""
    return _Last.result, _Last.attempt
