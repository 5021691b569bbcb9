"""The errors that users of tfonnx_lab see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """One op that could not be converted.

    `op` is the op's type, `place` where it stands ("op 17 of subgraph main"), `tensors` its inputs and outputs with
    dtype and shape, `reason` what went wrong in one sentence.
    """

    op: str
    place: str
    tensors: str
    reason: str

    def __str__(self) -> str:
        return f"{self.op} ({self.place}): {self.reason}\n    tensors: {self.tensors}"


class ConversionError(Exception):
    """A model that cannot be read or converted, with the file, the ops and their places in the message."""

    def __init__(self, message: str, failures: Sequence[Failure] = (), hint: str = "") -> None:
        self.failures = tuple(failures)
        super().__init__("\n".join([message, *(f"  {f}" for f in self.failures), *([hint] if hint else [])]))


class Unsupported(Exception):
    """Raised by a handler for an op, option or dtype that ONNX cannot express; says why and what to do instead."""
