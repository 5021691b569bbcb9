"""Where ONNX Runtime's integer kernels leave codes channels last, so that a Transpose to there costs nothing."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import is_onnx, rank

FIRST, LAST = [0, 3, 1, 2], [0, 2, 3, 1]
"""The Transposes to channels first and last."""

_KERNELS = ("Conv", "GlobalAveragePool", "AveragePool")
_EITHER_WAY = (
    "Add", "Clip", "Concat", "HardSwish", "LeakyRelu", "MaxPool", "Mul", "Pad", "Relu", "Sigmoid", "Slice", "Split",
    "Tanh",
)  # fmt: skip
"""Ops through which ONNX Runtime moves the Transpose behind a kernel."""

_FAR = 8
"""How many ops are followed."""


def from_kernel(codes: ir.Value | None, steps: int = _FAR) -> bool:
    """Whether an integer kernel makes the codes of an image, with ops between that let a Transpose through."""
    if codes is None or not steps or rank(codes) not in (4, None):
        return False
    maker = codes.producer()
    if maker is not None and is_onnx(maker, "QuantizeLinear", "DequantizeLinear"):
        return from_kernel(maker.inputs[0], steps)
    if maker is None or not is_onnx(maker, *_KERNELS, *_EITHER_WAY):
        return False
    if maker.op_type in _KERNELS:
        return _is_integer(maker)
    return any(from_kernel(x, steps - 1) for x in maker.inputs)


def into_kernel(value: ir.Value) -> bool:
    """Whether an integer kernel reads the codes, or the real values that were codes."""
    readers = [user for user, index in value.uses() if index == 0]
    if any(is_onnx(user, "DequantizeLinear") and into_kernel(user.outputs[0]) for user in readers):
        return True
    return value.dtype == ir.DataType.FLOAT and any(is_onnx(user, *_KERNELS) and _is_integer(user) for user in readers)


def meets_kernel(codes: ir.Value) -> bool:
    """Whether the codes [n, c, 1, 1] enter an integer kernel, or meet an image that one made."""
    for dq in [user for user, index in codes.uses() if index == 0 and is_onnx(user, "DequantizeLinear")]:
        for user, _ in dq.outputs[0].uses():
            if is_onnx(user, "Add", "Mul") and any(from_kernel(x) for x in user.inputs if x is not dq.outputs[0]):
                return True
    return into_kernel(codes)


def _is_integer(node: ir.Node) -> bool:
    """Whether what it reads was codes, with Transposes between."""
    maker = None if node.inputs[0] is None else node.inputs[0].producer()
    while maker is not None and is_onnx(maker, "Transpose") and maker.inputs[0] is not None:
        maker = maker.inputs[0].producer()
    return maker is not None and is_onnx(maker, "DequantizeLinear")
