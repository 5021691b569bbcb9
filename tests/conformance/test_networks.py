"""Random networks through TensorFlow's own converter, in every quantization: what ops do together, not one by one."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tfonnx_lab import convert

from .against import newest_opset, reference, run_onnx
from .encoding import Array

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

Step = Callable[["Network", Any], Any]
LIMITS = {"float": 2e-5, "float16": 2e-5, "dynamic": 0.02, "int8": 0.06, "int16": 2e-3}
"""How far the outputs may be from LiteRT's: the root of the mean square, as a part of their deviation."""

QUANTIZED = ("dynamic", "int8", "int16")
DIGITS = {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "ConvInteger"}


class Network:
    """Layers drawn by a seed; images of odd sizes or sequences, one or several, with a fixed or an unknown batch."""

    def __init__(self, seed: int) -> None:
        import tensorflow as tf

        self.tf = tf
        self.seed = seed
        self.draw = np.random.default_rng(seed)
        self.batch = [1, 2, None][seed % 3]
        self.is_image = bool(seed % 4)
        sizes = [int(n) for n in self.draw.integers(5, 12, 2)]
        self.inner = [*sizes, 4] if self.is_image else [sizes[0], 6]
        self.shape = [self.batch, *self.inner]

    def weights(self, *shape: int) -> Any:
        """Of a size that keeps what goes through them as large as it is."""
        scale = 1.2 / np.sqrt(np.prod(shape[:-1]))
        return self.tf.constant(self.draw.normal(0, scale, shape).astype(np.float32))

    def one_of(self, *steps: Any) -> Any:
        """One of them."""
        return steps[int(self.draw.integers(len(steps)))]

    def feeds(self, draw: np.random.Generator, batch: int = 1) -> Array:
        """An input; within three deviations, so that what was calibrated clamps little."""
        shape = [self.batch or batch, *self.inner]
        return np.clip(draw.normal(0, 1, shape), -3, 3).astype(np.float32)

    def __call__(self, x: Any) -> dict[str, Any]:
        self.draw = np.random.default_rng(self.seed)
        last = x
        for _ in range(5):
            last, x = x, self.one_of(*(IMAGE if self.is_image else SEQUENCE), activation)(self, x)
        flat = self.tf.reshape(x, [-1, int(np.prod(x.shape[1:]))])
        return {"last": self.tf.identity(last), "scores": self.tf.matmul(flat, self.weights(flat.shape[-1], 5)) + 0.1}


def activation(net: Network, x: Any) -> Any:
    """An activation."""
    nn = net.tf.nn
    return net.one_of(nn.relu, nn.relu6, nn.elu, nn.silu, nn.gelu, net.tf.tanh, net.tf.sigmoid, nn.leaky_relu)(x)


def conv(net: Network, x: Any) -> Any:
    """A convolution with bias and activation."""
    kernel, stride = net.one_of(1, 2, 3), net.one_of(1, 1, 2)
    y = net.tf.nn.conv2d(x, net.weights(kernel, kernel, x.shape[-1], 6), stride, net.one_of("SAME", "SAME", "VALID"))
    return activation(net, y + net.weights(1, 6))


def residual(net: Network, x: Any) -> Any:
    """A depthwise convolution, added to its input."""
    y = net.tf.nn.depthwise_conv2d(x, net.weights(3, 3, x.shape[-1], 1), [1, 1, 1, 1], "SAME")
    return x + activation(net, y)


def pooled(net: Network, x: Any) -> Any:
    """Pooling with an odd window."""
    return net.one_of(net.tf.nn.max_pool2d, net.tf.nn.avg_pool2d)(x, 3, net.one_of(1, 2), "SAME")


def resized(net: Network, x: Any) -> Any:
    """An image one and a bit as large."""
    size = [int(d * net.one_of(1.5, 1.8, 2)) for d in x.shape[1:3]]
    resize = net.tf.compat.v1.image
    nearest = net.one_of(True, False)
    return (resize.resize_nearest_neighbor if nearest else resize.resize_bilinear)(x, [min(d, 17) for d in size])


def attended(net: Network, x: Any) -> Any:
    """Channels weighed by what is in them."""
    mean = net.tf.reduce_mean(x, [1, 2], keepdims=True)
    return x * net.tf.sigmoid(net.tf.nn.conv2d(mean, net.weights(1, 1, x.shape[-1], x.shape[-1]), 1, "SAME"))


def padded(net: Network, x: Any) -> Any:
    """With a border of zeros, or of what is near."""
    return net.tf.pad(x, [[0, 0], [1, 0], [1, 1], [0, 0]], net.one_of("CONSTANT", "REFLECT", "SYMMETRIC"))


def joined(net: Network, x: Any) -> Any:
    """With a turned copy of itself, or halves changed over."""
    if x.shape[-1] % 2 or net.one_of(True, False):
        return net.tf.concat([x, net.tf.reverse(x, [1])], -1)
    left, right = net.tf.split(x, 2, -1)
    return net.tf.concat([right, left * net.tf.sigmoid(right)], -1)


def turned(net: Network, x: Any) -> Any:
    """Two axes changed over."""
    return net.tf.transpose(x, net.one_of([0, 2, 1, 3], [0, 1, 3, 2], [0, 3, 2, 1]) if net.is_image else [0, 2, 1])


def normalized(net: Network, x: Any) -> Any:
    """Mean 0 and variance 1 over the last axis."""
    mean = net.tf.reduce_mean(x, -1, keepdims=True)
    variance = net.tf.reduce_mean(net.tf.math.squared_difference(x, mean), -1, keepdims=True)
    return (x - mean) * net.tf.math.rsqrt(variance + 0.1)


def dense(net: Network, x: Any) -> Any:
    """A product with a matrix, of as many or of other columns."""
    return activation(net, net.tf.matmul(x, net.weights(x.shape[-1], net.one_of(6, x.shape[-1]))) + 0.1)


def mixed(net: Network, x: Any) -> Any:
    """A product over time, added: Transposes around it whose axes may be of one size."""
    time = x.shape[1]
    y = net.tf.matmul(net.tf.transpose(x, [0, 2, 1]), net.weights(time, time))
    return x + net.tf.transpose(activation(net, y), [0, 2, 1])


def attention(net: Network, x: Any) -> Any:
    """Two heads of self-attention, added."""
    query, key, value = (net.tf.einsum("btc,cnd->bntd", x, net.weights(x.shape[-1], 2, 4)) for _ in range(3))
    scores = net.tf.nn.softmax(net.tf.matmul(query, key, transpose_b=True) * 0.5)
    heads = net.tf.transpose(net.tf.matmul(scores, value), [0, 2, 1, 3])
    return x + net.tf.matmul(net.tf.reshape(heads, [-1, x.shape[1], 8]), net.weights(8, x.shape[-1]))


IMAGE: list[Step] = [conv, conv, residual, residual, pooled, resized, attended, padded, joined, turned]
SEQUENCE: list[Step] = [dense, dense, mixed, mixed, attention, joined, turned, normalized]


def tflite_of(net: Network, scheme: str) -> bytes:
    """What TensorFlow's converter makes of the network."""
    tf = net.tf
    module = tf.Module()
    module.run = tf.function(net, input_signature=[tf.TensorSpec(net.shape, tf.float32, name="x")])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([module.run.get_concrete_function()], module)
    if scheme != "float":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if scheme in ("int8", "int16"):
        converter.representative_dataset = lambda: calibration(net)
    if scheme == "int16":
        sets = tf.lite.OpsSet
        wide = sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [wide, sets.TFLITE_BUILTINS]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return bytes(converter.convert())


def calibration(net: Network) -> Iterator[list[Array]]:
    """Inputs of the kind that the test feeds."""
    draw = np.random.default_rng(5)
    for _ in range(16):
        yield [net.feeds(draw)]


def distance(want: Array, got: Array) -> float:
    """The root of the mean square, as a part of the deviation."""
    assert want.shape == got.shape and want.dtype == got.dtype
    return float(np.sqrt(np.square(want - got).mean()) / max(float(want.std()), 1e-3))


CASES = [(scheme, seed) for scheme in LIMITS for seed in range(10) if scheme != "int16" or seed % 4]
"""Not in 16 bits: sequences, which are normalized by LiteRT's SQUARED_DIFFERENCE, for it takes no int16."""


@pytest.mark.parametrize(("scheme", "seed"), CASES)
def test_network(scheme: str, seed: int) -> None:
    net = Network(seed)
    data, x = tflite_of(net, scheme), net.feeds(np.random.default_rng(7), batch=3)
    ref = reference(data, [x])
    for opset in (18, 13, newest_opset()):
        for want, got in zip(ref.outputs, run_onnx(convert(data, opset=opset).model, ref), strict=True):
            assert distance(want, got) < LIMITS[scheme], f"opset {opset}"
    if scheme not in QUANTIZED:
        return
    real = convert(data, dequantize=True)
    assert not DIGITS & {n.op_type for n in real.ir_model.graph}
    float_network = {v.shape: np.asarray(v) for v in net(net.tf.constant(x)).values()}
    for got in run_onnx(real.model, ref):
        assert distance(float_network[got.shape], got) < 0.05, "the weights alone are rounded"
