"""Keras's recurrent layers, through TensorFlow's own converter: their loops become one op, with LiteRT's numbers.

With a dynamic batch the loops keep their results in tensor lists, Flex ops that LiteRT's Python build cannot run: there
Keras's own answer is the reference.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import onnxruntime
import pytest

from tfonnx_lab import convert, without

from . import check
from .against import newest_opset
from .encoding import Array

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BATCH, TIME, WIDTH, UNITS = 2, 6, 5, 4
LAYERS: dict[str, tuple[str, dict[str, Any]]] = {
    "lstm": ("LSTM", {}),
    "lstm_sequences": ("LSTM", {"return_sequences": True}),
    "lstm_backwards": ("LSTM", {"go_backwards": True, "return_sequences": True}),
    "lstm_no_bias": ("LSTM", {"use_bias": False}),
    "lstm_hard": ("LSTM", {"activation": "relu", "recurrent_activation": "hard_sigmoid"}),
    "lstm_clipped": ("LSTM", {"recurrent_activation": "clipped"}),
    "lstm_linear": ("LSTM", {"activation": None}),
    "lstm_elu": ("LSTM", {"activation": "elu", "return_sequences": True}),
    "lstm_unrolled": ("LSTM", {"unroll": True}),
    "gru": ("GRU", {}),
    "gru_sequences": ("GRU", {"return_sequences": True, "go_backwards": True}),
    "gru_reset_before": ("GRU", {"reset_after": False}),
    "gru_no_bias": ("GRU", {"use_bias": False, "return_sequences": True}),
    "gru_hard": ("GRU", {"recurrent_activation": "hard_sigmoid", "activation": "relu"}),
    "gru_clipped": ("GRU", {"recurrent_activation": "clipped", "return_sequences": True}),
    "rnn": ("SimpleRNN", {}),
    "rnn_relu": ("SimpleRNN", {"activation": "relu", "return_sequences": True}),
}


def keras() -> Any:
    """Keras, as TensorFlow brings it; its import takes seconds."""
    import tensorflow as tf

    tf.keras.utils.set_random_seed(7)
    return tf.keras


def layer(name: str, units: int = UNITS, **more: Any) -> Any:
    """The layer, with biases that are not zero."""
    kind, options = LAYERS[name]
    extra = {} if options.get("use_bias") is False else {"bias_initializer": "random_normal"}
    written = {"recurrent_activation": clipped} if options.get("recurrent_activation") == "clipped" else {}
    return getattr(keras().layers, kind)(units, **{**options, **extra, **more, **written})


def clipped(x: Any) -> Any:
    """A hard sigmoid written out."""
    import tensorflow as tf

    return tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)


def model_of(make: Callable[[Any], Any], batch: int | None = BATCH, width: int = WIDTH) -> Any:
    """A Keras model of what `make` does with a sequence."""
    x = keras().Input((TIME, width), batch_size=batch)
    return keras().Model(x, make(x))


def tflite_of(model: Any, weights: str = "float") -> bytes:
    """What TensorFlow's converter makes of it."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    if weights != "float":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if weights == "float16":
        converter.target_spec.supported_types = [tf.float16]
    with contextlib.redirect_stdout(io.StringIO()):
        return bytes(converter.convert())


def sequence_of(batch: int = BATCH, width: int = WIDTH) -> Array:
    """What the layers are fed."""
    return np.random.default_rng(3).uniform(-2, 2, (batch, TIME, width)).astype(np.float32)


def ops_of(result: Any) -> list[str]:
    """The op types of the main graph."""
    return [node.op_type for node in result.ir_model.graph]


def checked(data: bytes, x: Array) -> Iterator[list[str]]:
    """Compare with LiteRT at each opset; the op types of the main graphs."""
    for opset in OPSETS:
        yield ops_of(check(data, [x], opset).result)


OPSETS = [13, 18, 21, newest_opset()]


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name: str) -> None:
    """With a fixed batch."""
    data = tflite_of(model_of(layer(name)))
    op = {"LSTM": "LSTM", "GRU": "GRU", "SimpleRNN": "RNN"}[LAYERS[name][0]]
    for found in checked(data, sequence_of()):
        assert "Loop" not in found
        assert (op in found) == ("unroll" not in LAYERS[name][1])


@cache
def heavy(name: str, weights: str) -> bytes:
    """A layer with enough weights to be quantized, and a batch of one."""
    return tflite_of(model_of(layer(name, 40), 1, 64), weights)


@pytest.mark.parametrize("weights", ["dynamic range", "float16"])
@pytest.mark.parametrize("name", ["lstm", "gru_sequences", "gru_reset_before", "rnn"])
def test_small_weights(name: str, weights: str) -> None:
    """With integer weights the state is rounded every turn: that is a Scan.

    The loop's own weights are not kept beside it.
    """
    size = sum(len(t.raw_data) for t in convert(heavy(name, weights)).model.graph.initializer)
    assert size < 1.1 * len(heavy(name, weights)) * (1 if weights == "dynamic range" else 2)
    for found in checked(heavy(name, weights), sequence_of(1, 64)):
        assert "Loop" not in found
        assert ("Scan" in found) == (weights == "dynamic range")


@pytest.mark.parametrize(
    ("name", "batch", "op", "count"),
    [
        ("lstm", 1, "DynamicQuantizeLSTM", 1),
        ("gru_sequences", 1, "DynamicQuantizeMatMul", 1),
        ("gru_reset_before", 1, "DynamicQuantizeMatMul", 2),
        ("rnn", 1, "DynamicQuantizeMatMul", 1),
        ("lstm", 2, "DynamicQuantizeMatMul", 0),
        ("lstm", None, "DynamicQuantizeMatMul", 1),
        ("gru_reset_before", None, "DynamicQuantizeMatMul", 2),
    ],
)
def test_a_state_of_one_row_is_multiplied_as_codes(name: str, batch: int | None, op: str, count: int) -> None:
    """With a batch of unknown size as well, which shares a range; portable and exact files round by ONNX's own ops."""
    data = heavy(name, "dynamic range") if batch == 1 else tflite_of(model_of(layer(name, 40), batch, 64), "dynamic")
    results = {how: convert(data, **options) for how, options in FORMS.items()}
    found = {how: [n.op_type for n in result.ir_model.graph.all_nodes()].count(op) for how, result in results.items()}
    assert found == {"usual": count, "portable": 0, "exact": 0}
    x = sequence_of(batch or 1, 64)
    for result in results.values():
        np.testing.assert_allclose(run(result, x), run(results["usual"], x), atol=2e-3)


@pytest.mark.parametrize(("name", "outputs"), [("lstm", 2), ("gru_sequences", 2), ("gru_reset_before", 1), ("rnn", 1)])
def test_what_nobody_reads_is_not_collected(name: str, outputs: int) -> None:
    """The states alone, where the layer returns its last output."""
    scans = [n for n in convert(heavy(name, "dynamic range")).ir_model.graph if n.op_type == "Scan"]
    assert [len(n.outputs) for n in scans] == [outputs]


FORMS: dict[str, dict[str, Any]] = {"usual": {}, "portable": {"target": "portable"}, "exact": {"exact": True}}


@pytest.mark.parametrize("name", ["lstm", "gru_sequences"])
def test_integer_weights_as_floats(name: str) -> None:
    """hybrid="float": ONNX's own op, with the weights' real values."""
    data = heavy(name, "dynamic range")
    result = convert(data, hybrid="float")
    assert "Scan" not in ops_of(result) and {"LSTM", "GRU"} & set(ops_of(result))
    x = sequence_of(1, 64)
    np.testing.assert_allclose(run(result, x), run(convert(data), x), atol=0.05)


def test_states_and_both_ways() -> None:
    """All that an LSTM can return, and layers one after another."""

    def make(x: Any) -> Any:
        ys, h, c = layer("lstm_sequences", return_state=True)(x)
        return [keras().layers.Bidirectional(layer("gru_sequences", go_backwards=False))(ys), h, c]

    for found in checked(tflite_of(model_of(make)), sequence_of()):
        assert found.count("LSTM") == 1 and found.count("GRU") == 2 and "Loop" not in found


@pytest.mark.parametrize("name", ["lstm_sequences", "gru", "rnn_relu"])
def test_dynamic_batch(name: str) -> None:
    """As one op, and as the loop that it is without the rewriter."""
    model = model_of(layer(name), None)
    data, expected = tflite_of(model), [np.asarray(model(sequence_of(n))) for n in (2, 3)]
    for as_loop in (False, True):
        for opset in OPSETS:
            with without("recurrent_loop") if as_loop else contextlib.nullcontext():
                result = convert(data, opset=opset)
            assert ("Loop" in ops_of(result)) == as_loop
            for batch, want in zip((2, 3), expected, strict=True):
                np.testing.assert_allclose(run(result, sequence_of(batch)), want, atol=1e-5)


def run(result: Any, x: Array) -> Array:
    """ONNX Runtime's first output."""
    session = onnxruntime.InferenceSession(result.model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0])


def cell_of(name: str) -> Callable[[Any], Any]:
    """Layers that are like an LSTM or GRU and are not one."""
    k = keras()

    def convolved(x: Any) -> Any:
        image = k.layers.Reshape((TIME, WIDTH, 1, 1))(x)
        return k.layers.ConvLSTM2D(3, 1)(image)

    def masked(x: Any) -> Any:
        return layer("lstm")(k.layers.Masking(0.5)(x))

    def swish(x: Any) -> Any:
        return layer("lstm_sequences", activation="swish")(x)

    return {"convolved": convolved, "masked": masked, "swish": swish}[name]


@pytest.mark.parametrize("name", ["convolved", "masked", "swish"])
def test_other_loops_stay(name: str) -> None:
    """They are Loops, and the trace says why."""
    data = tflite_of(model_of(cell_of(name)))
    assert all("Loop" in found for found in checked(data, sequence_of()))
    trace = convert(data).trace
    assert "recurrent_loop" in [trace.rules[miss["rule"]]["name"] for miss in trace.misses]
