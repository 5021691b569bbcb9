"""What rules ask of a value: its contents, its shape."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import onnx_ir as ir


def constant_array(value: ir.Value | None) -> np.ndarray | None:
    """The contents of a constant, None where the value is computed."""
    return None if value is None or value.const_value is None else value.const_value.numpy()


def static_shape(value: ir.Value | None) -> list[int] | None:
    """The shape as integers, None where the rank or a dimension is not known."""
    if value is None or value.shape is None:
        return None
    dims = [d for d in value.shape if isinstance(d, int)]
    return dims if len(dims) == len(value.shape) else None


def known_sizes(value: ir.Value | None, axes: Iterable[int]) -> list[int] | None:
    """The sizes of some dimensions as integers, None where the rank or one of them is not known; others may be free."""
    if value is None or value.shape is None:
        return None
    dims = [value.shape[axis] for axis in axes]
    sizes = [d for d in dims if isinstance(d, int)]
    return sizes if len(sizes) == len(dims) else None


def rank(value: ir.Value | None) -> int | None:
    """The number of dimensions, None where it is not known."""
    return None if value is None or value.shape is None else len(value.shape)


_COUNTED = hasattr(ir.Value(name="x"), "_uses")
"""Whether the installed onnx_ir keeps the uses where the function below looks."""


def use_count(value: ir.Value) -> int:
    """How many inputs of nodes the value is: `len(value.uses())`, without copying them where possible."""
    return len(value._uses) if _COUNTED else len(value.uses())
