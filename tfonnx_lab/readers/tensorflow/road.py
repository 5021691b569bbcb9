"""From a TensorFlow model to a TFLite file: its function, frozen, through TFLite's converter; the same here and in
another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tfonnx_lab.readers.tensorflow.captured import captured
from tfonnx_lab.readers.tensorflow.freeze import Frozen, frozen
from tfonnx_lab.readers.tensorflow.function import Function
from tfonnx_lab.readers.tensorflow.functions import function_of
from tfonnx_lab.readers.tensorflow.layers import Layers
from tfonnx_lab.readers.tensorflow.refusals import explained
from tfonnx_lab.readers.tensorflow.worker import LOG

Note = Callable[[str], None]
Convert = Callable[[Note, bytes, Any, Any], bytes]


@dataclass(frozen=True)
class Made:
    """A TFLite file of a TensorFlow model.

    inputs, outputs: the caller's names, in order.
    notes: what the caller should be told of them.
    layers: which of Keras's layers made which ops.
    is_sorted: of `Function`.
    """

    tflite: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    notes: tuple[str, ...]
    layers: Layers
    is_sorted: bool = False


def made_of(source: Any, convert: Convert, note: Note, **chosen: Any) -> Made:
    """The TFLite file of a source.

    convert: makes a TFLite file of a frozen graph (`process.convert`, here or in another process). chosen: the keywords
        of `functions.function_of`.
    note: called with what is being done.
    Raises ConversionError, with all that TensorFlow said in `details`.
    """
    import tensorflow as tf

    note("TensorFlow: tracing the function")
    function = function_of(tf, source, **chosen)
    note("TensorFlow: freezing its variables")
    with captured(LOG.info):  # TensorFlow's optimizer tells there what it is doing
        graph = frozen(function.concrete)
    function.layers.live = graph.live
    cut, names = outputs_of(graph, function, chosen.get("outputs", ()))
    graph = replace(graph, outputs=_before_identity(graph, function, cut))
    try:
        tflite = convert(note, graph.graph, graph.inputs, graph.outputs)
    except Exception as error:
        raise explained(error, function) from error
    return Made(tflite, function.inputs, names, function.notes, function.layers, function.is_sorted)


def _before_identity(graph: Frozen, function: Function, outputs: tuple[str, ...]) -> tuple[str, ...]:
    """The tensors that Keras's layers returned, in the place of TensorFlow's `Identity`, whose name says no layer."""
    made = tuple(function.layers.outputs)
    inputs = {name for name, _, _ in graph.inputs}
    plain = outputs == graph.outputs and len(made) == len(outputs) == len(set(made))
    return made if plain and all(n.split(":")[0] in graph.names - inputs for n in made) else outputs


def outputs_of(graph: Frozen, function: Function, wanted: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tensors of the graph to return, and their names: all outputs, or those that are wanted, where the graph
    knows them.

    wanted: names of outputs, of Keras's layers, or of tensors or operations of TensorFlow. Where one is not among
    those, all outputs are returned: it may name a tensor of the TFLite file.
    """
    own = dict(zip(function.outputs, graph.outputs, strict=True))
    if all(name.removesuffix(":0") in own or name in own for name in wanted):
        return graph.outputs, function.outputs
    found: dict[str, str] = {}
    for name in wanted:
        results = function.layers.results.get(name, [])
        for tensor in (
            own.get(name),
            own.get(name.removesuffix(":0")),
            results[0] if len(results) == 1 else None,
            name,
        ):
            if tensor is not None and tensor.split(":")[0] in graph.names:
                found.setdefault(name, tensor.removesuffix(":0"))
    if len(found) < len(set(wanted)):
        return graph.outputs, function.outputs
    return tuple(found.values()), tuple(found)
