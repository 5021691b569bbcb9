"""QDQ groups made whole again after Transposes moved.

Source: onnxruntime/core/optimizer/transpose_optimization/onnx_transpose_optimization.cc (FixQDQNodeUnits,
TryRemoveEmptyDQQ, TryFixTransposeMissingQ, TryFixTransposeMissingDQ, CheckQDQNodePairMatch).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfonnx_lab.mobile.graph import Node
from tfonnx_lab.mobile.layout.editable import Editable
from tfonnx_lab.mobile.layout.inputs import DQ, Q, make_group, perm_of, quantization, single_consumer


def fix_groups(graph: Editable, may_change: Callable[[Node], bool]) -> bool:
    """Empty pairs go; a Transpose between DequantizeLinear and an op gets its own pair."""
    changed = False
    for node in graph.view().nodes:
        if node.index not in graph.nodes or not may_change(node):
            continue
        if node.op == Q:
            changed |= _remove_empty(graph, node)
        elif node.op == "Transpose":
            changed |= _missing_q(graph, node) or _missing_dq(graph, node)
    return changed


def _remove_empty(graph: Editable, q: Node) -> bool:
    """DQ, Q with the same parameters => nothing."""
    dq = graph.maker(q.inputs[0])
    if dq is None or dq.op != DQ or single_consumer(graph, dq) is None or not _match(graph, dq, q):
        return False
    result, source = q.outputs[0], dq.inputs[0]
    readers, all_of_them = graph.consumers(result)
    if all_of_them and len(readers) == 1:
        graph.replace(readers, result, source)
    elif not readers and result in graph.outputs:
        maker = graph.maker(source)
        if maker is None or single_consumer(graph, maker, maker.outputs.index(source)) is None:
            return False
        graph.set_input(dq, 0, "")
        graph.move_output(q, 0, maker, maker.outputs.index(source))
    else:
        return False
    graph.remove_node(q)
    graph.remove_node(dq)
    return True


def _match(graph: Editable, dq: Node, q: Node) -> bool:
    if dq.domain != q.domain:
        return False
    types = graph.dtype(dq.inputs[0]), graph.dtype(q.outputs[0])
    if types[0] == 0 or types[0] != types[1]:
        return False
    if dq.inputs[1] != q.inputs[1]:
        a, b = graph.constant(dq.inputs[1]), graph.constant(q.inputs[1])
        if a is None or b is None or a.tobytes() != b.tobytes():
            return False
    return _same_zero(graph, dq.inputs[2] if len(dq.inputs) > 2 else "", q.inputs[2] if len(q.inputs) > 2 else "")


def _same_zero(graph: Editable, a: str, b: str) -> bool:
    if a == b:
        return True
    values = [graph.constant(n) for n in (a, b) if n]
    if any(v is None for v in values):
        return False
    if len(values) == 2:
        return values[0].tobytes() == values[1].tobytes()  # type: ignore[union-attr]
    return not np.any(values[0])


def _missing_q(graph: Editable, transpose: Node) -> bool:
    """DQ, Transpose, op => DQ, Transpose, Q, DQ, op."""
    dq = graph.maker(transpose.inputs[0])
    if dq is None or dq.op != DQ:
        return False
    readers, _ = graph.consumers(transpose.outputs[0])
    if len(readers) > 1 or (readers and readers[0].op == Q):
        return False
    return make_group(graph, dq)


def _missing_dq(graph: Editable, transpose: Node) -> bool:
    """op, Transpose, Q => op, Q, DQ, Transpose, Q."""
    q = single_consumer(graph, transpose)
    source = transpose.inputs[0]
    before = graph.maker(source)
    if q is None or q.op != Q or before is None or before.op == DQ or len(graph.consumers(source)[0]) != 1:
        return False
    how = quantization(graph, q)
    if how is None:
        return False
    perm = perm_of(transpose)
    axis = (perm or ())[how.axis] if how.per_axis else how.axis
    attributes = {} if axis == 1 else {"axis": axis}
    parameters = q.inputs[1:]
    new_q = graph.add_node(Q, ["", *parameters], attributes, q.domain)
    graph.copy_type(q.outputs[0], new_q.outputs[0])
    graph.set_shape(new_q.outputs[0], graph.shape(source))
    dq = graph.add_node(DQ, [new_q.outputs[0], *parameters], attributes, q.domain)
    graph.copy_type(source, dq.outputs[0])
    at = before.outputs.index(source)
    graph.move_output(before, at, dq, 0)
    graph.set_input(new_q, 0, before.outputs[at])
    graph.copy_type(dq.outputs[0], before.outputs[at])
    return True
