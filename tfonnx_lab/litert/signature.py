"""A model whose main graph is another signature's, for a reference that runs the first subgraph."""

from __future__ import annotations

import struct
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.litert.followed import followed
from tfonnx_lab.readers.op_options import op_options
from tfonnx_lab.readers.source import open_source

_SUBGRAPHS = 8
"""Where a Model's vtable tells the place of its subgraphs."""


_FOLLOWED: weakref.WeakKeyDictionary[Conversion, dict[int | None, bytes]] = weakref.WeakKeyDictionary()
"""What was made for a conversion and a number of examples, which several ask for."""


def converted_source(result: Conversion, runs: Sequence[Sequence[np.ndarray]] = ()) -> Any:
    """What LiteRT has to run to do what was converted: the source, or its bytes with the signature's subgraph first,
    and with what ops are told of shapes as the conversion follows `inputs=`.

    runs: what it is to run on, of a batch that `inputs=` leaves open: constants of one example are as long as it.
    Raises ConversionError where an op runs one of the two subgraphs that have to change places.
    """
    index = converted_subgraph(result)
    data = followed_source(result, _rows(result, runs))
    return _swapped(result, bytes(open_source(data)[0]), index) if index else data


def followed_source(result: Conversion, rows: int | None = None) -> Any:
    """The source, or its bytes with what ops are told of shapes as the conversion follows `inputs=`; all numbers are
    those of the file.

    rows: examples of a batch that is left open.
    """
    if not result.options.inputs:
        return result.source
    made = _FOLLOWED.setdefault(result, {})
    if rows not in made:
        data = bytes(open_source(result.source)[0])
        made[rows] = followed(result, data, converted_subgraph(result), rows)
    return made[rows]


def _rows(result: Conversion, runs: Sequence[Sequence[np.ndarray]]) -> int | None:
    """How many examples of a batch that is left open are given, where they are several."""
    many = max((array.shape[0] for array in (runs[0] if runs else ()) if array.ndim), default=1)
    is_open = any(dims and isinstance(dims[0], str) for dims in result.options.inputs.values())
    return many if is_open and many > 1 else None


def converted_subgraph(result: Conversion) -> int:
    """The number of the file's subgraph that was converted."""
    meta = result.ir_model.meta
    return int(meta.get("signatures", {}).get(meta.get("signature"), {}).get("subgraph", 0))


def _swapped(result: Conversion, file: bytes, index: int) -> bytes:
    data = bytearray(file)
    model = schema.Model.GetRootAs(data, 0)
    if {0, index} & _called(model):
        raise ConversionError(
            f"{result.name}: LiteRT cannot run subgraph {index} by itself, as ops run it or the first one"
        )
    start = model._tab.Vector(model._tab.Offset(_SUBGRAPHS))
    first, other = start, start + 4 * index
    targets = [place + struct.unpack_from("<I", data, place)[0] for place in (first, other)]
    struct.pack_into("<I", data, first, targets[1] - first)
    struct.pack_into("<I", data, other, targets[0] - other)
    return bytes(data)


def _called(model: Any) -> set[int]:
    """The subgraphs that ops run."""
    found: set[int] = set()
    for graph in map(model.Subgraphs, range(model.SubgraphsLength())):
        for op in map(graph.Operators, range(graph.OperatorsLength())):
            for key, value in op_options(op).items():
                if key == "subgraph" or key.endswith(("subgraph_index", "subgraph_indices")):
                    found.update(value if isinstance(value, list) else [value])
    return found
