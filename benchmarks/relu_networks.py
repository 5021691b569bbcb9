"""Float networks with known activations, quantized: what `benchmarks/relu_inference.py` looks for them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

ACTIVATIONS = ("NONE", "RELU", "RELU6")
IMAGE = [16, 16, 3]


class Maker:
    """Keras layers with random widths, weights and activations.

    kinds: the activations to choose from. gains: how large weights may be: with large ones the data reach the bounds.
    """

    def __init__(self, seed: int, kinds: tuple[str, ...] = ACTIVATIONS, gains: tuple[float, ...] = (1, 8, 40)) -> None:
        import tensorflow as tf

        self.tf, self.layers = tf, tf.keras.layers
        self.rng = np.random.default_rng(seed)
        self.kinds, self.gains = kinds, gains
        tf.keras.utils.set_random_seed(seed)

    def initial(self) -> dict[str, Any]:
        seed = int(self.rng.integers(1 << 30))
        gain = float(self.rng.choice(self.gains))
        init = self.tf.keras.initializers
        return {
            "kernel_initializer": init.VarianceScaling(gain, seed=seed),
            "bias_initializer": init.RandomUniform(-1.0, 1.0, seed=seed),
        }

    def activated(self, x: Any, kind: str | None = None) -> Any:
        kind = kind or str(self.rng.choice(self.kinds))
        if kind == "RELU_N1_TO_1":
            return self.layers.Lambda(lambda t: self.tf.maximum(-1.0, self.tf.minimum(t, 1.0)))(x)
        return x if kind == "NONE" else self.layers.ReLU(6.0 if kind == "RELU6" else None)(x)

    def conv(self, x: Any, width: int, size: int = 3, kind: str | None = None) -> Any:
        return self.activated(self.layers.Conv2D(width, size, padding="same", **self.initial())(x), kind)

    def depthwise(self, x: Any, kind: str | None = None) -> Any:
        given = self.initial()
        given["depthwise_initializer"] = given.pop("kernel_initializer")
        return self.activated(self.layers.DepthwiseConv2D(3, padding="same", **given)(x), kind)

    def dense(self, x: Any, width: int, kind: str | None = None) -> Any:
        return self.activated(self.layers.Dense(width, **self.initial())(x), kind)

    def image(self) -> Any:
        return self.layers.Input(IMAGE, batch_size=1)


def mixed(seed: int) -> Any:
    """Convolutions, depthwise ones, residual sums, joins and dense layers in random order."""
    m = Maker(seed)
    x = image = m.image()
    for _ in range(int(m.rng.integers(3, 7))):
        kind = m.rng.integers(5)
        if kind == 0:
            x = m.depthwise(x)
        elif kind == 1:
            x = m.activated(m.layers.Add()([x, m.conv(x, x.shape[-1], 1)]))
        elif kind == 2:
            x = m.layers.Concatenate()([x, m.conv(x, 4)])
        elif kind == 3:
            x = m.layers.MaxPooling2D(2, padding="same")(m.conv(x, 8))
        else:
            x = m.conv(x, 8)
    x = m.dense(m.layers.GlobalAveragePooling2D()(x), 16)
    return m.tf.keras.Model(image, m.layers.Softmax()(m.layers.Dense(5)(x)))


def bottlenecks(seed: int) -> Any:
    """Inverted residuals: expand and depthwise with one activation, a linear projection, a sum without activation."""
    m = Maker(seed, gains=(2, 12))
    kind = ("RELU6", "RELU6", "RELU")[seed % 3]
    image = m.image()
    x = m.conv(image, 8, kind=kind)
    for _ in range(int(m.rng.integers(2, 5))):
        y = m.conv(m.depthwise(m.conv(x, 16, 1, kind), kind), 8, 1, "NONE")
        x = m.layers.Add()([x, y]) if m.rng.integers(2) else y
    x = m.layers.GlobalAveragePooling2D()(m.conv(x, 24, 1, kind))
    return m.tf.keras.Model(image, m.dense(x, 6, "NONE"))


def moved(seed: int) -> Any:
    """Activations, and then ops that move or average what they bound, or bound it anew; several outputs."""
    m = Maker(seed, gains=(4, 30))
    layers = m.layers
    after: list[Callable[[Any], Any]] = [
        layers.MaxPooling2D(2, padding="same"), layers.AveragePooling2D(2, padding="same"), layers.UpSampling2D(2),
        layers.UpSampling2D(2, interpolation="bilinear"), layers.ZeroPadding2D(1), layers.Cropping2D(1),
        layers.Activation("sigmoid"), layers.Activation("tanh"), layers.Activation("hard_silu"), layers.Softmax(),
    ]  # fmt: skip
    x = image = m.image()
    for k in m.rng.permutation(len(after))[:5]:
        x = after[k](m.conv(x, 6))
    x = m.conv(x, 4)
    flat = m.dense(layers.Flatten()(layers.MaxPooling2D(4, padding="same")(x)), 8)
    return m.tf.keras.Model(image, [m.dense(flat, 4), layers.GlobalMaxPooling2D()(x)])


def joined(seed: int) -> Any:
    """Branches with different activations that a join ties to one range, and one that a sum reads."""
    m = Maker(seed, gains=(1, 4, 30))
    image = m.image()
    x = m.conv(image, 6)
    for _ in range(2):
        branches = [m.conv(x, 4) for _ in range(int(m.rng.integers(2, 4)))]
        x = m.layers.Concatenate()(branches)
        if m.rng.integers(2):
            x = m.layers.Concatenate()([x, m.layers.Add()([branches[0], branches[1]])])
        x = m.conv(x, 6)
    return m.tf.keras.Model(image, m.dense(m.layers.GlobalAveragePooling2D()(x), 4, "NONE"))


def between(seed: int) -> Any:
    """Activations between -1 and 1, among others, and products."""
    m = Maker(seed, ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"), gains=(2, 12))
    image = m.image()
    x = m.conv(image, 6)
    for _ in range(3):
        x = m.conv(x, 6)
        if m.rng.integers(2):
            x = m.activated(m.layers.Multiply()([x, m.conv(x, 6, 1)]))
    return m.tf.keras.Model(image, m.dense(m.layers.Flatten()(m.layers.MaxPooling2D(4)(x)), 4, "NONE"))


def by_chance(seed: int) -> Any:
    """Linear layers and RELUs whose largest value on the samples is within a step of six, and nothing that says six."""
    m = Maker(seed, ("NONE", "RELU"), gains=(1,))
    image = m.image()
    x, kinds = image, []
    for _ in range(3):
        kinds.append("NONE" if m.rng.integers(2) else "RELU")
        x = m.conv(x, 6, kind="NONE")
        x = m.layers.ReLU()(x) if kinds[-1] == "RELU" else x
    model = m.tf.keras.Model(image, m.dense(m.layers.GlobalMaxPooling2D()(x), 4, "NONE"))
    _stretch(m, model, kinds, seed)
    return model


def _stretch(m: Maker, model: Any, kinds: list[str], seed: int) -> None:
    """Scale and shift each convolution so that its result on the samples goes from 0 (linear ones) to about 6."""
    convs = [layer for layer in model.layers if isinstance(layer, m.layers.Conv2D)]
    data = np.concatenate([s[0] for s in samples(seed)])
    for conv, kind in zip(convs, kinds, strict=True):
        values = m.tf.keras.Model(model.input, conv.output)(data).numpy()
        top = 6 + float(m.rng.uniform(-1, 1)) * 6 / 255
        kernel, bias = conv.get_weights()
        low = float(values.min()) if kind == "NONE" else 0.0
        gain = top / (float(values.max()) - low)
        conv.set_weights([kernel * gain, (bias - low) * gain])


FAMILIES: dict[str, Callable[[int], Any]] = {
    "mixed": mixed, "bottlenecks": bottlenecks, "moved": moved, "joined": joined, "between": between,
    "by_chance": by_chance,
}  # fmt: skip


def samples(seed: int) -> Iterator[list[np.ndarray]]:
    """The images that a network is calibrated on."""
    rng = np.random.default_rng(seed)
    for _ in range(20):
        yield [rng.normal(0, 1.5, [1, *IMAGE]).astype(np.float32)]


def quantized(model: Any, seed: int, scheme: str) -> bytes:
    """The model in int8 (or with uint8 edges, or with int16 activations), calibrated on its samples."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: samples(seed)
    ops = tf.lite.OpsSet
    converter.target_spec.supported_ops = [
        ops.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        if scheme == "int16"
        else ops.TFLITE_BUILTINS_INT8
    ]
    edge = {"int8": tf.int8, "uint8": tf.uint8}.get(scheme)
    if edge is not None:
        converter.inference_input_type = converter.inference_output_type = edge
    return bytes(converter.convert())
