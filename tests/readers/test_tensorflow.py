"""What TensorFlow's users hold in their hands: every kind of function, with its names, its order and its numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

import tfonnx_lab as lab
from tfonnx_lab.runtime import OnnxRuntime

keras = tf.keras
ARGUMENTS = ("tokens", "mask", "age")


def session(result: lab.Conversion) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(result.model.SerializeToString(), providers=["CPUExecutionProvider"])


def names(result: lab.Conversion) -> tuple[list[str], list[str]]:
    found = session(result)
    return [i.name for i in found.get_inputs()], [o.name for o in found.get_outputs()]


def module() -> Any:
    """Three arguments of one shape, three results in a dict."""
    made = tf.Module()
    spec = [tf.TensorSpec([1, 4], name=name) for name in ARGUMENTS]

    def call(tokens: Any, mask: Any, age: Any) -> Any:
        return {"scores": tokens + 1, "boxes": mask * 2, "classes": age - 3}

    made.f = tf.function(call, input_signature=spec)
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module as a SavedModel."""
    path = tmp_path_factory.mktemp("models") / "detector"
    made = module()
    tf.saved_model.save(made, str(path), made.f)
    return path


KINDS: dict[str, Callable[[Path], Any]] = {
    "tf.function": lambda folder: module().f,
    "concrete": lambda folder: module().f.get_concrete_function(),
    "module": lambda folder: module(),
    "folder": lambda folder: folder,
    "loaded": lambda folder: tf.saved_model.load(str(folder)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_keeps_names_order_and_numbers(kind: str, folder: Path) -> None:
    source = KINDS[kind](folder)
    result = lab.convert(source)
    assert names(result) == (list(ARGUMENTS), ["boxes", "classes", "scores"])
    feeds = {name: np.full((1, 4), value, np.float32) for name, value in zip(ARGUMENTS, (10, 20, 30), strict=True)}
    assert [out.flat[0] for out in session(result).run(None, feeds)] == [40, 27, 11]
    assert [port.name for port in result.signature.inputs] == list(ARGUMENTS)


def rescaled(order: tuple[str, ...], as_dict: bool) -> Any:
    inputs = [keras.Input((3,), name=name) for name in order]
    outputs = [keras.layers.Rescaling(k + 1.0, name=f"out{k}")(x) for k, x in enumerate(inputs)]
    if as_dict:
        return keras.Model({x.name: x for x in inputs}, {f"z{9 - k}": y for k, y in enumerate(outputs)})
    return keras.Model(inputs, outputs)


@pytest.mark.parametrize("as_dict", [False, True], ids=["lists", "dicts"])
@pytest.mark.parametrize("road", ["object", "file", "export"])
def test_a_keras_model_has_keras_s_names_and_order(as_dict: bool, road: str, tmp_path: Path) -> None:
    order = ("query", "key", "value", "alpha")
    model = rescaled(order, as_dict)
    source: Any = model
    if road == "file":
        source = tmp_path / "m.keras"
        model.save(source)
    elif road == "export":
        source = tmp_path / "exported"
        model.export(source, verbose=False)
    result = lab.convert(source)
    inputs, outputs = names(result)
    if road != "export":  # a SavedModel's signature is a dict, which TensorFlow sorts
        assert inputs == list(order)
        assert outputs == (["z9", "z8", "z7", "z6"] if as_dict else ["out0", "out1", "out2", "out3"])
    feeds = {name: np.full((1, 3), 10.0**k, np.float32) for k, name in enumerate(order)}
    found = {o: y[0, 0] for o, y in zip(outputs, session(result).run(None, feeds), strict=True)}
    assert sorted(found.values()) == [1, 20, 300, 4000]
    if not as_dict:
        assert list(found.values()) == [1, 20, 300, 4000]


def test_the_outputs_of_an_lstm_are_in_keras_s_order() -> None:
    x = keras.Input((5, 4))
    model = keras.Model(x, keras.layers.LSTM(3, return_sequences=True, return_state=True)(x))
    data = np.random.default_rng(0).standard_normal((1, 5, 4)).astype(np.float32)
    result = lab.convert(model)
    found = session(result)
    got = found.run(None, {found.get_inputs()[0].name: data})
    for ours, theirs in zip(got, model(data), strict=True):
        np.testing.assert_allclose(ours, np.asarray(theirs), atol=1e-5)


@pytest.mark.parametrize("layer", ["dense", "lstm"])
def test_a_layer_inside_of_a_loop_keeps_its_weights(layer: str, tmp_path: Path) -> None:
    """TFLite's own converter leaves variables that nothing sets."""
    made = tf.Module()
    if layer == "dense":
        made.l = keras.layers.Dense(8)
        made.l.build((None, 8))
    else:
        made.l = keras.layers.LSTM(8, return_state=True)
        made.l.build((None, None, 8))

    @tf.function(input_signature=[tf.TensorSpec([1, 8])])
    def call(x: Any) -> Any:
        h = c = tf.zeros([1, 8])
        i = tf.constant(0)
        while i < 3:
            if layer == "dense":
                x = made.l(x)
            else:
                x, h, c = made.l(x[:, None, :], initial_state=[h, c])
            i += 1
        return x

    made.f = call
    tf.saved_model.save(made, str(tmp_path / "m"), call)
    data = np.random.default_rng(1).standard_normal((1, 8)).astype(np.float32)
    found = session(lab.convert(tmp_path / "m"))
    (got,) = found.run(None, {found.get_inputs()[0].name: data})
    np.testing.assert_allclose(got, call(data).numpy(), atol=1e-5)


def test_keras_weights_saved_as_a_saved_model_are_there(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5), keras.layers.BatchNormalization()])
    tf.saved_model.save(model, str(tmp_path / "m"))
    data = np.random.default_rng(2).standard_normal((1, 4)).astype(np.float32)
    found = session(lab.convert(tmp_path / "m"))
    (got,) = found.run(None, {found.get_inputs()[0].name: data})
    np.testing.assert_allclose(got, np.asarray(model(data)), atol=1e-5)


@pytest.mark.parametrize("asked", ["x", "x:0"])
def test_options_take_the_caller_s_names_with_and_without_their_number(asked: str) -> None:
    @tf.function(input_signature=[tf.TensorSpec([None, 6, 6, 2], name="x")])
    def call(x: Any) -> Any:
        return {"y": tf.nn.relu(x)}

    result = lab.convert(call, inputs={asked: (2, 6, 6, 2)}, inputs_as_nchw=[asked], outputs_as_nchw=["y"])  # type: ignore[arg-type]
    (port,), (out,) = result.signature.inputs, result.signature.outputs
    assert (port.name, port.shape, out.name, out.shape) == ("x", (2, 2, 6, 6), "y", (2, 2, 6, 6))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (lambda: tf.function(lambda x: x), "the shapes of its arguments are not known"),
        (lambda: tf.Module(), "a tf.Module is converted by one of its tf.functions: it has none"),
    ],
    ids=["no_shapes", "empty_module"],
)
def test_wrong_use_has_its_own_sentence(source: Callable[[], Any], said: str) -> None:
    with pytest.raises(lab.ConversionError, match=said):
        lab.convert(source())


def test_a_signature_that_there_is_not(folder: Path) -> None:
    with pytest.raises(lab.ConversionError, match=r"has no signature 'nothing'; it has 'serving_default'"):
        lab.convert(folder, signature="nothing")


def test_an_array_that_grows_under_an_if(tmp_path: Path) -> None:
    """What AutoGraph makes of a filter: a TensorArray of no size, written in one branch of a loop."""

    @tf.function(input_signature=[tf.TensorSpec([6, 3])])
    def filtered(x: Any) -> Any:
        found = tf.TensorArray(tf.float32, size=0, dynamic_size=True, element_shape=[3])
        for j in tf.range(6):
            if x[j, 0] > 0:
                found = found.write(found.size(), x[j])
        return found.stack()

    module = tf.Module()
    module.f = filtered
    tf.saved_model.save(module, str(tmp_path), filtered)
    x = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
    [got] = OnnxRuntime(lab.convert(tmp_path).model).run([x])
    assert 0 < len(got) < 6
    np.testing.assert_array_equal(got, x[x[:, 0] > 0])


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel with two signatures, of which neither is the default."""
    made = tf.Module()
    spec = [tf.TensorSpec([1, 4], name="x")]
    made.one = tf.function(lambda x: {"y": x + 1}, input_signature=spec)
    made.two = tf.function(lambda x: {"y": x * 2}, input_signature=spec)
    path = tmp_path_factory.mktemp("models") / "two"
    tf.saved_model.save(made, str(path), {"one": made.one, "two": made.two})
    return path


@pytest.mark.parametrize("kind", ["folder", "loaded"])
@pytest.mark.parametrize(("signature", "wanted"), [("one", [2, 3, 4, 5]), ("two", [2, 4, 6, 8])])
def test_a_signature_of_several_is_converted(two: Path, kind: str, signature: str, wanted: list[int]) -> None:
    source = two if kind == "folder" else tf.saved_model.load(str(two))
    result = lab.convert(source, signature=signature)
    (found,) = session(result).run(None, {"x": np.array([[1, 2, 3, 4]], np.float32)})
    assert found.tolist() == [wanted]


def test_a_signature_is_known_to_all_that_read_the_model_again(two: Path, folder: Path) -> None:
    result = lab.convert(two, signature="two", trace=False)
    assert len(result.trace) > 0 and result.report().ok
    assert lab.retry(result, everything=True).given == two
    assert lab.Mobile(result).source.again(opset=20).options.opset == 20
    for source in (folder, tf.saved_model.load(str(folder))):
        assert lab.convert(source, signature="serving_default").signature.inputs


def test_a_function_of_a_module_is_chosen_by_its_name() -> None:
    made = module()
    made.g = tf.function(lambda x: x * 3, input_signature=[tf.TensorSpec([1, 2], name="x")])
    (found,) = session(lab.convert(made, signature="g")).run(None, {"x": np.ones((1, 2), np.float32)})
    assert found.tolist() == [[3, 3]]


@pytest.mark.parametrize("given", ["structures", "texts", "its own"])
def test_a_function_that_takes_a_dict(given: str) -> None:
    """TensorFlow goes through a dict by its sorted keys, of arguments and of what is returned."""
    own = [{"size": tf.TensorSpec([None, 3]), "age": tf.TensorSpec([None, 3])}, tf.TensorSpec([])]
    texts = ["features/size:float32[?,3]", "features/age:float32[?,3]", "float32[]"]

    def call(features: dict[str, Any], scale: Any) -> dict[str, Any]:
        return {"z": (features["size"] - features["age"]) * scale, "b": features["age"]}

    source = tf.function(call, input_signature=own if given == "its own" else None)
    told: Any = {"structures": own, "texts": texts, "its own": None}[given]
    result = lab.convert(source, input_signature=told)
    assert names(result) == (["features_age", "features_size", "scale"], ["b", "z"])
    feeds: dict[str, Any] = dict(
        zip(names(result)[0], (np.full((2, 3), 1.0, "f"), np.full((2, 3), 5.0, "f")), strict=False)
    )
    b, z = session(result).run(None, {**feeds, "scale": np.array(2, "f")})
    assert b.flat[0] == 1 and z.flat[0] == 8


def test_a_keras_model_that_is_called_on_a_dict() -> None:
    class Two(keras.Model):  # type: ignore[name-defined,misc]
        def call(self, inputs: dict[str, Any]) -> Any:
            return inputs["b"] - inputs["a"]

    spec = {"b": tf.TensorSpec([None, 3]), "a": tf.TensorSpec([None, 3])}
    given: Any = [spec]
    result = lab.convert(Two(), input_signature=given)
    feeds = {"b": np.full((1, 3), 7, "f"), "a": np.full((1, 3), 2, "f")}
    assert set(names(result)[0]) == {"a", "b"}
    assert session(result).run(None, feeds)[0].flat[0] == 5
