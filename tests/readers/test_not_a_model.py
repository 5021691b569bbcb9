"""What is handed over in the place of a model: a sentence with what to do, and no traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab


class Jitted:
    """Stands for a function that JAX compiled."""

    __module__ = "jaxlib._jax"


def empty(folder: Path, *names: str) -> str:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"0123456789")
    return str(folder)


HANDED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "function": (lambda p: empty, "tf.function"),
    "lambda": (lambda p: lambda x: x, "tf.function"),
    "jax": (lambda p: Jitted(), "jax2tf"),
    "array": (lambda p: np.zeros(3), "convert the model that computes it"),
    "list": (lambda p: [1], "one by one"),
    "class": (lambda p: Jitted, "is a class"),
    "none": (lambda p: None, "not NoneType"),
    "empty name": (lambda p: "", "path is empty"),
    "address": (lambda p: "https://tfhub.dev/google/x", "nothing is downloaded"),
    "folder": (lambda p: empty(p), "no saved_model.pb"),
    "folders of models": (lambda p: empty(p, "one/saved_model.pb"), "SavedModels (one)"),
    "variables": (lambda p: empty(p, "saved_model.pb", "variables/variables.index") + "/variables", "folder around it"),
    "checkpoints": (lambda p: empty(p, "model-1.index"), "variables and no graph"),
    "prefix": (lambda p: empty(p, "model-1.index") + "/model-1", "prefix of checkpoints"),
    "index": (lambda p: empty(p, "model-1.index") + "/model-1.index", "part of checkpoints"),
    "tfjs": (lambda p: empty(p, "model.json"), "TensorFlow.js"),
    "pytorch": (lambda p: empty(p, "net.pth") + "/net.pth", "PyTorch"),
    "coreml": (lambda p: empty(p, "net.mlmodel") + "/net.mlmodel", "CoreML"),
}


@pytest.mark.parametrize("kind", HANDED)
def test_one_sentence(kind: str, tmp_path: Path) -> None:
    make, told = HANDED[kind]
    with pytest.raises(lab.ConversionError) as caught:
        lab.convert(make(tmp_path))
    text = str(caught.value)
    assert told in text and "\n" not in text and len(text) < 400


def test_objects_of_tensorflow() -> None:
    tf = pytest.importorskip("tensorflow")
    concrete = tf.function(lambda x: x + 1, input_signature=[tf.TensorSpec([2])]).get_concrete_function()
    for source, told in (
        (tf.zeros(3), "is a tensor"),
        (tf.Variable(1.0), "is a variable"),
        (concrete.graph, "concrete function itself"),
        (concrete.graph.as_graph_def(), ".pb file"),
        (tf.data.Dataset.range(3), "is a dataset"),
        (tf.keras.optimizers.Adam(), "is an optimizer"),
    ):
        with pytest.raises(lab.ConversionError, match=told):
            lab.convert(source)
    assert lab.convert(concrete).model.graph.node
