"""The table of a build's kernels, as JSON: what is kept, of which types, what each costs, and which models still
run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tfonnx_lab.mobile.config import KernelConfig
from tfonnx_lab.mobile.kernels import Kernel, Kernels
from tfonnx_lab.mobile.runs import Impact
from tfonnx_lab.mobile.size import size
from tfonnx_lab.mobile.type_control import Arg, arg_name, type_control
from tfonnx_lab.texts import human, short_name

_TYPES = {True: "types by operator", False: "all types", None: "one list for all operators"}


@dataclass(frozen=True)
class Build:
    """A build that is being chosen: the models that it is for, and what it keeps. Changes give another one.

    models: the first is the one that was asked about.
    config: what the build keeps.
    """

    models: tuple[Kernels, ...]
    config: KernelConfig

    @property
    def needed(self) -> KernelConfig:
        """What all models need, with types."""
        return KernelConfig.of(self.models)

    def keep(self, domain: str, op: str, version: int, on: bool) -> Build:
        """With or without one version of an operator; one that is put back has the types that the models need."""
        if not on:
            return Build(self.models, self.config.without(domain, op, version))
        types = self.needed.types.get((domain, op)) if self.config.types else None
        more = KernelConfig({(domain, version): frozenset({op})}, {(domain, op): types} if types else {})
        if self.config.global_types is not None:
            more = more.with_global_types(self.config.global_types)
        return Build(self.models, self.config | more)

    def with_type(self, domain: str, op: str, arg: Arg, word: str, on: bool) -> Build:
        """With or without a type of an operator's input or output."""
        types = {k: set(words) for k, words in self.config.types.get((domain, op), {}).items()}
        kept = types.get(arg, set(self.needed.types.get((domain, op), {}).get(arg, ())))
        types[arg] = kept | {word} if on else kept - {word}
        return Build(self.models, self.config.with_types(domain, op, types))

    def with_global(self, word: str, on: bool) -> Build:
        """With or without a type of the list that holds for all operators."""
        now = self.config.global_types or frozenset()
        return Build(self.models, self.config.with_global_types(now | {word} if on else now - {word}))

    def typed(self, how: str) -> Build:
        """Types by operator, all types, or one list for all operators: those that the models hold."""
        if how == _TYPES[False]:
            return Build(self.models, self.config.without_types())
        if how == _TYPES[None]:
            return Build(self.models, self.config.with_global_types(self.words))
        types = {key: found for key, found in self.needed.types.items() if self.config.versions(*key)}
        return Build(self.models, replace(self.config, types=types, global_types=None, all_if_none=False))

    @property
    def words(self) -> list[str]:
        """All element types of the models that a list can hold."""
        return sorted({word for model in self.models for word in model.types if not word.startswith("std::map")})


def build_data(build: Build, target: str) -> dict[str, Any]:
    """Rows with boxes, and what the choice means.

    target: the name that "save" suggests.
    """
    config = build.config
    costs = {(c.domain, c.op): c for c in size(config).costs}
    kinds: dict[tuple[str, str, int], list[Kernel]] = {}
    for kernel in (k for model in build.models for k in model):
        kinds.setdefault((kernel.domain, kernel.op, kernel.since_version), []).append(kernel)
    listed = {(domain, op, version) for (domain, version), ops in config.ops.items() for op in ops}
    rows = []
    for key in sorted({*kinds, *listed}):
        domain, op, version = key
        cost = costs.get((domain, op))
        kernels = kinds.get(key, [])
        rows.append(
            {
                "domain": domain, "op": op, "version": version, "on": config.keeps_all or key in listed,
                "nodes": sum(len(k.uses) for k in kernels),
                "from": ", ".join(dict.fromkeys(o.rsplit(" ", 1)[0] for k in kernels for o in k.origin)),
                "types": _types(build, domain, op),
                "cost": "" if cost is None else human(cost.on_top),
            }
        )  # fmt: skip
    how = None if config.global_types is not None else bool(config.types)
    return {
        "rows": rows,
        "how": _TYPES[how],
        "hows": list(_TYPES.values()),
        "global": None if how is not None else [{"word": w,
        "on": w in (config.global_types or ())} for w in build.words],
        "changed": str(config) != str(build.needed),
        "text": str(config),
        "target": target,
        **impact_data(config.impact(build.models), build.models),
    }  # fmt: skip


def _types(build: Build, domain: str, op: str) -> list[dict[str, Any]]:
    """The inputs and outputs whose types can be chosen, each with its words; none where the build keeps all types."""
    control = type_control(domain, op)
    if control is None or control.triple or not build.config.types:
        return []
    needed, listed = build.needed.types.get((domain, op), {}), build.config.types.get((domain, op))
    found = []
    for arg in control.args:
        words = sorted({*needed.get(arg, ()), *((listed or {}).get(arg, ()))})
        kept = None if listed is None else listed.get(arg)
        boxes = [{"word": w, "on": kept is None or w in kept} for w in words if isinstance(w, str)]
        found.append({"arg": list(arg), "name": arg_name(arg), "words": boxes})
    return [item for item in found if item["words"]]


def impact_data(impact: Impact, models: Sequence[Kernels]) -> dict[str, Any]:
    """Which models run, which do not and at which node, and how large the build is."""
    broken = [
        {"model": short_name(a.name), "fail": len(a.failures), "of": a.nodes, "node": str(a.failures[0].use),
         "why": a.failures[0].reason, "change": a.failures[0].advice}
        for a in impact.broken
    ]  # fmt: skip
    return {
        "models": len(models),
        "runs": len(models) - len(broken),
        "broken": broken,
        "bytes": human(impact.size.total),
    }
