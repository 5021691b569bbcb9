"""The tables of a flatbuffer, many of one kind at a time, no offset of which is followed before it is checked.

Source: the format as flatbuffers' own verifier takes it (include/flatbuffers/verifier.h): a table begins with the way
back to its vtable, a vtable with its size and with where each field stands; vectors begin with their length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from tfonnx_lab.graph.budget import room

Rows: TypeAlias = np.ndarray
"""One int64 for each table."""

Named: TypeAlias = Callable[[int], str]
"""The number of a table => what it is called in messages: `tensor 5 of subgraph 0`."""


class Damaged(ValueError):
    """What a file says is impossible; the message names the table and its number."""


def numbers_at(data: np.ndarray, at: Rows, dtype: str) -> Rows:
    """The numbers at these positions, as int64 (of uint64: the largest of int64 where it is larger).

    data: uint8[bytes].
    at: inside of it.
    dtype: `<i4` and the like.
    """
    width = np.dtype(dtype).itemsize
    found = data[at[:, None] + np.arange(width)].view(dtype)[:, 0] if len(at) else np.zeros(0, dtype)
    return (np.minimum(found, np.uint64(2**63 - 1)) if dtype == "<u8" else found).astype(np.int64)


class Tables:
    """Tables of one kind.

    data: uint8[bytes] of the file.
    at: where they begin.
    named: what they are called.

    Raises Damaged where one of them, or its vtable, lies outside of the file.
    """

    def __init__(self, data: np.ndarray, at: Rows, named: Named) -> None:
        self.data, self.at, self.named = data, at, named
        self._inside(at, 4)
        self._vtables = at - numbers_at(data, at, "<i4")
        self._inside(self._vtables, 4)
        self._sizes = numbers_at(data, self._vtables, "<u2")
        self.check((self._sizes >= 4) & (self._sizes % 2 == 0), lambda i: "has no table of its fields")
        self._inside(self._vtables, self._sizes)

    def __len__(self) -> int:
        return len(self.at)

    def check(self, right: np.ndarray, said: Callable[[int], str]) -> None:
        """Raise Damaged for the first table for which it is not right.

        said: the rest of the sentence about it.
        """
        if not right.all():
            first = int(np.argmin(right))
            raise Damaged(f"{self.named(first)} {said(first)}")

    def numbers(self, slot: int, dtype: str, default: int = 0) -> Rows:
        """A field of numbers; the default where it is missing."""
        if not len(self):
            return self.at
        places = self._field(slot, np.dtype(dtype).itemsize)
        found = numbers_at(self.data, np.maximum(places, 0), dtype)
        return np.where(places < 0, default, found)

    def vectors(self, slot: int, width: int) -> tuple[Rows, Rows]:
        """(where the first element stands, how many there are) of a vector of elements of so many bytes; none where it
        is missing."""
        if not len(self):
            return self.at, self.at
        there = self._pointed(slot)
        self._inside(np.maximum(there, 0), 4)
        counts = np.where(there < 0, 0, numbers_at(self.data, np.maximum(there, 0), "<u4"))
        self._inside(np.where(there < 0, 0, there + 4), counts * width)
        return there + 4, counts

    def ints(self, slot: int) -> tuple[Rows, Rows]:
        """(all elements of a vector of int32 of all tables in a row, the table that each belongs to)."""
        at, owners = self._elements(slot)
        return numbers_at(self.data, at, "<i4"), owners

    def children(self, slot: int, named: Callable[[int, int], str]) -> tuple[Tables, Rows, Rows]:
        """The tables in a vector of tables: (all of them, the table that each belongs to, its number there).

        named: owner and number => what it is called.
        """
        at, owners = self._elements(slot)
        counts = np.bincount(owners, minlength=len(self))
        order = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts)
        self._inside(at, 4)
        at = at + numbers_at(self.data, at, "<u4")
        return Tables(self.data, at, lambda i: named(int(owners[i]), int(order[i]))), owners, order

    def child(self, slot: int, what: str = "") -> tuple[Tables, Rows]:
        """A field that is a table: (those that are there, the table each belongs to).

        what: it is, for messages.
        """
        there = self._pointed(slot)
        owners = np.flatnonzero(there >= 0)
        return Tables(self.data, there[owners], lambda i: f"{what}{self.named(int(owners[i]))}"), owners

    def only(self, rows: np.ndarray) -> Tables:
        """Some of the tables.

        rows: bool or their numbers.
        """
        kept = np.arange(len(self))[rows]
        return Tables(self.data, self.at[kept], lambda i: self.named(int(kept[i])))

    def _elements(self, slot: int) -> tuple[Rows, Rows]:
        """(where each element of a vector of four bytes an element stands, the table that it belongs to)."""
        starts, counts = self.vectors(slot, 4)
        total = int(counts.sum())
        room(total, 8, "what vectors of the file list")
        before = np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(starts, counts) + 4 * (np.arange(total) - before), np.repeat(np.arange(len(self)), counts)

    def _field(self, slot: int, width: int) -> Rows:
        """Where a field stands; -1 where it is missing."""
        place = 4 + 2 * slot
        has = self._sizes >= place + 2
        if not has.any():
            return np.full(len(self), -1)
        offsets = numbers_at(self.data, np.where(has, self._vtables + place, 0), "<u2")
        there = has & (offsets > 0)
        self._inside(np.where(there, self.at + offsets, 0), width)
        return np.where(there, self.at + offsets, -1)

    def _pointed(self, slot: int) -> Rows:
        """Where what an offset points to begins; -1 where it is missing."""
        places = self._field(slot, 4)
        if not (places >= 0).any():
            return places
        return np.where(places < 0, -1, places + numbers_at(self.data, np.maximum(places, 0), "<u4"))

    def _inside(self, at: Rows, width: Rows | int) -> None:
        """Whether so many bytes from these positions on are in the file."""
        if not len(at):
            return
        size = len(self.data)
        right = (at >= 0) & (at + width <= size)
        if not right.all():
            first = int(np.argmin(right))
            owner = f"{self.named(first)} refers" if len(right) == len(self) else "a vector refers"
            last = int(at[first]) if at[first] < 0 else int(at[first] + np.broadcast_to(width, at.shape)[first])
            raise Damaged(f"{owner} to byte {last:,}; the file has {size:,}: it is cut off, or damaged")
