"""Networks to measure with `benchmarks/latency.py`: `python benchmarks/latency_networks.py FOLDER [NAME ...]`.

Made with Keras, random weights, the sizes of small models in use: recurrent layers, transformers (GELU by Erf and by
Tanh), a U-Net, PReLU and LeakyReLU by hand, as float, dynamic range (`dynamic`) and 16x8 (`int16`) files.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf
from networks import keras, layers, samples, settle, tflite, transformer

SEQUENCE = (50, 64)


def lstm() -> Any:
    """Two LSTMs, the last output to classes."""
    x = sequence = layers.Input(SEQUENCE)
    x = layers.LSTM(96, return_sequences=True)(x)
    return keras.Model(sequence, layers.Dense(20)(layers.LSTM(96)(x)))


def bidirectional() -> Any:
    """A bidirectional LSTM, a class for each step."""
    sequence = layers.Input(SEQUENCE)
    x = layers.Bidirectional(layers.LSTM(64, return_sequences=True))(sequence)
    return keras.Model(sequence, layers.Dense(40)(x))


def gru() -> Any:
    """Two GRUs, the reset gate behind the product and before it."""
    sequence = layers.Input(SEQUENCE)
    x = layers.GRU(96, return_sequences=True)(sequence)
    return keras.Model(sequence, layers.Dense(20)(layers.GRU(96, reset_after=False)(x)))


def simple_rnn() -> Any:
    """A SimpleRNN."""
    sequence = layers.Input(SEQUENCE)
    return keras.Model(sequence, layers.Dense(20)(layers.SimpleRNN(96)(sequence)))


def encoder() -> Any:
    """An encoder of words: embeddings come as input; GELU by Tanh."""
    words = layers.Input((64, 128))
    x = words
    for _ in range(2):
        y = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(4, 32)(x, x)]))
        z = layers.Dense(512)(y)
        z = layers.Dense(128)(keras.activations.gelu(z, approximate=True))
        x = layers.LayerNormalization()(layers.Add()([y, z]))
    return keras.Model(words, x)


def unet() -> Any:
    """Down and up again, with a mask of one channel."""
    image = layers.Input((128, 128, 3))
    x, kept = image, []
    for width in (16, 32, 64):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        kept.append(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(96, 3, padding="same", activation="relu")(x)
    for width, skip in zip((64, 32, 16), kept[::-1], strict=True):
        x = layers.Concatenate()([layers.Conv2DTranspose(width, 2, 2)(x), skip])
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    return keras.Model(image, layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x))


def prelus() -> Any:
    """A landmark network: depthwise separable blocks with a PReLU of each channel, one by Maximum."""
    image = layers.Input((96, 96, 3))
    x = layers.Conv2D(32, 3, 2, padding="same")(image)
    for width in (32, 64, 64, 128):
        x = layers.PReLU(alpha_initializer="random_uniform", shared_axes=[1, 2])(x)
        y = layers.Conv2D(width, 1)(layers.DepthwiseConv2D(3, padding="same")(x))
        x = layers.MaxPooling2D()(y) if width != x.shape[-1] else layers.Add()([x, y])
    x = layers.Maximum()([x, layers.Rescaling(0.1)(x)])
    return keras.Model(image, layers.Dense(40)(layers.Flatten()(x)))


NETWORKS: dict[str, Callable[[], Any]] = {
    f.__name__: f for f in (lstm, bidirectional, gru, simple_rnn, encoder, transformer, unet, prelus)
}
KINDS = {"unet": ("float", "dynamic", "int16"), "transformer": ("float", "dynamic"), "prelus": ("float", "int16")}


def written(model: Any, name: str, kind: str) -> bytes:
    """The model as a .tflite file of this kind."""
    if kind != "dynamic":
        return tflite(model, samples(model), kind)
    fixed = keras.Input(model.inputs[0].shape[1:], batch_size=1)
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(fixed, model(fixed)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help=f"default: {', '.join(NETWORKS)}")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for name in given.names or NETWORKS:
        keras.utils.set_random_seed(0)
        model = NETWORKS[name]()
        settle(model, samples(model))
        for kind in KINDS.get(name, ("float", "dynamic")):
            path = given.folder / f"{name}_{kind}.tflite"
            try:
                path.write_bytes(written(model, name, kind))
            except Exception as error:  # one that TensorFlow does not convert must not end the others
                print(f"{path}: {type(error).__name__}: {str(error).splitlines()[0][:100]}", file=sys.stderr)


if __name__ == "__main__":
    main()
