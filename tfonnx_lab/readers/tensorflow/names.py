"""Names of what a function takes and returns: of nested structures, and such as a graph takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def flat(structure: Any, key: str = "") -> list[tuple[str, Any]]:
    """(key, leaf) of nested lists and dicts, in the order in which they were written; no key outside of dicts."""
    if isinstance(structure, Mapping):
        return [leaf for k, item in structure.items() for leaf in flat(item, f"{key}/{k}" if key else str(k))]
    if isinstance(structure, (list, tuple)):
        return [leaf for n, item in enumerate(structure) for leaf in flat(item, f"{key}/{n}" if key else "")]
    return [(key, structure)]


def filled(structure: Any, values: Iterator[Any]) -> Any:
    """The structure with these values in place of its leaves."""
    if isinstance(structure, Mapping):
        return {k: filled(item, values) for k, item in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [filled(item, values) for item in structure]
    return next(values)


def output_names(tf: Any, structure: Any) -> list[str]:
    """The keys of a dict; `output_0` ... elsewhere, as Keras and TensorFlow's signatures have it."""
    if isinstance(structure, Mapping):
        return [name for key in sorted(structure) for name in _paths(tf, str(key), structure[key])]
    return [f"output_{n}" for n in range(len(tf.nest.flatten(structure, expand_composites=True)))]


def _paths(tf: Any, key: str, structure: Any) -> list[str]:
    """The names of the leaves below a key, in TensorFlow's order: `boxes`, or `boxes/x` and `boxes/y`."""
    if isinstance(structure, Mapping):
        return [name for k in sorted(structure) for name in _paths(tf, f"{key}/{k}", structure[k])]
    count = len(tf.nest.flatten(structure, expand_composites=True))
    return [key] if count == 1 else [f"{key}/{n}" for n in range(count)]


def in_order(names: Iterable[str]) -> list[str]:
    """Names whose order is lost, by the alphabet, and where they are alike up to a number, by that: `output_2` before
    `output_10`."""

    def key(name: str) -> tuple[str, int, str]:
        found = re.fullmatch(r"(.*?)_?(\d+)", name)
        return (found[1], int(found[2]), name) if found else (name, -1, name)

    return sorted(names, key=key)


def graph_name(name: str) -> str:
    """The name as a graph of TensorFlow takes it."""
    made = "".join(c if c.isascii() and (c.isalnum() or c in "_.-/") else "_" for c in name)
    return made if made[:1].isalnum() else f"x{made}"


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """The names, with `_2`, `_3` behind one that is there already."""
    taken: set[str] = set()
    made = []
    for name in names:
        found, count = name, 1
        while found in taken:
            count += 1
            found = f"{name}_{count}"
        taken.add(found)
        made.append(found)
    return tuple(made)


def collisions(what: str, before: Iterable[str], after: Iterable[str]) -> tuple[str, ...]:
    """What to tell of names that had to change.

    what: `inputs` or `outputs`.
    """
    return tuple(
        f"several {what} are called {old!r}; one of them is {new!r} here"
        for old, new in zip(before, after, strict=True)
        if old != new
    )


def listed(names: Iterable[str]) -> str:
    """The names in quotes, sorted."""
    return ", ".join(map(repr, sorted(names))) or "none"
