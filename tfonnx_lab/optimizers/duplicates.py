"""Duplicates: two nodes that compute the same, two constants that hold the same."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, all_graphs, use_count
from tfonnx_lab.graph.contents import Contents
from tfonnx_lab.optimizers.weight_zero_points import is_apart
from tfonnx_lab.rules import optimizer

_OWN = frozenset(
    (
        "DequantizeLinear",
        "RandomNormal",
        "RandomNormalLike",
        "RandomUniform",
        "RandomUniformLike",
        "Multinomial",
        "Bernoulli",
    )
)
"""DequantizeLinear: each group that ONNX Runtime fuses needs its own. Random ops: two draws are not one."""


@optimizer(phase="fuse")
def merge_duplicate_nodes(op: OpBuilder) -> bool | None:
    """Two nodes of one type with the same inputs and attributes => one."""
    merged = 0
    for graph in all_graphs(op.editor.graph):
        seen: dict[tuple[Any, ...], ir.Node] = {}
        for node in graph:
            key = _key(node)
            if key is None:
                continue
            first = seen.setdefault(key, node)
            if first is node or any(v.is_graph_output() for v in node.outputs):
                continue
            for old, new in zip(node.outputs, first.outputs, strict=True):
                op.editor.replace(old, new)
            op.editor.erase(node)
            merged += 1
    op.note(f"{merged} nodes")
    return True if merged else None


def _key(node: ir.Node) -> tuple[Any, ...] | None:
    if node.op_type in _OWN:
        return None
    attributes = []
    for name, attribute in sorted(node.attributes.items()):
        if attribute.type in (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS):
            return None
        value = attribute.value
        if attribute.type == ir.AttributeType.TENSOR:
            value = (value.dtype, tuple(value.shape), value.tobytes())
        attributes.append((name, value))
    return (node.domain, node.op_type, tuple(id(v) for v in node.inputs), len(node.outputs), *attributes)


@optimizer(phase="finish", after=("drop_dead_nodes",))
def merge_equal_constants(op: OpBuilder) -> bool | None:
    """Two constants with the same contents => one, whatever their size.

    Not for NNAPI, which keeps one scale for each constant, and does not load one that is a zero point somewhere else.
    Zero points of large int8 weights stay apart: on x86 without VNNI, session.x64quantprecision makes uint8 of each
    alone, and ONNX Runtime 1.32 does not load a model where two are one.
    """
    if op.options.target == "nnapi":
        return None
    first: dict[Contents, ir.Value] = {}
    merged = saved = 0
    for value in list(op.editor.graph.initializers.values()):
        tensor = value.const_value
        if tensor is None or value.is_graph_input() or not use_count(value) or is_apart(op, value):
            continue
        kept = first.setdefault(Contents(tensor), value)
        if kept is not value and not value.is_graph_output():
            for node, index in tuple(value.uses()):
                op.editor.set_input(node, index, kept)
            merged, saved = merged + 1, saved + tensor.nbytes
    op.note(f"{merged} constants, {saved:,} bytes")
    return True if merged else None
