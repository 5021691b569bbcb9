"""What bisect found, and how its search narrowed."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

from tfonnx_lab.trace import Step


@dataclass(frozen=True)
class Probe:
    """One thing that was tried.

    off: whether numbers were off; None where it could not be told.
    left: which ops or steps (from, up to) are left in question, of: out of which.
    kind: "ops", "steps" or "rules".
    """

    what: str
    off: bool | None
    left: tuple[int, int]
    of: tuple[int, int]
    kind: str

    @property
    def verdict(self) -> str:
        """`off`, `right` or `cannot tell`."""
        return "cannot tell" if self.off is None else "off" if self.off else "right"

    def __str__(self) -> str:
        return f"{self.what}: {self.verdict}" + (f", in question: {self.question}" if self.question else "")

    @property
    def question(self) -> str:
        """What is left in question."""
        low, high = self.left
        if self.kind == "rules" or high <= low:
            return ""
        one = self.kind[:-1]
        shift = 1 if self.kind == "steps" else 0  # steps are counted from 1 wherever people see them
        return f"{one} {low + shift}" if high - low == 1 else f"{self.kind} {low + shift} to {high - 1 + shift}"


@dataclass(frozen=True, repr=False)
class Finding:
    """What bisect found.

    op: type and position of the first op that is off by itself, None where every op is right.
    subgraph: which subgraph it stands in, where not in the main one.
    caller: the op of the main graph that runs it.
    step: the step of the trace that brought the error in.
    error: the op's largest error, in quantization steps or in units of its output's largest magnitude.
    told: in words.
    sentence: what is right or wrong.
    search: what was tried, in order; `runs`: how much that was.
    """

    op: str | None
    position: int | None
    step: Step | None
    error: float
    search: list[Probe] = field(default_factory=list)
    subgraph: int | None = None
    caller: int | None = None
    sentence: str = ""
    told: str = ""

    @property
    def runs(self) -> int:
        """How many things were tried."""
        return len(self.search)

    @property
    def place(self) -> str:
        """Where the op stands."""
        inside = f" of subgraph {self.subgraph}, which op {self.caller} runs" if self.subgraph is not None else ""
        return f"op {self.position}{inside}"

    @property
    def verdict(self) -> str:
        """The finding in a sentence."""
        if self.op is None:
            return self.sentence
        by = ""
        if self.step is not None:
            rule = self.step.rule
            kind = self.step.stage.removesuffix("s")
            by = f": {kind} {rule.get('name')} ({rule.get('file')}:{rule.get('line')}), step {self.step.i + 1}"
        off = f"; by itself it is off by {self.told}" if self.told else ""
        return f"{self.place} {self.op} is wrong{by}{off}"

    def __str__(self) -> str:
        return "\n".join([self.verdict, *(f"  {n}. {probe}" for n, probe in enumerate(self.search, 1))])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        rows = "".join(_row(number, probe) for number, probe in enumerate(self.search, 1))
        source = self.step.rule.get("source", "") if self.step is not None else ""
        code = f"<details><summary>its source</summary><pre>{html.escape(source)}</pre></details>" if source else ""
        return (
            f'<div class="tfonnx-bisect"><p><b>{html.escape(self.verdict)}</b></p>'
            '<table><thead><tr><th></th><th style="text-align:left">tried</th><th style="text-align:left">numbers '
            "are</th>"
            '<th style="text-align:left">in '
            f"question</th><th></th></tr></thead><tbody>{rows}</tbody></table>{code}</div>"
        )


_COLOURS = {"off": "#c62828", "right": "#2e7d32", "cannot tell": "#757575"}


def _row(number: int, probe: Probe) -> str:
    mark = {"off": "&#10007;", "right": "&#10003;", "cannot tell": "?"}[probe.verdict]
    return (
        f'<tr><td>{number}</td><td style="text-align:left">{html.escape(probe.what)}</td>'
        f'<td style="text-align:left;color:{_COLOURS[probe.verdict]}">{mark} {probe.verdict}</td>'
        f'<td style="text-align:left">{html.escape(probe.question)}</td><td>{_strip(probe)}</td></tr>'
    )


def _strip(probe: Probe) -> str:
    """A bar of all that was searched, with what is left of it filled."""
    (low, high), (first, last) = probe.left, probe.of
    if last <= first or high <= low:
        return ""
    width = 240.0 / (last - first)
    left, size = (low - first) * width, max((high - low) * width, 2.0)
    colour = _COLOURS["off"] if probe.off is not False or probe.kind == "steps" else "#bdbdbd"
    return (
        f'<svg width="240" height="12" role="img" aria-label="{html.escape(probe.question)} of {last - first} '
        f'{probe.kind}">'
        f'<rect x="0" y="4" width="240" height="4" fill="#bdbdbd"/>'
        f'<rect x="{left:.1f}" y="1" width="{size:.1f}" height="10" fill="{colour}"/></svg>'
    )
