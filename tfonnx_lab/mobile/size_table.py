"""The measured sizes of ONNX Runtime's CPU kernels, and what any choice of them adds up to.

A table lists kernel registrations, and blocks of code, each with the registrations that need it. A choice of
registrations costs the blocks that one of them needs, so code that several share is counted once. How it was measured:
data/README.md.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import numpy as np

from tfonnx_lab.mobile.type_names import CPP_OF

_DISPATCHER = 8
"""A block that names so many types is a dispatcher over all of them: it stays, and shrinks by an unknown part."""

_BITS = {
    word: 1 << bit
    for bit, word in enumerate(
        ("float", "double", "int64", "int32", "uint8", "string", "float16", "int8", "bool", "int16", "uint32", "uint64",
         "uint16", "int4", "float8", "bfloat16", "float4")
    )
}  # fmt: skip
"""Word of a type in the table => its bit."""

ALL_TYPES = (1 << len(_BITS)) - 1


@dataclass(frozen=True)
class Registration:
    """One kernel registration: the versions `start` to `end` (None: no end).

    type: of registrations of one type each, or None.
    """

    domain: str
    op: str
    start: int
    end: int | None
    type: str | None


class SizeTable:
    """Measured sizes of one build of ONNX Runtime.

    source: which build.
    base: bytes of text, rodata and data without any kernel.
    shared_mlas: matrix code that the first kernel that needs any brings, all of it, once.
    """

    def __init__(self, plain: Mapping[str, Any]) -> None:
        self.source: str = plain["source"]
        self.base: tuple[int, int, int] = tuple(plain["base"])
        self.shared_mlas: int = plain["shared_mlas"]
        self.registrations = [Registration(*row) for row in plain["registrations"]]
        needed = [_indexes(block[0]) for block in plain["blocks"]]
        self._flat = np.concatenate(needed)
        lengths = np.array([len(n) for n in needed])
        self._starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
        self._bytes = np.array([block[2] for block in plain["blocks"]])
        masks = np.array([_mask(block[1]) for block in plain["blocks"]], np.int64)
        self._types = np.repeat(masks, lengths)

    def blocks(self, kept: np.ndarray, types: np.ndarray | None = None) -> np.ndarray:
        """Which blocks a choice needs.

        kept: bool, one a registration.
        types: bits of the types that each registration keeps, None for all.
        """
        needs = kept[self._flat]
        if types is not None:
            needs = needs & ((self._types & ~types[self._flat]) == 0)
        return np.asarray(np.logical_or.reduceat(needs, self._starts))

    def cost(self, kept: np.ndarray, types: np.ndarray | None = None) -> np.ndarray:
        """Bytes of text, rodata and data that a choice adds to the base."""
        return np.asarray(self._bytes[self.blocks(kept, types)].sum(0, dtype=np.int64))

    def total(self, kept: np.ndarray, types: np.ndarray | None = None) -> int:
        """All bytes that a choice adds to the base."""
        return int(self.cost(kept, types).sum())

    @cached_property
    def by_op(self) -> dict[tuple[str, str], np.ndarray]:
        """(domain, op) => the indexes of its registrations."""
        found: dict[tuple[str, str], list[int]] = {}
        for index, registration in enumerate(self.registrations):
            found.setdefault((registration.domain, registration.op), []).append(index)
        return {key: np.array(indexes) for key, indexes in found.items()}

    @cached_property
    def matrix_block(self) -> int | None:
        """The block of matrix code that all kernels with matrix code share;

        None in a table that does not tell it apart.
        """
        if not self.shared_mlas:
            return None
        return int(np.argmax(self._bytes.sum(1)))

    @cached_property
    def needs_matrix_code(self) -> np.ndarray:
        """Which registrations need the shared matrix code: bool, one a registration."""
        found = np.zeros(len(self.registrations), bool)
        if self.matrix_block is not None:
            start = self._starts[self.matrix_block]
            stops = [*self._starts, len(self._flat)]
            found[self._flat[start : stops[self.matrix_block + 1]]] = True
        return found

    @cached_property
    def one_table(self) -> frozenset[tuple[str, str]]:
        """Operators that all bring the function tables of all others of them, since the compiler put these into one
        section.

        GCC did so with element_wise_ops.cc; clang, which builds for phones, does not. It is the largest block that Add
        needs.
        """
        adds = set(self.by_op["ai.onnx", "Add"])
        owners = np.repeat(np.arange(len(self._starts)), np.diff([*self._starts, len(self._flat)]))
        blocks = {int(owners[i]) for i in np.flatnonzero(np.isin(self._flat, list(adds)))}
        largest = max(blocks, key=lambda b: int(self._bytes[b].sum()))
        return frozenset(
            (self.registrations[i].domain, self.registrations[i].op) for i in self._flat[owners == largest]
        )


def type_bits(words: Iterable[str]) -> int:
    """The bits of C++ words of types, in the words of the table."""
    bits = 0
    for word in words:
        bits |= _BITS.get(_table_word(word), 0)
    return bits


def _table_word(cpp: str) -> str:
    onnx = _ONNX.get(cpp, cpp)
    for short, long in (("float", "float32"), ("double", "float64"), ("int4", "uint4"), ("float4", "float4e2m1")):
        if onnx == long:
            return short
    return "float8" if onnx.startswith("float8") else onnx


_ONNX = {cpp: onnx for onnx, cpp in CPP_OF.items()}


def _mask(types: list[str]) -> int:
    return 0 if len(types) >= _DISPATCHER else sum(_BITS[t] for t in types)


def _indexes(ranges: list[Any]) -> np.ndarray:
    """[3, [5, 7]] => 3, 5, 6, 7."""
    parts = [np.arange(r, r + 1) if isinstance(r, int) else np.arange(r[0], r[1] + 1) for r in ranges]
    return np.concatenate(parts)


@cache
def size_table(name: str) -> SizeTable:
    """A measured build.

    name: "minsize" (minimal build of 1.27 for size, GCC -Os, without exceptions, RTTI and traditional ML) or "release"
    (the official iOS library of 1.29, clang -O3).
    """
    data = files("tfonnx_lab.mobile").joinpath("data", "kernel_sizes.json.gz").read_bytes()
    return SizeTable(json.loads(gzip.decompress(data))[name])


@cache
def links() -> Mapping[str, Mapping[str, Any]]:
    """Libraries that were linked to see how far the sums are off: name => file (bytes) and sections."""
    text = files("tfonnx_lab.mobile").joinpath("data", "links.json").read_text()
    found: Mapping[str, Mapping[str, Any]] = json.loads(text)["links"]
    return found
