"""What TFLite's converter gets wrong or refuses, written out before it sees it: dilated convolutions by blocks, fake
quantization, ranges of channels."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest

import tfonnx_lab as lab

from .tf_functions import same

tf = pytest.importorskip("tensorflow")
_DRAW = np.random.RandomState(0)
X = _DRAW.randn(2, 9, 8, 4).astype("f")
DEEP, WIDE = _DRAW.randn(3, 3, 4, 1).astype("f"), _DRAW.randn(3, 3, 4, 5).astype("f")
LOW, HIGH = np.array([-1, -0.2, -2, -1], "f"), np.array([1, 2, 0.5, 3], "f")
NONE = [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("block", "pads", "crops"),
    [
        ([3, 3], [[2, 4], [5, 2]], NONE),
        ([3, 3], [[2, 4], [5, 2]], [[1, 0], [0, 2]]),
        ([2, 2], [[2, 3], [2, 2]], [[0, 1], [0, 0]]),
        ([3, 2], NONE, [[1, 0], [0, 1]]),
        ([3, 2], NONE, NONE),
    ],
)
@pytest.mark.parametrize("deep", [False, True])
def test_convolutions_between_space_and_batch(block: Any, pads: Any, crops: Any, deep: bool) -> None:
    convolution, weights = (tf.nn.depthwise_conv2d, DEEP) if deep else (tf.nn.conv2d, WIDE)

    def dilated(x: Any) -> Any:
        spread = tf.space_to_batch(x, block, pads)
        return tf.batch_to_space(convolution(spread, weights, strides=[1, 1, 1, 1], padding="VALID"), block, crops)

    same(dilated, X)


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("bits", [8, 5])
@pytest.mark.parametrize("kind", ["args", "vars", "vars_per_channel"])
def test_fake_quantization(kind: str, bits: int, narrow: bool) -> None:
    function = getattr(tf.quantization, f"fake_quant_with_min_max_{kind}")
    low, high = (LOW, HIGH) if kind.endswith("channel") else (-1.2, 1.7)

    def rounded(x: Any) -> Any:
        return function(x, low, high, bits, narrow)

    same(rounded, X, atol=1e-5)


def test_fake_quantization_of_a_computed_range() -> None:
    def rounded(x: Any, low: Any, high: Any) -> Any:
        return tf.quantization.fake_quant_with_min_max_vars(x, low, high)

    for low, high in ((-1, 2), (0, 6), (0.5, 6), (0, 0), (-3, -1)):
        same(rounded, X, np.array(low, "f"), np.array(high, "f"), atol=1e-5)


def test_weights_stay_quantized() -> None:
    def quantized(x: Any) -> Any:
        weights = tf.quantization.fake_quant_with_min_max_vars_per_channel(
            tf.constant(WIDE), np.full(5, -1, "f"), np.full(5, 1, "f"), narrow_range=True
        )
        return tf.nn.conv2d(tf.quantization.fake_quant_with_min_max_vars(x, -2.0, 2.0), weights, 1, "SAME")

    same(quantized, X, atol=1e-3)
    made = lab.convert(tf.function(quantized, input_signature=[tf.TensorSpec(X.shape)]))
    assert sum(node.op_type == "DequantizeLinear" for node in made.model.graph.node) >= 2


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("axis", [1, 3])
def test_a_range_for_each_channel(axis: int, signed: bool) -> None:
    """TFLite's converter crashes on it."""

    def rounded(x: Any) -> Any:
        zeros = tf.zeros([x.shape[axis]])
        return tf.quantization.quantize_and_dequantize_v2(
            x, zeros, zeros + 1, signed_input=signed, range_given=False, axis=axis
        )

    same(rounded, X)


@pytest.mark.parametrize("kind", ["uint8", "int32", "float16"])
def test_a_picture_of_integers_resized(kind: str) -> None:
    """TensorFlow's result is float32."""

    def resized(x: Any) -> Any:
        return tf.image.resize(x, [5, 12])

    same(resized, (_DRAW.rand(2, 9, 8, 3) * 255).astype(kind), atol=1e-3)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (2, 5, 3, 4)])
def test_products_of_codes(shape: tuple[int, ...], turned: bool) -> None:
    """int8 times a constant matrix of int8 into int32, which the converter refuses."""
    weights = _DRAW.randint(-128, 128, (5, 4) if turned else (4, 5)).astype("int8")

    def product(x: Any) -> Any:
        return tf.matmul(x, weights, transpose_b=turned, output_type=tf.int32)

    same(product, _DRAW.randint(-128, 128, shape).astype("int8"))


def test_keras_quantized_to_int8() -> None:
    keras = tf.keras
    x = keras.Input((6,), name="x", dtype="int32")
    y = keras.layers.EinsumDense("abc,cd->abd", (None, 3))(keras.layers.Embedding(9, 8)(x))
    model = keras.Model(x, keras.layers.Dense(4)(y))
    codes = _DRAW.randint(0, 9, (2, 6)).astype("int32")
    model(codes)
    model.quantize("int8")
    session = onnxruntime.InferenceSession(lab.convert(model).model.SerializeToString())
    np.testing.assert_allclose(session.run(None, {"x": codes})[0], np.asarray(model(codes)), rtol=1e-5, atol=1e-6)
