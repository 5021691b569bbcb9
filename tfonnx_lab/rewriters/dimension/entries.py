"""Ops that compute entry by entry, or image by image: where a dimension of another size stands behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import onnx_ir as ir

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import OpBuilder, static_shape
from tfonnx_lab.graph.meta import PLACE
from tfonnx_lab.rewriters.dimension.state import LOST, Follows, State


def same(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Ops that take each entry by itself."""
    return given[0] if given[0] is not None else LOST


def along_first(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Ops that take the entries of the first dimension one by one."""
    return given[0] if given[0] is not None and not any(given[1:]) and given[0].axis == 0 else LOST


def images(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Ops that take images one by one, and what belongs to each from other inputs: places of MaxUnpooling2D."""
    states = {state for state in given if state is not None}
    return given[0] if given[0] is not None and len(states) == 1 and given[0].axis == 0 else LOST


def one_image(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """An op of one image, in LiteRT as well. Source: kBatchSize in detection_postprocess.cc."""
    raise ConversionError(
        f"inputs: {node.op_type} ({node.meta.get(PLACE, node.name)}) takes one image at a time, in LiteRT "
        "as well. Convert with the file's own batch, and run it once for each image"
    )


def broadcast(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Entry by entry, where every input that has the dimension has it at the same place."""
    shape = static_shape(out)
    if shape is None:
        return LOST
    found = set()
    for index, state in enumerate(given):
        own = static_shape(node.inputs[index])
        if state is not None and own is not None:
            found.add(replace(state, axis=state.axis + _missing(node, index, len(own), len(shape))))
    if len(found) != 1:
        return LOST
    state = found.pop()
    for index, known in enumerate(given):
        own = static_shape(node.inputs[index]) if node.inputs[index] is not None else []
        place = -1 if own is None else state.axis - _missing(node, index, len(own), len(shape))
        if known is None and (own is None or (0 <= place < len(own) and own[place] != 1)):
            return LOST
    return state


def _missing(node: ir.Node, index: int, own: int, wide: int) -> int:
    """How many dimensions of the output stand before an input's first; SELECT's vector chooses rows."""
    return 0 if node.op_type == "SELECT" and index == 0 and own == 1 else wide - own


def stretched(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Entry by entry; an input that is as long as the dimension was, and stays so, is an error."""
    shape = static_shape(out) or []
    for left, state in enumerate(given):
        one = static_shape(node.inputs[left])
        if state is None or one is None:
            continue
        axis = state.axis + _missing(node, left, len(one), len(shape))
        for index, known in enumerate(given):
            own = static_shape(node.inputs[index]) or []
            place = axis - _missing(node, index, len(own), len(shape))
            if known is None and 0 <= place < len(own) and own[place] == state.outer * size * state.inner > 1:
                name = node.inputs[index].name  # type: ignore[union-attr] # it has a shape
                raise ConversionError(
                    f"inputs: {node.op_type} ({node.meta.get(PLACE, node.name)}) takes {name}, of the fixed shape "
                    f"{own}, entry by entry with a tensor of which dimension {state.axis} is {own[place]} no more. "
                    "Convert with the file's own shapes, or make the file again with that batch in TensorFlow"
                )
    return broadcast(op, node, given, out, size)
