"""A Transpose meets another one, or a Reshape that is one: they become one, or none.

Source: onnxruntime/core/optimizer/transpose_optimization/onnx_transpose_optimization.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfonnx_lab.mobile.layout import perms
from tfonnx_lab.mobile.layout.inputs import perm_of
from tfonnx_lab.mobile.layout.moves import Move
from tfonnx_lab.mobile.layout.perms import Perm
from tfonnx_lab.mobile.layout.splits import split


def transpose(move: Move) -> bool:
    """Two Transposes cancel or become one."""
    found = perm_of(move.node)
    return found is not None and len(found) == move.rank and _merged(move, found)


def _merged(move: Move, second: Perm) -> bool:
    graph, node, before = move.graph, move.node, move.transpose
    if second == move.inv:
        _cancelled(move)
    else:
        new = perms.composed(move.perm, second)
        if node.op == "Reshape":
            made = graph.add_node("Transpose", [before.inputs[0]], {"perm": list(new)})
            graph.move_output(node, 0, made, 0)
            graph.remove_node(node)
        else:
            graph.set_input(node, 0, before.inputs[0])
            node.attributes["perm"] = list(new)
    if not graph.is_read(before.outputs[0]):
        graph.remove_node(before)
    return True


def _cancelled(move: Move) -> None:
    """What reads the second result reads the first input; a graph output keeps its name."""
    graph, node, source = move.graph, move.node, move.transpose.inputs[0]
    result = node.outputs[0]
    readers, all_of_them = graph.consumers(result)
    if all_of_them:
        graph.replace(readers, result, source)
    else:
        others, complete = graph.consumers(source)
        maker = graph.maker(source)
        if maker is not None and complete:
            graph.set_input(node, 0, "")
            graph.replace(others, source, result)
            graph.move_output(node, 0, maker, maker.outputs.index(source))
        else:
            same = graph.add_node("Identity", [""])
            graph.move_output(node, 0, same, 0)
            graph.set_input(same, 0, source)
    graph.remove_node(node)


def reshape(move: Move) -> bool:
    """A Reshape that only moves dimensions of size 1 is a Transpose; one that splits axes changes places with it."""
    return _ones_moved(move) or split(move.graph, move.transpose, move.node, move.perm)


def _ones_moved(move: Move) -> bool:
    graph = move.graph
    before, behind = graph.shape(move.transpose.inputs[0]), graph.shape(move.transpose.outputs[0])
    wanted = graph.constant(move.node.inputs[1])
    if before is None or behind is None or wanted is None or wanted.size == 0 or len(before) != len(wanted):
        return False
    allow_zero = move.node.version > 13 and bool(move.node.attributes.get("allowzero", 0))
    final = _final_shape(behind, [int(v) for v in wanted], allow_zero)
    second = None if final is None else _as_transpose([int(d) for d in behind if isinstance(d, int)], final)
    return second is not None and _merged(move, second)


def _final_shape(given: Sequence[int | str | None], wanted: list[int], allow_zero: bool) -> list[int] | None:
    if not all(isinstance(d, int) for d in given) or len(given) != len(wanted):
        return None
    sizes = [int(d) for d in given if isinstance(d, int)]
    final = [s if w == 0 and not allow_zero else w for s, w in zip(sizes, wanted, strict=True)]
    if final.count(-1) > 1:
        return None
    total, known = int(np.prod(sizes)), int(np.prod([f for f in final if f != -1]))
    if -1 in final:
        if known == 0 or total % known:
            return None
        final[final.index(-1)] = total // known
        return final
    return final if known == total else None


def _as_transpose(given: list[int], final: list[int]) -> Perm | None:
    left, found = list(given), []
    for size in final:
        at = 0
        while left[at] != size:
            if left[at] not in (-1, 1) and size != 1:
                return None
            at += 1
            if at == len(left):
                return None
        found.append(at)
        left[at] = -1
    return tuple(found)
