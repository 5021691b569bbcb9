"""Layer by layer: which op comes from which layer, and whether Keras, LiteRT and ONNX Runtime agree on its result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.trace import touched

keras = tf.keras


@pytest.fixture(scope="module")
def model() -> Any:
    """Two branches, a batch normalization that is folded, an operation that is no layer, a model in the model."""
    layers = keras.layers
    x = keras.Input((8, 8, 3), name="image")
    a = layers.ReLU(name="act")(layers.BatchNormalization(name="bn")(layers.Conv2D(4, 3, name="conv")(x)))
    b = layers.AveragePooling2D(3, strides=1, name="pool")(x)
    both = layers.Concatenate(name="both")([a, b]) + 1.0
    tail = keras.Sequential([layers.Dense(6, activation="tanh", name="d1"), layers.Dense(5, name="d2")], name="tail")
    made = keras.Model(x, layers.Softmax(name="prob")(tail(layers.Flatten(name="flat")(both))))
    statistics = np.random.default_rng(3)
    bn = made.get_layer("bn")
    bn.set_weights([w + statistics.uniform(0.1, 1, w.shape).astype(np.float32) for w in bn.get_weights()])
    return made


@pytest.fixture(scope="module")
def result(model: Any) -> lab.Conversion:
    return lab.convert(model)


@pytest.fixture
def wrong_softmax() -> Iterator[None]:
    """A handler of the user's that is wrong."""

    @lab.handler("SOFTMAX")
    def softmax(op: Any, node: Any, x: Any) -> Any:
        return op.Sigmoid(x)

    yield
    lab.restore("SOFTMAX")


def test_every_op_knows_its_layer_as_keras_told(model: Any, result: lab.Conversion) -> None:
    layers = result.layers
    assert layers.exact and "as Keras's layers told" in str(layers)
    assert [row.path for row in layers if "/" not in row.path] == [
        layer.name for layer in model.operations if not isinstance(layer, keras.layers.InputLayer)
    ]
    assert {row.path: row.kind for row in layers}["tail/d1"] == "Dense"
    fused = layers["conv"].ops
    assert fused and set(fused) <= set(layers["act"].ops) and not set(fused) & set(layers["pool"].ops)
    assert set(layers["tail/d1"].ops) | set(layers["tail/d2"].ops) == set(layers["tail"].ops)
    every = {op for node in result.ir_model.graph for op in node.meta.get("origin", ())}
    assert every == {op for row in layers for op in row.ops}


def test_nodes_steps_and_rows_know_their_layer(result: lab.Conversion) -> None:
    layers = result.layers
    node = next(n for n in result.ir_model.graph if n.op_type == "Softmax")
    assert layers.of(node.meta["origin"]) == ("prob",) and node.name in layers["prob"].nodes
    assert [s for s in layers.steps("prob", result.trace) if s.rule["name"] == "softmax"]
    steps = list(layers.steps("pool", result.trace))
    assert steps and all(s.root is None or set(s.origin) & set(layers["pool"].ops) for s in steps)
    assert {row.layer for row in lab.compare(result).rows} >= {"prob", "both", "flat"}
    assert {group.layer for group in result.runtime().groups} >= {"prob", "pool"}


def test_without_keras_the_layers_are_a_guess_and_told_as_one(model: Any, result: lab.Conversion) -> None:
    guessed = lab.convert(bytes(result.source)).layers
    assert guessed and not guessed.exact and "guessed" in str(guessed)
    assert guessed.text([0]).endswith(" ?")
    assert any("pool" in row.path for row in guessed)


def test_a_layer_that_is_called_twice_has_the_ops_of_both_calls() -> None:
    x, y = keras.Input((4,), name="x"), keras.Input((4,), name="y")
    shared, dense_1 = keras.layers.Dense(4, name="dense"), keras.layers.Dense(4, name="dense_1")
    made = keras.Model([x, y], keras.layers.Add(name="sum")([shared(x), shared(y), dense_1(x)]))
    layers = lab.convert(made).layers
    assert (len(layers["dense"].ops), len(layers["dense_1"].ops)) == (2, 1)
    assert not set(layers["dense"].ops) & set(layers["dense_1"].ops)


def test_keras_litert_and_onnx_runtime_agree(model: Any, result: lab.Conversion) -> None:
    found = lab.compare_layers(model, result=result)
    assert found.first is None and "agree" in found.sentence
    assert [row.path for row in found if row.converter is not None][-1] == "prob"
    seen = {row.path: row.whose for row in found}
    assert seen["act"] == seen["both"] == seen["tail"] == "agrees"
    assert seen["bn"] == "within others"


def test_a_wrong_handler_is_ours(model: Any, wrong_softmax: None) -> None:
    found = lab.compare_layers(model)
    first = found.first
    assert first is not None and (first.path, first.whose) == ("prob", "ours")
    assert "the first layer that leaves Keras is prob (Softmax), in the conversion to ONNX" in found.sentence


def test_weights_that_changed_since_are_the_converter_s(model: Any, result: lab.Conversion) -> None:
    """What Keras and LiteRT do not agree on is told as that."""
    both = model.get_layer("both")
    right = both.call
    object.__setattr__(both, "call", lambda x: right(x) + 0.5)
    try:
        first = lab.compare_layers(model, result=result).first
    finally:
        del both.__dict__["call"]
    assert first is not None and (first.path, first.whose) == ("both", "TensorFlow's converter")


def test_what_is_no_keras_model_is_told(result: lab.Conversion) -> None:
    with pytest.raises(lab.ConversionError, match="compares a Keras model with its conversion, not Conversion"):
        lab.compare_layers(result)


def test_the_view_has_the_layers_as_a_tree(model: Any, result: lab.Conversion) -> None:
    view = lab.LayersView(result)
    rows = {row["layer"].strip(): row for row in view.data["rows"]}
    assert rows["d1"]["layer"].startswith("\u2003") and rows["prob"]["origin"] == result.layers["prob"].ops[0]
    view.compare()
    assert {row["layer"].strip(): row.get("whose") for row in view.data["rows"]}["prob"] == "agrees"
    assert "agree" in view.text()
    view.close()


def test_the_lab_of_a_keras_model_shows_its_layers_first(model: Any, result: lab.Conversion) -> None:
    it = lab.Lab(result)
    assert it.tab == "Layers"
    view = it.view("Layers")
    row = next(row for row in view.data["rows"] if row["layer"].strip() == "prob")
    view.selection, view.index = row["origin"], row["index"]
    assert (it.selection, it.index) == (result.layers["prob"].ops[0], row["index"])
    assert it.view("Handlers").detail["op"] == it.selection
    it.show_tab("Overview")
    it.close()


def test_where_layers_are_a_guess_the_overview_is_first() -> None:
    it = lab.Lab(samples.path("digits_int8"))
    assert not it.result.layers.exact and it.tab == "Overview"
    assert "guessed from names of tensors" in it.view("Layers").data["title"]
    it.close()


def test_a_layer_whose_transpose_is_gone_is_compared_all_the_same() -> None:
    """No Transpose is left that held the convolution's result; the dense layer's op is made of three."""
    layers = keras.layers
    image = keras.Input((8, 8, 4))
    x = layers.Conv2D(4, 3, padding="same", name="conv")(image)
    x = layers.Add(name="sum")([layers.GlobalAveragePooling2D(keepdims=True, name="mean")(x), x])
    made = keras.Model(image, layers.Dense(4, activation="sigmoid", name="dense")(layers.ReLU(name="act")(x)))
    converted = lab.convert(made)
    assert {row.path: row.whose for row in lab.compare_layers(made, result=converted)} == {
        "conv": "agrees", "mean": "agrees", "sum": "within others", "act": "agrees", "dense": "agrees"
    }  # fmt: skip
    every = [paths for ops in touched(converted.trace) if (paths := converted.layers.of(ops))]
    assert len(every) == converted.trace.count, "a step, of the whole graph perhaps, that knows no layer"


def test_an_op_that_holds_a_part_of_the_next_layer_is_no_layers_result() -> None:
    """TensorFlow's converter puts the Relu that the Lambda begins with into the convolution."""
    layers = keras.layers
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="conv")(image)
    made = keras.Model(image, layers.Lambda(lambda t: tf.math.rsqrt(tf.nn.relu(t) + 0.5), name="root")(x))
    assert [row.whose for row in lab.compare_layers(made)] == ["within others", "agrees"]
