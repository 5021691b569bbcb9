"""A one-op model without what a phase of the rewriters is there for: where that is right, the handler is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

Variant = tuple[bytes, list[np.ndarray]]
"""A flatbuffer and its inputs."""

_CODES = {
    schema.TensorType.INT8: np.int8,
    schema.TensorType.UINT8: np.uint8,
    schema.TensorType.INT16: np.int16,
    schema.TensorType.INT32: np.int32,
    schema.TensorType.INT64: np.int64,
}
"""What codes are held as; a bias is of 32 bits, beside activations of 16 bits of 64."""


def without_activation(data: bytes, inputs: Sequence[np.ndarray]) -> Variant | None:
    """CONV_2D{RELU6} => CONV_2D{NONE}; None where the op has no activation."""
    model = _read(data)
    ops = [op for op in model.subgraphs[0].operators if getattr(op.builtinOptions, "fusedActivationFunction", 0)]
    for op in ops:
        op.builtinOptions.fusedActivationFunction = 0
    return (_write(model), list(inputs)) if ops else None


def in_float(data: bytes, inputs: Sequence[np.ndarray]) -> Variant | None:
    """The op on real numbers: its codes, weights and bias as what they mean; None where nothing is quantized.

    inputs: codes, or real numbers already.
    """
    model = _read(data)
    graph = model.subgraphs[0]
    scales = {i: t.quantization for i, t in enumerate(graph.tensors) if _scaled(t)}
    if not scales:
        return None
    given = [
        _real(x.astype(np.float32), scales[i]) if i in scales and x.dtype.kind in "iu" else x
        for i, x in zip(graph.inputs, inputs, strict=True)
    ]
    for i, quant in scales.items():
        tensor = graph.tensors[i]
        held = model.buffers[tensor.buffer].data
        if held is not None and len(held):
            codes = np.asarray(held, np.uint8).view(_CODES[tensor.type]).reshape(tensor.shape).astype(np.float32)
            model.buffers.append(schema.BufferT(data=_real(codes, quant).view(np.uint8).ravel()))
            tensor.buffer = len(model.buffers) - 1
        tensor.type, tensor.quantization = schema.TensorType.FLOAT32, None
    return _write(model), given


def with_shapes(data: bytes, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> bytes:
    """A model whose inputs and outputs have the shapes of these arrays; the same bytes where they have them already."""
    model = _read(data)
    main, changed = model.subgraphs[0], False
    for number, array in zip([*main.inputs, *main.outputs], [*inputs, *outputs], strict=False):
        tensor = main.tensors[number]
        if tuple(() if tensor.shape is None else tensor.shape) != array.shape:
            tensor.shape, tensor.shapeSignature, changed = list(array.shape), None, True
    return _write(model) if changed else data


VARIANTS: dict[str, tuple[Callable[[bytes, Sequence[np.ndarray]], Variant | None], str]] = {
    "activations": (without_activation, "without its activation"),
    "quantize": (in_float, "on real numbers"),
}
"""Phase of the rewriters => the variant that it has nothing to do for, in words."""


def _scaled(tensor: Any) -> bool:
    quant = tensor.quantization
    held = quant is not None and quant.scale is not None and len(quant.scale) > 0
    return held and tensor.type in _CODES


def _real(codes: np.ndarray, quant: Any) -> np.ndarray:
    shape = [1] * codes.ndim
    if len(quant.scale) > 1:
        shape[quant.quantizedDimension] = len(quant.scale)
    zero = np.zeros(len(quant.scale)) if quant.zeroPoint is None else np.asarray(quant.zeroPoint)
    scale = np.asarray(quant.scale, np.float32)
    real = (codes - zero.reshape(shape)) * scale.reshape(shape) if codes.ndim else (codes - zero[0]) * scale[0]
    return np.ascontiguousarray(real, np.float32)


def _read(data: bytes) -> Any:
    return schema.ModelT.InitFromPackedBuf(bytearray(data), 0)


def _write(model: Any) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
