"""How large a build of ONNX Runtime is, before anybody builds it: base, kernels, types, from measured tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.build import BuildCommands, build_commands
from tfonnx_lab.mobile.config import ALL, KernelConfig
from tfonnx_lab.mobile.kernels import Asked
from tfonnx_lab.mobile.shown import Answer, Section, one_of
from tfonnx_lab.mobile.size_published import explanation, published
from tfonnx_lab.mobile.size_sum import EXCEPTIONS, Adding, Cost, Sum, unmeasured
from tfonnx_lab.runtime.report import human

ERROR = "the linked libraries are -1.4 to +0.7 % off these sums (5 libraries with kernels); a difference of two sums is less exact"
_MOST = 10
_BAR = 40


@dataclass(frozen=True)
class Step:
    """One bar: what is kept, and the bytes of the library with it."""

    name: str
    sum: Sum


@dataclass(frozen=True)
class Size(Answer):
    """The size of one build, as steps down from all kernels.

    config: what the build keeps. steps: "all kernels", "only these", "only these types" (the last only where types are
    reduced). costs: what each operator costs, the most expensive on top first. release_kernels: bytes of the same kernels in a
    release build. exceptions, ml_ops, libcxx, arch: what was asked. build: the commands for exactly this choice.
    """

    config: KernelConfig
    steps: tuple[Step, ...]
    costs: tuple[Cost, ...]
    release_kernels: int
    exceptions: bool
    ml_ops: bool
    libcxx: str
    arch: str
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
        if self.exceptions:
            found.append("exceptions: +42 % as measured on 7 object files, not on a library")
        if self.libcxx == "static":
            found.append("libc++ linked statically was not measured: its code comes on top of these figures")
        found += [f"{domain}:{op} was not measured: 0 bytes here" for domain, op in unmeasured(self.config)]
        return tuple(found)

    def facts(self) -> Iterator[tuple[str, str]]:
        """Of which build, its parts, its error."""
        yield "build", f"{MINSIZE}, {self.arch}"
        yield "base", f"{human(self.sum.base)} without kernels"
        yield "matrix code", f"{human(self.sum.matrix)}, once, for all kernels that multiply matrices"
        yield "kernels", human(self.sum.kernels)
        yield "release", f"these kernels have {human(self.release_kernels)} in a Release build ({RELEASE})"
        for note in self.notes:
            yield "note", note

    def sections(self) -> Iterator[Section]:
        """The steps, the most expensive kernels, the published figures."""
        largest = max(s.sum.total for s in self.steps)
        yield Section(
            "Step by step", ("kept", "", "base", "matrix", "kernels", "library"),
            tuple((s.name, "#" * max(1, _BAR * s.sum.total // largest),
                   *(f"{n:,}" for n in (s.sum.base, s.sum.matrix, s.sum.kernels, s.sum.total))) for s in self.steps), 4,
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
        return super().to_html() + why + self.build.to_html()

    def __str__(self) -> str:
        return "\n".join([super().__str__(), "", *explanation(), "", str(self.build)])

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "total": self.total,
            "build": f"{MINSIZE}, {self.arch}",
            "steps": [{"name": s.name, "total": s.sum.total, **asdict(s.sum)} for s in self.steps],
            "costs": [asdict(c) for c in self.costs],
            "release_kernels": self.release_kernels,
            "asked": {"exceptions": self.exceptions, "ml_ops": self.ml_ops, "libcxx": self.libcxx, "arch": self.arch},
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


def size(
    ops: KernelConfig | Asked | Iterable[Asked] | str = "all",
    types: bool | Iterable[str] = True,
    exceptions: bool = False,
    ml_ops: bool | None = None,
    libcxx: str = "shared",
    arch: str = "arm64",
    config_file: str = "required_operators.config",
) -> Size:
    """How large a build is.

    ops: a config, a model of the ORT format or its kernels, several of these, or "all".
    types: True, the types that the config or the models name; False, all types; a list, these only for all operators (words of
    either world: "float16" or "MLFloat16").
    exceptions: C++ exceptions on. ml_ops: the traditional ML operators (ai.onnx.ml) are compiled; by default where one is needed.
    libcxx: "shared" or "static". arch: "arm64", the only one that was measured.
    config_file: the name of the config file in the build commands.
    Raises ConversionError for a value that an argument does not have, or ml_ops=False where ops needs them.
    """
    one_of("libcxx", libcxx, ("shared", "static"))
    one_of("arch", arch, ("arm64",))
    one_of("exceptions", exceptions, (False, True))
    whole = _config(ops)
    needs_ml = any(domain == "ai.onnx.ml" for domain, _ in whole.ops)
    if ml_ops is False and needs_ml:
        raise ConversionError(
            "ml_ops=False: the operators hold some of ai.onnx.ml; leave ml_ops out, or these operators"
        )
    with_ml = needs_ml if ml_ops is None else ml_ops
    reduced = _reduced(whole, types)
    choices = [("all kernels", ALL)]
    if not whole.keeps_all:
        choices.append(("only these", whole.without_types()))
    if str(reduced) != str(choices[-1][1]):
        choices.append(("only these types", reduced))
    factor = EXCEPTIONS if exceptions else 1.0
    adding = [(name, Adding(config, ml_ops=with_ml)) for name, config in choices]
    steps = tuple(Step(name, a.sum().scaled(factor)) for name, a in adding)
    last = adding[-1][1]
    commands = build_commands(
        reduced, config_file=config_file, exceptions=exceptions, ml_ops=with_ml, libcxx=libcxx, arch=arch
    )
    costs = tuple(_scaled(c, factor) for c in last.costs())
    return Size(reduced, steps, costs, last.release_kernels(), exceptions, with_ml, libcxx, arch, commands)


def _config(ops: KernelConfig | Asked | Iterable[Asked] | str) -> KernelConfig:
    if isinstance(ops, str):
        one_of("ops", ops, ("all",))
        return ALL
    return ops if isinstance(ops, KernelConfig) else KernelConfig.of(ops)


def _reduced(config: KernelConfig, types: bool | Iterable[str]) -> KernelConfig:
    if types is True:
        return config
    return config.without_types() if types is False else config.with_global_types(types)


def _scaled(cost: Cost, factor: float) -> Cost:
    return Cost(
        cost.domain, cost.op, round(cost.alone * factor), round(cost.on_top * factor), cost.matrix, cost.estimated
    )
