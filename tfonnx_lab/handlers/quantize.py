"""Codes of real values, real values of codes, and codes within bounds.

Ops: CLAMP_CODES, DEQUANTIZE, QUANTIZE.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.fixed_point import quantize_multiplier
from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import EIGHT_BIT, OpBuilder, Quantization, code_range, constant_array, quantization, tensor_of
from tfonnx_lab.handlers.lowering import integer
from tfonnx_lab.handlers.lowering.few_bits import BITS, halved, unpacked
from tfonnx_lab.rules import handler

_D = ir.DataType
_LINEAR = frozenset(EIGHT_BIT)
_BLOCKS = range(21, 28)
"""Opsets whose blockwise DequantizeLinear ONNX Runtime 1.32 has a kernel for; where it stands before a MatMul, it makes
a MatMulNBits of both, which rounds the other input to 8 bits, too. Elsewhere it is computed again in each run."""
_LARGEST_BELOW_2_31 = 2**31 - 2**7
"""The largest float32 below 2**31: a cast of 2**31 to int32 wraps."""
_LINEAR_21 = frozenset((_D.INT16, _D.UINT16, _D.INT4, _D.UINT4))


@handler("DEQUANTIZE")
def dequantize(
    op: OpBuilder, node: ir.Node, x: ir.Value, *, as_scale: float | None = None, as_zero_point: int | None = None
) -> ir.Value:
    """DEQUANTIZE(q) => DequantizeLinear(q, scale, zero_point); of float16 => Cast. Source: dequantize.h."""
    quant = read_as(quantization(x), as_scale, as_zero_point)
    if quant is None and x.dtype not in (_D.FLOAT16, _D.BFLOAT16, _D.FLOAT):
        raise Unsupported("its input has no scale, so LiteRT's results mean nothing; quantize the model")
    if quant is None or x.dtype in (_D.FLOAT16, _D.BFLOAT16):
        return op.Cast(x, to=_D.FLOAT)
    return dequantize_linear(op, x, quant)


@handler("QUANTIZE")
def quantize(
    op: OpBuilder, node: ir.Node, x: ir.Value, *, as_scale: float | None = None, as_zero_point: int | None = None
) -> ir.Value:
    """QUANTIZE(x) => QuantizeLinear(x, scale, zero_point); of codes => their real values first. Source: quantize.cc."""
    out = node.outputs[0]
    quant = quantization(out)
    if quant is None:
        raise Unsupported("its output has no quantization")
    source = quantization(x)
    if source is None and x.dtype is not None and not x.dtype.is_floating_point():
        raise Unsupported(f"its {x.dtype.name.lower()} input has no scale, so it stands for no real values")
    if source is not None and x.dtype != _D.FLOAT:
        if x.dtype == out.dtype and source.same(quant):
            return x
        if x.dtype == _D.INT16 and source.per_tensor and quant.per_tensor and out.dtype is not None:
            return _requantized(op, x, source, quant, out.dtype)
        x = dequantize_linear(op, x, source)
    return quantize_linear(op, x, read_as(quant, as_scale, as_zero_point) or quant, out.dtype)


def _requantized(
    op: OpBuilder, x: ir.Value, source: Quantization, target: Quantization, dtype: ir.DataType
) -> ir.Value:
    """16-bit codes at another scale, rounded twice. Source: Requantize in reference/requantize.h."""
    codes, zero = integer.wide(op, x), float(source.zero_point[0])
    codes, ratio = op.Sub(codes, np.float64(zero)) if zero else codes, float(source.scale[0]) / float(target.scale[0])
    if dtype in _LINEAR:
        return integer.quantize(op, codes, ratio, int(target.zero_point[0]), most=2**16, dtype=dtype)
    scaled = integer.multiply_by(op, codes, quantize_multiplier(ratio), most=2**16)
    moved = op.Add(scaled, np.float64(target.zero_point[0])) if target.zero_point.any() else scaled
    return op.Cast(integer.clip(op, moved, *code_range(dtype)), to=dtype)


def read_as(quant: Quantization | None, scale: float | None, zero: int | None) -> Quantization | None:
    """The quantization, with the scale and zero point that a rewriter chose for this op alone."""
    if quant is None or (scale is None and zero is None):
        return quant
    return Quantization(
        quant.scale if scale is None else np.array([scale], np.float32),
        quant.zero_point if zero is None else np.array([zero], np.int64),
    )


@handler("CLAMP_CODES")
def clamp_codes(op: OpBuilder, node: ir.Node, x: ir.Value, *, low: int, high: int) -> ir.Value:
    """CLAMP_CODES{low, high}(q) => Clip(q, low, high): an activation on integer codes."""
    assert x.dtype is not None
    kind = x.dtype.numpy()
    least, most = np.array(low, kind), np.array(high, kind)
    if x.dtype in EIGHT_BIT:
        return op.Clip(x, least, most)
    return op.Cast(op.Clip(op.Cast(x, to=_D.INT32), least.astype(np.int32), most.astype(np.int32)), to=x.dtype)


def dequantize_linear(op: OpBuilder, x: ir.Value, quant: Quantization) -> ir.Value:
    """scale * (q - zero_point) as float32, by DequantizeLinear wherever it takes the dtype at this opset.

    The zero point is written also where it is 0: with a bias that has none, ONNX Runtime cannot write the optimizations
    of its integer kernels into a file of the ORT format ("The sum of input arg count is not equal to size of input
    defs").
    """
    assert x.dtype is not None
    zero_free = not quant.zero_point.any()
    if quant.block and (op.options.hybrid != "float" or op.opset not in _BLOCKS):
        return _dequantize_by_hand(op, x, quant)
    if x.dtype in BITS and not quant.block and (bytes_ := _unpacked(op, x)) is not None:
        x = bytes_
    linear = x.dtype in _LINEAR or (op.opset >= 21 and x.dtype in _LINEAR_21) or (x.dtype == _D.INT32 and zero_free)
    if not linear:
        narrow = _narrowed(op, x) if zero_free and not quant.block else None
        if narrow is None:
            return _dequantize_by_hand(op, x, quant)
        x = narrow
    scale, axis = _parameters(quant)
    extra = {} if axis is None else {"axis": axis}
    if quant.block:
        extra["block_size"] = quant.block
    assert x.dtype is not None
    return op.DequantizeLinear(x, op.const(scale), _zero(op, quant, x.dtype), **extra)


def quantize_linear(op: OpBuilder, x: ir.Value, quant: Quantization, dtype: ir.DataType | None) -> ir.Value:
    """Codes of float32 values, by QuantizeLinear wherever it gives the dtype at this opset."""
    assert dtype is not None
    scale, axis = _parameters(quant)
    if dtype in _LINEAR or (op.opset >= 21 and dtype in _LINEAR_21):
        extra = {} if axis is None else {"axis": axis}
        return op.QuantizeLinear(x, op.const(scale), _zero(op, quant, dtype), **extra)
    low, high = code_range(dtype)
    shape = _along(quant, x)
    codes = op.Round(op.Div(x, op.const(quant.scale.reshape(shape))))
    if quant.zero_point.any():
        codes = op.Add(codes, op.const(quant.zero_point.reshape(shape).astype(np.float32)))
    if dtype == _D.INT32:
        high = _LARGEST_BELOW_2_31
    codes = op.Clip(codes, np.float32(low), np.float32(high))
    return op.Cast(codes, to=dtype)


def _unpacked(op: OpBuilder, x: ir.Value) -> ir.Value | None:
    """A constant of 4 or 2 bits as bytes: ONNX Runtime's integer kernels take no fewer, and below opset 21 ONNX has
    none."""
    codes = constant_array(x)
    kind = np.uint8 if x.dtype == _D.UINT4 else np.int8
    return None if codes is None else op.const(codes.astype(kind), name=f"{x.name}/bytes")


def _narrowed(op: OpBuilder, x: ir.Value) -> ir.Value | None:
    """A constant of int64, the bias of 16x8 kernels, as int32 where it fits: ONNX Runtime takes a bias of that dtype
    only."""
    codes = constant_array(x)
    if codes is None or x.dtype != _D.INT64 or (codes.size and np.abs(codes).max() >= 2**31):
        return None
    return op.const(codes.astype(np.int32), name=f"{x.name}/int32")


def _dequantize_by_hand(op: OpBuilder, x: ir.Value, quant: Quantization) -> ir.Value:
    codes = constant_array(x)
    if quant.block:
        return _dequantize_blocks(op, codes, quant)
    shape = _along(quant, x)
    if codes is not None and codes.size:
        real = (codes.astype(np.float64) - quant.zero_point.reshape(shape)) * quant.scale.reshape(shape)
        return op.const(real.astype(np.float32))
    real = op.Cast(x, to=_D.FLOAT)
    if quant.zero_point.any():
        real = op.Sub(real, op.const(quant.zero_point.reshape(shape).astype(np.float32)))
    return op.Mul(real, op.const(quant.scale.reshape(shape)))


def _dequantize_blocks(op: OpBuilder, codes: np.ndarray | None, quant: Quantization) -> ir.Value:
    """The codes, each block of them times its scale: ONNX Runtime computes it once, as it loads."""
    if codes is None or quant.axis is None:
        raise Unsupported("blockwise codes that are not a constant need opset 21 to 27")
    axis, shape = quant.axis % codes.ndim, list(codes.shape)
    blocks = [*shape[:axis], shape[axis] // quant.block, quant.block, *shape[axis + 1 :]]
    if ir.DataType.from_numpy(codes.dtype) in BITS:
        real = unpacked(op, codes, blocks, _D.FLOAT)
    else:
        real = op.Cast(op.const(codes.reshape(blocks)), to=_D.FLOAT)
    if quant.zero_point.any():
        real = op.Sub(real, op.const(np.expand_dims(quant.zero_point, axis + 1).astype(np.float32)))
    return op.Reshape(op.Mul(real, halved(op, np.expand_dims(quant.scale, axis + 1))), op.const(shape))


def _parameters(quant: Quantization) -> tuple[np.ndarray, int | None]:
    return (quant.scale.reshape(()), None) if quant.per_tensor else (quant.scale, quant.axis)


def _zero(op: OpBuilder, quant: Quantization, dtype: ir.DataType) -> ir.Value:
    zero = quant.zero_point.reshape(()) if quant.per_tensor else quant.zero_point
    codes = zero.astype(dtype.numpy())
    return op.const(codes if dtype in _LINEAR else tensor_of(codes, dtype))


def _along(quant: Quantization, x: ir.Value) -> list[int]:
    """The shape that spreads the parameters along their axis."""
    if quant.axis is None:
        return []
    size = len(x.shape) if x.shape is not None else quant.axis + 1
    return [-1 if i == quant.axis % size else 1 for i in range(size)]
