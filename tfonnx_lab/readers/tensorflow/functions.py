"""What of a TensorFlow object is converted: one concrete function, its arguments and results named as the caller
names them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.readers.tensorflow import graph_files, keras_models, saved_models
from tfonnx_lab.readers.tensorflow.function import Function, concrete_of, of_concrete
from tfonnx_lab.readers.tensorflow.saved_models import Chosen
from tfonnx_lab.readers.tensorflow.specs import specs_of


def function_of(
    tf: Any,
    source: Any,
    *,
    signature: str | None = None,
    tag: str | None = None,
    input_signature: Sequence[str] = (),
    concrete_function: int | None = None,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
) -> Function:
    """The function of a source.

    source: a SavedModel's folder or what `tf.saved_model.load` gave, a Keras model or its file, a frozen graph (.pb), a
        checkpoint's .meta file, a tf.function, a concrete function, or a tf.Module.
    signature, tag: of a SavedModel; signature also names a tf.Module's function.
    input_signature: of arguments whose shapes are not known (`specs.py`).
    concrete_function: the number of one.
    inputs, outputs: tensors of a frozen graph or a checkpoint.
    Raises ConversionError where there is no function, or more than one and none is named.
    """
    specs = specs_of(input_signature)
    chosen = Chosen(signature, concrete_function, specs)
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if path.is_dir():
            return saved_models.of_folder(tf, path, tag, chosen)
        if path.suffix in graph_files.SUFFIXES:
            _has_no("a graph of TensorFlow 1", signature=signature, tag=tag, concrete_function=concrete_function)
            read = graph_files.of_checkpoint if path.suffix == ".meta" else graph_files.of_graph
            return read(tf, path, inputs, outputs)
        _has_no(signature=signature, tag=tag, concrete_function=concrete_function)
        return keras_models.of_file(tf, path, specs)
    if keras_models.is_keras(source):
        _has_no(signature=signature, tag=tag, concrete_function=concrete_function)
        return keras_models.of_model(tf, source, specs)
    if hasattr(source, "structured_input_signature"):
        if len(getattr(source, "structured_input_signature", None) or ((), {})) == 2 and _is_signature(source):
            return saved_models.of_signature(tf, source, getattr(source, "_parent", None))
        return of_concrete(tf, source)
    if hasattr(source, "signatures"):
        return saved_models.of_loaded(tf, source, chosen)
    if hasattr(source, "get_concrete_function"):
        return of_concrete(tf, concrete_of(tf, source, specs, concrete_function))
    return saved_models.of_module(tf, source, chosen)


def _has_no(what: str = "a Keras model", **chosen: Any) -> None:
    """Raises ConversionError for a choice among what only SavedModels have."""
    for name, value in chosen.items():
        if value is not None:
            raise ConversionError(
                f"{name}={value!r} chooses in a SavedModel; {what} is converted whole: leave it out (--{name})"
            )


def _is_signature(concrete: Any) -> bool:
    """Whether a concrete function is a SavedModel's signature: it takes keywords alone and returns a dict."""
    arguments, keywords = concrete.structured_input_signature
    return not arguments and bool(keywords) and isinstance(concrete.structured_outputs, dict)
