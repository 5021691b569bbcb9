"""TensorFlow ops that its converter writes as custom ops (Roll is in flex/arrays.py).

Ops: AveragePool3D, AvgPool3D, IRFFT2D, Irfft2d, MaxPool3D.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, is_quantized
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.custom.attributes import custom_options
from tfonnx_lab.handlers.lowering.layout import pad_attributes, to_channels_first, to_channels_last
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.handlers.lowering.shape import ints, rank_of
from tfonnx_lab.rules import handler

_D = ir.DataType
_NUDGE = 1e-4
"""A mean of integers that is a half may come out a little smaller in float32."""


@handler("AvgPool3D", "AveragePool3D", "MaxPool3D")
def pool_3d(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """AvgPool3D{ksize, strides, padding} (NDHWC) => AveragePool of channels first; of codes, rounded as integers are.

    Source: pooling3d.cc.
    """
    options = custom_options(node)
    if options.get("data_format", "NDHWC") != "NDHWC":
        raise Unsupported("it has its channels first, which LiteRT's kernel does not know either")
    kernel, strides = ([int(v) for v in options[k]][1:4] for k in ("ksize", "strides"))
    pads = pad_attributes(x, str(options.get("padding", "VALID")), kernel, strides)
    make = op.MaxPool if node.op_type == "MaxPool3D" else op.AveragePool
    y = make(to_channels_first(op, cast(op, x, _D.FLOAT), 3), kernel_shape=kernel, strides=strides, **pads)
    if is_quantized(x) and node.op_type != "MaxPool3D":
        y = op.Mul(op.Sign(y), op.Floor(op.Add(op.Abs(y), np.float32(0.5 + _NUDGE))))
    return cast(op, to_channels_last(op, y, 3), node.outputs[0].dtype)


@handler("IRFFT2D", "Irfft2d", custom=True)
def irfft2d(op: OpBuilder, node: ir.Node, x: ir.Value, length: ir.Value) -> ir.Value:
    """IRFFT2D => products with the matrices of the inverse Fourier transform. Source: irfft2d.cc.

    Of the first and the last column only one half is read, the other is its mirror.
    """
    size, shape = ints(length), None if x.shape is None else list(x.shape)
    rank = rank_of(x) - 1  # the last dimension holds real and imaginary parts
    if size is None or shape is None or not all(isinstance(d, int) for d in shape[rank - 2 : rank]):
        raise Unsupported("its length, or the size of its input, is not known")
    height, width = size
    half = width // 2 + 1
    room((height, height), 64, "the matrix of the transform's rows")
    room((half, width), 64, "the matrix of the transform's columns")
    room((height, half), 32, "the list of the elements that mirror others")
    x = _fitted(op, x, [height, half], rank)
    real, imaginary = (op.Gather(x, op.const(k), axis=-1) for k in (0, 1))
    real, imaginary = _mirrored(op, real, imaginary, height, half)
    turn = 2 * np.pi * np.outer(np.arange(height), np.arange(height)) / height
    cos, sin = (op.const((f(turn) / height).astype(np.float32)) for f in (np.cos, np.sin))
    lines = (
        op.Sub(op.MatMul(cos, real), op.MatMul(sin, imaginary)),
        op.Add(op.MatMul(sin, real), op.MatMul(cos, imaginary)),
    )
    angles = 2 * np.pi * np.outer(np.arange(half), np.arange(width)) / width
    twice = np.where(np.isin(np.arange(half), (0, width / 2)), 1, 2)[:, None] / width
    of_real, of_imaginary = (op.const((f(angles) * twice).astype(np.float32)) for f in (np.cos, np.sin))
    return op.Sub(op.MatMul(lines[0], of_real), op.MatMul(lines[1], of_imaginary))


def _fitted(op: OpBuilder, x: ir.Value, size: list[int], rank: int) -> ir.Value:
    """Rows and columns cut, or filled up with zeros, to these sizes."""
    have = [d for d in list(x.shape or [])[rank - 2 : rank] if isinstance(d, int)]
    if have == size:
        return x
    cut = op.Slice(x, op.const([0, 0]), op.const(size), op.const([rank - 2, rank - 1]))
    missing = [max(0, n - h) for n, h in zip(size, have, strict=True)]
    pads = [0] * (rank + 1) + [0] * (rank - 2) + missing + [0]
    return op.Pad(cut, op.const(pads), np.float32(0))


def _mirrored(op: OpBuilder, real: ir.Value, imaginary: ir.Value, height: int, half: int) -> tuple[ir.Value, ir.Value]:
    """The lower half of the first column is the upper one's conjugate, the upper half of the last column the lower
    one's."""
    middle = height // 2
    rows = np.arange(height)
    source = np.repeat(rows[:, None], half, axis=1)
    sign = np.ones((height, half), np.float32)
    for column, taken in ((0, rows > middle), (half - 1, (rows > 0) & (rows < middle))):
        source[taken, column] = height - rows[taken]
        sign[taken, column] = -1
        sign[[0, middle], column] = 0
    flat = op.const((source * half + np.arange(half)).ravel())
    shape = op.const([*[0] * (rank_of(real) - 2), height, half])
    folded = op.const([*[0] * (rank_of(real) - 2), -1])
    found = [op.Reshape(op.Gather(op.Reshape(v, folded), flat, axis=-1), shape) for v in (real, imaginary)]
    return found[0], op.Mul(found[1], sign)
