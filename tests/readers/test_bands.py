"""Matrices of a band of diagonals, on which TFLite's converter crashes."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import tensorflow as tf

import tfonnx_lab as lab


def _bands(x: Any) -> tuple[Any, ...]:
    return (
        tf.linalg.diag(x, k=(-1, 1)),
        tf.linalg.diag(x, k=(-1, 1), num_rows=4, num_cols=5, align="LEFT_RIGHT"),
        tf.linalg.diag(x[:, :2], k=(-2, -1), num_cols=9, padding_value=5.0),
        tf.linalg.diag(x, k=(1, 3)),
        tf.linalg.diag(x, k=(2, 2)),
        tf.raw_ops.MatrixDiagV2(diagonal=x, k=[0, 2], num_rows=-1, num_cols=-1, padding_value=1.0),
    )


def test_as_tensorflow() -> None:
    function = tf.function(_bands, input_signature=[tf.TensorSpec([None, 3, 4], name="x")])
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    made = onnxruntime.InferenceSession(lab.convert(function).model.SerializeToString())
    for found, wanted in zip(made.run(None, {"x": x}), function(x), strict=True):
        assert np.allclose(found, wanted, atol=1e-6)
