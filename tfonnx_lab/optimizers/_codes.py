"""What the encode rules share: which ops move codes as they are, and which values those ops tie together."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import ONNX, attr, constant_array

INT8 = ir.DataType.INT8

Use = tuple[ir.Node, int]

FIRST = (
    "Compress", "DepthToSpace", "Expand", "Flatten", "Gather", "GatherElements", "GatherND", "Identity", "MaxPool",
    "ReduceMax", "ReduceMin", "Reshape", "Resize", "ReverseSequence", "Slice", "SpaceToDepth", "Split", "Squeeze",
    "Tile",
    "Transpose", "Unsqueeze",
)  # fmt: skip
"""Ops whose outputs hold elements of their first input, and nothing else."""

LINKED = {
    "Clip": (0, 1, 2),
    "Concat": None,
    "Max": None,
    "Min": None,
    "Pad": (0, 2),
    "ScatterElements": (0, 2),
    "ScatterND": (0, 2),
    "Where": (1, 2),
}
"""Ops whose outputs hold elements of these inputs (None: of all).

Clip, Max and Min are among them because encoding keeps the order.
"""

READ_ONLY = frozenset(("ArgMax", "ArgMin", "Shape", "Size"))
"""Ops that give the same for either encoding."""


def moves(node: ir.Node, index: int) -> bool:
    """Whether the node's outputs are made of elements of this input."""
    if node.domain != ONNX:
        return False
    if node.op_type in FIRST:
        return index == 0 and (node.op_type != "Resize" or attr(node, "mode", "nearest") == "nearest")
    if node.op_type == "Pad" and attr(node, "mode", "constant") == "constant" and constant_input(node, 2) is None:
        return False
    if node.op_type in ("ScatterElements", "ScatterND") and attr(node, "reduction", "none") not in (
        "none",
        "max",
        "min",
    ):
        return False
    linked = LINKED.get(node.op_type, ())
    return linked is None or index in linked


def constant_input(node: ir.Node, index: int) -> ir.Value | None:
    """The node's input of that index, None where it has none."""
    return node.inputs[index] if index < len(node.inputs) else None


def is_lookup(node: ir.Node) -> list[ir.Node] | None:
    """The Gathers from constant tables of 256 entries that the node, a Cast, makes indices for;

    None for anything else.
    """
    if node.op_type != "Cast" or node.domain != ONNX or attr(node, "to") not in (ir.DataType.INT32, ir.DataType.INT64):
        return None
    gathers = []
    for user, index in node.outputs[0].uses():
        table = user.inputs[0]
        if user.op_type != "Gather" or user.domain != ONNX or index != 1 or table is None or table.const_value is None:
            return None
        if attr(user, "axis", 0) != 0 or list(table.shape or ()) != [256]:
            return None
        gathers.append(user)
    return None if node.outputs[0].is_graph_output() else gathers


@dataclass
class Component:
    """The int8 values that move as one from where they are made to where they are read.

    inner: values made by QuantizeLinear or by an op that moves codes.
    entries: values made by anything else, which read into the component.
    constants: where constants enter.
    reads: DequantizeLinear and MatMulInteger nodes, whose third input is the codes' zero point.
    lookups: Casts to a table's index.
    exits: uses by other ops.
    """

    inner: dict[ir.Value, None] = field(default_factory=dict)
    entries: dict[ir.Value, list[Use]] = field(default_factory=dict)
    constants: dict[Use, ir.Value] = field(default_factory=dict)
    quantizers: dict[ir.Node, None] = field(default_factory=dict)
    reads: dict[ir.Node, None] = field(default_factory=dict)
    lookups: dict[ir.Node, None] = field(default_factory=dict)
    exits: dict[ir.Value, list[Use]] = field(default_factory=dict)


def component(start: ir.Value) -> Component:
    """All values that the int8 value is tied to."""
    found = Component()
    seen: set[int] = set()
    queue = deque([start])

    def meet(value: ir.Value | None) -> None:
        if value is not None and value.const_value is None and value.dtype == INT8 and id(value) not in seen:
            seen.add(id(value))
            queue.append(value)

    meet(start)
    queue.popleft()
    while queue:
        value = queue.popleft()
        maker = value.producer()
        is_inner = maker is not None and (_quantizes(maker) or _moves_into(maker))
        if is_inner:
            assert maker is not None
            found.inner[value] = None
            if _quantizes(maker):
                found.quantizers[maker] = None
            for index, x in _linked_inputs(maker):
                meet(x)
                _note_constant(found, maker, index, x)
        inside: list[Use] = []
        for user, index in value.uses():
            if user.op_type in ("DequantizeLinear", "MatMulInteger") and user.domain == ONNX and index == 0:
                found.reads[user] = None
                inside.append((user, index))
            elif moves(user, index):
                inside.append((user, index))
                for y in user.outputs:
                    meet(y)
            elif is_lookup(user) is not None:
                found.lookups[user] = None
                inside.append((user, index))
            elif is_inner and not (user.domain == ONNX and user.op_type in READ_ONLY):
                found.exits.setdefault(value, []).append((user, index))
        if not is_inner:
            found.entries[value] = inside
        elif value.is_graph_output():
            found.exits.setdefault(value, [])
    return found


def _quantizes(node: ir.Node) -> bool:
    return node.domain == ONNX and node.op_type == "QuantizeLinear"


def _moves_into(node: ir.Node) -> bool:
    """Whether every input that its codes come from can be re-encoded."""
    return node.domain == ONNX and any(True for _ in _linked_inputs(node))


def _linked_inputs(node: ir.Node) -> Iterator[tuple[int, ir.Value]]:
    for index, x in enumerate(node.inputs):
        if x is not None and moves(node, index):
            yield index, x


def _note_constant(found: Component, node: ir.Node, index: int, x: ir.Value) -> None:
    if x.const_value is not None and x.dtype == INT8:
        found.constants[(node, index)] = x


def encoded(array: np.ndarray | None) -> np.ndarray:
    """int8 codes as uint8 codes of the same real values: 128 more."""
    assert array is not None
    return np.asarray(array.astype(np.int16) + 128).astype(np.uint8)


def as_int8(array: np.ndarray | None) -> np.ndarray:
    """uint8 codes as int8 codes of the same real values: 128 less."""
    assert array is not None
    return np.asarray(array.astype(np.int16) - 128).astype(np.int8)


def lookup_table(value: ir.Value | None) -> np.ndarray:
    """The entries in the order of uint8 codes; an int8 code below zero reads from the end."""
    array = constant_array(value)
    assert array is not None
    return np.roll(array, 128)
