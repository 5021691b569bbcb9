"""The errors that users of tfonnx_lab see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Failure:
    """One op that could not be converted, or a rule of the whole graph that raised.

    `op` is the op's type ("the whole graph"), `place` where it stands ("op 17 of subgraph main"; of the whole graph: the
    stage), `tensors` its inputs and outputs with dtype and shape, `reason` what went wrong in one sentence.
    """

    op: str
    place: str
    tensors: str
    reason: str

    def __str__(self) -> str:
        tensors = f"\n    tensors: {self.tensors}" if self.tensors else ""
        return f"{self.op} ({self.place}): {self.reason}{tensors}"


class ConversionError(Exception):
    """A model that cannot be read or converted, with the file, the ops and their places in the message.

    failures: the ops. trace: the steps up to the failure and the failed step itself, where the conversion began
    (`lab.Stepper(error.trace)` shows them, `error.trace.save("m.tfltrace")` writes them); None where the model was not read.
    """

    def __init__(self, message: str, failures: Sequence[Failure] = (), hint: str = "", trace: Any = None) -> None:
        self.failures = tuple(failures)
        self.trace = trace
        super().__init__("\n".join([message, *(f"  {f}" for f in self.failures), *([hint] if hint else [])]))


class Unsupported(Exception):
    """Raised by a handler for an op, option or dtype that ONNX cannot express; says why and what to do instead."""
