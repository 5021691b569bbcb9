"""Models of one op in one line: `one("ADD", given([2, 3]), fixed(array), out("float32"),
fused_activation_function="RELU")`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .encoding import Array
from .models import Graph, Model, Tensor

Make = Callable[[Graph], Tensor]
"""Adds a tensor to a graph."""


def given(shape: Sequence[int], dtype: str = "float32", quant: Any = None, **how: Any) -> Make:
    """A graph input: see `Graph.input`."""
    return lambda graph: graph.input(shape, dtype, quant, **how)


def fixed(value: Any, dtype: str | None = None, quant: Any = None, **how: Any) -> Make:
    """A constant: see `Graph.const`."""
    return lambda graph: graph.const(value, dtype, quant, **how)


def either(value: Any, computed: bool, dtype: str = "int32") -> Make:
    """A constant, or the same value as an input of the model: for shapes, axes, paddings."""
    array = np.asarray(value)
    return given(array.shape, dtype, values=array) if computed else fixed(array, dtype)


def out(dtype: str = "float32", quant: Any = None, shape: Sequence[int] | None = None) -> Make:
    """An output."""
    return lambda graph: graph.tensor(dtype, shape, quant)


def one(op: str, *inputs: Make | None, out: Make | Sequence[Make] = out(), **options: Any) -> Model:
    """A model of one op; all of the op's outputs are the model's."""
    m = Model()
    tensors = [None if make is None else make(m) for make in inputs]
    outputs = [make(m) for make in (out if isinstance(out, (list, tuple)) else [out])]  # type: ignore[operator]
    m.op(op, tensors, outputs, **options)
    return m.outputs(*outputs)


def made(shape: Sequence[int], dtype: str = "float32", low: float | None = None, high: float | None = None) -> Array:
    """Made-up values for constants, the same in every run; 8-bit integers in their symmetric range."""
    rng = np.random.default_rng([7, *shape])
    if dtype.startswith("float"):
        return rng.uniform(-1.0 if low is None else low, 1.0 if high is None else high, shape).astype(dtype)
    limits = {"int8": (-127, 127), "uint8": (0, 255), "int4": (-7, 7), "int2": (-1, 1), "int16": (-32767, 32767)}
    least, most = limits.get(dtype, (-20, 20))
    least, most = int(least if low is None else low), int(most if high is None else high)
    values: Array = rng.integers(least, most, shape, endpoint=True).astype(
        "int8" if dtype in ("int4", "int2") else dtype
    )
    return values


def steps(dtype: str, scale: float = 0.05, zero: int = 0) -> Any:
    """Quantization of an activation: 8-bit with the zero point moved to the type's middle, 16-bit symmetric and
    finer."""
    if dtype == "uint8":
        return scale, zero + 128
    if dtype == "int8":
        return scale, zero
    return (scale / 256, 0) if dtype == "int16" else None
