"""TFLite tensors as values of the graph: dtype, shape, quantization, contents by reference."""

from __future__ import annotations

import math
from typing import Any

import ml_dtypes
import numpy as np
import onnx_ir as ir
from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.graph import TENSORS, Quantization
from tfonnx_lab.graph.meta import KIND, QUANTIZATION, describe
from tfonnx_lab.readers.op_options import enum_name
from tfonnx_lab.readers.quick_table import quick
from tfonnx_lab.readers.sparse import densify

_D = ir.DataType
DTYPES = {
    "FLOAT32": _D.FLOAT,
    "FLOAT16": _D.FLOAT16,
    "INT32": _D.INT32,
    "UINT8": _D.UINT8,
    "INT64": _D.INT64,
    "STRING": _D.STRING,
    "BOOL": _D.BOOL,
    "INT16": _D.INT16,
    "COMPLEX64": _D.FLOAT,
    "INT8": _D.INT8,
    "FLOAT64": _D.DOUBLE,
    "COMPLEX128": _D.DOUBLE,
    "UINT64": _D.UINT64,
    "RESOURCE": _D.INT32,
    "VARIANT": _D.INT32,
    "UINT32": _D.UINT32,
    "UINT16": _D.UINT16,
    "INT4": _D.INT4,
    "BFLOAT16": _D.BFLOAT16,
    "INT2": _D.INT2,
    "UINT4": _D.UINT4,
    "FLOAT8_E4M3FN": _D.FLOAT8E4M3FN,
    "FLOAT8_E5M2": _D.FLOAT8E5M2,
}
"""TensorType by name => ONNX dtype. A complex tensor is a real one with a last dimension of two (real, imaginary)."""

_PACKED = {_D.INT4: 2, _D.UINT4: 2, _D.INT2: 4}


class TensorReader:
    """Makes values of the tensors of a subgraph."""

    def __init__(self, model: Any, data: memoryview) -> None:
        self.model = model
        self.data = data
        self._buffers = model.BuffersLength()

    def value(self, tensor: Any, name: str, dims: ir.Shape | None) -> ir.Value:
        """A value with everything the file says of the tensor, its contents not yet."""
        kind = enum_name(schema.TensorType, tensor.Type())
        if kind not in DTYPES:
            raise ValueError(f"tensor {name} has a type that this version does not know ({kind})")
        value = ir.Value(name=name, type=ir.TensorType(DTYPES[kind]), shape=dims)
        describe(value, KIND, kind)
        describe(value, TENSORS, ((name, None),))
        return value

    def contents(self, tensor: Any, value: ir.Value) -> ir.TensorProtocol | None:
        """The constant's contents, a view of the file wherever its layout allows; None where there are none."""
        raw = self._bytes(tensor.Buffer())
        dims = tensor.ShapeAsNumpy()
        shape = [] if isinstance(dims, int) else dims.tolist()
        if min(shape, default=0) < 0:
            raise ValueError(f"constant {value.name} has the shape {shape}")
        dtype = value.dtype
        assert dtype is not None
        if raw is None:
            return ir.tensor(np.zeros(_full_shape(shape, value), _numpy(dtype))) if 0 in shape else None
        if dtype == _D.STRING:
            return ir.StringTensor(_strings(raw, shape), shape=ir.Shape(shape))
        if (sparsity := tensor.Sparsity()) is not None:
            raw = densify(raw, shape, sparsity, _numpy(dtype).itemsize, _PACKED.get(dtype, 1), value.name or "")
        shape = _full_shape(shape, value)
        count = math.prod(shape)
        if dtype in _PACKED:
            size = -(-count // _PACKED[dtype])
            _check_size(raw.nbytes, size, value)
            packed = np.frombuffer(raw, np.uint8, size)
            return ir.PackedTensor(packed, dtype, shape=ir.Shape(shape))
        kind = _numpy(dtype)
        _check_size(raw.nbytes, count * kind.itemsize, value)
        return ir.Tensor(np.frombuffer(raw, kind, count).reshape(shape), dtype=dtype)

    def quantization(self, tensor: Any, value: ir.Value, scales_of: Any) -> None:
        """Attach the tensor's quantization; `scales_of(index)` reads the tensor that holds blockwise scales."""
        if value.dtype is None or not value.dtype.is_integer() or (quant := tensor.Quantization()) is None:
            return
        quant = quick(quant)
        if quant.DetailsType() == schema.QuantizationDetails.BlockwiseQuantization:
            dims = [int(d) for d in tensor.ShapeAsNumpy()]
            describe(value, QUANTIZATION, _blockwise(quant, scales_of, dims))
            return
        scale = _vector(quant.ScaleAsNumpy(), np.float32)
        if not scale.size:
            return
        axis = int(quant.QuantizedDimension()) if scale.size > 1 else None
        zero = _vector(quant.ZeroPointAsNumpy(), np.int64)
        if zero.size != scale.size:
            zero = np.resize(zero, scale.size) if zero.size else np.zeros(scale.size, np.int64)
        low, high = _vector(quant.MinAsNumpy(), np.float32), _vector(quant.MaxAsNumpy(), np.float32)
        describe(value, QUANTIZATION, Quantization(scale, zero, axis, 0, low, high))

    def has_bytes(self, tensor: Any) -> bool:
        """Whether the file holds the tensor's contents."""
        return self._bytes(tensor.Buffer()) is not None

    def _bytes(self, index: int) -> memoryview | None:
        """The buffer's bytes inside the flatbuffer, or after it where it holds an offset."""
        if not 0 < index < self._buffers:
            return None
        buffer = self.model.Buffers(index)
        start = buffer.Offset()
        if start > 1:
            size = buffer.Size()
            if start + size > len(self.data) or start + size < start:
                raise ValueError(f"buffer {index} lies outside the file (offset {start}, size {size})")
            return self.data[start : start + size]
        data = buffer.DataAsNumpy()
        return None if isinstance(data, int) or not data.size else memoryview(data)


def _vector(read: Any, kind: type[np.generic]) -> np.ndarray:
    """A vector of the file, copied; empty for one that is not there, which is given as 0."""
    return np.zeros(0, kind) if isinstance(read, int) else np.array(read, kind)


def _numpy(dtype: ir.DataType) -> np.dtype[Any]:
    return np.dtype(ml_dtypes.bfloat16) if dtype == _D.BFLOAT16 else dtype.numpy()


def _full_shape(shape: list[int], value: ir.Value) -> list[int]:
    return [*shape, 2] if str(value.meta.get(KIND, "")).startswith("COMPLEX") else shape


def _check_size(have: int, need: int, value: ir.Value) -> None:
    if have < need:
        raise ValueError(f"constant {value.name} has {have} bytes, its shape needs {need}")


def _strings(raw: memoryview, shape: list[int]) -> list[bytes]:
    """TFLite's string buffer: int32 count, count + 1 int32 offsets, the bytes."""
    count = int(np.frombuffer(raw, np.int32, 1)[0]) if raw.nbytes >= 4 else -1
    if count != math.prod(shape) or count < 0:
        raise ValueError(f"a string tensor of shape {shape} holds {max(count, 0)} strings")
    if 4 * (count + 2) > raw.nbytes:
        raise ValueError(f"a string tensor says that it holds {count:,} strings, in {raw.nbytes:,} bytes")
    ends = np.frombuffer(raw, np.int32, count + 1, 4)
    if ends[0] < 0 or ends[-1] > raw.nbytes or (np.diff(ends) < 0).any():
        raise ValueError(f"the offsets of a string tensor of shape {shape} leave its {raw.nbytes:,} bytes")
    return [bytes(raw[int(a) : int(b)]) for a, b in zip(ends[:-1], ends[1:], strict=True)]


def _blockwise(quant: Any, scales_of: Any, dims: list[int]) -> Quantization:
    """One scale for each block of the last dimension: scales of the shape [..., blocks]."""
    details = schema.BlockwiseQuantization()
    details.Init(quant.Details().Bytes, quant.Details().Pos)
    scale = np.asarray(scales_of(details.Scales()), np.float32)
    index = details.ZeroPoints()
    zeros = np.asarray(scales_of(index), np.int64) if index > 0 else np.zeros(scale.shape, np.int64)
    block = int(details.BlockSize())
    blocks = [*dims[:-1], dims[-1] // block if block else 0]
    if block <= 0 or dims[-1] % block or int(np.prod(blocks)) != scale.size:
        raise ValueError(f"{scale.size} scales for blocks of {block} in a tensor of shape {dims}")
    zeros = np.resize(zeros, scale.size) if zeros.size else np.zeros(scale.size, np.int64)
    return Quantization(scale.reshape(blocks), zeros.reshape(blocks), len(dims) - 1, block)
