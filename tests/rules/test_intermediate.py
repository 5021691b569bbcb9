"""The intermediate dialect: each op that it lists is made by a rewriter and taken away again, and none is left."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from conformance.simple import made
from conformance.test_flex_hashes import hashing
from tfonnx_lab.graph import INTERMEDIATE
from tfonnx_lab.graph.intermediate import ADDED, INTERMEDIATE_OPS
from tfonnx_lab.graph.op_schema import builtin_ops, known_options
from tfonnx_lab.patterns import intermediate, tfl
from tfonnx_lab.rules import HANDLERS, REWRITERS
from tfonnx_lab.rules.options import keywords

PACKAGE = Path(lab.__file__).parent
Q = (0.05, -128)


def one(op: str, dtype: str, source: Any, target: Any, **options: Any) -> Model:
    """An op of one input."""
    m = Model()
    return m.outputs(m.op(op, [m.input([2, 8], dtype, source)], [m.tensor(dtype, quant=target)], **options))


def complex_numbers() -> Model:
    m = Model()
    x = m.input([4, 4], "float32")
    spectrum = m.op("RFFT2D", [x, m.const(np.array([4, 4], np.int32))], [m.tensor("complex64")])
    turned = m.op("TRANSPOSE", [spectrum, m.const(np.array([1, 0], np.int32))], [m.tensor("complex64")])
    return m.outputs(m.op("REAL", [turned], [m.tensor("float32")]))


def dense(op: str) -> Model:
    """Float inputs and integer weights."""
    m = Model()
    shape, weights = ([1, 5, 6, 3], [4, 3, 3, 3]) if op == "CONV_2D" else ([2, 12], [4, 12])
    w = m.const(made(weights, "int8"), "int8", (0.01, 0))
    options: dict[str, Any] = {"padding": "SAME"} if op == "CONV_2D" else {}
    return m.outputs(m.op(op, [m.input(shape), w, m.const(made([4]))], [m.tensor()], **options))


def quantized_dense() -> Model:
    m = Model()
    x = m.input([2, 12], "int8", Q)
    w = m.const(made([4, 12], "int8"), "int8", (0.01, 0))
    b = m.const(made([4], "int32"), "int32", (0.0005, 0))
    y = m.op("FULLY_CONNECTED", [x, w, b], [m.tensor("int8", quant=(6 / 255, -128))])
    return m.outputs(m.op("LOGISTIC", [y], [m.tensor("int8", quant=(1 / 256, -128))]))


def wide_conv() -> Model:
    """A convolution of dynamic range that multiplies enough to become products of integers."""
    m = Model()
    w = m.const(made([40, 3, 3, 16], "int8"), "int8", (0.01, 0))
    return m.outputs(m.op("CONV_2D", [m.input([1, 24, 24, 16]), w, m.const(made([40]))], [m.tensor()], padding="SAME"))


def keras(kind: str) -> Callable[[], bytes]:
    """A recurrent layer through TensorFlow's converter."""

    def build() -> bytes:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import tensorflow as tf

        layer = getattr(tf.keras.layers, kind)(3)
        model = tf.keras.Sequential([tf.keras.Input((4, 2), batch_size=1), layer])
        return bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())

    return build


MADE: dict[str, tuple[Callable[[], Model | bytes], dict[str, Any]]] = {
    "CLAMP_CODES": (lambda: one("RELU6", "int16", (0.001, 0), (0.001, 0)), {}),
    "COMPLEX": (complex_numbers, {}),
    "DECIMAL_HASH_BUCKET": (lambda: hashing(np.arange(6), 7), {}),
    "DYNAMIC_QUANTIZE": (lambda: dense("CONV_2D"), {}),
    "HYBRID_CONV": (wide_conv, {}),
    "HYBRID_MATMUL": (lambda: dense("FULLY_CONNECTED"), {}),
    "INTEGER_SOFTMAX": (lambda: one("SOFTMAX", "int16", (0.001, 0), (1 / 32768, 0), beta=1.0), {}),
    "LOOKUP_CODES": (lambda: one("TANH", "int8", Q, (1 / 128, 0)), {}),
    "REAL_RANGE": (quantized_dense, {"dequantize": True}),
    "SEQUENCE_GRU": (keras("GRU"), {}),
    "SEQUENCE_LSTM": (keras("LSTM"), {}),
    "SEQUENCE_RNN": (keras("SimpleRNN"), {}),
}


def test_each_one_is_tried() -> None:
    assert set(MADE) == set(INTERMEDIATE_OPS)


@pytest.mark.parametrize("op", list(MADE))
def test_it_is_made_and_taken_away(op: str) -> None:
    build, options = MADE[op]
    model = build()
    result = lab.convert(model if isinstance(model, bytes) else model.bytes(), **options)
    stage_of: dict[str, set[str]] = {"insert": set(), "erase": set()}
    alive: dict[int, str] = {}
    for step in result.trace:
        for edit in step.edits:
            if edit[0] == "insert" and edit[3]["op"] == op:
                assert edit[3]["domain"] == INTERMEDIATE
                alive[edit[3]["id"]] = op
                stage_of["insert"].add(step.stage)
            elif edit[0] == "erase" and edit[1] in alive:
                del alive[edit[1]]
                stage_of["erase"].add(step.stage)
    assert stage_of == {"insert": {"rewriters"}, "erase": {INTERMEDIATE_OPS[op].consumed_by}}
    assert alive == {}
    assert not any(node.domain.startswith("tflite") for node in result.ir_model.graph.all_nodes())


def test_each_one_has_who_takes_it_away() -> None:
    for op, listed in INTERMEDIATE_OPS.items():
        by_handler = HANDLERS.find(INTERMEDIATE, op) is not None
        patterns = [r.pattern for r in REWRITERS if r.pattern is not None and r.pattern.domain == INTERMEDIATE]
        assert by_handler == (listed.consumed_by == "handlers")
        assert by_handler or any(op in pattern.op_types for pattern in patterns)


def test_handlers_take_the_options_that_are_listed_and_rewriters_give_no_other() -> None:
    rules = [rule for rule in HANDLERS if rule.pattern is not None and rule.pattern.domain == INTERMEDIATE]
    assert any(keywords(rule.function) for rule in rules)
    for rule in rules:
        for op in rule.pattern.op_types if rule.pattern is not None else ():
            assert set(keywords(rule.function)) == set(known_options(INTERMEDIATE, op) or {})


def test_a_typo_is_an_error_with_the_near_name() -> None:
    @lab.rewriter(lab.tfl.SOFTMAX(lab.var("x"), name="node"))
    def wrong(op: Any, node: Any, x: Any) -> Any:
        """SOFTMAX => CLAMP_CODES."""
        return op.intermediate.CLAMP_CODE(x, low=0, high=1)

    try:
        with pytest.raises(lab.ConversionError, match=r"did you mean CLAMP_CODES\?"):
            lab.convert(lab.samples.path("digits_float"))
    finally:
        lab.restore("wrong")
    with pytest.raises(
        AttributeError, match=r"REAL_RANG is no op of the dialect tflite.intermediate; did you mean REAL_RANGE\?"
    ):
        intermediate.REAL_RANG  # noqa: B018
    with pytest.raises(AttributeError, match="LOOKUP_CODES is no op of the dialect tflite"):
        tfl["ADD", "LOOKUP_CODES"]


def test_an_option_that_is_not_listed_is_an_error() -> None:
    @lab.rewriter(lab.tfl.SOFTMAX(lab.var("x"), name="node"))
    def wrong(op: Any, node: Any, x: Any) -> Any:
        """SOFTMAX => CLAMP_CODES."""
        return op.intermediate.CLAMP_CODES(x, lowest=0, high=1)

    try:
        with pytest.raises(lab.ConversionError, match="'lowest', which CLAMP_CODES does not have; did you mean 'low'"):
            lab.convert(lab.samples.path("digits_float"))
    finally:
        lab.restore("wrong")


def test_no_builtin_op_is_listed_and_added_options_are_of_builtin_ops() -> None:
    assert not set(INTERMEDIATE_OPS) & set(builtin_ops())
    for op, options in ADDED.items():
        assert not set(options) & set(builtin_ops()[op])


def test_no_op_of_the_tflite_dialect_is_made_up() -> None:
    """`op.tfl.X` in the package's sources: each X is in the schema."""
    names = {
        node.attr
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "tfl"
    }
    assert {"MUL", "TRANSPOSE"} <= names
    assert names - {"node", "const"} <= set(builtin_ops())
