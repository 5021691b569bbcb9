"""Convolutions between SpaceToBatchND and BatchToSpaceND, which TFLite's converter takes for padding SAME or VALID,
whatever they pad and crop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")


@dataclass(frozen=True)
class _Found:
    """The nodes of one, and what they do: block [2], what is left of paddings minus crops [2][before, after]."""

    spread: Any
    conv: Any
    last: Any
    block: list[int]
    around: list[list[int]]


def write_dilated(graph: Any) -> None:
    """BatchToSpaceND(conv(SpaceToBatchND(x))) => conv{dilations}(Pad(x)), changing a GraphDef in place, where its
    padding is neither SAME nor VALID."""
    nodes = {node.name: node for node in graph.node}
    users: dict[str, int] = {}
    for node in graph.node:
        for source in node.input:
            users[source.split(":")[0]] = users.get(source.split(":")[0], 0) + 1
    for last in list(graph.node):
        found = _found(nodes, users, last) if last.op == "BatchToSpaceND" else None
        if found is not None:
            _write(graph, found)


def _found(nodes: Mapping[str, Any], users: Mapping[str, int], last: Any) -> _Found | None:
    conv = nodes.get(last.input[0].split(":")[0])
    spread = nodes.get(conv.input[0].split(":")[0]) if conv is not None and conv.op in _CONVOLUTIONS else None
    if conv is None or spread is None or spread.op != "SpaceToBatchND" or users[conv.name] != 1:
        return None
    if conv.attr["padding"].s != b"VALID" or conv.attr["data_format"].s not in (b"NHWC", b""):
        return None
    if any(n != 1 for key in ("strides", "dilations") for n in conv.attr[key].list.i):
        return None
    given = [_constant(nodes, name) for name in (*spread.input[1:3], *last.input[1:3], conv.input[1])]
    if any(value is None for value in given):
        return None
    block, paddings, back, crops, weights = given
    if block.shape != (2,) or block.tolist() != back.tolist() or weights.ndim != 4:
        return None
    around = (paddings - crops).tolist()
    reach = [(size - 1) * step for size, step in zip(weights.shape[:2], block.tolist(), strict=True)]
    usual = [[n // 2, n - n // 2] for n in reach] if paddings.any() else [[0, 0], [0, 0]]
    if around == usual:
        return None
    return _Found(spread, conv, last, block.tolist(), around)


def _write(graph: Any, found: _Found) -> None:
    spread, conv, last = found.spread, found.conv, found.last
    more = [[max(n, 0) for n in sides] for sides in found.around]
    less = [[max(-n, 0) for n in sides] for sides in found.around]
    pads = graph.node.add(name=f"{last.name}/around", op="Const")
    _fill(pads, [[0, 0], *more, [0, 0]])
    padded = graph.node.add(name=f"{last.name}/padded", op="Pad", input=[spread.input[0], pads.name])
    padded.attr["T"].type, padded.attr["Tpaddings"].type = conv.attr["T"].type, 3
    cut = any(n for sides in less for n in sides)
    made = graph.node.add(name=f"{last.name}/dilated") if cut else last
    made.op = conv.op
    del made.input[:]
    made.input.extend([padded.name, *conv.input[1:]])
    made.attr.clear()
    for key, value in conv.attr.items():
        made.attr[key].CopyFrom(value)
    del made.attr["dilations"].list.i[:]
    made.attr["dilations"].list.i.extend([1, *found.block, 1])
    if cut:
        _crop(graph, last, made, less)


def _crop(graph: Any, last: Any, made: Any, less: list[list[int]]) -> None:
    """The last node cuts rows and columns off what the convolution made."""
    names = []
    for key, value in (
        ("begin", [0, *(before for before, _ in less), 0]),
        ("end", [0, *(-after for _, after in less), 0]),
        ("strides", [1, 1, 1, 1]),
    ):
        node = graph.node.add(name=f"{last.name}/{key}", op="Const")
        _fill(node, value)
        names.append(node.name)
    last.op = "StridedSlice"
    del last.input[:]
    last.input.extend([made.name, *names])
    last.attr.clear()
    last.attr["T"].type, last.attr["Index"].type = made.attr["T"].type, 3
    last.attr["begin_mask"].i = 9
    last.attr["end_mask"].i = 9 | sum(2 << k for k, (_, after) in enumerate(less) if not after)


def _constant(nodes: Mapping[str, Any], name: str) -> Any:
    """The numbers of a constant, through the Identity that freezing leaves; None of what is computed."""
    import tensorflow as tf

    node = nodes.get(name.split(":")[0])
    while node is not None and node.op == "Identity":
        node = nodes.get(node.input[0].split(":")[0])
    return tf.make_ndarray(node.attr["value"].tensor) if node is not None and node.op == "Const" else None


def _fill(node: Any, value: Any) -> None:
    import tensorflow as tf

    node.attr["dtype"].type = 3
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value, dtype=tf.int32))
