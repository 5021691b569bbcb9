"""What a conversion has to tell beside its result: notes, and with -v what TensorFlow and TFLite's converter say."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def telling(verbose: bool) -> Iterator[None]:
    """Within the block, warnings are lines `note: ...` on stderr, and with `verbose` so are the lines of other
    programs."""
    handler = logging.StreamHandler(sys.stderr)
    log = logging.getLogger("tfonnx_lab.tensorflow")
    level = log.level
    if verbose:
        log.addHandler(handler)
        log.setLevel(logging.INFO)
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _note  # type: ignore[assignment]
        try:
            yield
        finally:
            log.removeHandler(handler)
            log.setLevel(level)


def _note(message: Any, category: type[Warning], filename: str, lineno: int, *_: Any) -> None:
    if category is UserWarning:
        print(f"note: {message}", file=sys.stderr)


def say(thing: object) -> None:
    """Print something that names files, or tensors of a file: without control characters."""
    from tfonnx_lab.errors import escaped

    print(escaped(str(thing)))


def tell_error(error: Exception, verbose: bool) -> None:
    """The error on stderr, and what another program said, in full with `verbose`."""
    from tfonnx_lab.errors import escaped

    print(f"error: {escaped(str(error))}", file=sys.stderr)
    details = getattr(error, "details", "")
    if details:
        print(details if verbose else "(-v prints all that TensorFlow said)", file=sys.stderr)
