"""In a sentence: which ops of a quantized model round another way than LiteRT's, each on LiteRT's own inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tfonnx_lab.parity.gap import Gap

_NAMED = 3
"""How many ops are named."""


class OfAnOp(Protocol):
    """What is known of an op: its number and type, and how far it is off by itself."""

    @property
    def position(self) -> int: ...

    @property
    def op(self) -> str: ...

    @property
    def own(self) -> Gap: ...


def rounding(ops: Sequence[OfAnOp]) -> str:
    """`MUL (op 3) rounds differently in 0.3 % of its codes; everything else is equal`; empty without codes."""
    codes = [one for one in ops if one.own.unit == "steps" and not one.own.mismatch]
    if not codes:
        return ""
    off = sorted((one for one in codes if one.own.share), key=lambda one: -one.own.share)
    if not off:
        return f"all {len(codes)} ops on codes give LiteRT's codes"
    named = [f"{one.op} (op {one.position}) in {_percent(one.own.share)} of its codes" for one in off[:_NAMED]]
    rest = len(codes) - len(off)
    equal = "everything else is equal" if rest else "no other op is on codes"
    if len(off) == 1:
        return f"{named[0].replace(' in ', ' rounds differently in ', 1)}; {equal}"
    more = f", {len(off) - _NAMED} more in fewer" if len(off) > _NAMED else ""
    return f"{len(off)} ops round differently: {', '.join(named)}{more}; {equal}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share >= 1e-4 else "under 0.01 %"
