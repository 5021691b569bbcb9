"""TFLite's converter in a process of its own: it crashes on some graphs, which must not end the notebook that asked.

One process converts frozen graphs; another, with all of TensorFlow, loads models that are given by their path, so that
converting a file neither loads TensorFlow here nor prints its lines.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfonnx_lab.child import Child, Ended
from tfonnx_lab.errors import ConversionError

LOG = logging.getLogger("tfonnx_lab.tensorflow")
"""What TensorFlow and its converter print goes here, at the level INFO: `logging.basicConfig(level="INFO")` shows
it."""

_SCRIPT = Path(__file__).with_name("process.py")
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "0", "CUDA_VISIBLE_DEVICES": "-1", "TF_ENABLE_ONEDNN_OPTS": "0"}
_processes: dict[str, Child] = {}
_lock = threading.Lock()

Note = Callable[[str], None]


class Refused(ConversionError):
    """TensorFlow or TFLite's converter refused.

    kind: the name of its exception.
    details: all that it said.
    """

    def __init__(self, kind: str, message: str, details: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.said = message
        self.details = details


def ask(what: str, *arguments: Any, note: Note = lambda text: None) -> Any:
    """The answer to a request: ("convert", graph, inputs, outputs) or ("load", path, arguments).

    Raises Refused where the converter or TensorFlow refuses, ConversionError where the process crashes.
    """
    with _lock:
        for attempt in range(2):
            child = _process(what)
            try:
                good, answer = child.ask((what, arguments), note)
            except Ended as end:
                said = _log(child)
                _processes.pop(what, None)
                if end.code in (None, 0) and not attempt:  # it had ended because nobody asked
                    continue
                raise _crashed(what, end, said) from end
            said = _log(child)
            break
    if good:
        return answer
    kind, message, details = answer
    raise Refused(kind, message, details or f"{message}\n{said}".strip())


def start(what: str) -> None:
    """Start the process for such requests, which imports what it needs while this one does something else."""
    with _lock:
        _process(what)


def _process(what: str) -> Child:
    child = _processes.get(what)
    if child is None or not child.alive:
        child = _processes[what] = Child(_SCRIPT, _QUIET)
    return child


def _log(child: Child) -> str:
    """What the process printed, for the log."""
    said = child.said()
    for line in said.splitlines():
        LOG.info("%s", line)
    return said


def _crashed(what: str, end: Ended, said: str) -> ConversionError:
    who, more = (
        ("TFLite's converter", " this graph") if what == "convert" else ("TensorFlow or TFLite's converter", " it")
    )
    error = ConversionError(
        f"{who} itself crashed on{more} ({end}); it ran in a process of its own, so nothing else is lost. What to do: "
        "find the part with outputs= (a layer's or tensor's name cuts the model there), or convert it with another "
        "version of TensorFlow"
    )
    error.details = said
    return error
