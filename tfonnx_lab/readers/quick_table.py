"""A table of a flatbuffer whose places of fields are read once, not anew with each field.

flatbuffers' own `Table` unpacks three numbers, each through two calls, to find one field; a tensor has a dozen.
"""

from __future__ import annotations

import struct
from typing import Any, TypeVar

from flatbuffers.table import Table

T = TypeVar("T")

_BACK, _SIZE = struct.Struct("<i").unpack_from, struct.Struct("<H").unpack_from


class _Quick(Table):  # type: ignore[misc]
    """As its parent, for a file that the verifier has looked at: its vtables lie inside of it."""

    __slots__ = ("_places", "_size")

    def __init__(self, data: Any, at: int) -> None:
        super().__init__(data, at)
        vtable = at - _BACK(data, at)[0]
        self._size = _SIZE(data, vtable)[0]
        self._places = struct.unpack_from(f"<{self._size // 2}H", data, vtable)

    def Offset(self, place: int) -> int:
        """Where the field with this place in the vtable stands; 0 where it is left out."""
        return int(self._places[place >> 1]) if place < self._size else 0

    def Get(self, flags: Any, at: int) -> Any:
        """The number at a position."""
        return flags.py_type(flags.packer_type.unpack_from(self.Bytes, at)[0])


def quick(item: T) -> T:
    """An object of the schema's module, from now on read by a `_Quick`."""
    held: Any = item
    held._tab = _Quick(held._tab.Bytes, held._tab.Pos)
    return item
