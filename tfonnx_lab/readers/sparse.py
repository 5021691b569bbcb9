"""Sparse constants: the TFLite schema's SparsityParameters to dense contents."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.graph.budget import room


def densify(
    raw: memoryview, shape: list[int], sparsity: Any, itemsize: int, packed: int = 1, name: str = ""
) -> memoryview:
    """The bytes of the dense tensor of this shape.

    raw: the bytes of the stored elements, in traversal order.
    name: the tensor's, for messages.
    Raises ValueError for dimensions that do not fit, TooLarge where the numbers ask for more than the conversion may
        take. Source: SparsityParameters in the TFLite schema (the TACO format: dense and CSR dimensions, block maps).
    """
    if packed != 1:
        raise ValueError("sparse constants of packed integers are not part of the format")
    order = [int(i) for i in sparsity.TraversalOrderAsNumpy()]
    blocks = [int(i) for i in sparsity.BlockMapAsNumpy()] if sparsity.BlockMapLength() else []
    levels = [_level(sparsity.DimMetadata(i)) for i in range(sparsity.DimMetadataLength())]
    if len(order) != len(shape) + len(blocks) or len(levels) != len(order):
        raise ValueError("the sparsity's dimensions do not fit the tensor's")
    block_sizes = [levels[order.index(len(shape) + i)][0] for i in range(len(blocks))]
    if any(not 0 <= dim < len(shape) for dim in blocks) or any(size < 1 for size in block_sizes):
        raise ValueError(
            f"the blocks of the sparse constant {name}, {block_sizes} of dimensions {blocks}, do not fit {shape}"
        )
    coordinates = _coordinates(levels, name)
    values = np.frombuffer(raw, np.dtype((np.void, itemsize)))
    if len(values) < len(coordinates):
        raise ValueError(f"the sparse constant {name} stores {len(values)} elements and lists {len(coordinates)}")
    index = np.zeros((len(coordinates), len(shape)), np.int64)
    for level, dim in enumerate(order):
        if dim < len(shape):
            scale = block_sizes[blocks.index(dim)] if dim in blocks else 1
            index[:, dim] += coordinates[:, level] * scale
        else:
            index[:, blocks[dim - len(shape)]] += coordinates[:, level]
    if len(index) and ((index < 0).any() or (index >= np.array(shape)).any()):
        raise ValueError(f"the sparse constant {name} lists elements outside of its shape {shape}")
    room(shape, 2 * itemsize, f"the sparse constant {name}")
    dense = np.zeros(shape, np.dtype((np.void, itemsize)))
    dense[tuple(index.T)] = values[: len(coordinates)]
    return memoryview(dense.tobytes())


def _level(meta: Any) -> tuple[int, np.ndarray | None, np.ndarray | None]:
    """(size, None, None) of a dense level, (0, segments, indices) of a sparse one."""
    if meta.Format() == schema.DimensionType.DENSE:
        if meta.DenseSize() < 0:
            raise ValueError(f"a dense dimension of a sparse constant has the size {meta.DenseSize()}")
        return int(meta.DenseSize()), None, None
    return (
        0,
        _vector(meta.ArraySegmentsType(), meta.ArraySegments()),
        _vector(meta.ArrayIndicesType(), meta.ArrayIndices()),
    )


def _vector(kind: int, table: Any) -> np.ndarray:
    names = {1: schema.Int32Vector, 2: schema.Uint16Vector, 3: schema.Uint8Vector}
    if kind not in names or table is None:
        raise ValueError("a sparse dimension has no indices")
    vector = names[kind]()
    vector.Init(table.Bytes, table.Pos)
    return np.asarray(vector.ValuesAsNumpy(), np.int64)


def _coordinates(levels: list[tuple[int, np.ndarray | None, np.ndarray | None]], name: str) -> np.ndarray:
    """The coordinates of the stored elements, one row each, one column a level."""
    rows = np.zeros((1, 0), np.int64)
    for size, segments, indices in levels:
        if segments is None or indices is None:
            room((len(rows), size, rows.shape[1] + 1), 24, f"the coordinates of the sparse constant {name}")
            column = np.tile(np.arange(size), len(rows))
            rows = np.column_stack([np.repeat(rows, size, axis=0), column])
            continue
        counts = np.diff(segments)[: len(rows)]
        if len(counts) < len(rows) or (counts < 0).any() or int(counts.sum()) > len(indices):
            raise ValueError("the segments of a sparse dimension do not fit its indices")
        room((int(counts.sum()), rows.shape[1] + 1), 24, f"the coordinates of the sparse constant {name}")
        rows = np.column_stack([np.repeat(rows, counts, axis=0), indices[: int(counts.sum())]])
    return rows
