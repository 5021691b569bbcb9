"""Does a build of a config run a model, and if not, which nodes fail and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tfonnx_lab.mobile import kernel_registry
from tfonnx_lab.mobile.config_algebra import Config
from tfonnx_lab.mobile.config_types import TRIPLES
from tfonnx_lab.mobile.kept import labels, words_of
from tfonnx_lab.mobile.kernels import Kernels, Use
from tfonnx_lab.mobile.shown import Answer, Section, tail
from tfonnx_lab.mobile.size_sum import Adding, Sum
from tfonnx_lab.mobile.type_control import arg_name, type_control
from tfonnx_lab.mobile.type_names import both_words
from tfonnx_lab.texts import human, short_name

_ONE_KERNEL_FOR_FLOAT = frozenset({("ai.onnx", "Conv"), ("ai.onnx", "AveragePool")})
"""Ops with type control by name, whose one CPU kernel is for float and has no list inside: no list takes it out."""


@dataclass(frozen=True)
class NodeFailure:
    """A node that a build does not run: the node, why, and what to change in the config."""

    use: Use
    reason: str
    advice: str

    def __str__(self) -> str:
        return f"{self.use}: {self.reason}; {self.advice}"


@dataclass(frozen=True)
class Runs(Answer):
    """Whether a build of a config runs a model: true where it does. `failures` are the nodes that it does not run."""

    name: str
    nodes: int
    failures: tuple[NodeFailure, ...]

    def __bool__(self) -> bool:
        return not self.failures

    @property
    def title(self) -> str:
        """The heading."""
        if self:
            return f"{short_name(self.name)} runs in this build: all {self.nodes} nodes have their kernels"
        return f"{short_name(self.name)} does not run in this build: {len(self.failures)} of {self.nodes} nodes fail"

    def sections(self) -> Iterator[Section]:
        """The nodes that fail."""
        rows = tuple((f.use.op, tail(f.use.name, 40) or str(f.use.index), f.reason, f.advice) for f in self.failures)
        yield Section("Nodes that fail", ("op", "node", "why", "what to change"), rows)

    def to_json(self) -> dict[str, Any]:
        """Name, answer, failures."""
        return {
            "name": self.name,
            "runs": bool(self),
            "nodes": self.nodes,
            "failures": [
                {"index": f.use.index, "name": f.use.name, "graph": f.use.path, "domain": f.use.domain, "op": f.use.op,
                 "since_version": f.use.since_version, "reason": f.reason, "advice": f.advice}
                for f in self.failures
            ],
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"Runs({self.title})"


def failures(config: Config, model: Kernels) -> tuple[NodeFailure, ...]:
    """The nodes of a model that a build of the config does not run, in the order of the model."""
    found = []
    for first, uses in model.distinct:
        reason, advice = why_not(config, first)
        if reason:
            found += [NodeFailure(use, reason, advice) for use in uses]
    place = {id(use): i for i, use in enumerate(model.uses)}
    return tuple(sorted(found, key=lambda f: place[id(f.use)]))


def why_not(config: Config, use: Use) -> tuple[str, str]:
    """Why a build of the config does not run a node, and what to change; empty where it does."""
    if not config.keeps_all:
        versions = [v for (domain, v), ops in config.ops.items() if domain == use.domain and use.op in ops]
        if reason := kernel_registry.missing_kernel(use.domain, use.op, use.since_version, versions):
            return reason, f"add the line {use.domain};{use.since_version};{use.op}"
    if config.global_types is not None:
        return _outside_global(config.global_types, use)
    return _outside_list(config, use)


def _outside_list(config: Config, use: Use) -> tuple[str, str]:
    listed, control = config.types.get((use.domain, use.op)), type_control(use.domain, use.op)
    if listed is None or control is None or (use.domain, use.op) in _ONE_KERNEL_FOR_FLOAT:
        return "", ""
    if control.triple:
        triple = tuple(use.type_of(*arg) for arg in control.args)
        if triple in listed.get(TRIPLES, frozenset()):
            return "", ""
        return f"types {', '.join(triple)} of {use.op} are not in its list", "add them under custom"
    for arg in control.args:
        word = use.type_of(*arg)
        if word and arg in listed and word not in listed[arg] | control.always.get(arg, frozenset()):
            reason = f"type {both_words(word)} of {arg_name(arg)} of {use.op} is not in its list"
            return reason, f'add "{word}" to {arg[0]} {arg[1]}'
    return "", ""


def _outside_global(allowed: frozenset[str], use: Use) -> tuple[str, str]:
    missing = [word for words in needed_globally(use) for word in words if word not in allowed]
    if not missing:
        return "", ""
    if None in missing:
        return f"no global list keeps {use.op}: its kernels are registered by several types", "list types by operator"
    told = ", ".join(both_words(word) for word in missing if word)
    reason = f"type {told} of {use.op} is not among the globally allowed types"
    return reason, f"add {', '.join(word for word in missing if word)} to them"


def needed_globally(use: Use) -> tuple[tuple[str | None, ...], ...]:
    """The types that a global list must hold for a node to run; None for one that no list can hold.

    Operators with type control need the types of its inputs and outputs, less what is always kept. Others need the type
    that their registration has in its name; one registered for all types needs none.
    """
    control, key = type_control(use.domain, use.op), (use.domain, use.op)
    if control is not None:
        if key in _ONE_KERNEL_FOR_FLOAT:
            return ()
        pairs = [(arg, use.type_of(*arg)) for arg in control.args]
        return (tuple(w for arg, w in pairs if w and w not in control.always.get(arg, frozenset())),)
    named = [words_of(label) for label in labels(use.domain, use.op, use.since_version) if label is not None]
    if not named:
        return ()
    if all(len(words) > 1 for words in named):
        return ((None,),)
    own = [w for w in (*use.inputs, *use.outputs) if (w,) in named]
    return ((own[0],),) if own else ()


@dataclass(frozen=True)
class Impact(Answer):
    """What a config means for several models: which run, which do not, and how large the build is.

    answers: one a model, in the order given.
    size: of the build.
    """

    answers: tuple[Runs, ...]
    size: Sum

    @property
    def broken(self) -> tuple[Runs, ...]:
        """The models that do not run."""
        return tuple(a for a in self.answers if not a)

    @property
    def title(self) -> str:
        """The heading."""
        run = f"{len(self.answers) - len(self.broken)} of {len(self.answers)} models run"
        return f"{run}; the library has {human(self.size.total)}"

    def sections(self) -> Iterator[Section]:
        """A row a model that does not run."""
        rows = tuple(
            (short_name(a.name), f"{len(a.failures)} of {a.nodes}", a.failures[0].use.op, a.failures[0].reason)
            for a in self.broken
        )
        yield Section("Models that do not run", ("model", "nodes that fail", "first", "why"), rows)

    def to_json(self) -> dict[str, Any]:
        """Answers and size."""
        return {"models": [a.to_json() for a in self.answers], "bytes": self.size.total}

    def __repr__(self) -> str:
        return f"Impact({self.title})"


def impact_of(config: Config, models: Sequence[Kernels]) -> Impact:
    """Ask a config about several models."""
    answers = tuple(Runs(m.name, len(m.uses), failures(config, m)) for m in models)
    return Impact(answers, Adding(config).sum())
