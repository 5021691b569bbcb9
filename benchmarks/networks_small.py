"""Small networks, each around another family of ops: what `python -m benchmarks.bits --small FOLDER` measures.

One input each, for images of 16 to 24 pixels or short sequences, so that all are made and compared within minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

keras: Any = tf.keras
layers: Any = keras.layers


class Computes(tf.keras.layers.Layer):  # type: ignore[misc, name-defined, unused-ignore]
    """A function of TensorFlow as a layer without weights."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def call(self, x: Any) -> Any:
        return self.function(x)


def _image(*stages: Any, size: int = 16, channels: int = 3) -> Any:
    """A network of one branch on an image, with a classifier behind it."""
    image = layers.Input((size, size, channels))
    x = image
    for stage in stages:
        x = stage(x)
    if len(x.shape) == 4:
        x = layers.Flatten()(x)
    return keras.Model(image, layers.Dense(6)(x))


def _conv(width: int = 8, **more: Any) -> Any:
    return layers.Conv2D(width, 3, padding="same", **more)


def _on_image(function: Callable[[Any], Any], act: str | None = "relu") -> Callable[[], Any]:
    """A function of TensorFlow between two convolutions."""

    def make() -> Any:
        return _image(_conv(activation=act), Computes(function), *([] if act == "flat" else [_conv(4)]))

    return make


def _on_sequence(*stages: Callable[[], Any], steps: int = 12, width: int = 8) -> Callable[[], Any]:
    def make() -> Any:
        x = sequence = layers.Input((steps, width))
        for stage in stages:
            x = stage()(x)
        if len(x.shape) == 3:
            x = layers.Flatten()(x)
        return keras.Model(sequence, layers.Dense(4, activation="softmax")(x))

    return make


def attention() -> Any:
    """Self-attention of one head, layer normalization, a residual."""
    sequence = layers.Input((12, 16))
    y = layers.LayerNormalization()(sequence)
    x = layers.Add()([sequence, layers.MultiHeadAttention(2, 8)(y, y)])
    return keras.Model(sequence, layers.Dense(5)(layers.GlobalAveragePooling1D()(x)))


def branches() -> Any:
    """Branches of different ranges, concatenated, split again and compared."""
    image = layers.Input((16, 16, 3))
    a, b = _conv(activation="relu6")(image), _conv(activation="tanh")(image)
    x = layers.Concatenate()([a, b, layers.AveragePooling2D(3, 1, "same")(a)])
    parts = Computes(lambda t: tf.split(t, 3, -1))(x)
    x = layers.Maximum()([parts[0], layers.Minimum()([parts[1], parts[2]])])
    return keras.Model(image, layers.Dense(4)(layers.GlobalMaxPooling2D()(x)))


def arithmetic() -> Any:
    """Sums, differences and products of tensors of different ranges, broadcast too."""
    image = layers.Input((12, 12, 4))
    a, b = _conv(4)(image), _conv(4, activation="sigmoid")(image)
    x = layers.Subtract()([layers.Multiply()([a, b]), layers.Add()([a, image])])
    gate = layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    return keras.Model(image, layers.Multiply()([x, gate]))


SMALL: dict[str, Callable[[], Any]] = {
    "s_attention": attention,
    "s_branches": branches,
    "s_arithmetic": arithmetic,
    "s_lstm": _on_sequence(lambda: layers.LSTM(8, unroll=True), steps=5),
    "s_lstm_sequence": _on_sequence(
        lambda: layers.LSTM(6, return_sequences=True, unroll=True), lambda: layers.Conv1D(4, 3), steps=6
    ),
    "s_gru": _on_sequence(lambda: layers.GRU(8, reset_after=False, unroll=True), steps=5),
    "s_rnn": _on_sequence(lambda: layers.SimpleRNN(8, unroll=True), steps=5),
    "s_conv1d": _on_sequence(lambda: layers.Conv1D(8, 5, dilation_rate=2, activation="relu")),
    "s_dense": _on_sequence(lambda: layers.Dense(8, activation="elu"), lambda: layers.Dense(8, activation="gelu")),
    "s_pools": lambda: _image(_conv(), layers.MaxPooling2D(3, 2, "same"), layers.AveragePooling2D(3, 2, "same")),
    "s_transpose_conv": lambda: _image(_conv(strides=2), layers.Conv2DTranspose(6, 3, 2, "same", activation="relu")),
    "s_transpose_valid": lambda: _image(_conv(strides=2), layers.Conv2DTranspose(4, 4, 2, "valid")),
    "s_depth_multiplier": lambda: _image(layers.DepthwiseConv2D(3, padding="same", depth_multiplier=3), _conv()),
    "s_dilated": lambda: _image(layers.DepthwiseConv2D(3, dilation_rate=2, activation="relu6"), _conv(dilation_rate=2)),
    "s_prelu": lambda: _image(_conv(), layers.PReLU(shared_axes=[1, 2], alpha_initializer="random_normal")),
    "s_leaky": lambda: _image(_conv(), layers.LeakyReLU(negative_slope=0.17)),
    "s_hard_swish": _on_image(lambda t: t * tf.nn.relu6(t + 3) * (1 / 6), None),
    "s_swish": lambda: _image(_conv(activation="swish"), _conv(activation="elu")),
    "s_tanh_sigmoid": lambda: _image(_conv(activation="tanh"), _conv(activation="sigmoid")),
    "s_bilinear": _on_image(lambda t: tf.image.resize(t, (29, 23))),
    "s_bilinear_corners": _on_image(lambda t: tf.compat.v1.image.resize_bilinear(t, (31, 31), align_corners=True)),
    "s_nearest": lambda: _image(_conv(), layers.UpSampling2D(3), _conv(strides=2)),
    "s_pad": _on_image(lambda t: tf.pad(t, [[0, 0], [1, 2], [2, 1], [0, 0]], constant_values=0.0)),
    "s_mirror_pad": _on_image(lambda t: tf.pad(t, [[0, 0], [2, 2], [1, 3], [0, 0]], "REFLECT")),
    "s_mean": _on_image(lambda t: tf.reduce_mean(t, [1, 2], keepdims=True) + t, None),
    "s_sum": _on_image(lambda t: tf.reduce_sum(t, -1, keepdims=True), None),
    "s_max": _on_image(lambda t: tf.reduce_max(t, 1, keepdims=True) - tf.reduce_min(t, 2, keepdims=True), None),
    "s_softmax": _on_image(lambda t: tf.nn.softmax(t, -1), None),
    "s_log_softmax": _on_sequence(lambda: layers.Dense(7), lambda: Computes(tf.nn.log_softmax)),
    "s_l2": _on_image(lambda t: tf.nn.l2_normalize(t, -1), None),
    "s_space_depth": _on_image(lambda t: tf.nn.space_to_depth(t, 2) + 0.1),
    "s_depth_space": lambda: _image(_conv(16), Computes(lambda t: tf.nn.depth_to_space(t, 2)), _conv(3)),
    "s_slices": _on_image(lambda t: tf.concat([t[:, ::2, 1:-1], t[:, 1::2, :-2]], -1)),
    "s_moves": _on_image(lambda t: tf.transpose(tf.reshape(t, [-1, 8, 16, 16]), [0, 2, 3, 1])),
    "s_batch_matmul": _on_image(lambda t: tf.matmul(t, t, transpose_b=True), None),
    "s_rsqrt": _on_image(lambda t: tf.math.rsqrt(tf.nn.relu(t) + 0.5), None),
    "s_exp_log": _on_image(lambda t: tf.math.log(tf.exp(-tf.abs(t)) + 1.0), None),
    "s_divide": _on_image(lambda t: t / (tf.square(t) + 1.0), None),
    "s_squared_difference": _on_image(lambda t: tf.math.squared_difference(t, tf.reverse(t, [1])), None),
    "s_gather": _on_image(lambda t: tf.gather(t, [3, 0, 5, 5, 7], axis=3)),
    "s_pack": _on_image(lambda t: tf.add_n([2 * u for u in tf.unstack(t, axis=1)])[:, None], None),
    "s_clips": lambda: _image(_conv(activation="relu6"), Computes(lambda t: tf.clip_by_value(t, -1.0, 1.0)), _conv()),
    "s_batch_norm": lambda: _image(_conv(), layers.BatchNormalization(), layers.ReLU(), layers.BatchNormalization()),
    "s_grouped": lambda: _image(_conv(8), layers.Conv2D(8, 3, groups=4, activation="relu")),
}
"""Name => what makes the network."""
