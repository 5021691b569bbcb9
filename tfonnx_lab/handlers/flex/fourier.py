"""Fourier transforms.

Computed in float32, as products with matrices; those of unknown sizes are made when the model runs. Source:
TensorFlow's op definitions (spectral_ops.cc) and fft_ops.cc.

Ops: FlexFFT, FlexFFT2D, FlexFFT3D, FlexIFFT, FlexIFFT2D, FlexIFFT3D, FlexIRFFT, FlexIRFFT2D, FlexIRFFT3D, FlexRFFT,
FlexRFFT3D.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.handlers.lowering.shape import dims, rank_of, vector
from tfonnx_lab.handlers.lowering.spectrum import Complex, along, fitted, real_along, to_real_along
from tfonnx_lab.rules import handler

_D = ir.DataType
_NONE = np.zeros(0, np.int64)


def _axes(node: ir.Node) -> int:
    """Over how many axes the op goes."""
    name = node.op_type
    return int(name[-2]) if name.endswith("D") else 1


def _length(op: OpBuilder, x: ir.Value, axis: int) -> ir.Value:
    return op.Reshape(dims(op, x, [rank_of(x) + axis]), op.const(_NONE))


def _lengths(op: OpBuilder, given: ir.Value, count: int) -> list[ir.Value]:
    """The op's second input as this many scalars."""
    both = vector(op, given)
    return [op.Gather(both, op.const(k), axis=0) for k in range(count)]


@handler("FlexFFT", "FlexFFT2D", "FlexFFT3D", "FlexIFFT", "FlexIFFT2D", "FlexIFFT3D")
def fft(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexFFT2D(x) => products with the matrices of cosines and sines, an axis after the other; its inverse
    likewise."""
    parts, inverse = Complex.of(op, cast(op, x, _D.FLOAT)), node.op_type.startswith("FlexI")
    for axis in range(-1, -1 - _axes(node), -1):
        parts = along(op, parts, axis, _length(op, parts.real, axis), inverse=inverse)
    return cast(op, parts.pairs(op), x.dtype)


@handler("FlexRFFT", "FlexRFFT3D")
def rfft(op: OpBuilder, node: ir.Node, x: ir.Value, length: ir.Value) -> ir.Value:
    """FlexRFFT(x, length) => products with the matrices of one half of the frequencies, then over the other axes of
    all."""
    sizes = _lengths(op, length, _axes(node))
    parts = real_along(op, fitted(op, cast(op, x, _D.FLOAT), sizes), sizes[-1])
    for axis in range(-2, -1 - len(sizes), -1):
        parts = along(op, parts, axis, sizes[axis])
    return cast(op, parts.pairs(op), x.dtype)


@handler("FlexIRFFT", "FlexIRFFT2D", "FlexIRFFT3D")
def irfft(op: OpBuilder, node: ir.Node, x: ir.Value, length: ir.Value) -> ir.Value:
    """FlexIRFFT(x, length) => the inverse over the outer axes, and of the last one from half of its frequencies."""
    sizes = _lengths(op, length, _axes(node))
    half = [*sizes[:-1], op.Add(op.Div(sizes[-1], op.const(2)), op.const(1))]
    parts = Complex.of(op, cast(op, x, _D.FLOAT)).each(lambda v: fitted(op, v, half))
    for axis in range(-len(sizes), -1):
        parts = along(op, parts, axis, sizes[axis], inverse=True)
    return cast(op, to_real_along(op, parts, sizes[-1]), x.dtype)
