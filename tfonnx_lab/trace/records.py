"""Nodes and values as records, which are turned into JSON only when somebody asks for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import TENSORS, Quantization, quantization
from tfonnx_lab.graph.attributes import TENSORS_OF_IR
from tfonnx_lab.graph.meta import known
from tfonnx_lab.trace.now import GraphNow, NodeNow, ValueNow

Record = dict[str, Any]
_PLAIN = frozenset((bool, float, int, str, type(None)))
_SHOWN_SCALES = 16
_SHOWN_ELEMENTS = 16


def node_record(now: NodeNow, number: Callable[[Any], int]) -> Record:
    """The node, its attributes by reference (they are never changed in place), graphs by number."""
    node = now.node
    return {
        "id": number(node),
        "domain": node.domain,
        "op": node.op_type,
        "name": now.name or "",
        "attrs": {name: attribute_record(attribute, number) for name, attribute in now.attributes.items()},
        "in": [None if v is None else number(v) for v in now.inputs],
        "out": [number(v) for v in node.outputs],
        "origin": sorted(now.origin),
    }


def attribute_record(attribute: ir.Attr | None, number: Callable[[Any], int]) -> Any:
    """The attribute itself, `{"graph": id}` for a graph, a list of those for graphs."""
    if attribute is not None and attribute.type == ir.AttributeType.GRAPH:
        return {"graph": number(attribute.value)}
    if attribute is not None and attribute.type == ir.AttributeType.GRAPHS:
        return [{"graph": number(graph)} for graph in attribute.value]
    return attribute


def value_record(now: ValueNow, number: Callable[[Any], int]) -> Record:
    """The value, its contents by reference."""
    return {
        "id": number(now.value),
        "name": now.name or "",
        "dtype": dtype_record(now.type),
        "shape": shape_record(now.shape),
        "quant": now.quant,
        "const": now.const,
        "tensors": now.tensors,
    }


def graph_record(now: GraphNow, number: Callable[[Any], int]) -> Record:
    """The graph, its nodes by number."""
    return {
        "id": number(now.graph),
        "name": now.graph.name or "",
        "owner": None if now.owner is None else number(now.owner),
        "inputs": [number(v) for v in now.inputs],
        "outputs": [number(v) for v in now.outputs],
        "nodes": [number(n) for n in now.nodes],
    }


def dtype_record(kind: ir.TypeProtocol | None) -> str | None:
    """The name of a type's dtype, None where there is none."""
    return None if kind is None else _NAMES[kind.dtype]


def shape_record(shape: ir.Shape | None) -> list[int | str | None] | None:
    """Dimensions as numbers, names, or None where nothing is known."""
    if shape is None:
        return None
    return [d if isinstance(d, int) else d.value for d in shape.dims]


_NAMES = {dtype: dtype.name for dtype in ir.DataType}
"""An enum's own `name` takes a call."""

FIELDS: dict[str, tuple[Callable[[ir.Value], Any], Callable[[Any], Any]]] = {
    "name": (lambda value: value.name, lambda name: name or ""),
    "dtype": (lambda value: value.type, dtype_record),
    "shape": (lambda value: value.shape, shape_record),
    "quant": (quantization, lambda quant: quant),
    "tensors": (lambda value: known(value).get(TENSORS, ()), lambda tensors: tensors),
}
"""Field of a value that an edit can change => how it is read, and the record of what was read."""


def to_json(item: Any) -> Any:
    """A record as JSON: attributes, tensors and quantizations written out.

    Most of a trace is numbers and strings, so those are told by their exact type, without a call for each.
    """
    if isinstance(item, dict):
        return {k: v if type(v) in _PLAIN else to_json(v) for k, v in item.items()}
    if isinstance(item, (list, tuple)):
        return [v if type(v) in _PLAIN else to_json(v) for v in item]
    if item is None or isinstance(item, (int, float, str)):
        return item
    if isinstance(item, ir.Attr):
        return to_json(item.value)
    if isinstance(item, Quantization):
        return quant_json(item)
    if isinstance(item, TENSORS_OF_IR):
        return tensor_json(item)
    if isinstance(item, np.generic):
        return item.item()
    return str(item)


def quant_json(quant: Quantization) -> Record:
    """A quantization with its first scales."""
    return {
        "scale": [float(s) for s in quant.scale.flat[:_SHOWN_SCALES]],
        "zero_point": [int(z) for z in quant.zero_point.flat[:_SHOWN_SCALES]],
        "axis": quant.axis,
        "size": int(quant.scale.size),
    }


def tensor_json(tensor: ir.TensorProtocol) -> Record:
    """What a viewer needs to know of a constant: hash, range, size, and the elements of a small one."""
    array = tensor.numpy()
    record: Record = {
        "dtype": tensor.dtype.name,
        "shape": list(array.shape),
        "hash": hashlib.blake2b(
            array.tobytes() if array.dtype.kind != "O" else repr(array.tolist()).encode(), digest_size=8
        ).hexdigest(),
        "bytes": int(tensor.nbytes),
    }
    if tensor.dtype == ir.DataType.STRING:
        if array.size <= _SHOWN_ELEMENTS:
            record["data"] = [x.decode("utf-8", "replace") if isinstance(x, bytes) else str(x) for x in array.ravel()]
        return record
    plain = array if array.dtype.kind in "fiub" else array.astype(np.float32)
    if array.size:
        record["min"], record["max"] = _number(plain.min()), _number(plain.max())
    if array.size <= _SHOWN_ELEMENTS:
        record["data"] = [_number(x) for x in plain.ravel()]
    return record


def _number(x: Any) -> float | int | str | bool:
    plain = x.item()
    return plain if not isinstance(plain, float) or np.isfinite(plain) else str(plain)


def graphs_of(item: Any) -> tuple[int, ...]:
    """The subgraphs that an attribute names: `{"graph": id}`, or a list of those."""
    if type(item) is dict:
        return (item["graph"],) if "graph" in item else ()
    if type(item) is list and item and type(item[0]) is dict:
        return tuple(one["graph"] for one in item if "graph" in one)
    return ()
