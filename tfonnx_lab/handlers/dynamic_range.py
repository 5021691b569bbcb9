"""DYNAMIC_QUANTIZE and HYBRID_MATMUL: intermediate ops, what LiteRT does to a float input before its products of
integers.

Source: PortableSymmetricQuantizeFloats and PortableAsymmetricQuantizeFloats in portable_tensor_utils.cc.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.pairs import overflows, unsigned
from tfonnx_lab.graph import OpBuilder, constant_array, quantization, rank, static_shape
from tfonnx_lab.handlers.lowering.few_bits import unpacked
from tfonnx_lab.handlers.lowering.own_range import (
    TINY,
    ZERO_CODE,
    by_phases,
    codes_by_first_axis,
    codes_of,
    rounded,
    steps_and_size,
)
from tfonnx_lab.handlers.lowering.reduction import reduce
from tfonnx_lab.handlers.lowering.shape import rank_of, shape_until
from tfonnx_lab.rules import handler

_D = ir.DataType
_F = np.float32


@handler("DYNAMIC_QUANTIZE")
def dynamic_quantize(
    op: OpBuilder, node: ir.Node, x: ir.Value, *, unit: str = "row", asymmetric: bool = False, width: int = 0
) -> ir.Value | list[ir.Value]:
    """DYNAMIC_QUANTIZE(x) => DynamicQuantizeLinear, DequantizeLinear: x rounded to 8-bit steps of its own range.

    unit: what has a range of its own, the "tensor", each "batch", each "row", or of a sequence [1, time, channels] each
        "phase", one of the `width` kinds of times that lie `width` apart. With two outputs: the steps from zero, and
        their size.
    width: of a row, where it is not the last dimension.
    """
    if unit == "phase":
        return by_phases(op, x, width)
    if width:
        return op.Reshape(rounded(op, op.Reshape(x, op.const([-1, width])), [1], asymmetric), op.Shape(x))
    size = rank_of(x)
    axes = [size - 1] if unit == "row" else list(range(int(unit == "batch"), size))
    if len(node.outputs) == 2:
        return list(steps_and_size(op, x, axes, asymmetric))
    if unit == "tensor":
        codes, scale, zero = codes_of(op, x, asymmetric)
        return op.DequantizeLinear(codes, scale, zero)
    if unit == "batch" and asymmetric:
        codes, scale, zero = codes_by_first_axis(op, x)
        return op.DequantizeLinear(codes, scale, zero, axis=0)
    return rounded(op, x, axes, asymmetric)


@handler("HYBRID_MATMUL")
def hybrid_matmul(
    op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value | None, *, unit: str = "row",
    asymmetric: bool = False
) -> ir.Value:  # fmt: skip
    """HYBRID_MATMUL(x, w [in, out], b) => MatMulInteger of x's codes, times both scales, plus b.

    unit: whether the "tensor" has, or each "row".
    Source: MatrixBatchVectorMultiplyAccumulate in portable_tensor_utils.cc.
    """
    quant, kernel = quantization(w), static_shape(w)
    assert quant is not None and kernel is not None
    scales = quant.scale.reshape(()) if quant.per_tensor else quant.scale
    sums = _column_sums(w)
    if w.dtype != _D.INT8:
        w = unpacked(op, np.asarray(constant_array(w)), kernel, _D.INT8)
    given = x
    if list(x.shape or [None])[-1] != kernel[0]:
        x = op.Reshape(x, op.const([-1, kernel[0]]))
    if unit == "tensor":
        codes, scale, zero = codes_of(op, x, asymmetric)
        w, middle = exact_weights(op, w)
        product = scaled_product(op, (codes, scale, zero), w, scales, b, middle)
        b = None
    else:
        rows = x if rank(x) == 2 else op.Reshape(x, op.const([-1, kernel[0]]))
        product = _by_rows(op, rows, w, scales, sums) if asymmetric else _by_symmetric_rows(op, rows, w, scales)
    if b is not None:
        product = op.Add(product, b)
    out = node.outputs[0]
    return product if rank(product) == rank(out) else _shaped(op, product, given, out, kernel[1])


def _shaped(op: OpBuilder, y: ir.Value, x: ir.Value, out: ir.Value, count: int) -> ir.Value:
    """Rows as the op's output has them: all in one axis, or as in x."""
    if rank(out) == 2:
        return op.Reshape(y, op.const([-1, count]))
    known = list(x.shape or ())[:-1]
    if sum(not isinstance(d, int) for d in known) <= 1:
        return op.Reshape(y, op.const([*(d if isinstance(d, int) else -1 for d in known), count]))
    return op.Reshape(y, op.Concat(shape_until(op, x, -1), op.const([count]), axis=0))


def scaled_product(
    op: OpBuilder,
    x: tuple[ir.Value, ir.Value, ir.Value],
    w: ir.Value,
    scales: np.ndarray,
    b: ir.Value | None,
    middle: ir.Value | None = None,
) -> ir.Value:
    """Codes with one scale and zero point times 8-bit weights, times both scales, plus b: one op of ONNX Runtime's, or
    what it makes one kernel.

    middle: the zero point of the weights, where they have one.
    """
    codes, scale, zero = x
    if op.options.target != "portable" and not op.options.static:
        y: ir.Value = op.ms.MatMulIntegerToFloat(codes, w, scale, op.const(scales), zero, middle, b)
        y.type, y.shape = ir.TensorType(_D.FLOAT), None
        if codes.shape is not None and w.shape is not None:
            y.shape = ir.Shape([*list(codes.shape)[:-1], w.shape[-1]])
        return y
    product = op.Mul(_real(op, _sums(op, codes, w, zero, middle)), op.Mul(scale, op.const(scales)))
    return product if b is None else op.Add(product, b)


def _by_symmetric_rows(op: OpBuilder, x: ir.Value, w: ir.Value, scales: np.ndarray) -> ir.Value:
    """Each row with a scale of its own.

    ONNX Runtime 1.32 takes Mul(Cast(MatMulInteger), Mul(a, b)) for one scale of x, and would be wrong: no such Mul
    here.
    """
    reach = op.Max(reduce(op, "ReduceMax", op.Abs(x), [-1], True), TINY)
    codes = op.QuantizeLinear(op.Mul(x, op.Div(_F(127), reach)), _F(1), ZERO_CODE)
    w, middle = exact_weights(op, w)
    product = _real(op, _sums(op, codes, w, ZERO_CODE, middle))
    if scales.ndim:
        product = op.Mul(product, op.const(scales))
    return op.Mul(product, op.Div(reach, op.const(_F(127) if scales.ndim else _F(127) / scales)))


def _column_sums(w: ir.Value) -> np.ndarray:
    array = constant_array(w)
    assert array is not None
    return np.asarray(array.astype(np.int64).sum(0).astype(np.float32))


def _by_rows(op: OpBuilder, x: ir.Value, w: ir.Value, scales: np.ndarray, sums: np.ndarray) -> ir.Value:
    """Each row with a scale and zero point of its own; what the zero points add to the products is added afterwards.

    By ONNX Runtime's product that scales the sums of integers itself, and a Gemm of one column, which adds that: 64
    rows of 128, times 128 x 512, 50 => 43 us. (Rows filled up with zeros, and weights for these that make all columns
    add up to nothing, need no Gemm, but take as long.)
    """
    codes, scale, zero = codes_by_first_axis(op, x)
    last = op.const([1])
    shift = op.Unsqueeze(op.DequantizeLinear(zero, _F(1), op.const(ZERO_CODE)), last)  # zero points from the middle
    column = op.Unsqueeze(scale, last)
    if op.options.target != "portable" and not op.options.static:
        w, middle = exact_weights(op, w)
        inputs = [codes, w, op.const(_F(1)), op.const(scales), op.const(ZERO_CODE), middle]
        product = op.ms.MatMulIntegerToFloat(*inputs)
        product.type = ir.TensorType(_D.FLOAT)
        row = op.const((-sums * scales).astype(_F).reshape(1, -1))
        return op.Mul(op.Gemm(shift, row, product), column)
    w, middle = exact_weights(op, w)
    product = _real(op, _sums(op, codes, w, ZERO_CODE, middle))
    product = op.Add(product, op.Mul(shift, op.const(-sums)))
    if not scales.ndim:
        return op.Mul(product, op.Mul(column, op.const(scales)))
    return op.Mul(op.Mul(product, op.const(scales)), column)


def exact_weights(op: OpBuilder, w: ir.Value) -> tuple[ir.Value, ir.Value | None]:
    """int8 weights [sums, outputs], and their zero point, as x86 without VNNI multiplies them right: unsigned where
    pairs of products of signed ones can overflow. No other CPU has that limit."""
    array = constant_array(w)
    if op.options.target not in ("x86_64", "portable") or array is None or not overflows(array):
        return w, None
    return op.const(unsigned(array), name=f"{w.name}/unsigned"), op.const(ZERO_CODE)


def _sums(
    op: OpBuilder, codes: ir.Value, w: ir.Value, zero: ir.Value | np.ndarray, middle: ir.Value | None
) -> ir.Value:
    """The products' sums; `middle` is the zero point of the weights, where they have one."""
    y: ir.Value = op.MatMulInteger(codes, w, zero) if middle is None else op.MatMulInteger(codes, w, zero, middle)
    return y


def _real(op: OpBuilder, product: ir.Value) -> ir.Value:
    return op.Cast(product, to=_D.FLOAT)
