"""What is handed over by mistake, or with a choice that it does not have: each its own sentence."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from readers.kinds import deep, exported, of_tensorflow_1, saved, written
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.readers.tensorflow.functions import function_of

keras = tf.keras


def _dense(folder: Path) -> Path:
    return exported(folder, keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(3)]))


def _without_variables(folder: Path) -> Path:
    shutil.rmtree(_dense(folder) / "variables")
    return folder


def _cut(folder: Path) -> Path:
    file = saved(folder) / "saved_model.pb"
    file.write_bytes(file.read_bytes()[:200])
    return folder


def _bytes(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _enlarging() -> Any:
    """Keras looks at the sizes to enlarge a picture smoothly."""
    x = keras.Input((None, None, 3), name="x")
    return keras.Model(x, keras.layers.UpSampling2D(interpolation="bilinear")(x))


USES: dict[str, tuple[Callable[[Path], Any], dict[str, Any], str]] = {
    "no variables": (lambda at: _without_variables(at / "m"), {}, "no folder variables/ .* get the whole folder"),
    "a cut saved_model.pb": (lambda at: _cut(at / "m"), {}, "damaged, or no SavedModel's"),
    "an empty saved_model.pb": (lambda at: _bytes(saved(at / "m") / "saved_model.pb", b"").parent, {}, "is empty"),
    "no HDF5": (lambda at: _bytes(at / "m.h5", b"hello"), {}, "is no whole HDF5 file; get it again"),
    "a signature of Keras's": (lambda at: deep(), {"signature": "serve"}, r"signature='serve' chooses .*--signature"),
    "a tag of a file": (lambda at: written(at / "m.keras", deep()), {"tag": "serve"}, "converted whole: leave it out"),
    "a number in a graph": (lambda at: of_tensorflow_1(at / "m", "pb"), {"concrete_function": 0}, "TensorFlow 1"),
    "a shape that does not fit": (
        lambda at: keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(3)]),
        {"input_signature": ["x:float32[1]"]},
        r"cannot be called on its inputs \(Invalid input shape",
    ),
    "a size by which a layer decides": (
        lambda at: _enlarging(),
        {},
        r'decides by a size that is open: give .*"x:float32\[\?,224,224,3\]"',
    ),
}


@pytest.mark.parametrize("name", USES)
def test_its_own_sentence(name: str, tmp_path: Path) -> None:
    make, options, told = USES[name]
    with pytest.raises(ConversionError, match=told) as found:
        function_of(tf, make(tmp_path), **options)
    assert "\n" not in str(found.value) and "\x1b" not in str(found.value)


def test_the_size_by_which_a_layer_decides_can_be_given() -> None:
    function = function_of(tf, _enlarging(), input_signature=["x:float32[?,4,5,3]"])
    assert function.concrete.outputs[0].shape.as_list() == [None, 8, 10, 3]
