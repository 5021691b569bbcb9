"""TensorFlow and Keras models, through TensorFlow's own TFLite converter.

TensorFlow takes seconds to import, so it is imported only when such a model is converted.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError

_KERAS_FILES = frozenset((".keras", ".h5", ".hdf5"))


def is_tensorflow(source: Any) -> bool:
    """Whether the source is a Keras model, a Keras file or a SavedModel folder."""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        return path.suffix in _KERAS_FILES or (path / "saved_model.pb").exists()
    return any(c.__module__.partition(".")[0] in ("keras", "tf_keras", "tensorflow") for c in type(source).__mro__)


def to_tflite(source: Any, signature: str | None = None, tag: str | None = None) -> bytes:
    """A float TFLite model of the source; signature, tag: of a SavedModel.

    Raises ConversionError with TensorFlow's reason where it cannot be made.
    """
    if isinstance(source, (str, os.PathLike)) and not Path(source).exists():
        raise ConversionError(f"{source}: No such file or directory")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import tensorflow as tf
    except ImportError as error:
        raise ConversionError(f"{source}: reading it needs TensorFlow, which is not installed ({error})") from error
    try:
        if isinstance(source, (str, os.PathLike)):
            path = Path(source)
            if path.is_dir():
                converter = tf.lite.TFLiteConverter.from_saved_model(
                    str(path),
                    signature_keys=None if signature is None else [signature],
                    tags=None if tag is None else {tag},
                )
            else:
                converter = tf.lite.TFLiteConverter.from_keras_model(tf.keras.models.load_model(path))
        else:
            converter = tf.lite.TFLiteConverter.from_keras_model(source)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
        return bytes(converter.convert())
    except Exception as error:
        raise ConversionError(f"{source}: TensorFlow could not turn it into TFLite ({error})") from error
