"""The finished graph: each node by itself, then ONNX's strict inference of all types and shapes, and what it does not
look at."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import onnx
import onnx_ir as ir

from tfonnx_lab.graph import MICROSOFT, ONNX, all_nodes, is_onnx
from tfonnx_lab.graph.outline import outline
from tfonnx_lab.validity.node import is_of_kernels, node_problem
from tfonnx_lab.validity.sizes import wrong_sizes

Shapes = Mapping[str, tuple[int | None, ...]]

_STANDING_FOR = {
    "QLinearAdd": ("Add", (0, 3)),
    "QLinearMul": ("Mul", (0, 3)),
    "QLinearLeakyRelu": ("Identity", (0,)),
    "QLinearSigmoid": ("Identity", (0,)),
    "QLinearSoftmax": ("Identity", (0,)),
}
"""Op of com.microsoft => the op of ONNX whose output has the same dtype and shape, and the inputs that go to it."""

_AT = re.compile(r"\(op_type:(?P<op>[^,)]*)(?:, node name: (?P<name>.*?))?\): ", re.DOTALL)


@dataclass(frozen=True)
class Problem:
    """What ONNX Runtime would refuse.

    node: where; None for the graph as a whole.
    """

    node: ir.Node | None
    reason: str


@dataclass(frozen=True)
class Checked:
    """What was found in a finished graph.

    problems: in the graph's order; what inference finds is one, for it stops there.
    stale: values whose shape is another by inference than by what the file says of them, with the inferred one: LiteRT
        computes its own, too.
    """

    problems: tuple[Problem, ...]
    stale: tuple[tuple[ir.Value, tuple[int | None, ...]], ...] = ()


def check_model(model: ir.Model, *, kernels: bool = True) -> Checked:
    """Hold a converted model against ONNX's schemas, ONNX Runtime's kernels and ONNX's own strict inference.

    kernels: whether the installed ONNX Runtime has to have them.
    """
    graph = model.graph
    if not graph.outputs:
        return Checked((Problem(None, "the model has no outputs: nothing of it can be computed"),))
    versions = graph.opset_imports
    found = [
        Problem(node, text)
        for node in all_nodes(graph)
        if (text := node_problem(node, versions[ONNX], versions.get(node.domain)))
        and (kernels or not is_of_kernels(text))
    ]
    return Checked(tuple(found)) if found else _inferred(graph)


def _inferred(graph: ir.Graph) -> Checked:
    opsets = [onnx.helper.make_opsetid(domain, version) for domain, version in graph.opset_imports.items()]
    made = onnx.helper.make_model(outline(graph, _stand_in), opset_imports=opsets)
    inferred = _strictly(made, True)
    if isinstance(inferred, str):  # propagation takes all int64 tensors for shapes, and fails on some that are none
        told = _told(graph, inferred)
        if told.node is not None and "Incompatible dimensions" in told.reason:
            return Checked((told,))  # what an Expand or a Reshape was given was a shape
        inferred = _strictly(made, False)
    if isinstance(inferred, str):
        return Checked((_told(graph, inferred),))
    shapes = _shapes(inferred.graph)
    sizes = wrong_sizes(graph, shapes, lambda value: _dims(value, shapes))
    found = [*_reshapes(graph, shapes), *(Problem(node, why) for node, why in sizes)]
    return Checked(tuple(found), tuple(_stale(graph, shapes)))


def _strictly(model: onnx.ModelProto, propagating: bool) -> onnx.ModelProto | str:
    """The model with all types and shapes, or why there are none.

    propagating: also compute what shapes hold.
    """
    try:
        return onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=propagating)
    except (onnx.shape_inference.InferenceError, ValueError, RuntimeError) as error:
        return str(error)
    except MemoryError:
        return "its shapes take more memory than there is"


def _stale(graph: ir.Graph, shapes: Shapes) -> Iterator[tuple[ir.Value, tuple[int | None, ...]]]:
    for node in graph:
        for value in node.outputs:
            new = shapes.get(value.name or "")
            if value.shape is not None and new is not None and _contradicts(value.shape, new):
                yield value, new


def _contradicts(old: ir.Shape, new: Sequence[int | None]) -> bool:
    pairs = zip(old, new, strict=False)
    return len(old) != len(new) or any(isinstance(a, int) and b is not None and a != b for a, b in pairs)


def _told(graph: ir.Graph, text: str) -> Problem:
    """The first of the errors of inference, at the innermost node that it names: the others follow from it."""
    by_name = {node.name: node for node in all_nodes(graph)}
    places = list(_AT.finditer(text))
    first = next((i for i, p in enumerate(places[1:], 1) if "\n" in text[places[i - 1].end() : p.start()]), len(places))
    end = places[first].start() if first < len(places) else len(text)
    named = [by_name[p["name"]] for p in places[:first] if p["name"] in by_name]
    reason = " ".join(text[places[first - 1].end() if places else 0 : end].split())
    reason = re.sub(r"\[(Shape|Type)InferenceError\] ?", "", reason)
    return Problem(named[-1] if named else None, reason)


def _stand_in(node: ir.Node) -> onnx.NodeProto | None:
    """An op of ONNX in the place of one of com.microsoft, whose shapes ONNX's inference does not know."""
    if node.domain != MICROSOFT or node.op_type not in _STANDING_FOR:
        return None
    op_type, data = _STANDING_FOR[node.op_type]
    given = (node.inputs[i] for i in data)
    inputs = ["" if value is None else value.name or "" for value in given]
    output = node.outputs[0].name or ""
    return onnx.NodeProto(op_type=op_type, name=node.name or "", input=inputs, output=[output])


def _shapes(graph: onnx.GraphProto) -> Shapes:
    """Value => its dimensions by inference, None for those that are open."""
    found = {}
    for value in (*graph.value_info, *graph.input, *graph.output):
        kind = value.type.tensor_type
        if kind.HasField("shape"):
            found[value.name] = tuple(d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim)
    return found


def _reshapes(graph: ir.Graph, shapes: Shapes) -> Iterator[Problem]:
    """Reshapes whose input and output have different numbers of elements, which ONNX's inference does not look at."""
    for node in graph:
        if not is_onnx(node, "Reshape") or node.inputs[0] is None:
            continue
        before = _dims(node.inputs[0], shapes)
        after = shapes.get(node.outputs[0].name or "")
        known = before is not None and after is not None and None not in before and None not in after
        if known and math.prod(before) != math.prod(after):  # type: ignore[arg-type]
            yield Problem(node, f"its input {list(before)} has another number of elements than {list(after)}")  # type: ignore[arg-type]


def _dims(value: ir.Value, shapes: Shapes) -> tuple[int | None, ...] | None:
    if value.const_value is not None:
        return tuple(value.const_value.shape.numpy())
    return shapes.get(value.name or "")
