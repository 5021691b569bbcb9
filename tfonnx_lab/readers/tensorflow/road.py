"""The road of a TensorFlow model: its function, frozen, through TFLite's converter; the same in this process and in another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tfonnx_lab.readers.tensorflow.captured import captured
from tfonnx_lab.readers.tensorflow.freeze import frozen
from tfonnx_lab.readers.tensorflow.functions import function_of
from tfonnx_lab.readers.tensorflow.layers import Layers
from tfonnx_lab.readers.tensorflow.refusals import explained
from tfonnx_lab.readers.tensorflow.worker import LOG

Note = Callable[[str], None]
Convert = Callable[[Note, bytes, Any, Any], bytes]


@dataclass(frozen=True)
class Made:
    """A TFLite file of a TensorFlow model.

    inputs, outputs: the caller's names, in order. notes: what the caller should be told of them.
    layers: which of Keras's layers made which ops.
    """

    tflite: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    notes: tuple[str, ...]
    layers: Layers


def made_of(source: Any, convert: Convert, note: Note, **chosen: Any) -> Made:
    """The TFLite file of a source.

    convert: makes a TFLite file of a frozen graph (`process.convert`, here or in another process).
    chosen: the keywords of `functions.function_of`. note: called with what is being done.
    Raises ConversionError, with all that TensorFlow said in `details`.
    """
    import tensorflow as tf

    note("TensorFlow: tracing the function")
    function = function_of(tf, source, **chosen)
    note("TensorFlow: freezing its variables")
    with captured(LOG.info):  # TensorFlow's optimizer tells there what it is doing
        graph = frozen(function.concrete)
    try:
        tflite = convert(note, graph.graph, graph.inputs, graph.outputs)
    except Exception as error:
        raise explained(error, function) from error
    return Made(tflite, function.inputs, function.outputs, function.notes, function.layers)
