"""The size of a build as an answer: steps down from all kernels, the most expensive ones, published figures,
commands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from tfonnx_lab.mobile.build import BuildCommands
from tfonnx_lab.mobile.config import KernelConfig
from tfonnx_lab.mobile.shown import Answer, Section
from tfonnx_lab.mobile.size_bars import bars
from tfonnx_lab.mobile.size_published import explanation, published
from tfonnx_lab.mobile.size_sum import Cost, Sum, unmeasured
from tfonnx_lab.texts import human

ERROR = (
    "the linked libraries are -1.4 to +0.7 % off these sums (5 libraries with kernels); a difference of two sums is "
    "less exact"
)
_MOST = 10
_BAR = 60


@dataclass(frozen=True)
class Choice:
    """What was asked of a build, besides its kernels: see `size`."""

    exceptions: bool
    ml_ops: bool
    libcxx: str
    arch: str
    providers: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One bar: what is kept, and the bytes of the library with it."""

    name: str
    sum: Sum


@dataclass(frozen=True)
class Size(Answer):
    """The size of one build, as steps down from all kernels.

    config: what the build keeps.
    steps: "all kernels", "only these", "only these types" (the last only where types are reduced).
    costs: what each operator costs, the most expensive on top first.
    release_kernels: bytes of the same kernels in a release build.
    inside: bytes that reduced types take out inside of kernels in a release build, and that these sums still hold.
    choice: what else was asked.
    build: the commands for exactly this choice.
    """

    config: KernelConfig
    steps: tuple[Step, ...]
    costs: tuple[Cost, ...]
    release_kernels: int
    inside: int
    choice: Choice
    build: BuildCommands

    @property
    def sum(self) -> Sum:
        """Base, matrix code and kernels of the build."""
        return self.steps[-1].sum

    @property
    def total(self) -> int:
        """Bytes of the library file."""
        return self.sum.total

    @property
    def title(self) -> str:
        """The heading."""
        return f"{human(self.total)} for a library with {self.config.title}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What the figures do not say, or say less exactly."""
        found = [f"error: {ERROR}"]
        if self.sum.estimated:
            found.append(
                f"{human(self.sum.estimated)} of the kernels are estimated: measured in the release build, times 0.7"
            )
        if self.inside:
            found.append(
                "types inside of kernels with one registration (Cast, Clip, MaxPool ...) still count here; in a "
                f"Release build they save a further {human(self.inside)}"
            )
        if self.choice.exceptions:
            found.append("exceptions: +42 % as measured on 7 object files, not on a library")
        if self.choice.libcxx == "static":
            found.append("libc++ linked statically was not measured: its code comes on top of these figures")
        if self.choice.providers:
            found.append(f"{' and '.join(self.choice.providers)}: the code of execution providers was not measured")
        found += [f"{domain}:{op} was not measured: 0 bytes here" for domain, op in unmeasured(self.config)]
        return tuple(found)

    def facts(self) -> Iterator[tuple[str, str]]:
        """Of which build, its parts, its error."""
        yield "build", f"{MINSIZE}, {self.choice.arch}"
        yield "base", f"{human(self.sum.base)} without kernels"
        yield "matrix code", f"{human(self.sum.matrix)}, once, for all kernels that multiply matrices"
        yield "kernels", human(self.sum.kernels)
        yield (
            "release",
            f"these kernels add {human(self.release_kernels)} to a library that has all but kernels, matrix code as "
            f"well ({RELEASE})",
        )
        for note in self.notes:
            yield "note", note

    def sections(self) -> Iterator[Section]:
        """The steps, the most expensive kernels, the published figures."""
        yield Section(
            "Step by step", ("kept", "base", "matrix", "kernels", "library"),
            tuple((s.name, *(f"{n:,}" for n in (s.sum.base, s.sum.matrix, s.sum.kernels,
            s.sum.total))) for s in self.steps), 4,
        )  # fmt: skip
        rows = tuple(
            (
                c.domain,
                c.op,
                "yes" if c.matrix else "",
                "estimated" if c.estimated else "measured",
                f"{c.alone:,}",
                f"{c.on_top:,}",
            )
            for c in self.costs[:_MOST]
        )
        yield Section(
            "The most expensive kernels",
            ("domain", "operator", "matrix code", "figure", "alone", "on top of the others"), rows, 2,
        )  # fmt: skip
        yield published()

    def to_html(self) -> str:
        """As of Answer, with the explanation of the published figures and the build commands below."""
        why = "".join(f"<p>{escape(text)}</p>" for text in explanation())
        return bars([(s.name, s.sum) for s in self.steps]) + super().to_html() + why + self.build.to_html()

    def __str__(self) -> str:
        first, *rest = super().__str__().splitlines()
        return "\n".join([first, *self._drawn(), "", *rest, "", *explanation(), "", str(self.build)])

    def _drawn(self) -> Iterator[str]:
        """The steps as bars of text: "." is the base, "=" matrix code, "#" kernels."""
        largest = max(s.sum.total for s in self.steps)
        for step in self.steps:
            parts = ((".", step.sum.base), ("=", step.sum.matrix), ("#", step.sum.kernels))
            bar = "".join(mark * round(_BAR * count / largest) for mark, count in parts)
            yield f"{step.name:16}  {bar:{_BAR + 1}}  {human(step.sum.total):>8}"
        yield ". base  = matrix code  # kernels"

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "total": self.total,
            "build": f"{MINSIZE}, {self.choice.arch}",
            "steps": [{"name": s.name, "total": s.sum.total, **asdict(s.sum)} for s in self.steps],
            "costs": [asdict(c) for c in self.costs],
            "release_kernels": self.release_kernels,
            "inside": self.inside,
            "choice": {**asdict(self.choice), "providers": list(self.choice.providers)},
            "notes": list(self.notes),
            "config": self.config.to_json(),
            "published": [list(row) for row in published().rows],
            "explanation": list(explanation()),
            "commands": self.build.to_json(),
        }

    def __repr__(self) -> str:
        return f"Size({self.title})"


MINSIZE = "minimal build of ONNX Runtime 1.27 for size (GCC 12.2 -Os, no RTTI, shared C++ library, stripped)"
RELEASE = "ONNX Runtime 1.29, clang -O3, iOS"
