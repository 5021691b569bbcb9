"""Weights as rules read them: constants, also those that the file keeps in 16 bits behind a Cast."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, constant_array, is_onnx

_HALF = (ir.DataType.FLOAT16, ir.DataType.BFLOAT16)


def weights(value: ir.Value | None) -> np.ndarray | None:
    """The float32 numbers of a constant, or of Cast(constant); None for anything else."""
    kept = _kept(value)
    array = None if kept is None else constant_array(kept)
    return None if array is None or value is None or value.dtype != ir.DataType.FLOAT else array.astype(np.float32)


def stored_alike(op: OpBuilder, array: np.ndarray, value: ir.Value, name: str) -> ir.Value:
    """A constant of the same numbers in another order, kept in as many bits as `value` is."""
    kept = _kept(value)
    if kept is value or kept is None or kept.dtype is None:
        return op.const(array, name=name)
    half = op.const(array.astype(kept.dtype.numpy()), name=name)
    made: ir.Value = op.Cast(half, to=ir.DataType.FLOAT)
    made.type, made.shape = ir.TensorType(ir.DataType.FLOAT), ir.Shape(array.shape)
    return made


def _kept(value: ir.Value | None) -> ir.Value | None:
    """The constant that the file holds."""
    maker = None if value is None else value.producer()
    if maker is not None and is_onnx(maker, "Cast"):
        source = maker.inputs[0]
        return source if source is not None and source.dtype in _HALF else None
    return value
