"""What was converted last in this process: what `lab.retry()`, `lab.bisect()` and `lab.isolate()` act on by default.

What a second try needs is kept: the options, and the path of the model. No result is kept alive here: it goes
with the last variable, notebook output or view that holds it, and is made again from the path when it is asked for.
A model that was given as bytes or as an object goes with its result; of a conversion that ended in an error it is kept
until the next one begins, for `lab.retry()`.
"""

from __future__ import annotations

import os
import weakref
from typing import Any

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.result import Conversion


class _Last:
    attempt: tuple[Any, Options] | None = None
    result: weakref.ref[Conversion] | None = None


def attempted(source: Any, options: Options) -> None:
    """A conversion begins; the one before is let go of, so that two models are not in memory at once."""
    _Last.attempt, _Last.result = (source, options), None


def shown(result: Conversion) -> None:
    """This conversion was made, or is shown."""
    is_path = isinstance(result.given, (str, os.PathLike))
    _Last.attempt = (result.given, result.options) if is_path else None
    _Last.result = weakref.ref(result)


def last() -> tuple[Conversion | None, tuple[Any, Options] | None]:
    """The last conversion, None where it ended in an error or nobody holds it any more, and what was converted last,
    None where that went with it."""
    result = None if _Last.result is None else _Last.result()
    if result is not None:
        return result, (result.source, result.options)
    return None, _Last.attempt
