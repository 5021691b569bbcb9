"""A TensorFlow model as the bytes of a TFLite file, with the caller's names and order."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.readers.not_a_model import object_told
from tfonnx_lab.readers.tensorflow import graph_files, keras_models, worker
from tfonnx_lab.readers.tensorflow.road import Made, made_of
from tfonnx_lab.readers.tensorflow.tracing import reason

_PACKAGES = ("keras", "tf_keras", "tensorflow")


class FromTensorFlow(bytes):
    """A TFLite file, and what its caller calls it.

    name: for messages.
    interface: names of the inputs and of the outputs, in the caller's order, which is the file's.
    layers: which of Keras's layers made which ops (`layers.Layers`).
    is_sorted: whether the inputs are in the order of the alphabet because the source does not have the caller's.
    """

    name: str
    interface: tuple[tuple[str, ...], tuple[str, ...]]
    layers: Any
    is_sorted: bool


def is_tensorflow(source: Any) -> bool:
    """Whether the source is a Keras model or file, a SavedModel (a folder or loaded), a frozen graph, a checkpoint, a
    tf.function or a tf.Module."""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if path.suffix in keras_models.SUFFIXES or path.suffix in graph_files.SUFFIXES:
            return True
        return any((path / f"saved_model.{end}").exists() for end in ("pb", "pbtxt"))
    return any(c.__module__.partition(".")[0] in _PACKAGES for c in type(source).__mro__)


def to_tflite(
    source: Any,
    signature: str | None = None,
    tag: str | None = None,
    *,
    input_signature: Sequence[str] = (),
    concrete_function: int | None = None,
    inputs: Mapping[str, Any] | None = None,
    outputs: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> FromTensorFlow:
    """A float TFLite model of the source; the other arguments are those of `functions.function_of`.

    The function is frozen first: TFLite's own converter loses variables that a loop's body reads. TFLite's converter
    runs in a process of its own, and where the source is a path, so does TensorFlow.

    progress: called with what is being done.
    Raises ConversionError in one sentence where it cannot be made; its `details` have all that TensorFlow said.
    """
    if isinstance(source, (str, os.PathLike)) and not Path(source).exists():
        raise ConversionError(f"{source}: No such file or directory")
    if not isinstance(source, (str, os.PathLike)) and (told := object_told(source)):
        raise ConversionError(told)
    name = _name(source)
    if "tensorflow" not in sys.modules and importlib.util.find_spec("tensorflow") is None:
        raise ConversionError(f"{name}: reading it needs TensorFlow, which is not installed: pip install tensorflow")
    chosen: dict[str, Any] = {
        "signature": signature,
        "tag": tag,
        "input_signature": tuple(input_signature),
        "concrete_function": concrete_function,
        "inputs": tuple(inputs or ()),
        "outputs": tuple(outputs),
    }
    note = progress or (lambda text: None)
    try:
        made = _made(source, chosen, note)
    except ConversionError as error:
        raise _told(name, str(error), error.details) from error
    except Exception as error:
        raise _told(name, f"TensorFlow could not make a function of it ({reason(error)})", str(error)) from error
    for told in made.notes:
        warnings.warn(f"{name}: {told}", UserWarning, stacklevel=5)
    result = FromTensorFlow(made.tflite)
    result.name, result.interface = name, (made.inputs, made.outputs)
    result.layers, result.is_sorted = made.layers, made.is_sorted
    return result


def _made(source: Any, chosen: dict[str, Any], note: Callable[[str], None]) -> Made:
    """The TFLite file: of a path in another process, of an object with this one's TensorFlow.

    A Keras file is loaded here where Keras is loaded already: it may need the user's own classes.
    """
    is_path = isinstance(source, (str, os.PathLike))
    if is_path and not (Path(source).suffix in keras_models.SUFFIXES and "keras" in sys.modules):
        found = worker.ask("load", str(Path(source).absolute()), chosen, note=note)
        assert isinstance(found, Made)
        return found
    worker.start("convert")

    def convert(note: Callable[[str], None], graph: bytes, inputs: Any, outputs: Any) -> bytes:
        return bytes(worker.ask("convert", graph, inputs, outputs, note=note))

    with _quiet():
        return made_of(source, convert, note, **chosen)


def _told(name: str, sentence: str, details: str) -> ConversionError:
    error = ConversionError(f"{name}: {sentence}")
    error.details = details
    return error


@contextmanager
def _quiet() -> Iterator[None]:
    """TensorFlow's and Keras's warnings about how they are called are for whoever wrote this file, and not for
    users."""
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
