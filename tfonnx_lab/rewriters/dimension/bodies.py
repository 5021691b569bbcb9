"""Control flow: where a dimension of another size stands behind what its subgraphs make (`follow.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import onnx_ir as ir

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import TFLITE, static_shape
from tfonnx_lab.graph.meta import PLACE
from tfonnx_lab.rewriters.dimension.state import Follows, Refused, State

Walk = Callable[[ir.Graph, Mapping[ir.Value, State]], Mapping[ir.Value, State]]
"""Follows the dimension through a subgraph from its inputs."""

CONTROL = frozenset(["CALL", "IF", "STABLEHLO_CASE", "STABLEHLO_COMPOSITE", "STABLEHLO_WHILE", "WHILE"])


def through_bodies(node: ir.Node, given: Sequence[State], walk: Walk) -> list[State]:
    """Where the dimension stands in each output of the op."""
    graphs = {
        name: [value.value] if value.type is ir.AttributeType.GRAPH else list(value.value)
        for name, value in node.attributes.items()
        if value.type in (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS)
    }
    if node.op_type in ("WHILE", "STABLEHLO_WHILE"):
        return _loop(node, given, graphs["cond_subgraph"][0], graphs["body_subgraph"][0], walk)
    chooses = node.op_type in ("IF", "STABLEHLO_CASE")
    bodies = [graph for several in graphs.values() for graph in several]
    if not bodies or (chooses and given[0] is not None):
        return [Refused("chooses by what depends on the batch")] * len(node.outputs)
    found = [_results(graph, given[chooses:], walk) for graph in bodies]
    return [
        of[0] if len(set(of)) == 1 else Refused("gives tensors of the new batch in one branch and not in the other")
        for of in zip(*found, strict=True)
    ]


def _loop(node: ir.Node, given: Sequence[State], cond: ir.Graph, body: ir.Graph, walk: Walk) -> list[State]:
    """Each state of a loop is in the end what it was at first."""
    if any(state is not None for state in _results(cond, given, walk)):
        return [Refused("ends its iterations by what depends on the batch")] * len(node.outputs)
    after = _results(body, given, walk)
    for first, last, value in zip(given, after, node.inputs, strict=True):
        if first != last and isinstance(last, Follows) and value is not None:
            fixed = f"{value.name}, of the fixed shape {static_shape(value)}"
            return [Refused(f"begins with {fixed}, where its body makes the new batch")] * len(after)
        if first != last:
            return [Refused("mixes it with others in its body")] * len(after)
    return after


def _results(graph: ir.Graph, given: Sequence[State], walk: Walk) -> list[State]:
    found = walk(graph, {v: s for v, s in zip(graph.inputs, given, strict=False) if s is not None})
    return [found.get(value) for value in graph.outputs]


def refuse_bodies(graph: ir.Graph, changed: Iterable[ir.Value]) -> None:
    """Raise ConversionError for control flow behind inputs of which the batch and more changes, which is not followed.

    changed: those inputs.
    """
    reached = set(changed)
    for node in graph:
        if reached.isdisjoint(node.inputs):
            continue
        if node.domain == TFLITE and node.op_type in CONTROL:
            raise ConversionError(
                f"inputs: {node.op_type} ({node.meta.get(PLACE, node.name)}) may keep what belongs to the file's "
                "batch, and cannot be followed where other dimensions change as well. Convert with a new batch alone, "
                "or make the file again with these shapes in TensorFlow"
            )
        reached.update(node.outputs)
