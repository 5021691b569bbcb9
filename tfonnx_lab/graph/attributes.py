"""Attributes of nodes as plain Python values, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

TENSORS_OF_IR = (ir.Tensor, ir.StringTensor, ir.PackedTensor, ir.LazyTensor, ir.ExternalTensor)
"""The tensor classes; a check against the protocol that they share costs a hundred times as much."""


def tensor_of(array: np.ndarray, dtype: ir.DataType | None = None) -> ir.Tensor[Any]:
    """The array as a tensor, not copied.

    `ir.tensor` asks three protocols first what it was given, which takes longer.
    """
    return ir.Tensor(np.ascontiguousarray(array) if array.ndim else array, dtype)


_LISTS, _INT = frozenset((list, tuple)), {int}


def plain(node: ir.Node) -> dict[str, Any]:
    """All attributes of a node as Python values (int, float, str, tuple, tensor, graph)."""
    return {name: attribute.value for name, attribute in node.attributes.items()}


def attr(node: ir.Node, name: str, default: Any = None) -> Any:
    """One attribute of a node as a Python value, `default` where it is not set."""
    attribute = node.attributes.data.get(name)  # of the dict inside: the mapping's own get() takes four calls
    return default if attribute is None else attribute.value


def make_attribute(name: str, value: Any) -> ir.Attr:
    """A Python value as an ONNX attribute. Raises TypeError for a type that no attribute can hold."""
    kind = type(value)
    if kind is int:  # what nearly all attributes are, told without the checks below
        return ir.AttrInt64(name, value)
    if kind in _LISTS and value and set(map(type, value)) == _INT:
        return ir.AttrInt64s(name, tuple(value))
    if isinstance(value, ir.Attr):
        return value
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return ir.AttrInt64(name, int(value))
    if isinstance(value, (float, np.floating)):
        return ir.AttrFloat32(name, float(value))
    if isinstance(value, str):
        return ir.AttrString(name, value)
    if isinstance(value, bytes):
        return ir.AttrTensor(name, tensor_of(np.frombuffer(value, np.uint8)))
    if isinstance(value, ir.Graph):
        return ir.AttrGraph(name, value)
    if isinstance(value, np.ndarray) and value.ndim != 1:
        return ir.AttrTensor(name, tensor_of(value))
    if isinstance(value, TENSORS_OF_IR):
        return ir.AttrTensor(name, value)
    if isinstance(value, (Sequence, np.ndarray)):
        return _sequence(name, list(value))
    raise TypeError(f"attribute {name}: {type(value).__name__} has no ONNX form")


def _sequence(name: str, items: list[Any]) -> ir.Attr:
    if any(isinstance(i, str) for i in items):
        return ir.AttrStrings(name, [str(i) for i in items])
    if any(isinstance(i, (float, np.floating)) for i in items):
        return ir.AttrFloat32s(name, [float(i) for i in items])
    if any(isinstance(i, ir.Graph) for i in items):
        return ir.AttrGraphs(name, items)
    return ir.AttrInt64s(name, [int(i) for i in items])


def make_attributes(values: Mapping[str, Any]) -> list[ir.Attr]:
    """The attributes that are not None, in the order given."""
    return [make_attribute(name, value) for name, value in values.items() if value is not None]
