"""KernelConfig: which operators, of which versions and types, a reduced build of ONNX Runtime keeps."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.files import write_text
from tfonnx_lab.mobile import config_reader
from tfonnx_lab.mobile.config_algebra import minus, union
from tfonnx_lab.mobile.config_errors import ConfigError, Problem
from tfonnx_lab.mobile.config_types import TRIPLES, Types, write_types
from tfonnx_lab.mobile.kernels import Asked, Use, all_kernels, kernels
from tfonnx_lab.mobile.runs import Impact, Runs, failures, impact_of
from tfonnx_lab.mobile.shown import Answer, Section
from tfonnx_lab.mobile.type_control import Arg, arg_name, type_control
from tfonnx_lab.mobile.type_names import cpp_types, global_types


@dataclass(frozen=True, eq=False)
class KernelConfig(Answer):
    """A config file of a reduced build (`build.py --include_ops_by_config`), read, made from models, or joined from
    others.

    ops: (domain, version) => operators. A version keeps every kernel whose range of versions holds it.
    types: (domain, op) => its types, by input and output; an operator that is not there keeps all. They hold for all
    versions.
    global_types: the only types of all operators (C++ words), None for no such list; never beside `types`.
    all_if_none: where no operator is listed, all are kept.
    originals: the models that it was made of, as far as they are files, which `save` does not overwrite.

    `str(config)` is the file; `a | b` runs what either runs, `a - b` is what b lacks of a.
    """

    ops: Mapping[tuple[str, int], frozenset[str]] = field(default_factory=dict)
    types: Mapping[tuple[str, str], Types] = field(default_factory=dict)
    global_types: frozenset[str] | None = None
    all_if_none: bool = False
    originals: tuple[Path, ...] = ()

    @classmethod
    def parse(cls, text: str, name: str = "<config>") -> KernelConfig:
        """Read the text of a config file. Raises ConfigError with line, column and the near name of every mistake.

        name: of the file, for messages.
        """
        found = config_reader.parse(text, name)
        ops = {key: frozenset(ops) for key, ops in found.ops.items()}
        return cls(ops, found.types, found.global_types, found.all_if_none)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> KernelConfig:
        """Read a config file. Raises ConfigError, and ConversionError where there is no such file."""
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise ConversionError(f"{os.fspath(path)}: {error.strerror or error}") from error
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            before = data[: error.start].decode()
            column = len(before) - before.rfind("\n")
            problem = Problem(before.count("\n") + 1, column, "the file is no UTF-8 text here", "save it as UTF-8")
            raise ConfigError(os.fspath(path), [problem]) from None
        return cls.parse(text, os.fspath(path))

    @classmethod
    def of(cls, models: Asked | Iterable[Asked], *, types: bool = True) -> KernelConfig:
        """What one model, or all of several, need.

        models: paths of .ort files, what `read_ort` gives, `Mobile`s, or their `kernels`. A Runtime-style file needs
        what it needs as it is, and what it becomes when its recorded optimizations are replayed: give both.
        types: also list the types of operators that have type control.
        """
        found = all_kernels(models)
        files = tuple(path for model in found for path in model.originals)
        return replace(_needed([use for model in found for use in model.uses], types), originals=files)

    @property
    def keeps_all(self) -> bool:
        """Every operator is kept."""
        return self.all_if_none and not self.ops

    def versions(self, domain: str, op: str) -> tuple[int, ...]:
        """The versions of an operator that are listed."""
        return tuple(sorted(v for (d, v), ops in self.ops.items() if d == domain and op in ops))

    def without_types(self) -> KernelConfig:
        """The same operators with all their types."""
        return replace(self, types={}, global_types=None)

    def with_global_types(self, types: Iterable[str]) -> KernelConfig:
        """The same operators, all restricted to one list of types.

        types: words of either world ("float16" or "MLFloat16").
        Raises ConversionError for what cannot be in such a list.
        """
        return replace(self, types={}, global_types=global_types(types))

    def without(self, domain: str, op: str, version: int | None = None) -> KernelConfig:
        """The config without an operator, or without one version of it."""
        ops = {
            (d, v): names - {op} if d == domain and version in (None, v) else names
            for (d, v), names in self.ops.items()
        }
        kept = {key: names for key, names in ops.items() if names}
        left = any(d == domain and op in names for (d, _), names in kept.items())
        types = {key: found for key, found in self.types.items() if left or key != (domain, op)}
        return replace(self, ops=kept, types=types)

    def with_types(self, domain: str, op: str, types: Mapping[Arg, Iterable[str]] | None) -> KernelConfig:
        """The config with other types of one operator.

        types: ("inputs", 0) => words of either world; None for all types. A global list is given up for it.
        Raises ConversionError for an operator without type control, an argument that has none, and a word that is no
        type.
        """
        control = type_control(domain, op)
        if types is not None and (control is None or control.triple or not set(types) <= set(control.args)):
            has = "no type control" if control is None else f"types of {', '.join(map(arg_name, control.args))} only"
            raise ConversionError(f"{op} has {has}")
        found = {key: listed for key, listed in self.types.items() if key != (domain, op)}
        if types:
            found[domain, op] = {arg: cpp_types(words) for arg, words in types.items()}
        return replace(self, types=found, global_types=None)

    def extended(self) -> KernelConfig:
        """With the operators that an extended minimal build (NNAPI, CoreML, XNNPACK) keeps by itself, all their
        types."""
        return self if self.keeps_all else self | _LAYOUT_CHANGES

    def runs(self, model: Asked) -> Runs:
        """Whether a build of this config runs the model: true or false, with the nodes that fail and why."""
        found = kernels(model)
        return Runs(found.name, len(found.uses), failures(self, found))

    def impact(self, models: Asked | Iterable[Asked]) -> Impact:
        """Which of several models a build of this config no longer runs, and how large it is.

        models: whose `kernels` were read once are asked in milliseconds.
        """
        return impact_of(self, all_kernels(models))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file. Raises ConversionError where it cannot be written, or is a model that it was made of."""
        write_text(path, str(self), self.originals)

    def __or__(self, other: KernelConfig) -> KernelConfig:
        return self._with(other, union(self, other)) if isinstance(other, KernelConfig) else NotImplemented

    def __sub__(self, other: KernelConfig) -> KernelConfig:
        return self._with(other, minus(self, other)) if isinstance(other, KernelConfig) else NotImplemented

    def _with(self, other: KernelConfig, made: Iterable[Any]) -> KernelConfig:
        return replace(KernelConfig(*made), originals=(*self.originals, *other.originals))

    def __bool__(self) -> bool:
        return bool(self.ops) or self.keeps_all

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KernelConfig) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in self.lines())

    def __repr__(self) -> str:
        return f"KernelConfig({self.title})"

    def lines(self) -> Iterator[str]:
        """The lines of the file, in the order of ONNX Runtime's own script: by domain, version, operator."""
        if self.all_if_none:
            yield config_reader.ALL_IF_NONE
        if self.global_types is not None:
            yield f"{config_reader.GLOBAL};{','.join(sorted(self.global_types))}"
        for (domain, version), ops in sorted(self.ops.items()):
            if ops:
                yield f"{domain};{version};{','.join(self._entry(domain, op) for op in sorted(ops))}"

    def _entry(self, domain: str, op: str) -> str:
        types = self.types.get((domain, op))
        return f"{op}{write_types(types)}" if types else op

    @property
    def title(self) -> str:
        """The heading."""
        if self.keeps_all:
            return "all operators"
        count = len({(d, op) for (d, _), ops in self.ops.items() for op in ops})
        kept = "all types" if self.global_types is None else f"types {', '.join(sorted(self.global_types))} only"
        return f"{count} operators, {f'{len(self.types)} with types of their own' if self.types else kept}"

    def sections(self) -> Iterator[Section]:
        """A row an operator and version."""
        rows = tuple(
            (domain, op, write_types(self.types[domain, op]) if (domain, op) in self.types else "all", str(version))
            for (domain, version), ops in sorted(self.ops.items())
            for op in sorted(ops)
        )
        yield Section("Operators", ("domain", "operator", "types", "version"), rows, 1)

    def to_json(self) -> dict[str, Any]:
        """Operators by domain and version, types, and the text of the file."""
        return {
            "operators": [{"domain": d, "version": v, "ops": sorted(ops)} for (d, v), ops in sorted(self.ops.items())],
            "types": {f"{d}:{op}": write_types(types) for (d, op), types in sorted(self.types.items())},
            "globally_allowed_types": None if self.global_types is None else sorted(self.global_types),
            "keeps_all": self.keeps_all,
            "text": str(self),
        }


ALL = KernelConfig(all_if_none=True)
"""All operators with all their types."""


_LAYOUT_CHANGES = KernelConfig(
    {
        ("ai.onnx", 1): frozenset({"Gather", "Identity", "Squeeze", "Transpose", "Unsqueeze"}),
        ("ai.onnx", 11): frozenset({"Gather", "Squeeze", "Unsqueeze"}),
        ("ai.onnx", 13): frozenset({"Gather", "Identity", "Squeeze", "Transpose", "Unsqueeze"}),
        ("ai.onnx", 14): frozenset({"Identity"}),
        ("ai.onnx", 16): frozenset({"Identity"}),
        ("com.microsoft", 1): frozenset({"NhwcMaxPool", "QLinearConv"}),
    }
)
"""Source: core/optimizer/transpose_optimizer/layout_transformation_potentially_added_ops.h, which reduce_op_kernels.py
reads."""


def _needed(uses: list[Use], with_types: bool) -> KernelConfig:
    ops: dict[tuple[str, int], set[str]] = {}
    types: dict[tuple[str, str], dict[tuple[str, int], set[Any]]] = {}
    for use in uses:
        ops.setdefault((use.domain, use.since_version), set()).add(use.op)
        control = type_control(use.domain, use.op) if with_types else None
        if control is None:
            continue
        lists = types.setdefault((use.domain, use.op), {})
        if control.triple:
            lists.setdefault(TRIPLES, set()).add(tuple(use.type_of(*arg) for arg in control.args))
            continue
        for arg in control.args:
            if word := use.type_of(*arg):
                lists.setdefault(arg, set()).add(word)
    frozen = {key: {arg: frozenset(words) for arg, words in lists.items()} for key, lists in types.items() if lists}
    return KernelConfig({key: frozenset(names) for key, names in ops.items()}, frozen)
