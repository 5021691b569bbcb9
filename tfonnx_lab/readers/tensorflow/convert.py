"""A TensorFlow model as the bytes of a TFLite file, with the caller's names and order."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.readers.tensorflow.functions import Function, function_of

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
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    frozen = convert_variables_to_constants_v2(function.concrete, lower_control_flow=False)
    with _quiet():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    # by way of a SavedModel it would lose the order of inputs and outputs, and there are no variables left to be saved
    converter.experimental_lower_to_saved_model = False
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
