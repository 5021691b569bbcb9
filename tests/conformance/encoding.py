"""How values, quantization and sparsity are laid down in a .tflite file."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers

Array = npt.NDArray[Any]

DTYPES: dict[str, int] = {k.lower(): v for k, v in vars(schema.TensorType).items() if k.isupper()}
"""TensorType codes by lower-case name: "float32", "int8", "string", "resource", ..."""

NUMPY: dict[str, Any] = {
    "string": object, "bfloat16": ml_dtypes.bfloat16, "int4": np.int8, "uint4": np.uint8, "int2": np.int8,
    "bool": np.bool_, "float8_e4m3fn": ml_dtypes.float8_e4m3fn, "float8_e5m2": ml_dtypes.float8_e5m2,
}  # fmt: skip


def numpy_dtype(dtype: str) -> np.dtype[Any]:
    """The numpy type that holds one value of a TFLite dtype (4- and 2-bit ones unpacked to a byte each)."""
    return np.dtype(NUMPY.get(dtype, dtype))


@dataclass
class Blockwise:
    """Blockwise quantization: one scale for each `size` values along the last axis, kept in a tensor of its own."""

    scales: Any
    size: int
    zeros: Any = None


@dataclass
class Sparse:
    """Sparsity parameters: a format per level ("dense", size) or ("csr", segments, indices), as the schema has them."""

    order: Sequence[int]
    levels: Sequence[tuple[Any, ...]]
    block_map: Sequence[int] = field(default_factory=list)


def quantization(spec: Any) -> Any:
    """QuantizationParametersT of `scale`, `(scale, zero)`, `(scales, zeros, axis)`, a `Blockwise` or a dict of
    fields."""
    if spec is None:
        return None
    q = schema.QuantizationParametersT()
    if isinstance(spec, Blockwise):
        q.detailsType = schema.QuantizationDetails.BlockwiseQuantization
        q.details = schema.BlockwiseQuantizationT()
        q.details.scales, q.details.blockSize = spec.scales.index, spec.size
        q.details.zeroPoints = -1 if spec.zeros is None else spec.zeros.index
        return q
    if isinstance(spec, dict):
        for name, value in spec.items():
            setattr(q, name, value)
        return q
    scale, zero, axis = (*(spec if isinstance(spec, tuple) else (spec,)), 0, 0)[:3]
    scales = np.atleast_1d(np.asarray(scale, np.float32))
    q.scale = scales.tolist()
    q.zeroPoint = np.broadcast_to(np.atleast_1d(np.asarray(zero, np.int64)), scales.shape).tolist()
    q.quantizedDimension = axis
    return q


def sparsity(spec: Sparse | None) -> Any:
    """SparsityParametersT of a `Sparse`."""
    if spec is None:
        return None
    s = schema.SparsityParametersT()
    s.traversalOrder, s.blockMap, s.dimMetadata = list(spec.order), list(spec.block_map), []
    for kind, *rest in spec.levels:
        level = schema.DimensionMetadataT()
        if kind == "dense":
            level.format, level.denseSize = schema.DimensionType.DENSE, rest[0]
        else:
            level.format = schema.DimensionType.SPARSE_CSR
            level.arraySegmentsType, level.arraySegments = _index_vector(rest[0])
            level.arrayIndicesType, level.arrayIndices = _index_vector(rest[1])
        s.dimMetadata.append(level)
    return s


def _index_vector(values: Any) -> tuple[int, Any]:
    array = np.asarray(values)
    kind = {"uint8": "Uint8Vector", "uint16": "Uint16Vector"}.get(array.dtype.name, "Int32Vector")
    vector = getattr(schema, kind + "T")()
    vector.values = array.tolist()
    return getattr(schema.SparseIndexVector, kind), vector


def strings(values: Iterable[Any]) -> bytes:
    """TFLite's string tensor: count, offsets, characters."""
    texts = [v if isinstance(v, bytes) else str(v).encode() for v in values]
    at, offsets = 4 * (len(texts) + 2), []
    for text in texts:
        offsets.append(at)
        at += len(text)
    return struct.pack(f"<{len(texts) + 2}i", len(texts), *offsets, at) + b"".join(texts)


def packed(values: Any, dtype: str) -> bytes:
    """The bytes of a constant, with 4- and 2-bit values packed, the first one in the lowest bits."""
    array = np.asarray(values)
    if dtype == "string":
        return strings(array.ravel().tolist())
    array = array.astype(numpy_dtype(dtype))
    bits = {"int4": 4, "uint4": 4, "int2": 2}.get(dtype)
    if bits is None:
        return array.tobytes()
    per = 8 // bits
    flat = array.ravel().astype(np.uint8) & ((1 << bits) - 1)
    flat = np.concatenate([flat, np.zeros(-len(flat) % per, np.uint8)]).reshape(-1, per)
    return np.bitwise_or.reduce(flat << (bits * np.arange(per, dtype=np.uint8)), axis=1).astype(np.uint8).tobytes()


def flex(options: dict[str, Any]) -> bytes:
    """A custom op's or composite's options as a flexbuffer map."""
    return bytes(flexbuffers.Dumps(options))
