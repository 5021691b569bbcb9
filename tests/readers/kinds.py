"""What users of TensorFlow hold in their hands: a small model of each kind, with the names and the numbers that it
has to keep.

Each takes two or three inputs of one shape, so that a wrong order shows in the numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

keras = tf.keras


@dataclass(frozen=True)
class Kind:
    """source: what is handed over. inputs, outputs: the names that it has to get. wanted: the number in each output
    where the
    inputs are full of 10, 20, 30. options: of the conversion, as keywords, and `flags`, the same as text."""

    source: Any
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    wanted: tuple[float, ...]
    options: dict[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()


ARGUMENTS = ("tokens", "mask", "age")
RESULTS = ("boxes", "classes", "scores")
NUMBERS = (40.0, 27.0, 11.0)
SCALED = (10.0, 60.0)


def call(tokens: Any, mask: Any, age: Any) -> Any:
    """The function of most kinds."""
    return {"scores": tokens + 1, "boxes": mask * 2, "classes": age - 3}


def module() -> Any:
    """A tf.Module with it."""
    made = tf.Module()
    made.f = tf.function(call, input_signature=[tf.TensorSpec([1, 3], name=name) for name in ARGUMENTS])
    return made


def saved(folder: Path) -> Path:
    """It as a SavedModel."""
    made = module()
    tf.saved_model.save(made, str(folder), made.f)
    return folder


def functional(as_dict: bool = False, library: Any = keras) -> Any:
    """A Keras model of two inputs whose names are not in the order of the alphabet."""
    inputs = [library.Input((3,), name=name) for name in ("query", "key")]
    outputs = [library.layers.Rescaling(2 * k + 1.0, name=f"out{k}")(x) for k, x in enumerate(inputs)]
    if as_dict:
        names = ("query", "key")
        return library.Model(dict(zip(names, inputs, strict=True)), {f"z{9 - k}": y for k, y in enumerate(outputs)})
    return library.Model(inputs, outputs)


class Subclassed(keras.Model):  # type: ignore[misc, name-defined]
    """A model that is a Python class."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = keras.layers.Rescaling(1.0), keras.layers.Rescaling(3.0)

    def call(self, query: Any, key: Any) -> Any:
        return self.first(query), self.second(key)


class OfAList(Subclassed):
    """One that takes a list."""

    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        return super().call(*inputs)


def built(model: Any) -> Any:
    """The model, called once on a list."""
    model([np.zeros((1, 3), np.float32), np.zeros((1, 3), np.float32)])
    return model


def written(path: Path, model: Any) -> Path:
    """A Keras model's file."""
    model.save(path)
    return path


def exported(path: Path, model: Any) -> Path:
    """What `model.export` writes."""
    model.export(path, verbose=False)
    return path


def several_signatures(folder: Path) -> Path:
    """`serving_default` is neither the first by name nor the only one."""
    made = tf.Module()
    spec = [tf.TensorSpec([1, 3], name=name) for name in ARGUMENTS]
    made.other = tf.function(lambda tokens, mask, age: {"a": tokens - mask - age}, input_signature=spec)
    made.f = tf.function(call, input_signature=spec)
    tf.saved_model.save(made, str(folder), {"aaa": made.other, "serving_default": made.f, "zzz": made.other})
    return folder


def unsigned(folder: Path) -> Path:
    """Only a `__call__`, no signature."""

    class Callable(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec([1, 3], name=name) for name in ARGUMENTS])
        def __call__(self, tokens: Any, mask: Any, age: Any) -> Any:
            return call(tokens, mask, age)

    tf.saved_model.save(Callable(), str(folder))
    return folder


def called_twice(folder: Path) -> Path:
    """What modules of TF Hub often are: a `__call__` that was traced without training and with it, no signature."""

    class Callable(tf.Module):  # type: ignore[misc]
        @tf.function
        def __call__(self, x: Any, training: bool = False) -> Any:
            return x + 1 if training else x * 2

    made = Callable()
    for training in (True, False):
        made.__call__.get_concrete_function(tf.TensorSpec([1, 3], name="x"), training)
    tf.saved_model.save(made, str(folder), signatures={})
    return folder


def with_signature(path: Path) -> Path:
    """A .tflite file of TensorFlow's converter, or of litert-torch, carries one."""
    path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(saved(path.with_suffix("")))).convert())
    return path


def deep() -> Any:
    """A model with a layer in the middle."""
    x = keras.Input((3,), name="x")
    return keras.Model(x, keras.layers.Rescaling(5.0)(keras.layers.Rescaling(2.0, name="middle")(x)))


def graph_of_tensorflow_1() -> tuple[Any, list[Any], list[Any]]:
    """(graph, inputs, outputs), with a variable."""
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph:
        inputs = [v1.placeholder(tf.float32, [1, 3], name=name) for name in ("query", "key")]
        weight = v1.get_variable("weight", initializer=tf.constant([[3.0, 3.0, 3.0]]), use_resource=False)
        outputs = [tf.identity(inputs[0], name="first"), tf.multiply(inputs[1], weight, name="second")]
    return graph, inputs, outputs


def of_tensorflow_1(folder: Path, what: str) -> Path:
    """what: `tags` (a SavedModel of two graphs), `v1` (one of TensorFlow 1), `hub` (the same without tags), `pb`
    (frozen), `meta` (a checkpoint)."""
    v1 = tf.compat.v1
    graph, inputs, outputs = graph_of_tensorflow_1()
    with v1.Session(graph=graph) as session:
        session.run(v1.global_variables_initializer())
        if what == "pb":
            frozen = v1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["first", "second"])
            folder.with_suffix(".pb").write_bytes(frozen.SerializeToString())
            return folder.with_suffix(".pb")
        if what == "meta":
            v1.train.Saver().save(session, str(folder))
            return folder.with_suffix(".meta")
        signature = v1.saved_model.signature_def_utils.predict_signature_def(
            dict(zip(("query", "key"), inputs, strict=True)), dict(zip(("out0", "out1"), outputs, strict=True))
        )
        builder = v1.saved_model.builder.SavedModelBuilder(str(folder))
        known = {"serving_default": signature}
        builder.add_meta_graph_and_variables(session, [] if what == "hub" else ["serve"], known)
        if what == "tags":
            builder.add_meta_graph(["gpu", "serve"], known)
        builder.save()
    return folder


def keras_2() -> Any:
    """Keras 2, which has to be asked for by its own name."""
    import tf_keras

    return tf_keras


def many() -> Any:
    """One input, eleven outputs: `output_10` stands before `output_2` in the alphabet."""
    x = keras.Input((3,), name="x")
    return keras.Model(x, [keras.layers.Rescaling(float(n))(x) for n in range(11)])


def saved_object(folder: Path, model: Any) -> Path:
    """What `model.save` of Keras 2 and `tf.saved_model.save` of Keras 3 write."""
    if type(model).__module__.startswith("tf_keras"):
        model.save(folder, save_format="tf")
    else:
        tf.saved_model.save(model, str(folder))
    return folder


def of_keras_2(path: Path | None = None) -> Any:
    """A model of Keras 2, or its file."""
    model = functional(library=keras_2())
    return model if path is None else written(path, model)


MODULE = (ARGUMENTS, RESULTS, NUMBERS)
KERAS = (("query", "key"), ("out0", "out1"), SCALED)
SORTED = (("key", "query"), ("out0", "out1"), (20.0, 30.0))
NUMBERED = tuple(f"output_{n}" for n in range(11))
ELEVEN = tuple(10.0 * n for n in range(11))
OF_THE_FILE = (("age", "tokens", "mask"), RESULTS, (60.0, 7.0, 21.0))
"""LiteRT has a file's inputs in the order of its graph, whatever the signature's."""
SPEC = ["query:float32[1,3]", "key:float32[1,3]"]

KINDS: dict[str, Callable[[Path], Kind]] = {
    "tf.function": lambda at: Kind(module().f, *MODULE),
    "tf.function, input_signature=": lambda at: Kind(
        tf.function(call), *MODULE, {"input_signature": [tf.TensorSpec([1, 3], name=name) for name in ARGUMENTS]}
    ),
    "ConcreteFunction": lambda at: Kind(module().f.get_concrete_function(), *MODULE),
    "tf.Module": lambda at: Kind(module(), *MODULE),
    "SavedModel, loaded": lambda at: Kind(tf.saved_model.load(str(saved(at / "m"))), *MODULE),
    "SavedModel, loaded, one of its signatures": lambda at: Kind(
        tf.saved_model.load(str(saved(at / "m"))).signatures["serving_default"], *MODULE
    ),
    "SavedModel": lambda at: Kind(saved(at / "m"), *MODULE),
    "SavedModel, several signatures": lambda at: Kind(several_signatures(at / "m"), *MODULE),
    "SavedModel, unsigned": lambda at: Kind(unsigned(at / "m"), *MODULE),
    "SavedModel, concrete_function=": lambda at: Kind(
        unsigned(at / "m"), *MODULE, {"concrete_function": 0}, ("--concrete_function", "0")
    ),
    "SavedModel of TensorFlow 1": lambda at: Kind(of_tensorflow_1(at / "m", "v1"), *SORTED),
    "SavedModel, several tags": lambda at: Kind(
        of_tensorflow_1(at / "m", "tags"), *SORTED, {"tag": "serve,gpu"}, ("--tag", "serve,gpu")
    ),
    "frozen graph (.pb)": lambda at: Kind(
        of_tensorflow_1(at / "m", "pb"), ("query:0", "key:0"), ("first:0", "second:0"), SCALED
    ),
    "frozen graph, inputs= and outputs=": lambda at: Kind(
        of_tensorflow_1(at / "m", "pb"), ("key:0", "query:0"), ("second:0", "first:0"), (30.0, 20.0),
        {"inputs": {"key:0": None, "query:0": None}, "outputs": ["second:0", "first:0"]},
        ("--inputs", "key:0,query:0", "--outputs", "second:0,first:0"),
    ),
    "TF Hub, TensorFlow 1 (no tags)": lambda at: Kind(of_tensorflow_1(at / "m", "hub"), *SORTED),
    "TF Hub, called in training, too": lambda at: Kind(
        called_twice(at / "m"), ("x",), ("output_0",), (20.0,), {"concrete_function": 1}, ("--concrete_function", "1")
    ),
    ".tflite with a signature": lambda at: Kind(with_signature(at / "m.tflite"), *OF_THE_FILE),
    ".keras, outputs= of an inner layer": lambda at: Kind(
        written(at / "m.keras", deep()), ("x",), ("middle",), (20.0,), {"outputs": ["middle"]}, ("--outputs", "middle")
    ),
    "checkpoint (.meta)": lambda at: Kind(
        of_tensorflow_1(at / "m", "meta"), ("query:0", "key:0"), ("first:0", "second:0"), SCALED
    ),
    "Keras, functional": lambda at: Kind(functional(), *KERAS),
    "Keras, dicts": lambda at: Kind(functional(as_dict=True), ("query", "key"), ("z9", "z8"), SCALED),
    "Keras, Sequential": lambda at: Kind(
        keras.Sequential([keras.Input((3,), name="x"), keras.layers.Rescaling(2.0, name="y")]), ("x",), ("y",), (20.0,)
    ),
    "Keras, subclassed": lambda at: Kind(built(OfAList()), ("input_0", "input_1"), ("output_0", "output_1"), SCALED),
    "Keras, not built, input_signature=": lambda at: Kind(
        Subclassed(), ("query", "key"), ("output_0", "output_1"), SCALED, {"input_signature": SPEC}
    ),
    ".keras": lambda at: Kind(written(at / "m.keras", functional()), *KERAS),
    ".h5": lambda at: Kind(written(at / "m.h5", functional()), *KERAS),
    "model.export()": lambda at: Kind(
        exported(at / "m", functional()), ("query", "key"), ("output_0", "output_1"), SCALED
    ),
    "model.export(), dicts": lambda at: Kind(
        exported(at / "m", functional(as_dict=True)), ("key", "query"), ("z8", "z9"), (30.0, 20.0)
    ),
    "model.export(), 11 outputs": lambda at: Kind(exported(at / "m", many()), ("x",), NUMBERED, ELEVEN),
    "tf.saved_model.save(Keras), dicts": lambda at: Kind(
        saved_object(at / "m", functional(as_dict=True)), ("inputs", "inputs_1"), ("z8", "z9"), (30.0, 20.0)
    ),
    "Keras 2, SavedModel": lambda at: Kind(
        saved_object(at / "m", functional(library=keras_2())), *KERAS
    ),
    "Keras 2, SavedModel, dicts": lambda at: Kind(
        saved_object(at / "m", functional(as_dict=True, library=keras_2())), *KERAS
    ),
    "Keras 2": lambda at: Kind(of_keras_2(), *KERAS),
    "Keras 2, .h5": lambda at: Kind(of_keras_2(at / "m.h5"), *KERAS),
    "Keras 2, .keras": lambda at: Kind(of_keras_2(at / "m.keras"), *KERAS),
}  # fmt: skip
