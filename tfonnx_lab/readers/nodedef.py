"""The NodeDef of a Flex (select TensorFlow) op: its attributes as Python values.

A Flex op's custom options are a flexbuffer vector of two strings: the op's name and a serialized NodeDef. The few
message types in it are read here by their field numbers (tensorflow/core/framework/node_def.proto, attr_value.proto,
tensor_shape.proto, tensor.proto), so reading it needs no TensorFlow. Of a TensorFlow op that is no Flex op the custom
options are a flexbuffer map of the attributes, in which dtypes are TFLite's numbers; handlers take the
dtypes of their values instead.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import onnx_ir as ir
from flatbuffers import flexbuffers

from tfonnx_lab.graph import attr

_D = ir.DataType
DTYPES = {
    1: _D.FLOAT, 2: _D.DOUBLE, 3: _D.INT32, 4: _D.UINT8, 5: _D.INT16, 6: _D.INT8, 7: _D.STRING, 9: _D.INT64,
    10: _D.BOOL,
    14: _D.BFLOAT16, 17: _D.UINT16, 19: _D.FLOAT16, 22: _D.UINT32, 23: _D.UINT64,
}  # fmt: skip
"""TensorFlow's DataType numbers => ONNX dtypes."""

Field = tuple[int, int, Any]


class NodeDef:
    """The op's name and attributes.

    Numbers, strings, dtypes (as ONNX dtypes) and shapes (-1: unknown, None: no rank).
    """

    def __init__(self, node: ir.Node) -> None:
        tensor = attr(node, "custom_options")
        self.op, self.attrs = _read(b"" if tensor is None else tensor.numpy().tobytes())
        self.op = self.op or node.op_type.removeprefix("Flex")

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute, `default` where it is not set: NodeDefs leave out attributes that have their default."""
        return self.attrs.get(name, default)


def _read(raw: bytes) -> tuple[str, dict[str, Any]]:
    if not raw:
        return "", {}
    root = flexbuffers.GetRoot(bytearray(raw))
    if root.IsMap:
        return "", dict(root.Value)
    parts = root.AsVector
    op, attrs = "", {}
    for number, _, value in _fields(bytes(parts[1].AsStringBytes)):
        if number == 2:
            op = value.decode()
        elif number == 5:
            pair = {n: v for n, _, v in _fields(value)}
            attrs[pair[1].decode()] = _attribute(pair.get(2, b""))
    return op, attrs


def _fields(raw: bytes) -> Iterator[Field]:
    """The fields of a protobuf message: number, wire type, and an integer or bytes."""
    at = 0
    while at < len(raw):
        key, at = _varint(raw, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(raw, at)
            yield number, wire, value
            continue
        size = {1: 8, 5: 4}.get(wire, -1)
        if size < 0:
            if wire != 2:
                raise ValueError(f"a NodeDef with wire type {wire}")
            size, at = _varint(raw, at)
        yield number, wire, raw[at : at + size]
        at += size


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _attribute(raw: bytes) -> Any:
    """An AttrValue: the one field that is set; an empty message is an empty list."""
    for number, _, value in _fields(raw):
        if number == 1:
            return _list(value)
        return _single(number, value)
    return []


def _single(number: int, value: Any) -> Any:
    if number == 2:
        return value.decode("utf-8", "replace")
    if number == 3:
        return _signed(value)
    if number == 4:
        return struct.unpack("<f", value)[0]
    if number == 5:
        return bool(value)
    if number == 6:
        return DTYPES.get(value)
    if number == 7:
        return _shape(value)
    return value


def _list(raw: bytes) -> list[Any]:
    """A ListValue; its numbers may be packed."""
    items: list[Any] = []
    for number, wire, value in _fields(raw):
        if wire == 2 and number in (3, 4, 5, 6):
            items += [_single(number, v) for v in _packed(number, value)]
        else:
            items.append(_single(number, value))
    return items


def _packed(number: int, raw: bytes) -> Iterator[Any]:
    at = 0
    while at < len(raw):
        if number == 4:
            yield raw[at : at + 4]
            at += 4
        else:
            value, at = _varint(raw, at)
            yield value


def _shape(raw: bytes) -> list[int] | None:
    dims: list[int] = []
    for number, _, value in _fields(raw):
        if number == 3 and value:
            return None
        if number == 2:
            dims.append(next((_signed(v) for n, _, v in _fields(value) if n == 1), 0))
    return dims


def list_grows(node: ir.Node) -> bool:
    """Whether an op that sets an item of a tensor list makes the list longer where it has no such item."""
    return node.op_type == "FlexTensorListSetItem" and bool(NodeDef(node).get("resize_if_index_out_of_bounds"))
