"""Functions of TensorFlow, converted as a whole, beside TensorFlow's own results."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime

import tfonnx_lab as lab

from .encoding import Array

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def pairs(value: Array) -> Array:
    """Complex numbers as the converted model has them."""
    return np.stack([value.real, value.imag], axis=-1) if value.dtype.kind == "c" else value


def texts(value: Array) -> Array:
    """Texts as ONNX Runtime gives them."""
    return (
        np.array([v.decode() for v in value.ravel()], object).reshape(value.shape) if value.dtype == object else value
    )


def same(function: Callable[..., Any], *xs: Array, opset: int = 18, unknown: bool = False, atol: float = 1e-4) -> None:
    """Convert the function and compare its results for these inputs with TensorFlow's.

    unknown: whether only the number of the inputs' dimensions is given.
    """
    import tensorflow as tf

    specs = [tf.TensorSpec([None] * x.ndim if unknown else x.shape, tf.as_dtype(x.dtype)) for x in xs]
    want = [np.asarray(v) for v in tf.nest.flatten(function(*map(tf.constant, xs)))]
    model = lab.convert(tf.function(function, input_signature=specs), opset=opset).model
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    feeds = {i.name: pairs(x) for i, x in zip(session.get_inputs(), xs, strict=True)}
    for wanted, got in zip(want, session.run(None, feeds), strict=True):
        wanted = texts(pairs(wanted))
        assert got.dtype == wanted.dtype and got.shape == wanted.shape
        if wanted.dtype.kind in "OSb":
            assert (got == wanted).all()
        else:
            np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=atol)
