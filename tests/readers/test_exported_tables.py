"""Tables of words in a SavedModel, whose lookups lie in functions that call each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import tensorflow as tf

import tfonnx_lab as lab

keras = tf.keras
CITIES = np.array([["oslo"], ["paris"], ["rome"]], object)


def test_a_lookup_of_an_exported_keras_model(tmp_path: Path) -> None:
    city = keras.Input((1,), dtype="string", name="city")
    found = keras.layers.StringLookup(vocabulary=["rome", "oslo", "bern"], output_mode="one_hot")(city)
    model = keras.Model(city, keras.layers.Dense(2)(found))
    model.export(tmp_path / "m", verbose=False)
    session = onnxruntime.InferenceSession(lab.convert(tmp_path / "m", opset=20).model.SerializeToString())
    [got] = session.run(None, {"city": CITIES})
    np.testing.assert_allclose(got, np.asarray(model(tf.constant(CITIES))), atol=1e-6)
