"""A concrete function as a graph without variables, and as what TFLite's converter takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.readers.tensorflow.branches import keep_cases
from tfonnx_lab.readers.tensorflow.inference import for_inference

TYPES = {
    "float16": "FLOAT16", "float32": "FLOAT", "float64": "FLOAT64", "int8": "INT8", "int16": "INT16", "int32": "INT32",
    "int64": "INT64", "uint8": "UINT8", "uint16": "UINT16", "uint32": "UINT32", "uint64": "UINT64", "bool": "BOOL",
    "string": "STRING", "complex64": "COMPLEX64", "complex128": "COMPLEX128",
}  # fmt: skip
"""TensorFlow's name of a type that an input can have => the converter's."""

_NEAR = {"int4": "int8", "uint4": "uint8", "qint8": "int8", "quint8": "uint8", "qint32": "int32"}
"""A type that a TFLite file's inputs cannot have => the nearest that they can."""

_LIMIT = 2**31 - 2**24
"""Bytes that a GraphDef can have: it is a protobuf."""


@dataclass(frozen=True)
class Frozen:
    """A graph of TensorFlow whose variables are constants.

    graph: a GraphDef, as bytes.
    names: of its operations.
    live: of those that the inputs lead to.
    inputs: (name of the operation, the converter's name of its type, dimensions with -1 for an open one, None where
        even their number is open).
    outputs: names of tensors, without `:0`.
    """

    graph: bytes
    names: frozenset[str]
    live: frozenset[str]
    inputs: tuple[tuple[str, str, tuple[int, ...] | None], ...]
    outputs: tuple[str, ...]


def frozen(concrete: Any) -> Frozen:
    """The concrete function, frozen. Its inner functions are inlined, its loops and conditions stay whole.

    Raises ConversionError for a variable that nothing has set or that the function itself sets.
    """
    captured = {id(tensor) for tensor in concrete.graph.internal_captures}
    inputs = [tensor for tensor in concrete.inputs if id(tensor) not in captured]
    shapes = (None if t.shape.rank is None else tuple(-1 if d is None else int(d) for d in t.shape) for t in inputs)
    given = [(t.op.name, t.dtype.name, shape) for t, shape in zip(inputs, shapes, strict=True)]
    graph = _graph_def(concrete)
    for name, dtype, _ in given:
        if dtype not in TYPES:
            raise ConversionError(
                f"its input {name} is of the type {dtype}, which a TFLite file cannot hold: make it "
                f"{_NEAR.get(dtype, 'float32')}, and cast it in the function"
            )
    for_inference(graph, concrete)
    _without_variables(graph)
    if graph.ByteSize() > _LIMIT:
        raise ConversionError(
            f"its weights take {graph.ByteSize() / 2**30:.1f} GiB; a graph of TensorFlow holds 2: convert it to "
            ".tflite with TensorFlow's converter, and that file here"
        )
    return Frozen(
        graph.SerializeToString(),
        frozenset(node.name for node in graph.node),
        _live(graph, [name for name, _, _ in given]),
        tuple((name, TYPES[dtype], shape) for name, dtype, shape in given),
        tuple(_tensor_name(t) for t in concrete.outputs),
    )


def _live(graph: Any, inputs: Iterable[str]) -> frozenset[str]:
    """The operations that these lead to, by data."""
    users: dict[str, list[str]] = {}
    for node in graph.node:
        for source in node.input:
            users.setdefault(source.split(":")[0], []).append(node.name)
    waiting, found = list(inputs), set(inputs)
    while waiting:
        for name in users.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return frozenset(found)


def _graph_def(concrete: Any) -> Any:
    """The GraphDef alone: TensorFlow's public function traces it a second time to make a function of it, which takes
    longer than all the rest, and nobody needs it."""
    from tensorflow.python.framework import convert_to_constants

    keep_cases(concrete)
    try:
        make, replace = (
            convert_to_constants._FunctionConverterDataInEager,
            convert_to_constants._replace_variables_by_constants,
        )
        data = make(func=concrete, lower_control_flow=False, aggressive_inlining=False)
        return replace(data)[0]
    except (AttributeError, TypeError):  # another TensorFlow
        made = convert_to_constants.convert_variables_to_constants_v2(concrete, lower_control_flow=False)
        return made.graph.as_graph_def()


_SETTING = ("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp", "RngReadAndSkip", "StatefulUniform")


def _without_variables(graph: Any) -> None:
    """Raises ConversionError for ops that set a variable, or that read one which is no constant."""
    for node in _all_nodes(graph):
        if node.op in _SETTING or node.op.startswith("ResourceScatter"):
            raise ConversionError(
                f"{node.op} ({node.name}) sets a variable, and a graph for inference keeps none from run to run: give "
                "the state as an input and return it as an output, or take what sets it out of the function"
            )


def _all_nodes(graph: Any) -> Sequence[Any]:
    return [*graph.node, *(node for function in graph.library.function for node in function.node_def)]


def _tensor_name(tensor: Any) -> str:
    return str(tensor.name).removesuffix(":0")
