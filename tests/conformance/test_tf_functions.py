"""What TFLite's converter cannot write, or writes wrong: tables, cases, infinities, complex numbers, growing lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

import tfonnx_lab as lab

from .cases import refusal
from .encoding import Array
from .tf_functions import same

X = np.random.RandomState(0).randn(6, 4).astype("f")
Z = (X + 1j * X[::-1]).astype(np.complex64)
INFINITE = np.array([[1, np.inf, -np.inf], [0, np.nan, 3]], "f")


def table(keys: list[Any], values: list[Any], default: Any, kind: Any = None) -> Any:
    filled = tf.lookup.KeyValueTensorInitializer(tf.constant(keys, kind), tf.constant(values))
    return tf.lookup.StaticHashTable(filled, default)


TABLES = [
    (([3, 7], [1.5, 2.5], -1.0, tf.int32), np.array([[3, 9], [7, 7]], np.int32)),
    ((["a", "b"], [1.5, 2.5], -1.0), np.array(["a", "q"], object)),
    (([3, 7], ["x", "y"], "?", tf.int64), np.array([[3, 9]], np.int64)),
    (([3, 7], [30, 70], -1, tf.int64), np.array([7, 9], np.int64)),
]


@pytest.mark.parametrize(("made", "keys"), TABLES)
def test_lookup_tables(made: Any, keys: Array) -> None:
    kept = table(*made)
    if made[1] == [30, 70]:
        kept = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(*(tf.constant(v, tf.int64) for v in made[:2])), -1
        )

    def look_up(x: Any) -> Any:
        return kept.lookup(x)

    same(look_up, keys)


def test_size_of_a_table() -> None:
    kept = table(["a", "b", "c"], [1.5, 2.5, 3.5], -1.0)

    def size(x: Any) -> Any:
        return kept.size() + x

    same(size, np.array(3, np.int64))


@pytest.mark.parametrize("at", [-1, 0, 1, 2, 3, 9])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_switch_case(count: int, at: int) -> None:
    """An index out of range takes the last branch."""

    def chosen(x: Any) -> Any:
        branches = [lambda k=k: (x * (k + 1), x - k) for k in range(count)]
        return tf.switch_case(tf.cast(x[0], tf.int32), branches)

    same(chosen, np.array([at, 2, 3], "f"))


def l2(x: Any) -> Any:
    return tf.math.l2_normalize(x)


def quantized(x: Any) -> Any:
    given = tf.quantization.quantize_and_dequantize_v2(x, -1.0, 1.7, signed_input=True, range_given=True)
    found = tf.quantization.quantize_and_dequantize_v2(
        x, 0.0, 0.0, signed_input=True, range_given=False, narrow_range=True, num_bits=4
    )
    return given, found, tf.quantization.quantize_and_dequantize_v2(x, 0.0, 1.7, signed_input=False, range_given=True)


def infinite(x: Any) -> Any:
    return tf.math.is_inf(x), tf.math.is_inf(tf.exp(x * 1000.0)), tf.where(tf.math.is_inf(x), 7.0, 1.0)


@pytest.mark.parametrize(
    ("function", "x"), [(l2, X), (quantized, X), (infinite, INFINITE), (infinite, INFINITE.astype("f8"))]
)
def test_what_the_converter_gets_wrong(function: Callable[..., Any], x: Array) -> None:
    if x.dtype == np.float64:
        same(lambda v: tf.math.is_inf(v), x)
    else:
        same(function, x)


def arithmetic(a: Any, b: Any) -> Any:
    return a / (b + 3), a * b - a, tf.exp(a), tf.cos(a) * tf.sin(b), tf.square(a), tf.math.log(a), -a


def sums(a: Any) -> Any:
    return tf.reduce_sum(a, -1), tf.reduce_mean(a, 0), tf.math.angle(a), tf.math.conj(a), tf.abs(a)


def products(a: Any) -> Any:
    return tf.matmul(a, a, adjoint_b=True), tf.matmul(a, a, transpose_a=True)


@pytest.mark.parametrize(("function", "xs"), [(arithmetic, (Z, Z[::-1])), (sums, (Z,)), (products, (Z,))])
def test_complex_numbers(function: Callable[..., Any], xs: tuple[Array, ...]) -> None:
    same(function, *xs)


def test_complex_ops_that_are_not_known_are_refused() -> None:
    with refusal("of complex numbers"):
        same(lambda a: tf.tanh(a), Z)


def test_short_time_spectra_and_back() -> None:
    def there_and_back(x: Any) -> Any:
        return tf.signal.inverse_stft(tf.signal.stft(x, 64, 32, 64), 64, 32, 64)

    same(there_and_back, np.random.RandomState(1).randn(512).astype("f"), atol=1e-3)


def grown(x: Any) -> Any:
    a = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for j in tf.range(6):
        a = a.write(j, x[j] * 2.0)
    return a.stack()


def filtered(x: Any) -> Any:
    a = tf.TensorArray(tf.float32, size=0, dynamic_size=True, element_shape=[4])
    for j in tf.range(6):
        if x[j, 0] > 0:
            a = a.write(a.size(), x[j])
    return a.stack()


def longer(x: Any) -> Any:
    a = tf.TensorArray(tf.float32, size=2, dynamic_size=True, element_shape=[4])
    a = a.write(0, x[0]).write(4, x[1])
    return a.stack(), a.gather([4, 0]), a.read(4)


@pytest.mark.parametrize("function", [grown, filtered, longer])
@pytest.mark.parametrize("opset", [13, 18])
def test_lists_that_grow(function: Callable[..., Any], opset: int) -> None:
    same(function, X, opset=opset)


@pytest.mark.parametrize("name", ["RandomHue", "RandomSharpness", "RandomSaturation", "RandomPosterization", "MixUp"])
def test_random_layers_do_nothing_in_inference(name: str) -> None:
    layers = tf.keras.layers
    layer = layers.MixUp() if name == "MixUp" else getattr(layers, name)(4 if name == "RandomPosterization" else 0.2)
    x = np.random.RandomState(0).rand(2, 8, 8, 3).astype("f")
    inputs = tf.keras.Input(batch_shape=x.shape)
    result = lab.convert(tf.keras.Model(inputs, layer(inputs)))
    (given,) = result.model.graph.input
    session = onnxruntime.InferenceSession(result.model.SerializeToString(), providers=["CPUExecutionProvider"])
    (got,) = session.run(None, {given.name: x})
    np.testing.assert_allclose(got, x, atol=1e-6)
