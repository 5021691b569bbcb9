"""A second try after a handler was written or repaired: only what depends on it is converted again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tfonnx_lab.conversion.given import converted
from tfonnx_lab.conversion.pipeline import convert_with, resume
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.conversion.source import stamp
from tfonnx_lab.debug import session
from tfonnx_lab.debug.affected import affected
from tfonnx_lab.debug.changes import changes, changes_of, remember
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.parity import compare, last_parity


def retry(
    result: Any = None,
    inputs: Sequence[np.ndarray] | None = None,
    *,
    everything: bool = False,
    parity: bool = True,
) -> Conversion:
    """Convert again with the handlers that are registered now, and show it wherever the old conversion is shown.

    result: what to convert again (default: what was converted or shown last, even where that ended in an error); of
    what `convert` takes (a path, for example) a conversion is made first. Its steps up to the first one that a changed
    rule can affect are taken over; what comes out is what converting all of it would give.
    everything: convert all of it, for changes that cannot be seen here (a helper of the package that was edited).
    parity: also compare with LiteRT, on `inputs` (default: those of the last comparison).
    `retry().changes` tells what changed; it is printed.
    Raises ConversionError where nothing was converted yet.
    """
    old = session.last()[0] if result is None else converted(result, "keep")
    if old is None:
        return session.again()
    made = tried_again(old, inputs, everything=everything, parity=parity)
    print(changes_of(made))
    return made


def tried_again(
    old: Conversion, inputs: Sequence[np.ndarray] | None = None, *, everything: bool = False, parity: bool = True
) -> Conversion:
    """`retry` that prints nothing: every view of the old conversion shows the new one."""
    made, why, reused = _again(old, everything)
    made.given = old.given
    made.trace.originals = old.originals
    found = changes(old, made, why, reused)
    if parity:
        was = last_parity(old)
        given = inputs if inputs is not None else was.inputs if was is not None else None
        try:
            found = replace(found, before=was, after=compare(made, given, band=False))
        except ConversionError as error:
            found = replace(found, note=str(error).splitlines()[0])
        except Exception as error:  # ONNX Runtime's errors share no base class
            found = replace(found, note=f"ONNX Runtime: {str(error).splitlines()[0]}")
    remember(made, found)
    for viewer in session.viewers(old):
        viewer.replaced(made)
    session.shown(made)
    return made


def _again(old: Conversion, everything: bool) -> tuple[Conversion, str, int]:
    """The new conversion, the rule that made it necessary, and how many steps were taken over."""
    run = old.resumable
    if everything or run is None or stamp(old.source) != run.stamp:
        why = "all of it" if everything else "the file has changed"
        return convert_with(old.source, old.options, "keep"), why, 0
    broken = next((f for f in run.failures if f.node is None), None)
    if broken is not None:  # nothing behind a rule of the whole graph was done
        return convert_with(old.source, old.options, "keep"), f"{broken.where} raised", 0
    at = affected(run, old.options)
    if at is None:
        again = Conversion(
            old.ir_model, old.trace, old.options, old.source, old.name, old.failures, old.seconds, old.resumable
        )
        return again, "", len(old.trace)
    if at.events == 0:
        return convert_with(old.source, old.options, "keep"), at.why, 0
    kept = sum(key == "step" for key, _ in run.recorder.trace.events[: at.events])
    return resume(old, at.events, at.stage), at.why, kept
