"""What a TFLite file says of its inputs beside their shapes: how a picture's values become the model's numbers.

Source: TFLite's metadata_schema.fbs; the fields are read by their place in their tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import number_types
from flatbuffers.table import Table

_NORMALIZATION = 1
"""NormalizationOptions in the union ProcessUnitOptions."""

_SUBGRAPHS, _INPUTS, _PROCESS_UNITS = 3, 2, 4
_KIND, _OPTIONS = 0, 1
_MEAN, _STD = 0, 1


@dataclass(frozen=True)
class Normalization:
    """What is done to a picture of 0 to 255: (value - mean) / std, one number or one a channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


def normalizations(data: bytes | memoryview) -> list[Normalization | None]:
    """The normalization of each input of the main graph, None where the file states none; empty without metadata."""
    model = schema.Model.GetRootAs(data, 0)
    for item in map(model.Metadata, range(model.MetadataLength())):
        if item.Name() == b"TFLITE_METADATA" and item.Buffer() < model.BuffersLength():
            buffer = model.Buffers(item.Buffer())
            try:
                return _read(bytes(buffer.DataAsNumpy().tobytes())) if buffer.DataLength() else []
            except Exception:  # a file may hold anything there; then it states nothing
                return []
    return []


def _read(data: bytes) -> list[Normalization | None]:
    start = flatbuffers.encode.Get(flatbuffers.packer.uoffset, data, 0)
    graphs = _tables(Table(bytearray(data), start), _SUBGRAPHS)
    return [_normalization(tensor) for tensor in _tables(graphs[0], _INPUTS)] if graphs else []


def _normalization(tensor: Table) -> Normalization | None:
    for unit in _tables(tensor, _PROCESS_UNITS):
        kind = _offset(unit, _KIND)
        if kind and unit.Get(number_types.Uint8Flags, unit.Pos + kind) == _NORMALIZATION:
            at = _offset(unit, _OPTIONS)
            options = Table(unit.Bytes, unit.Indirect(unit.Pos + at))
            mean, std = _floats(options, _MEAN), _floats(options, _STD)
            if mean and std and all(std):
                return Normalization(mean, std)
    return None


def _offset(table: Table, field: int) -> int:
    return int(table.Offset(4 + 2 * field))


def _tables(table: Table, field: int) -> list[Table]:
    at = _offset(table, field)
    if not at:
        return []
    start = table.Vector(at)
    return [Table(table.Bytes, table.Indirect(start + 4 * i)) for i in range(table.VectorLen(at))]


def _floats(table: Table, field: int) -> tuple[float, ...]:
    at = _offset(table, field)
    found: Any = table.GetVectorAsNumpy(number_types.Float32Flags, at) if at else np.zeros(0)
    return tuple(float(x) for x in found)
