"""What is known of a tensor of the converted model that was judged by itself."""

from __future__ import annotations

from dataclasses import dataclass

from tfonnx_lab.parity.forcing import Place
from tfonnx_lab.parity.gap import Gap


@dataclass(frozen=True)
class Judged:
    """One tensor of the converted model, judged by itself.

    place: where it is.
    positions: the ops between it and the tensors that were given, its own last.
    gap: how far it is from LiteRT's.
    off: whether that is more than two right answers can differ by.
    kernel: it is off as ONNX Runtime fuses it, and right where nothing is fused.
    saturates: it is off, and right with unsigned weights: this CPU adds pairs of products of signed ones in 16 bits.
    fails: why the node that makes it does not run; empty where it does.
    """

    place: Place
    positions: tuple[int, ...]
    gap: Gap
    off: bool
    kernel: bool = False
    saturates: bool = False
    fails: str = ""

    @property
    def position(self) -> int:
        """The op that makes the tensor."""
        return self.positions[-1]
