"""Where a dimension that gets another size stands in a tensor, or why that is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder


@dataclass(frozen=True)
class Follows:
    """Where the dimension stands in a tensor: dimension `axis` has `outer` * size * `inner` entries.

    Row by row, as the tensor lies in memory: RESHAPE merges it with what stands before or behind it, and parts it
    again.
    """

    axis: int
    outer: int = 1
    inner: int = 1

    @property
    def merged(self) -> bool:
        """Whether its entries stand in one dimension with others."""
        return self.outer * self.inner != 1


class Mixed(str):
    """Why it is lost: by an op that does with any size what LiteRT does with it; no error by itself."""

    __slots__ = ()


class Refused(str):
    """Why it is lost: by an op that would leave out the new entries, or stop; an error for a batch."""

    __slots__ = ()


State = Follows | str | None
"""Where the dimension stands; why it is lost; None for a tensor that does not have it."""

LOST, MIXED = "lost", Mixed("mixed")
"""What a rule says for "mixes it with others"."""

Rules: TypeAlias = Mapping[str, Callable[[OpBuilder, ir.Node, Sequence[Follows | None], ir.Value, int], State]]
