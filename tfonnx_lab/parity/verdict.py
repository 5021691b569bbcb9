"""The verdict of a comparison with LiteRT: is the conversion right, and if not, which op is wrong and who made it so?

An op is judged by itself first, on LiteRT's own inputs, then along the graph. What LiteRT's three sets of kernels (its
reference, its optimised ones, XNNPACK) differ by among themselves is the band within which an answer is right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Literal

from tfonnx_lab.parity.gap import Gap
from tfonnx_lab.parity.rounding import rounding
from tfonnx_lab.texts import styled, table
from tfonnx_lab.trace import Step

Status = Literal["wrong", "amplified", "within", "exact"]


@dataclass(frozen=True)
class OpVerdict:
    """One op's share in the result.

    position, op: its number in the TFLite file and its type.
    status: "wrong": its own result, on LiteRT's own inputs, is off by more than two right answers can be; "amplified":
    it is right by itself and what came in was off; "within": inside of LiteRT's band; "exact": no difference.
    tensor: the tensor that it was judged by.
    ops: the ops that share that tensor, where a rule made one of several.
    own: how far it is off by itself, along: with what came along the graph, band: how far LiteRT's own kernels are from
    each other there.
    """

    position: int
    op: str
    status: Status
    tensor: str
    ops: tuple[int, ...]
    own: Gap
    along: Gap
    band: Gap | None

    @property
    def said(self) -> str:
        """In a line."""
        near = f", LiteRT's own kernels by {self.band.said}" if self.band is not None and self.band.worst else ""
        along = f"along the graph {self.along.said}{near}"
        return f"op {self.position} {self.op}: {self.status}; by itself {self.own.said}; {along}"


@dataclass(frozen=True)
class Verdict:
    """Whether a conversion is right.

    ok: no op is wrong by itself.
    op: the number of the first TFLite op that is, else None.
    step: the step of the trace that made it wrong.
    sentence: the verdict in a sentence.
    ops: every op that could be compared, in order.
    unseen: the numbers of the ops that stand in no comparison.
    sure: whether it was tried that the step is to blame.
    searched: after how many steps it was looked at, and whether the op was off then.
    """

    ok: bool
    op: int | None
    sentence: str
    ops: list[OpVerdict] = field(default_factory=list)
    step: Step | None = None
    unseen: list[int] = field(default_factory=list)
    sure: bool = True
    searched: tuple[tuple[int, bool], ...] = ()

    @property
    def wrong(self) -> list[OpVerdict]:
        """The ops that are wrong by themselves."""
        return [one for one in self.ops if one.status == "wrong"]

    @property
    def rounding(self) -> str:
        """Of a quantized model: which ops round differently, and in how many codes, each on LiteRT's own inputs."""
        return rounding(self.ops)

    def of(self, position: int) -> OpVerdict | None:
        """What is said of an op, by its number; None where nothing is."""
        return next((one for one in self.ops if one.position == position), None)

    def __str__(self) -> str:
        told = [one for one in self.ops if one.status != "exact"]
        return "\n".join(
            [self.sentence, *([self.rounding] if self.rounding else []), *(f"  {one.said}" for one in told)]
        )

    def __repr__(self) -> str:
        return f"Verdict({self.sentence})"

    def _repr_html_(self) -> str:
        """The sentence, how the ops round, and every op that is not exact."""
        told = [one for one in self.ops if one.status != "exact"]
        rows = [
            [str(o.position), o.op, o.status, o.own.said, o.along.said, o.band.said if o.band else ""] for o in told
        ]
        head = ["op", "type", "status", "by itself", "along the graph", "LiteRT's own kernels"]
        title = f"{len(told)} of {len(self.ops)} ops are not exactly as in LiteRT's reference"
        said = [escape(text) for text in (self.sentence, self.rounding) if text]
        lines = "".join(f'<p class="tfr-{"right" if self.ok else "wrong"}">{line}</p>' for line in said)
        return styled(lines + table(title, head, rows))
