"""Every kind of TensorFlow model by each road: Python, the command line, the magic; names, order and numbers are the
caller's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf
from IPython.core.interactiveshell import InteractiveShell

import tfonnx_lab as lab
from readers.kinds import KINDS, Kind, Subclassed, functional, module, of_tensorflow_1, several_signatures, written
from tfonnx_lab.commands.cli import main

keras = tf.keras
FILES = (
    "SavedModel",
    "SavedModel, concrete_function=",
    "SavedModel, several tags",
    "frozen graph, inputs= and outputs=",
    "checkpoint (.meta)",
    ".keras",
    "Keras 2, .h5",
)
"""Those that have flags of their own, and one of each other sort; benchmarks/tensorflow_sources.py runs all."""
ORDERLESS = (
    "model.export(), dicts",
    "tf.saved_model.save(Keras), dicts",
    "SavedModel of TensorFlow 1",
    "SavedModel, several tags",
    "TF Hub, TensorFlow 1 (no tags)",
)
"""Files that have the inputs in no order, which the signature says."""


def checked(model: Any, kind: Kind) -> None:
    """Its names, its order, and in each output the number that says which it is."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert tuple(i.name for i in session.get_inputs()) == kind.inputs
    assert tuple(o.name for o in session.get_outputs()) == kind.outputs
    values = dict(zip(kind.inputs, (10, 20, 30), strict=False))
    found = session.run(None, {name: np.full((1, 3), value, np.float32) for name, value in values.items()})
    assert tuple(float(y.flat[0]) for y in found) == kind.wanted


@pytest.mark.parametrize("name", KINDS)
def test_python(name: str, tmp_path: Path) -> None:
    kind = KINDS[name](tmp_path)
    result = lab.convert(kind.source, **kind.options)
    checked(result.model.SerializeToString(), kind)
    assert tuple(port.name for port in result.signature.inputs) == kind.inputs
    assert ("alphabet" in str(result.signature)) == (name in ORDERLESS)


@pytest.mark.parametrize("name", FILES)
def test_command_line(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    kind = KINDS[name](tmp_path)
    target = tmp_path / "made.onnx"
    capfd.readouterr()
    with pytest.raises(SystemExit) as status:
        main(["convert", str(kind.source), "--output", str(target), *kind.flags])
    assert (status.value.code, capfd.readouterr().err) == (0, "")
    checked(target, kind)


@pytest.mark.parametrize("flag", ["--graphdef", "--checkpoint"])
def test_tf2onnx_s_flags_for_files_of_tensorflow_1(flag: str, tmp_path: Path) -> None:
    source = of_tensorflow_1(tmp_path / "m", "pb" if flag == "--graphdef" else "meta")
    target = tmp_path / "made.onnx"
    with pytest.raises(SystemExit) as status:
        main(["convert", flag, str(source), "--inputs", "key:0", "--outputs", "second:0", "--output", str(target)])
    assert status.value.code == 0
    assert [o.name for o in onnx.load(target).graph.output] == ["second:0"]


@pytest.mark.parametrize("name", ["Keras, functional", "tf.function", ".keras", "SavedModel"])
def test_magic(name: str, tmp_path: Path) -> None:
    """A path, or a variable of the notebook."""
    kind = KINDS[name](tmp_path)
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "tfonnx_lab")
    text = str(kind.source)
    if not isinstance(kind.source, Path):
        text = "my_model"
        shell.user_ns[text] = kind.source
    result = shell.run_line_magic("tflite2onnx", text)
    checked(result.model.SerializeToString(), kind)


def test_an_inner_tensor_or_a_layer_cuts_the_model() -> None:
    x = keras.Input((4,), name="x")
    model = keras.Model(x, keras.layers.Dense(2, name="last")(keras.layers.ReLU(name="inner")(x)))
    data = np.array([[-1, 2, -3, 4]], np.float32)
    tensor = next(
        n for n in lab.convert(model, outputs=("inner",)).ir_model.meta["tflite_names"].values() if "Relu" in n
    )
    for wanted in ("inner", tensor, f"{tensor}:0"):
        result = lab.convert(model, outputs=(wanted,))
        session = onnxruntime.InferenceSession(result.model.SerializeToString())
        assert [o.name for o in session.get_outputs()] == [wanted]
        np.testing.assert_array_equal(session.run(None, {"x": data})[0], [[0, 2, 0, 4]])


def test_a_name_that_two_outputs_have_is_told() -> None:
    x = keras.Input((2, 3), name="x")
    model = keras.Model(x, keras.layers.LSTM(2, return_state=True, name="lstm")(x))
    with pytest.warns(UserWarning, match=r"several outputs are called 'lstm'; one of them is 'lstm_2' here"):
        result = lab.convert(model)
    assert [port.name for port in result.signature.outputs] == ["lstm", "lstm_2", "lstm_3"]


def two_graphs(at: Path) -> Any:
    return of_tensorflow_1(at / "m", "tags")


def damaged(at: Path, name: str, data: bytes) -> Path:
    path = at / name
    path.write_bytes(data)
    return path


def called(model: Any) -> Any:
    model(np.zeros((1, 3), np.float32), np.zeros((1, 3), np.float32))
    return model


class Unregistered(keras.layers.Layer):  # type: ignore[misc, name-defined]
    """A layer that Keras does not know where the file is loaded."""

    def call(self, x: Any) -> Any:
        return x


def with_a_class_of_its_own(at: Path) -> Path:
    x = keras.Input((3,))
    return written(at / "m.keras", keras.Model(x, Unregistered()(x)))


WRONG: dict[str, tuple[Callable[[Path], Any], dict[str, Any], str]] = {
    "no such folder": (lambda at: at / "nothing.keras", {}, "No such file"),
    "a tag that there is not": (two_graphs, {"tag": "tpu"}, r"no graph of the tags 'tpu'; there are serve \| "
    "gpu,serve"),
    "a signature that there is not": (
        lambda at: several_signatures(at / "m"), {"signature": "b"},
        "no signature 'b'; it has 'aaa', 'serving_default'"),
    "no shapes": (lambda at: tf.function(lambda x: x), {}, r"give input_signature=\[\"x:float32"),
    "not built": (lambda at: keras.Sequential([keras.layers.Dense(2)]), {}, "not built yet: call it once on "
    "data, or give input"),
    "several arguments": (lambda at: called(Subclassed()), {}, "called on query, key, and Keras keeps the shape "
    "of the first"),
    "a number of no function": (
        lambda at: module().f, {"concrete_function": 3}, "has . concrete functions, and so none of number 3"),
    "a .pb without such a tensor": (
        lambda at: of_tensorflow_1(at / "m", "pb"), {"outputs": ["third:0"]},
        "no operation 'third'; its outputs are 'first', 'second'"),
    "a .pb that is none": (lambda at: damaged(at, "m.pb", b"abc" * 9), {}, "no graph of TensorFlow.*by its folder"),
    "a .meta without variables": (lambda at: damaged(at, "m.meta", b""), {}, "variables of the checkpoint are missing"),
    "weights alone": (
        lambda at: (functional().save_weights(at / "m.weights.h5"), at / "m.weights.h5")[1], {},
        "weights alone, no model"),
    "a class of the user's": (with_a_class_of_its_own, {}, "a class of yours that Keras does not know here"),
    "an input of a type that TFLite has not": (
        lambda at: tf.function(lambda x: x, input_signature=[tf.TensorSpec([2], tf.bfloat16, name="x")]), {},
        "input x is of the type bfloat16, which a TFLite file cannot hold: make it float32"),
    "an empty module": (lambda at: tf.Module(), {}, "one of its tf.functions: it has none"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_has_a_sentence_of_its_own(name: str, tmp_path: Path) -> None:
    source, options, said = WRONG[name]
    with pytest.raises(lab.ConversionError, match=said) as caught:
        lab.convert(source(tmp_path), **options)
    assert "\n" not in str(caught.value)


def test_a_path_leaves_tensorflow_to_the_other_process(tmp_path: Path) -> None:
    """Where it is not loaded yet, converting a file does not load it."""
    import subprocess

    source = written(tmp_path / "m.keras", functional())
    program = f"import sys, tfonnx_lab as lab; lab.convert({str(source)!r}); print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_a_function_that_was_called_is_what_it_was_called_with() -> None:
    @tf.function
    def doubled(x: Any) -> Any:
        return x * 2

    doubled(tf.ones([1, 4]))
    assert lab.convert(doubled).signature.inputs[0].shape == (1, 4)
    doubled(tf.ones([3, 4]))
    with pytest.raises(lab.ConversionError, match=r"0: float32\[1, 4\]; 1: float32\[3, 4\]"):
        lab.convert(doubled)
    assert lab.convert(doubled, concrete_function=1).signature.inputs[0].shape == (3, 4)
