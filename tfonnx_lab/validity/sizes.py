"""What ONNX's inference does not look at: sizes below zero or beyond what a tensor has, axes that are not there, and
convolutions of other channels than their weights'."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import onnx_ir as ir

from tfonnx_lab.graph import all_nodes, is_onnx
from tfonnx_lab.graph.values import constant_array

MOST = 2**31 - 1
"""The largest size of a dimension that a TFLite file can say, and LiteRT computes."""

_AXES = {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "CumSum", "Squeeze"}
"""Ops whose second input is axes of the first."""

Dims = Sequence[int | None] | None
DimsOf = Callable[[ir.Value], Dims]


def wrong_sizes(graph: ir.Graph, shapes: Mapping[str, Dims], dims_of: DimsOf) -> Iterator[tuple[ir.Node, str]]:
    """Nodes that no runtime can run, each with why.

    shapes: value => its dimensions by inference, None for those that are open.
    dims_of: a value's dimensions, of constants too.
    """
    for node in all_nodes(graph):
        dims = [d for v in node.outputs for d in shapes.get(v.name or "") or () if d is not None]
        if dims and not 0 <= min(dims) <= max(dims) <= MOST:
            told = min(dims) if min(dims) < 0 else max(dims)
            yield node, f"its result would have a dimension of {told:,}"
        elif why := _axes(node, dims_of) or _channels(node, dims_of):
            yield node, why


def _axes(node: ir.Node, dims_of: DimsOf) -> str:
    """`its input has 2 dimensions, and none of the number 7`; empty where nothing is wrong or known."""
    data = node.inputs[0] if node.op_type in _AXES and node.domain == "" and len(node.inputs) > 1 else None
    axes, dims = (constant_array(node.inputs[1]), dims_of(data)) if data is not None else (None, None)
    if axes is None or dims is None:
        return ""
    wrong = [int(a) for a in axes.ravel() if not -len(dims) <= a < len(dims)]
    return f"its input has {len(dims)} dimensions, and none of the number {wrong[0]}" if wrong else ""


def _channels(node: ir.Node, dims_of: DimsOf) -> str:
    """`its input has 3 channels, its weights are of 5`; empty where nothing is wrong or known."""
    if not is_onnx(node, "Conv") or node.inputs[0] is None or node.inputs[1] is None:
        return ""
    data, weights = dims_of(node.inputs[0]), dims_of(node.inputs[1])
    if not data or not weights or len(data) < 2 or data[1] is None or weights[1] is None:
        return ""
    groups = max(node.attributes["group"].as_int(), 1) if "group" in node.attributes else 1
    wanted = weights[1] * groups
    return "" if data[1] == wanted else f"its input has {data[1]} channels, its weights are of {wanted}"
