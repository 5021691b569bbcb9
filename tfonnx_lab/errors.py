"""The errors that users of tfonnx_lab see."""

from __future__ import annotations

import dis
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

_RAISE = dis.opmap["RAISE_VARARGS"]


@dataclass(frozen=True)
class Failure:
    """One op that could not be converted, or a rule of the whole graph that raised.

    `op` is the op's type ("the whole graph"), `place` where it stands ("op 17 of subgraph main"; of the whole graph:
    the stage), `tensors` its inputs and outputs with dtype and shape, `reason` what went wrong in one sentence.
    """

    op: str
    place: str
    tensors: str
    reason: str

    def __str__(self) -> str:
        op, place, reason, tensors = (_on_a_line(text) for text in (self.op, self.place, self.reason, self.tensors))
        return f"{op} ({place}): {reason}" + (f"\n    tensors: {tensors}" if tensors else "")


_LONG = 4_000
"""A longer text loses its middle: a name in a file may have megabytes."""

_MANY = 500
"""How many failures are listed in the message at most."""


def printable(text: str) -> str:
    """The text as it can be printed: control characters and halves of characters escaped, lines kept, its middle cut
    out."""
    if len(text) > _LONG:
        text = f"{text[: _LONG // 2]} ... {len(text) - _LONG:,} characters ... {text[-_LONG // 2 :]}"
    return escaped(text)


def escaped(text: str) -> str:
    """The whole text, control characters and halves of characters escaped, lines kept.

    Names in a file, and of files, may paint the terminal.
    """
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def _on_a_line(text: str) -> str:
    return printable(text).replace("\n", "\\n")


class ConversionError(Exception):
    """A model that cannot be read or converted, with the file, the ops and their places in the message.

    failures: the ops.
    trace: the steps up to the failure and the failed step itself, where the conversion began
    (`lab.Stepper(error.trace)` shows them, `error.trace.save("m.tfltrace")` writes them); None where the model was not
    read.
    details: all that another program said (TFLite's converter, of a TensorFlow model), where the message is its short
    form.
    """

    details: str = ""

    def __init__(self, message: str, failures: Sequence[Failure] = (), hint: str = "", trace: Any = None) -> None:
        self.failures = tuple(failures)
        self.trace = trace
        lines = [f"  {failure}" for failure in self.failures[:_MANY]]
        if len(self.failures) > _MANY:
            lines.append(f"  ... and {len(self.failures) - _MANY:,} more (`failures` of this error has all)")
        super().__init__("\n".join([printable(message), *lines, *([hint] if hint else [])]))


class NoMemory(ConversionError):
    """The process may not take as much memory as the conversion needs; the model is not at fault."""


class Unsupported(Exception):
    """Raised by a handler for an op, option or dtype that ONNX cannot express; says why and what to do instead."""


class TooLarge(Unsupported):
    """A number in the file asks for more memory than the conversion may take (`graph/budget.py`)."""


def is_told(error: BaseException) -> bool:
    """Whether the exception comes from a `raise` with a message for the user, not from a failing operation of
    Python."""
    if isinstance(error, AssertionError) or not str(error).strip():
        return False
    last: TracebackType | None = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:  # never raised: made to be told
        return True
    name = last.tb_frame.f_globals.get("__name__", "").partition(".")[0]
    return name == __name__.partition(".")[0] and last.tb_frame.f_code.co_code[last.tb_lasti] == _RAISE
