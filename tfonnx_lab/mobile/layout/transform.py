"""The change of layout for a provider that wants channels last.

Source: onnxruntime/core/optimizer/layout_transformation/layout_transformation.cc (TransformLayoutForEP) and
core/session/inference_session.cc (the basic optimizations run again behind it).
"""

from __future__ import annotations

from collections.abc import Iterable

from tfonnx_lab.mobile.graph import NHWC_DOMAIN, Node, View
from tfonnx_lab.mobile.layout import perms
from tfonnx_lab.mobile.layout.editable import Editable
from tfonnx_lab.mobile.layout.inputs import transpose_input, transpose_output
from tfonnx_lab.mobile.layout.optimize import eager, optimize

_NORMS = ("BatchNormalization", "InstanceNormalization", "LRN")
_WINDOWS = ("Conv", "FusedConv", "QLinearConv", "ConvTranspose", "AveragePool", "LpPool", "MaxPool", "MaxUnpool")
_GLOBAL = ("GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "QLinearAveragePool", "QLinearGlobalAveragePool")
_MOVES = ("Resize", "GridSample", "DepthToSpace", "SpaceToDepth")
SENSITIVE = frozenset((*_NORMS, *_WINDOWS, *_GLOBAL, *_MOVES))
"""Ops whose layout matters."""
OPSETS = range(7, 27)
"""The versions of ai.onnx that the optimizer takes (ort_optimizer_utils.h, onnx_transpose_optimization.h)."""


def transformed(view: View, taken: Iterable[int]) -> Editable:
    """The graph after the change of layout.

    taken: indexes of the nodes that the provider took at its first look; those whose layout matters get Transposes
    around them and move to the domain com.ms.internal.nhwc, then Transposes are pushed away.
    """
    graph = Editable(view)
    graph.assigned = set(taken)
    for node in graph.view().nodes:
        if node.index in graph.assigned and node.op in SENSITIVE and node.domain in ("", "com.microsoft"):
            _wrap(graph, node)
    optimize(graph, eager, lambda _: True)
    return graph


def _wrap(graph: Editable, node: Node) -> None:
    op = "Conv" if node.op == "FusedConv" else node.op
    if int(node.attributes.get("channels_last", 0)) != 1:
        shape = graph.shape(node.inputs[0])
        if shape is None:
            return
        if "channels_last" in node.attributes:
            node.attributes["channels_last"] = 1
        perm = perms.first_to_last(len(shape))
        transpose_input(graph, node, 0, perm)
        if op == "Resize":
            _wrap_sizes(graph, node, perm)
        transpose_output(graph, node, 0, perms.inverse(perm))
    new = graph.copy_node(node, NHWC_DOMAIN, op)
    for i, name in enumerate(list(node.outputs)):
        if name:
            graph.move_output(node, i, new, i)
    graph.remove_node(node)


def _wrap_sizes(graph: Editable, node: Node, perm: perms.Perm) -> None:
    """Constant scales and sizes of four values are reordered."""
    for i in range(2, len(node.inputs)):
        value = graph.constant(node.inputs[i]) if node.inputs[i] else None
        if value is not None and value.size == 4:
            transpose_input(graph, node, i, perm)
