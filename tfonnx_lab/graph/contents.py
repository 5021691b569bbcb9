"""Contents of constants, compared without reading more of them than it takes to tell two apart."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import onnx_ir as ir

_SAMPLED = 64
"""From how many elements on only some of them decide which constants are compared as a whole."""


class Contents:
    """A tensor as the key of a dict: two are equal where their dtypes, shapes and elements are, bit by bit.

    The hash reads up to 64 elements, equality all, so a constant that is like no other is never read whole.
    """

    __slots__ = ("_key", "tensor")

    def __init__(self, tensor: ir.TensorProtocol) -> None:
        self.tensor = tensor
        self._key: Hashable = (tensor.dtype, tuple(tensor.shape.numpy()), _sample(tensor))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Contents):
            return NotImplemented
        if self._key != other._key:
            return False
        return self.tensor is other.tensor or self.tensor.size <= _SAMPLED or _equal(self.tensor, other.tensor)


def _equal(a: ir.TensorProtocol, b: ir.TensorProtocol) -> bool:
    one, other = a.numpy(), b.numpy()
    if one.dtype.kind == "O":
        return bool((one == other).all())
    if _start(one) == _start(other) and one.strides == other.strides:
        return True
    if one.dtype.kind in "fcV" or one.dtype.itemsize < 1:  # NaN, and 0 and -0: bits decide
        one, other = (np.ascontiguousarray(x).view(np.uint8) for x in (one, other))
    return bool(np.array_equal(one, other))


def _start(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def _sample(tensor: ir.TensorProtocol) -> bytes:
    if tensor.size <= _SAMPLED or tensor.dtype == ir.DataType.STRING:
        return tensor.tobytes() if tensor.dtype != ir.DataType.STRING else repr(tensor.numpy().tolist()).encode()
    array = tensor.numpy()
    step = tensor.size // _SAMPLED
    return bytes(array.flat[::step].tobytes())
