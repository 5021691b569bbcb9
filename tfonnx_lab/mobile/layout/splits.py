"""A Transpose moves behind a Reshape that splits axes (from ONNX Runtime 1.29).

Source: onnxruntime/core/optimizer/transpose_optimization/onnx_transpose_optimization.cc (HandleReshapeSplit).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfonnx_lab.mobile.graph import Node
from tfonnx_lab.mobile.layout import perms
from tfonnx_lab.mobile.layout.editable import Editable
from tfonnx_lab.mobile.layout.inputs import transpose_outputs
from tfonnx_lab.mobile.layout.perms import Perm


def split(graph: Editable, transpose: Node, reshape: Node, perm: Perm) -> bool:
    """Transpose, Reshape => Reshape of the same groups of axes in the order before, Transpose."""
    source, old = transpose.inputs[0], reshape.inputs[1]
    before, wanted = _sizes(graph, source), _sizes(graph, reshape.outputs[0])
    asked = graph.constant(old)
    if before is None or wanted is None or asked is None or not asked.size or 0 in wanted:
        return False
    if len(before) != len(perm) or len(wanted) <= len(perm):
        return False
    groups = _groups([before[p] for p in perm], wanted)
    if groups is None:
        return False
    order = [k for j in perms.inverse(perm) for k in groups[j]]
    shape = graph.add_initializer(np.asarray([wanted[k] for k in order], np.int64))
    graph.set_input(reshape, 0, source)
    graph.set_input(reshape, 1, shape)
    graph.drop_unread(old)
    transpose_outputs(graph, reshape, tuple(order.index(k) for k in range(len(wanted))))
    if not graph.is_read(transpose.outputs[0]):
        graph.remove_node(transpose)
    return True


def _sizes(graph: Editable, name: str) -> list[int] | None:
    shape = graph.shape(name)
    if shape is None or not all(isinstance(d, int) for d in shape):
        return None
    return [d for d in shape if isinstance(d, int)]


def _groups(targets: Sequence[int], sizes: Sequence[int]) -> list[list[int]] | None:
    """Neighbouring positions of `sizes` whose product is each target in turn; one at least, all used."""
    found: list[list[int]] = []
    at = 0
    for target in targets:
        group: list[int] = []
        product = 1
        while not group or product < target:
            if at == len(sizes):
                return None
            product *= sizes[at]
            group.append(at)
            at += 1
        if product != target:
            return None
        found.append(group)
    return found if at == len(sizes) else None
