"""Networks that no model file is needed for: `python benchmarks/networks.py FOLDER [NAME ...] [--kinds int8 uint8
float]`.

Writes a .tflite of each and kind, for `benchmarks/quantized.py FOLDER` and `benchmarks/targets.py FOLDER` to measure.
Weights are random; BatchNormalization has the statistics of the samples, so that activations are scaled as a trained
network's.
Kinds: int8 (float inputs and outputs), int8_io, uint8 (int8 inside), per_tensor (no weights per channel), int16, float.
A name may also be one of `tf.keras.applications`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from networks_image import IMAGES, conv, separable
from networks_small import SMALL

layers, keras = tf.keras.layers, tf.keras
APPLICATIONS = ("MobileNet", "MobileNetV2", "MobileNetV3Small", "ResNet50", "EfficientNetB0", "DenseNet121")
SIZE = 96
SAMPLES = 8


def yamnet() -> Any:
    """A mel spectrogram, then depthwise separable convolutions."""
    wave = layers.Input((15600,))

    def spectrogram(x: Any) -> Any:
        frames = tf.signal.frame(x, 400, 160) * tf.signal.hann_window(400)
        mel = tf.signal.linear_to_mel_weight_matrix(64, 257, 16000, 125.0, 7500.0)
        return tf.math.log(tf.tensordot(tf.abs(tf.signal.rfft(frames, [512])), mel, 1) + 0.001)[..., None]

    x = conv(layers.Lambda(spectrogram)(wave), 16, 3, 2)
    for width, stride in ((32, 1), (64, 2), (128, 2), (128, 1)):
        x = separable(x, width, stride, "relu")
    return keras.Model(wave, layers.Dense(50, activation="sigmoid")(layers.GlobalAveragePooling2D()(x)))


def keyword() -> Any:
    """Depthwise separable convolutions of a spectrogram."""
    image = layers.Input((49, 10, 1))
    x = conv(image, 64, (10, 4), 2)
    for _ in range(4):
        x = separable(x, 64, act="relu")
    return keras.Model(image, layers.Dense(12, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


def wavenet() -> Any:
    """Gated dilated convolutions of a sequence."""
    sequence = layers.Input((1024, 1))
    x = layers.Conv1D(16, 3, padding="same")(sequence)
    for rate in (1, 2, 4, 8):
        a, b = (layers.Conv1D(16, 3, padding="same", dilation_rate=rate, activation=k)(x) for k in ("tanh", "sigmoid"))
        x = layers.Add()([x, layers.Conv1D(16, 1)(layers.Multiply()([a, b]))])
    return keras.Model(sequence, layers.Conv1D(4, 1)(x))


def transformer() -> Any:
    """Patches, attention, layer normalization, GELU."""
    image = layers.Input((64, 64, 3))
    x = layers.Reshape((64, 64))(layers.Conv2D(64, 8, 8)(image))
    for _ in range(2):
        y = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(4, 16)(y, y)])
        y = layers.Dense(128, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(64)(y)])
    return keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling1D()(x)))


NETWORKS: dict[str, Callable[[], Any]] = {f.__name__: f for f in (*IMAGES, yamnet, keyword, wavenet, transformer)}


def application(name: str) -> Any:
    """One of tf.keras.applications, for small images."""
    given = {"include_preprocessing": False} if "V3" in name or "V2B" in name or "ConvNeXt" in name else {}
    return getattr(keras.applications, name)(weights=None, input_shape=(SIZE, SIZE, 3), classes=100, **given)


def samples(model: Any) -> np.ndarray:
    """Smooth images with some noise, or noise where the input is no image; from -1 to 1."""
    rng = np.random.default_rng(0)
    shape = model.inputs[0].shape[1:]
    noise = rng.normal(0, 0.5, [SAMPLES, *shape])
    if len(shape) == 3:
        coarse = rng.normal(size=[SAMPLES, max(2, shape[0] // 16), max(2, shape[1] // 16), shape[2]])
        noise = 0.5 * tf.image.resize(coarse, shape[:2], "bicubic").numpy() + 0.2 * noise
    return np.clip(noise, -1, 1).astype(np.float32)


def settle(model: Any, data: np.ndarray) -> None:
    """Give each BatchNormalization the statistics of the samples, and a scale and shift of its own."""
    rng = np.random.default_rng(1)
    for layer in model._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.0
            for weight, mean, spread in ((layer.gamma, 1.0, 0.2), (layer.beta, 0.0, 0.3)):
                if weight is not None:
                    weight.assign(rng.normal(mean, spread, weight.shape))
    model(data, training=True)


def tflite(model: Any, data: np.ndarray, kind: str) -> bytes:
    """The model in TFLite."""
    fixed = keras.Input(model.inputs[0].shape[1:], batch_size=1)
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(fixed, model(fixed)))
    if kind == "float":
        return bytes(converter.convert())

    def representative() -> Iterator[list[np.ndarray]]:
        yield from ([data[k : k + 1]] for k in range(len(data)))

    ops = tf.lite.OpsSet
    converter.optimizations, converter.representative_dataset = [tf.lite.Optimize.DEFAULT], representative
    wanted = ops.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8 if kind == "int16" else None
    converter.target_spec.supported_ops = [wanted or ops.TFLITE_BUILTINS_INT8, ops.TFLITE_BUILTINS]
    converter._experimental_disable_per_channel = kind == "per_tensor"
    edge = {"int8_io": tf.int8, "uint8": tf.uint8}.get(kind)
    if edge is not None:
        converter.inference_input_type = converter.inference_output_type = edge
    return bytes(converter.convert())


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help=f"default: {', '.join([*NETWORKS, *APPLICATIONS])}")
    parser.add_argument("--kinds", nargs="+", default=["int8"])
    parser.add_argument("--small", action="store_true", help="the small networks, each around a family of ops")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for name in given.names or ([*SMALL] if given.small else [*NETWORKS, *APPLICATIONS]):
        keras.utils.set_random_seed(0)
        made = NETWORKS.get(name) or SMALL.get(name)
        model = made() if made else application(name)
        data = samples(model)
        settle(model, data)
        for kind in given.kinds:
            path = given.folder / f"{name.lower()}_{kind}.tflite"
            try:
                path.write_bytes(tflite(model, data, kind))
            except Exception as error:  # of TFLite's converter, whose errors share no base class
                print(f"{path}: TFLite's converter cannot: {str(error).strip()[:200]}", file=sys.stderr, flush=True)
                continue
            print(f"{path}: {path.stat().st_size >> 10} kB", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
