"""TFLite's converter in a process of its own: what it refuses is one sentence, and what ends it ends nothing else."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

import tfonnx_lab as lab
from tfonnx_lab.readers.tensorflow import worker
from tfonnx_lab.readers.tensorflow.refusals import sentence

CRASH = "import os, sys; sys.stderr.write('it says why\\n'); sys.stderr.flush(); sys.stdin.buffer.read(1); os.abort()"


def function(call: Callable[..., Any], *shape: int) -> Any:
    return tf.function(call, input_signature=[tf.TensorSpec(shape, name="x")])


def test_a_crash_is_one_error_and_the_next_conversion_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "crashes.py"
    script.write_text(CRASH)
    with monkeypatch.context() as patch:
        patch.setattr(worker, "_SCRIPT", script)
        patch.setattr(worker, "_processes", {})
        with pytest.raises(
            lab.ConversionError, match=r"itself crashed on this graph \(SIGABRT\).*nothing else is lost"
        ) as caught:
            lab.convert(function(lambda x: x + 1, 3))
    assert "\n" not in str(caught.value) and "it says why" in caught.value.details
    assert len(lab.convert(function(lambda x: x + 1, 3)).signature.inputs) == 1


def test_a_process_that_ended_because_nobody_asked_is_started_again() -> None:
    assert lab.convert(function(lambda x: x + 1, 3))
    old = worker._processes["convert"]
    old.close()
    assert lab.convert(function(lambda x: x + 1, 3))
    assert worker._processes["convert"] is not old


def test_a_refusal_is_one_sentence_with_the_op_its_line_and_what_to_do() -> None:
    def call(x: Any) -> Any:
        return tf.quantization.quantize(x, 0.0, 1.0, tf.qint8)[0]

    line = call.__code__.co_firstlineno + 1
    with pytest.raises(lab.ConversionError) as caught:
        lab.convert(function(call, 4))
    said = str(caught.value)
    assert f"refuses QuantizeV2 (line {line} of test_converter_process.py)" in said
    assert "!tf_type.qint8" in said and "What to do: cast before it" in said
    assert "\n" not in said and len(said) < 300 < len(caught.value.details)


def test_a_refusal_of_a_function_of_jax_names_its_op() -> None:
    place = 'loc(fused["XlaCallModule:", "jax2tf/XlaCallModule@__inference_f_1"])'
    said = f"{place}: error: 'vhlo.sort_v1' op is not part of the vhlo support"
    assert sentence(said) == (
        "TFLite's converter refuses XlaCallModule (jax2tf/XlaCallModule): it is a function of JAX with an op that the "
        "converter does not take apart (vhlo.sort). What to do: leave that op out of the function, and do its work "
        "behind the model"
    )


def test_a_refusal_names_keras_s_layer() -> None:
    class Quantize(tf.keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return tf.cast(tf.quantization.quantize(x, 0.0, 1.0, tf.qint8)[0], tf.int32)

    x = tf.keras.Input((4,), batch_size=1)
    model = tf.keras.Model(x, Quantize(name="codes")(tf.keras.layers.Dense(4)(x)))
    with pytest.raises(lab.ConversionError, match=r"refuses \w+ \(layer codes"):
        lab.convert(model)


def test_a_variable_that_the_function_sets_is_told() -> None:
    generator = tf.random.Generator.from_seed(1)
    with pytest.raises(lab.ConversionError, match=r"RngReadAndSkip .* sets a variable, .* give the state as an input"):
        lab.convert(function(lambda x: x + generator.normal([4]), 4))


def test_an_op_that_neither_tflite_nor_flex_knows_arrives_as_a_custom_op() -> None:
    """It has a kernel in none of them, and a handler of the user's converts it."""
    plus_one = function(lambda x: tf.py_function(lambda y: y + 1, [x], tf.float32), 4)
    with pytest.raises(lab.ConversionError) as caught:
        lab.convert(plus_one)
    assert [f.op for f in caught.value.failures] == ["custom op EagerPyFunc"]

    @lab.handler("EagerPyFunc")
    def eager_py_func(op: Any, node: Any, x: Any) -> Any:
        return op.Neg(x)

    try:
        session = onnxruntime.InferenceSession(lab.convert(plus_one).model.SerializeToString())
        (got,) = session.run(None, {"x": np.array([1, 2, 3, 4], np.float32)})
        assert got.tolist() == [-1, -2, -3, -4]
    finally:
        lab.restore("EagerPyFunc")


@pytest.mark.long
def test_nothing_of_tensorflow_s_reaches_the_terminal(tmp_path: Path) -> None:
    folder, target = tmp_path / "m", tmp_path / "m.onnx"
    made = tf.Module()
    made.f = function(lambda x: x * 2, 1, 3)
    tf.saved_model.save(made, str(folder), made.f)
    command = [sys.executable, "-m", "tfonnx_lab", "convert", str(folder), "--output", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")
    told = subprocess.run([*command, "-v"], capture_output=True, text=True, check=True)
    assert "oneDNN" in told.stderr or "TensorFlow" in told.stderr


def test_what_is_being_done_is_told(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    stages: list[str] = []
    with caplog.at_level(logging.INFO, "tfonnx_lab.tensorflow"):
        lab.convert(function(lambda x: x + 1, 3), progress=stages.append)
    assert stages[:3] == [
        "TensorFlow: tracing the function",
        "TensorFlow: freezing its variables",
        "TFLite's converter",
    ]
    assert capfd.readouterr() == ("", "") and caplog.records


def test_the_converter_is_told_what_tensorflow_s_own_class_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for custom ops, which are allowed, and what is only of use to quantization."""
    from tensorflow.compiler.mlir.lite import converter_flags_pb2, model_flags_pb2
    from tensorflow.compiler.mlir.lite.python import wrap_converter

    from tfonnx_lab.readers.tensorflow.freeze import frozen
    from tfonnx_lab.readers.tensorflow.process import flags_of

    def call(x: Any, y: Any) -> Any:
        return {"a": x + 1, "b": y}

    spec = [tf.TensorSpec([None, 4], name="x"), tf.TensorSpec(None, tf.int32, name="y")]
    concrete = tf.function(call, input_signature=spec).get_concrete_function()
    told: list[Any] = []
    right = wrap_converter.wrapped_convert

    def telling(*given: Any) -> Any:
        told.extend(given)
        return right(*given)

    monkeypatch.setattr(wrap_converter, "wrapped_convert", telling)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    converter.experimental_lower_to_saved_model = False
    converter.allow_custom_ops = True
    converter.convert()
    graph = frozen(concrete)
    model, flags = flags_of(graph.inputs, graph.outputs)
    theirs = model_flags_pb2.ModelFlags.FromString(told[0]), converter_flags_pb2.ConverterFlags.FromString(told[1])
    for message, other in zip((model, flags), theirs, strict=True):
        for name in other.DESCRIPTOR.fields_by_name:
            assert getattr(message, name) == getattr(other, name), name
