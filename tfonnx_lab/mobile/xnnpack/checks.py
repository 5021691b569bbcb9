"""XNNPACK's rules: each function is one, the first line of its docstring says what a unit must meet; "" where it
does."""

from __future__ import annotations

import numpy as np

from tfonnx_lab.mobile.coreml.rules import CheckDies, type_name
from tfonnx_lab.mobile.xnnpack.ask import Ask

FLOATS = ("float", "float16")
CODES = ("uint8", "int8")
_SOFTMAX_SCALE, _NEAR_ENOUGH = 1 / 256, 1e-4
"""The output's scale of a softmax of codes, and how far from it one may be. Source: xnnpack/math/softmax.cc."""


def conv_codes(ask: Ask) -> str:
    """input, weights and output are all uint8, or all int8 (weights per tensor or per channel); the bias is a constant
    int32."""
    data, weights, result = ask.codes(ask.inputs[0]), ask.codes(ask.inputs[1]), ask.codes(ask.outputs[0])
    same = weights in ("uint8", "int8") and data == weights == result
    if not same and not (weights == "int8 per channel" and data == result == "int8"):
        kinds = [k or "not of a known kind" for k in (data, weights, result)]
        return f"the input is {kinds[0]}, the weights {kinds[1]}, the output {kinds[2]}"
    if len(ask.inputs) < 3 or weights == "int8 per channel":
        return ""
    good = ask.dtype(2) == "int32" and ask.is_constant(ask.inputs[2].name)
    return "" if good else f"the bias {ask.inputs[2].name!r} is no constant int32"


def conv_version(ask: Ask) -> str:
    """the op's since-version is 11 or later; QLinearConv is 10, so it is never taken."""
    return "" if ask.node.version >= 11 else f"the since-version is {ask.node.version}"


def conv_input(ask: Ask) -> str:
    """the input has rank 3 or 4, is float, float16, uint8 or int8, and all but the batch is known."""
    shape = ask.shape()
    if shape is None or len(shape) not in (3, 4):
        return f"the input has shape {shape}, not of rank 3 or 4"
    if ask.dtype() not in (*FLOATS, *CODES):
        return f"the input is {ask.dtype()}"
    return "" if None not in shape[1:] else f"the input's shape {shape} is not known but for the batch"


def conv_weights(ask: Ask) -> str:
    """the weights are a constant initializer (in a QDQ group: what DequantizeLinear reads)."""
    name = ask.inputs[1].name
    return "" if ask.is_constant(name) else f"the weights {name!r} are no constant initializer"


def conv_bias(ask: Ask) -> str:
    """the bias, where there is one, is a constant initializer."""
    name = ask.inputs[2].name if len(ask.inputs) == 3 else ""
    return f"the bias {name!r} is no constant initializer" if name and not ask.is_constant(name) else ""


def conv_padding(ask: Ask) -> str:
    """auto_pad is not SAME_LOWER, unless pads are given."""
    lower = ask.get("pads", None) is None and ask.get("auto_pad", "NOTSET") == "SAME_LOWER"
    return "auto_pad is SAME_LOWER" if lower else ""


def pool_input(ask: Ask) -> str:
    """the input has rank 4, and all but the batch is known."""
    shape = ask.shape()
    if shape is None or len(shape) != 4:
        return f"the input has shape {shape}, not of rank 4"
    return "" if None not in shape[1:] else f"the input's shape {shape} is not known but for the batch"


def pool_window(ask: Ask) -> str:
    """ceil_mode is 0, auto_pad not SAME_LOWER, the kernel 2-D and not 1x1.

    Pads that are not smaller than the kernel throw (PoolAttributes).
    """
    kernel = list(ask.get("kernel_shape", ()))
    pads = list(ask.get("pads", ())) or [0] * 2 * len(kernel)
    if any(p >= k for p, k in zip(pads, kernel * 2, strict=False)):
        raise CheckDies("Pad should be smaller than kernel.")
    if ask.get("ceil_mode", 0) != 0:
        return "ceil_mode is 1"
    if ask.get("auto_pad", "NOTSET") == "SAME_LOWER":
        return "auto_pad is SAME_LOWER"
    return "" if len(kernel) == 2 and kernel != [1, 1] else f"the kernel is {kernel}"


def max_version(ask: Ask) -> str:
    """the op's since-version is 8 or later."""
    return "" if ask.node.version >= 8 else f"the since-version is {ask.node.version}"


def max_types(ask: Ask) -> str:
    """the input is float, float16, uint8 or int8, and the indices are not asked for."""
    if ask.dtype() not in (*FLOATS, *CODES):
        return f"the input is {ask.dtype()}"
    return "the indices are asked for" if len(ask.node.outputs) == 2 and ask.node.outputs[1] else ""


def max_codes(ask: Ask) -> str:
    """input and output are both uint8 or both int8, per tensor."""
    data, result = ask.codes(ask.inputs[0]), ask.codes(ask.outputs[0])
    return (
        ""
        if data == result and data in CODES
        else f"the input is {data or 'unknown'}, the output {result or 'unknown'}"
    )


def average_types(ask: Ask) -> str:
    """the input is float, float16 or uint8, and the since-version 7 or later."""
    if ask.node.version < 7:
        return f"the since-version is {ask.node.version}"
    return "" if ask.dtype() in (*FLOATS, "uint8") else f"the input is {ask.dtype()}"


def average_padding(ask: Ask) -> str:
    """count_include_pad is 0 and dilations are 1."""
    if ask.get("count_include_pad", 0) != 0:
        return "count_include_pad is 1"
    dilations = list(ask.get("dilations", ()) or ())
    return "" if all(d == 1 for d in dilations) else f"dilations are {dilations}"


def average_codes(ask: Ask) -> str:
    """never: no quantized average pool is taken."""
    return "it is a QDQ group, and no quantized average pool is taken"


def softmax_types(ask: Ask) -> str:
    """the input is float, float16 or uint8, and no scalar."""
    if ask.dtype() not in (*FLOATS, "uint8"):
        return f"the input is {ask.dtype()}"
    return "" if ask.shape() else "the input is a scalar, or its rank not known"


def softmax_axis(ask: Ask) -> str:
    """from opset 13 on, the axis is the last one, and known."""
    shape = ask.shape() or ()
    if ask.node.version < 13:
        return ""
    axis = ask.get("axis", -1)
    if axis not in (-1, len(shape) - 1):
        return f"axis is {axis} of rank {len(shape)}"
    return "" if shape[-1] is not None else "the last dimension is not known"


def softmax_codes(ask: Ask) -> str:
    """input and output are uint8; the output's scale is 1/256 within 0.0001, its zero point 0."""
    if ask.codes(ask.inputs[0]) != "uint8" or ask.codes(ask.outputs[0]) != "uint8":
        return "the input or the output is not uint8 with constant parameters"
    quant = ask.outputs[0].quant
    assert quant is not None
    scale = ask.view.data(quant.scale)
    zero = ask.view.data(quant.zero) if quant.zero else None
    value = 0.0 if scale is None else float(np.ravel(scale)[0])
    if abs(value - _SOFTMAX_SCALE) > _NEAR_ENOUGH:
        return f"the output's scale is {value:g}, not 1/256"
    return "" if zero is None or int(np.ravel(zero)[0]) == 0 else "the output's zero point is not 0"


def matmul_inputs(ask: Ask) -> str:
    """A is float or float16 of rank 1 or more; B is constant, of rank 1 or 2, without a dimension of 0."""
    names = ask.node.inputs
    a, b = ask.dims(names[0]), ask.dims(names[1])
    if _kind(ask, 0) not in FLOATS:
        return f"A is {_kind(ask, 0)}"
    if not a:
        return "A is a scalar, or its rank not known"
    if not b or len(b) > 2 or 0 in b:
        return f"B has shape {b}"
    return "" if ask.is_constant(names[1]) else f"B {names[1]!r} is no constant initializer"


def gemm_factors(ask: Ask) -> str:
    """alpha and beta are 1."""
    alpha, beta = ask.get("alpha", 1.0), ask.get("beta", 1.0)
    return "" if alpha == beta == 1.0 else f"alpha is {alpha:g} and beta {beta:g}"


def gemm_inputs(ask: Ask) -> str:
    """A is float or float16; B, and C where there is one, are constant initializers."""
    names = ask.node.inputs
    if _kind(ask, 0) not in FLOATS:
        return f"A is {_kind(ask, 0)}"
    free = [n for n in names[1:3] if n and not ask.is_constant(n)]
    return f"{free[0]!r} is no constant initializer" if free else ""


def gemm_shapes(ask: Ask) -> str:
    """A and B have rank 2 or less; C has rank 1 or 2 and as its first dimension one of B's.

    So C of shape (1, N), which ONNX broadcasts as well, is refused.
    """
    names = ask.node.inputs
    for word, name in (("A", names[0]), ("B", names[1])):
        shape = ask.dims(name)
        if shape is None or len(shape) > 2:
            return f"{word} has shape {shape}"
    if len(names) < 3 or not names[2]:
        return ""
    b, c = ask.dims(names[1]) or (), ask.dims(names[2])
    return "" if c and len(c) <= 2 and c[0] in b else f"C has shape {c}, B {b}"


def _kind(ask: Ask, position: int) -> str:
    """The type of the node's own input, behind DequantizeLinear: Gemm and MatMul look at nothing else."""
    return type_name(ask.view.dtype(ask.node.inputs[position]))
