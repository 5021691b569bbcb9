"""A dimension of an input that gets another size, the batch mostly, followed through the ops of the file.

Constants of the file hold the old size where an op is told a shape: of RESHAPE and SLICE. They follow. Nothing is
guessed: where an op mixes the dimension with others, or is not known here, it is lost, and a RESHAPE behind that cannot
follow is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx_ir as ir

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import TFLITE, TFLITE_CUSTOM, OpBuilder, static_shape
from tfonnx_lab.graph.meta import PLACE
from tfonnx_lab.graph.op_families import BROADCASTING, REDUCING
from tfonnx_lab.rewriters.dimension.along import products, reduced, rows, without_last
from tfonnx_lab.rewriters.dimension.bodies import CONTROL, through_bodies
from tfonnx_lab.rewriters.dimension.entries import along_first, images, one_image, same, stretched
from tfonnx_lab.rewriters.dimension.families import ALONG_FIRST, ELEMENTWISE, PAIRWISE, WITHOUT_LAST
from tfonnx_lab.rewriters.dimension.moves import MOVING
from tfonnx_lab.rewriters.dimension.shapes import expanded, reshaped, squeezed, told_shape, transposed
from tfonnx_lab.rewriters.dimension.state import LOST, MIXED, Follows, Mixed, Refused, Rules, State
from tfonnx_lab.rewriters.dimension.windows import blocks, padded, sliced, strided_slice


def follow(op: OpBuilder, changed: Mapping[ir.Value, int], size: int) -> dict[ir.Value, Follows | str]:
    """Let the constants of RESHAPE and SLICE follow inputs of which one dimension changes.

    changed: input => which dimension.
    size: what it was, the same for all.
    Returns where the dimension stands in each tensor that depends on them, or why that is not known.
    Raises ConversionError, with op, place and remedy, for a RESHAPE to a constant shape that cannot follow; of a new
    batch (each dimension is the first) also for an op that would leave out its entries or mix what it is merged with,
    and for an output that had the file's batch and is not known to follow.
    """
    batch = not any(changed.values())
    found = _walk(op, op.editor.graph, {value: Follows(axis) for value, axis in changed.items()}, size, batch)
    for value in op.editor.graph.outputs if batch else ():
        state = found.get(value)
        if isinstance(state, str) and not isinstance(state, Mixed) and size in (static_shape(value) or [size]):
            raise ConversionError(_refusal(f"the output {value.name} does not follow the new batch: {state}"))
    return found


def _walk(
    op: OpBuilder, graph: ir.Graph, known: Mapping[ir.Value, State], size: int, batch: bool
) -> dict[ir.Value, Follows | str]:
    """As `follow`, of one graph, whose inputs are known."""
    found = {value: state for value, state in known.items() if state is not None}
    for node in list(graph):
        given = [found.get(v) if v is not None else None for v in node.inputs]
        if not any(given):
            continue
        for value, state in zip(node.outputs, _states(op, node, given, size, batch), strict=True):
            if node.op_type == "RESHAPE" and isinstance(state, str) and _is_fixed(node):
                raise ConversionError(_cannot(node, state))
            if batch and isinstance(state, Refused):
                raise ConversionError(_refusal(state))
            if batch and isinstance(state, str) and _parts(given):
                raise ConversionError(_refusal(f"{state}, in a dimension that holds the batch and more"))
            if state is not None:
                found[value] = state
    return found


def _parts(given: Sequence[State]) -> bool:
    """Whether an op that mixes the dimension mixes entries of different examples with it; LiteRT never does."""
    known = [state for state in given if state is not None]
    return any(isinstance(s, Follows) and s.merged for s in known) and not any(isinstance(s, str) for s in known)


def _states(op: OpBuilder, node: ir.Node, given: Sequence[State], size: int, batch: bool) -> list[State]:
    """Where the dimension stands in each output of the op."""
    if node.domain == TFLITE and node.op_type in CONTROL:
        states = through_bodies(node, given, lambda graph, known: _walk(op, graph, known, size, batch))
        return [_placed(node, state) if isinstance(state, Refused) else state for state in states]
    lost = sorted((s for s in given if isinstance(s, str)), key=lambda s: isinstance(s, Mixed))
    if lost:
        return [lost[0]] * len(node.outputs)
    follows = [s if isinstance(s, Follows) else None for s in given]
    return [_after(op, node, follows, value, size) for value in node.outputs]


def _placed(node: ir.Node, why: str) -> str:
    """The reason of an op, with where it stands."""
    return type(why)(f"{node.op_type} ({node.meta.get(PLACE, node.name)}) {why}")


def _refusal(why: str) -> str:
    return (
        f"inputs: {why}. Convert with the file's own shapes, or make the file again with that batch (or with an open "
        "one) in TensorFlow"
    )


def _is_fixed(node: ir.Node) -> bool:
    """Whether a RESHAPE is told each dimension by a constant."""
    target = told_shape(node)
    return target is not None and -1 not in target


def _cannot(node: ir.Node, why: str) -> str:
    before, after = static_shape(node.inputs[0]), told_shape(node)
    return (
        f"inputs: RESHAPE ({node.meta.get(PLACE, node.name)}) is told to make {after} of {before}, as the file has "
        f"it, and cannot follow the new shape of the input: {why}. Convert with the file's own shapes, or make the "
        "file again with that batch (or with an open one) in TensorFlow"
    )


def _after(op: OpBuilder, node: ir.Node, given: Sequence[Follows | None], out: ir.Value, size: int) -> State:
    """Where the dimension stands in an output of the op."""
    rule = {TFLITE: _RULES, TFLITE_CUSTOM: _CUSTOM_RULES}.get(node.domain, {}).get(node.op_type)
    if rule is None:  # of a custom op nothing is known, also not that it is wrong
        state: State = LOST if node.domain == TFLITE else MIXED
    else:
        state = rule(op, node, given, out, size)
    if state in (LOST, MIXED):
        return _placed(node, type(state)("mixes it with others"))
    return _placed(node, state) if isinstance(state, Refused) else state


_RULES: Rules = {
    **dict.fromkeys(ELEMENTWISE, same),
    **dict.fromkeys(ALONG_FIRST, along_first),
    **dict.fromkeys(WITHOUT_LAST | {"TOPK_V2"}, without_last),
    **dict.fromkeys(BROADCASTING | PAIRWISE, stretched),
    **dict.fromkeys(REDUCING, reduced),
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), padded),
    **dict.fromkeys(("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"), blocks),
    **MOVING,
    "BATCH_MATMUL": products,
    "EXPAND_DIMS": expanded,
    "FULLY_CONNECTED": rows,
    "RESHAPE": reshaped,
    "SLICE": sliced,
    "SQUEEZE": squeezed,
    "STRIDED_SLICE": strided_slice,
    "TRANSPOSE": transposed,
}


_CUSTOM_RULES: Rules = {
    **dict.fromkeys(
        ("Convolution2DTransposeBias", "MaxPoolWithArgmax", "MaxPoolingWithArgmax2D", "MaxUnpooling2D"), images
    ),
    "TFLite_Detection_PostProcess": one_image,
}
