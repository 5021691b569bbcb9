"""ONNX Runtime's transpose optimizer: push each Transpose where that costs less, then make QDQ groups whole again.

Source: onnxruntime/core/optimizer/transpose_optimization/onnx_transpose_optimization.cc (OptimizeImpl, CalculateCost,
ProcessTranspose, TryConstantFoldNode, FixQDQNodeUnits) and
core/optimizer/layout_transformation/layout_transformation.cc (PostLayoutTransformCostCheck).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tfonnx_lab.mobile.graph import Node
from tfonnx_lab.mobile.layout import perms
from tfonnx_lab.mobile.layout.editable import Editable
from tfonnx_lab.mobile.layout.groups import fix_groups
from tfonnx_lab.mobile.layout.handlers import handler_of
from tfonnx_lab.mobile.layout.inputs import DQ, ints_of, is_op, past_constant, perm_of
from tfonnx_lab.mobile.layout.moves import Handler, Move
from tfonnx_lab.mobile.layout.perms import Perm

CostCheck = Callable[[Node, Perm], bool | None]


def eager(node: Node, perm: Perm) -> bool | None:
    """Behind the change of layout: push every change of layout except through Concat, the rest by cost."""
    layout = (perms.first_to_last(len(perm)), perms.last_to_first(len(perm)))
    return True if node.op != "Concat" and perm in layout else None


def by_cost(_: Node, __: Perm) -> bool | None:
    """Always by cost."""
    return None


def optimize(graph: Editable, check: CostCheck, may_change: Callable[[Node], bool]) -> bool:
    """Run it once over the graph; whether anything changed."""
    order = graph.view().nodes
    leading = _leading(graph, order)
    changed = False
    for node in order:
        if node.index in graph.nodes and may_change(node):
            changed |= _visit(graph, node, check, leading)
    if any(n.op == DQ for n in order):
        for node in graph.view().nodes:
            if node.index in graph.nodes and may_change(node):
                changed |= fold(graph, node)
        changed |= fix_groups(graph, may_change)
    return changed


def _leading(graph: Editable, order: Sequence[Node]) -> set[str]:
    """Values from which a path of movable ops leads to a Transpose."""
    found: set[str] = set()
    for node in reversed(order):
        if is_op(node, "Transpose"):
            found.add(node.inputs[0])
            continue
        for out in node.outputs:
            handler = handler_of(node) if out in found else None
            if handler is not None and handler.outputs:
                found.update(node.inputs[i] for i in handler.inputs(graph, node))
    return found


def _visit(graph: Editable, node: Node, check: CostCheck, leading: set[str]) -> bool:
    for i, name in enumerate(list(node.inputs)):
        before = graph.maker(name) if name else None
        perm = perm_of(before) if before is not None and is_op(before, "Transpose") else None
        if before is not None and perm is not None and _process(graph, before, node, perm, i, check, leading):
            return True
    return False


def _process(
    graph: Editable, transpose: Node, node: Node, perm: Perm, i: int, check: CostCheck, leading: set[str]
) -> bool:
    handler = handler_of(node)
    if handler is None:
        return False
    at = handler.inputs(graph, node)
    if i not in at:
        return False
    push = check(node, perm)
    if push is None:
        push = is_op(node, "Transpose") or _cost(graph, node, perm, leading, handler, at) < 0
    return push and handler.apply(Move(graph, transpose, node, perm, at))


def _cost(graph: Editable, node: Node, perm: Perm, leading: set[str], handler: Handler, at: Sequence[int]) -> int:
    """Dimensions (of other sizes than 1) transposed more; negative where it pays."""
    cost = sum(_input_cost(graph, node.inputs[i], perm) for i in at)
    if cost < 0 and handler.outputs and not any(o in leading for o in node.outputs):
        cost += max((_rank(graph, o) for o in node.outputs), default=0)
    return cost


def _rank(graph: Editable, name: str) -> int:
    shape = graph.shape(name)
    return 5 if shape is None else sum(d != 1 for d in shape)


def _input_cost(graph: Editable, name: str, perm: Perm) -> int:
    before = graph.maker(name)
    if before is None:
        if graph.constant(name) is not None:
            return 0
        return _rank(graph, name)
    if before.op == DQ:
        if past_constant(graph, name) is not None:
            return 0
        source = graph.maker(before.inputs[0])
        if source is not None and source.op == "Squeeze":
            above = graph.maker(source.inputs[0])
            before = above if above is not None and above.op == "Transpose" else before
        elif source is not None:
            before = source
    found = perm_of(before) if is_op(before, "Transpose") else None
    if found is None:
        return _rank(graph, name)
    return -_rank(graph, name) if found == perm and _removable(graph, before) else 0


def _removable(graph: Editable, transpose: Node) -> bool:
    nodes, all_of_them = graph.consumers(transpose.outputs[0])
    return all_of_them and all(handler_of(n) is not None for n in nodes)


def fold(graph: Editable, node: Node) -> bool:
    """A Transpose or Squeeze of a constant becomes a constant."""
    value = graph.constant(node.inputs[0]) if node.op in ("Transpose", "Squeeze") else None
    readers, _ = graph.consumers(node.outputs[0])
    if value is None or not readers:
        return False
    if node.op == "Transpose":
        perm = perm_of(node)
        if perm is None:
            return False
        value = np.transpose(value, perm)
    else:
        axes = ints_of(graph, node, "axes", 1, 13)
        if axes is None:
            return False
        value = np.squeeze(value, axes or None)
    source = node.inputs[0]
    graph.replace(readers, node.outputs[0], graph.add_initializer(value))
    if not graph.is_read(node.outputs[0]):
        graph.remove_node(node)
    graph.drop_unread(source)
    return True
