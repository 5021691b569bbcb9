"""Sparse constants: the TFLite schema's SparsityParameters to dense contents."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema


def densify(raw: memoryview, shape: list[int], sparsity: Any, itemsize: int, packed: int = 1) -> memoryview:
    """The bytes of the dense tensor of this shape.

    raw: the bytes of the stored elements, in traversal order. Raises ValueError for dimensions that do not fit.
    Source: SparsityParameters in the TFLite schema (the TACO format: dense and CSR dimensions, block maps).
    """
    if packed != 1:
        raise ValueError("sparse constants of packed integers are not part of the format")
    order = [int(i) for i in sparsity.TraversalOrderAsNumpy()]
    blocks = [int(i) for i in sparsity.BlockMapAsNumpy()] if sparsity.BlockMapLength() else []
    levels = [_level(sparsity.DimMetadata(i)) for i in range(sparsity.DimMetadataLength())]
    if len(order) != len(shape) + len(blocks) or len(levels) != len(order):
        raise ValueError("the sparsity's dimensions do not fit the tensor's")
    block_sizes = [levels[order.index(len(shape) + i)][0] for i in range(len(blocks))]
    sizes = list(shape)
    for dim, size in zip(blocks, block_sizes, strict=True):
        sizes[dim] = shape[dim] // size
    coordinates = _coordinates(levels)
    values = np.frombuffer(raw, np.dtype((np.void, itemsize)))
    if len(values) < len(coordinates):
        raise ValueError(f"a sparse constant stores {len(values)} elements and lists {len(coordinates)}")
    index = np.zeros((len(coordinates), len(shape)), np.int64)
    for level, dim in enumerate(order):
        if dim < len(shape):
            scale = block_sizes[blocks.index(dim)] if dim in blocks else 1
            index[:, dim] += coordinates[:, level] * scale
        else:
            index[:, blocks[dim - len(shape)]] += coordinates[:, level]
    dense = np.zeros(shape, np.dtype((np.void, itemsize)))
    dense[tuple(index.T)] = values[: len(coordinates)]
    return memoryview(dense.tobytes())


def _level(meta: Any) -> tuple[int, np.ndarray | None, np.ndarray | None]:
    """(size, None, None) of a dense level, (0, segments, indices) of a sparse one."""
    if meta.Format() == schema.DimensionType.DENSE:
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


def _coordinates(levels: list[tuple[int, np.ndarray | None, np.ndarray | None]]) -> np.ndarray:
    """The coordinates of the stored elements, one row each, one column a level."""
    rows = np.zeros((1, 0), np.int64)
    for size, segments, indices in levels:
        if segments is None or indices is None:
            column = np.tile(np.arange(size), len(rows))
            rows = np.column_stack([np.repeat(rows, size, axis=0), column])
            continue
        counts = np.diff(segments)[: len(rows)]
        if len(counts) < len(rows) or (counts < 0).any() or int(counts.sum()) > len(indices):
            raise ValueError("the segments of a sparse dimension do not fit its indices")
        rows = np.column_stack([np.repeat(rows, counts, axis=0), indices[: int(counts.sum())]])
    return rows
