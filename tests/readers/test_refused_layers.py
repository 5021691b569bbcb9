"""A refused op of a Keras model is told with its layer."""

from __future__ import annotations

import keras  # type: ignore[import-untyped]
import pytest

import tfonnx_lab as lab


def test_the_layer_is_named() -> None:
    x = keras.Input((2,), dtype="string", name="words")
    model = keras.Model(x, keras.layers.Hashing(7, name="hash_it")(x))
    with pytest.raises(lab.ConversionError) as caught:
        lab.convert(model)
    (failure,) = caught.value.failures
    assert failure.op == "custom op FlexStringToHashBucketFast"
    assert failure.place == "op 0 of subgraph 0, layer hash_it (Hashing)"
    assert "look the words up in a vocabulary" in failure.reason
