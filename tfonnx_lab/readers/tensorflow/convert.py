"""A TensorFlow model as the bytes of a TFLite file, with the caller's names and order."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.readers.tensorflow.branches import keep_cases
from tfonnx_lab.readers.tensorflow.functions import Function, function_of
from tfonnx_lab.readers.tensorflow.inference import for_inference

_KERAS_FILES = frozenset((".keras", ".h5", ".hdf5"))
_PACKAGES = ("keras", "tf_keras", "tensorflow")


class FromTensorFlow(bytes):
    """A TFLite file, and what its caller calls it.

    name: for messages.
    interface: names of the inputs and of the outputs, in the caller's order, which is the file's.
    """

    name: str
    interface: tuple[tuple[str, ...], tuple[str, ...]]


def is_tensorflow(source: Any) -> bool:
    """Whether the source is a Keras model or file, a SavedModel (a folder or loaded), a tf.function or a tf.Module."""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        return path.suffix in _KERAS_FILES or (path / "saved_model.pb").exists()
    return any(c.__module__.partition(".")[0] in _PACKAGES for c in type(source).__mro__)


def to_tflite(source: Any, signature: str | None = None, tag: str | None = None) -> FromTensorFlow:
    """A float TFLite model of the source.

    signature, tag: of a SavedModel.

    The function is frozen first: TFLite's own converter loses variables that a loop's body reads. Raises
    ConversionError with TensorFlow's reason where it cannot be made.
    """
    if isinstance(source, (str, os.PathLike)) and not Path(source).exists():
        raise ConversionError(f"{source}: No such file or directory")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import tensorflow as tf
    except ImportError as error:
        raise ConversionError(f"{source}: reading it needs TensorFlow, which is not installed ({error})") from error
    name = _name(source)
    try:
        function = function_of(tf, source, signature, tag)
        made = FromTensorFlow(_flatbuffer(tf, function))
    except ConversionError as error:
        raise ConversionError(f"{name}: {error}") from error
    except Exception as error:
        raise ConversionError(f"{name}: TensorFlow could not turn it into TFLite ({error})") from error
    made.name, made.interface = name, (function.inputs, function.outputs)
    return made


def _flatbuffer(tf: Any, function: Function) -> bytes:
    from tensorflow.python.eager.wrap_function import function_from_graph_def
    from tensorflow.python.framework import convert_to_constants as to_constants

    concrete = function.concrete
    keep_cases(concrete)
    data = to_constants._FunctionConverterDataInEager(
        func=concrete, lower_control_flow=False, aggressive_inlining=False
    )
    graph = to_constants._replace_variables_by_constants(data)[0]
    for_inference(graph, concrete)
    captured = {id(t) for t in concrete.graph.internal_captures}
    inputs = [t for t in concrete.inputs if id(t) not in captured]
    frozen = function_from_graph_def(graph, [t.name for t in inputs], [t.name for t in concrete.outputs])
    for new, old in zip(frozen.inputs, inputs, strict=True):
        new.set_shape(old.shape)
    with _quiet():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    # by way of a SavedModel it would lose the order of inputs and outputs, and there are no variables left to be saved
    converter.experimental_lower_to_saved_model = False
    converter.allow_custom_ops = True  # an op that nobody has a handler for is told by name, and not in pages of MLIR
    with _quiet():
        return bytes(converter.convert())


@contextmanager
def _quiet() -> Iterator[None]:
    """Warnings of TensorFlow's converter about how it is called are for whoever wrote this file, and not for users."""
    loggers = [logging.getLogger(name) for name in ("absl", "tensorflow")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _name(source: Any) -> str:
    """What the source is called in messages: its path, or its name and type."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source) if isinstance(source, str) else str(source)
    own = getattr(source, "name", None) or getattr(source, "__name__", None)
    return f"{own} ({type(source).__name__})" if isinstance(own, str) and own else type(source).__name__
