"""Which TFLite ops move codes without computing with them, and the tensors that such ops tie together."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import onnx_ir as ir

from tfonnx_lab.graph import TFLITE, is_quantized, quantization

Use = tuple[ir.Node, int]

MOVES: dict[str, tuple[int, ...] | None] = {
    "BATCH_TO_SPACE_ND": (0,), "BROADCAST_TO": (0,), "CONCATENATION": None, "DEPTH_TO_SPACE": (0,),
    "DYNAMIC_UPDATE_SLICE": (0, 1), "EXPAND_DIMS": (0,), "FILL": (1,), "GATHER": (0,), "GATHER_ND": (0,),
    "MAXIMUM": (0, 1),
    "MAX_POOL_2D": (0,), "MINIMUM": (0, 1), "MIRROR_PAD": (0,), "PACK": None, "PAD": (0,), "PADV2": (0, 2),
    "REDUCE_MAX": (0,), "REDUCE_MIN": (0,), "RESHAPE": (0,), "RESIZE_NEAREST_NEIGHBOR": (0,), "REVERSE_SEQUENCE": (0,),
    "REVERSE_V2": (0,), "SELECT": (1, 2), "SELECT_V2": (1, 2), "SLICE": (0,), "SPACE_TO_BATCH_ND": (0,),
    "SPACE_TO_DEPTH": (0,), "SPLIT": (1,), "SPLIT_V": (0,), "SQUEEZE": (0,), "STRIDED_SLICE": (0,), "TILE": (0,),
    "TOPK_V2": (0,), "TRANSPOSE": (0,), "UNPACK": (0,),
}  # fmt: skip
"""Op => the inputs that its quantized outputs take their codes from (None: all). What they pad with stands for zero."""

READERS = ("ARG_MAX", "ARG_MIN", "RANK", "SHAPE")
"""Ops that give the same for codes and for real values."""


@dataclass
class Tensors:
    """Quantized tensors that are tied together by ops that move codes.

    values: in the order they were met.
    quantizers: the QUANTIZE that makes a value.
    entries: values that another op, or the caller, gives, and their uses inside.
    dequantizers: who reads real values.
    readers: who can read either.
    exits: uses by ops that need the codes.
    constants: uses of constants by the moving ops.
    """

    values: dict[ir.Value, None] = field(default_factory=dict)
    quantizers: dict[ir.Node, None] = field(default_factory=dict)
    entries: dict[ir.Value, list[Use]] = field(default_factory=dict)
    dequantizers: dict[ir.Node, None] = field(default_factory=dict)
    readers: dict[ir.Node, None] = field(default_factory=dict)
    exits: dict[ir.Value, list[Use]] = field(default_factory=dict)
    constants: dict[Use, ir.Value] = field(default_factory=dict)


def tied(start: ir.Value) -> Tensors:
    """All quantized tensors that the one is tied to."""
    found = Tensors()
    queue = deque([start])
    while queue:
        value = queue.popleft()
        if value in found.values or value.const_value is not None or not is_quantized(value):
            continue
        found.values[value] = None
        maker = value.producer()
        is_moved = maker is not None and moves(maker)
        if maker is not None and maker.op_type == "QUANTIZE" and maker.domain == TFLITE:
            found.quantizers[maker] = None
        elif maker is None or not is_moved:
            found.entries[value] = []
        else:
            for index in _sources(maker):
                x = maker.inputs[index]
                if x is not None and x.const_value is not None:
                    found.constants[(maker, index)] = x
                elif x is not None:
                    queue.append(x)
        _follow(found, value, queue)
    return found


def _follow(found: Tensors, value: ir.Value, queue: deque[ir.Value]) -> None:
    """Sort the uses of the value: inside, real, or by ops that need codes."""
    for user, index in value.uses():
        kind = user.op_type if user.domain == TFLITE else ""
        if kind == "DEQUANTIZE":
            found.dequantizers[user] = None
        elif kind in READERS:
            found.readers[user] = None
        elif kind == "QUANTIZE" or (moves(user) and index in _sources(user)):
            if kind == "QUANTIZE":
                found.readers[user] = None
            else:
                queue.extend(y for y in user.outputs if is_quantized(y))
            if value in found.entries:
                found.entries[value].append((user, index))
        else:
            found.exits.setdefault(value, []).append((user, index))
    if value.is_graph_output():
        found.exits.setdefault(value, [])


def moves(node: ir.Node) -> bool:
    """Whether the op only moves codes, all of one quantization."""
    if node.domain != TFLITE or node.op_type not in MOVES:
        return False
    values = [*(node.inputs[i] for i in _sources(node)), *node.outputs[:1]]
    quants = [quantization(v) for v in values if v is not None]
    return bool(quants) and quants[0] is not None and all(quants[0].same(q) for q in quants)


def _sources(node: ir.Node) -> tuple[int, ...]:
    chosen = MOVES[node.op_type]
    return tuple(i for i in (range(len(node.inputs)) if chosen is None else chosen) if i < len(node.inputs))
