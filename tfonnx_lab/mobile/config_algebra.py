"""Union and difference of two configs. What matters is what a build runs, so each law is about running:

`a | b` runs what a runs and what b runs; `(a - b) | b` runs what a runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tfonnx_lab.mobile.config_types import TRIPLES, Types
from tfonnx_lab.mobile.type_control import type_control

Ops = Mapping[tuple[str, int], frozenset[str]]
AllTypes = Mapping[tuple[str, str], Types]
Parts = tuple[Ops, AllTypes, frozenset[str] | None, bool]


class Config(Protocol):
    """The fields of a KernelConfig."""

    @property
    def ops(self) -> Ops:
        """(domain, version) => operators."""

    @property
    def types(self) -> AllTypes:
        """(domain, op) => its types."""

    @property
    def global_types(self) -> frozenset[str] | None:
        """The only types of all operators."""

    @property
    def all_if_none(self) -> bool:
        """Where no operator is listed, all are kept."""

    @property
    def keeps_all(self) -> bool:
        """Every operator is kept."""


def union(a: Config, b: Config) -> Parts:
    """What runs all that either runs."""
    if a.keeps_all or b.keeps_all:
        return {}, {}, _joined(a, b), True
    ops = {key: a.ops.get(key, frozenset()) | b.ops.get(key, frozenset()) for key in {*a.ops, *b.ops}}
    if a.global_types is not None and b.global_types is not None:
        return ops, {}, a.global_types | b.global_types, False
    types: dict[tuple[str, str], Types] = {}
    for key in _names(ops):
        lists = [_types(c, key) for c in (a, b) if key in _names(c.ops)]
        if found := _either(lists):
            types[key] = found
    return ops, types, None, False


def minus(a: Config, b: Config) -> Parts:
    """What b lacks to run all that a runs: operators, versions, and of operators that both have the types."""
    if b.keeps_all and b.global_types is None:
        return {}, {}, None, False
    if a.global_types is not None and b.global_types is not None:
        if more := a.global_types - b.global_types:
            return a.ops, {}, more, a.all_if_none
        if not a.keeps_all or b.keeps_all:
            return _less(a.ops, b), {}, a.global_types, False
    if a.keeps_all:
        return a.ops, a.types, a.global_types, True
    ops: dict[tuple[str, int], set[str]] = {}
    types: dict[tuple[str, str], Types] = {}
    for domain, op in _names(a.ops):
        mine = {v for (d, v), names in a.ops.items() if d == domain and op in names}
        theirs = {v for (d, v), names in b.ops.items() if d == domain and op in names}
        own, other = _types(a, (domain, op)), _types(b, (domain, op)) if theirs or b.keeps_all else None
        lacking = own if other is None else _lacking(own, other)
        versions = mine if lacking is not None else mine - theirs
        for version in versions if not b.keeps_all or lacking is not None else ():
            ops.setdefault((domain, version), set()).add(op)
        if versions and (found := own if lacking is None or mine - theirs else lacking):
            types[domain, op] = found
    kept = {key for place, names in ops.items() for key in ((place[0], n) for n in names)}
    frozen = {place: frozenset(names) for place, names in ops.items()}
    return frozen, {k: t for k, t in types.items() if k in kept}, None, False


def _names(ops: Ops) -> set[tuple[str, str]]:
    return {(domain, op) for (domain, _), names in ops.items() for op in names}


def _types(config: Config, key: tuple[str, str]) -> Types:
    """An operator's types, by argument; an argument that is not there keeps all.

    A global list is spread over its arguments.
    """
    if config.global_types is None:
        return config.types.get(key, {})
    control = type_control(*key)
    if control is None or control.triple:
        return {}
    return {arg: config.global_types | control.always.get(arg, frozenset()) for arg in control.args}


def _either(lists: list[Types]) -> Types:
    """Types by argument of all lists together; an argument that one of them leaves free is free."""
    shared = set(lists[0]).intersection(*lists[1:])
    return {arg: frozenset[Any]().union(*(types[arg] for types in lists)) for arg in shared}


def _lacking(own: Types, other: Types) -> Types | None:
    """What `other` lacks of an operator's types; None where nothing.

    An argument that lacks nothing keeps its own list.
    """
    lacks = [arg for arg, words in other.items() if arg not in own or own[arg] - words]
    if not lacks:
        return None
    if len(own) > 1 and TRIPLES not in own:
        return own  # types of several arguments go together: the list of one is of no use without the others
    return {arg: words - other[arg] if arg in lacks else words for arg, words in own.items()}


def _joined(a: Config, b: Config) -> frozenset[str] | None:
    """The global list of a union in which all operators are kept."""
    if a.global_types is None or b.global_types is None:
        return None
    return a.global_types | b.global_types


def _less(ops: Ops, b: Config) -> Ops:
    if b.keeps_all:
        return {}
    left = {key: names - b.ops.get(key, frozenset()) for key, names in ops.items()}
    return {key: names for key, names in left.items() if names}
