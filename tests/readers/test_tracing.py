"""A function that TensorFlow cannot trace: the user's own line, and what is wrong there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

import tfonnx_lab as lab

keras = tf.keras
SPEC = [tf.TensorSpec([None, 5], name="x")]


def of_two_shapes(x: Any) -> Any:
    return tf.matmul(x, tf.ones([4, 2]))


def of_no_variable(x: Any) -> Any:
    return x + not_there  # type: ignore[name-defined] # noqa: F821


def of_no_argument() -> Any:
    return tf.ones(3).nothing


def of_two_lines(x: Any) -> Any:
    raise RuntimeError("the first\nthe second")


class Model(keras.Model):  # type: ignore[misc, name-defined]
    def call(self, x: Any) -> Any:
        return of_two_shapes(x)


SHAPES = r"Dimensions must be equal, but are 5 and 4 for MatMul\((\w+/)?x, (\w+/)?ones\)"
CASES: dict[str, tuple[Callable[[], Any], Callable[..., Any], str]] = {
    "shapes that do not fit": (lambda: tf.function(of_two_shapes, SPEC), of_two_shapes, f"ValueError: {SHAPES}"),
    "without AutoGraph": (lambda: tf.function(of_two_shapes, SPEC, autograph=False), of_two_shapes, SHAPES),
    "a name that is not there": (lambda: tf.function(of_no_variable, SPEC), of_no_variable, "NameError: .*'not_there'"),
    "no argument": (lambda: tf.function(of_no_argument), of_no_argument, "AttributeError: .*'nothing'"),
    "several lines": (lambda: tf.function(of_two_lines, SPEC), of_two_lines, r"RuntimeError: the first\)"),
    "in a Keras model": (lambda: Model(name="model"), of_two_shapes, SHAPES),
}
"""Name => the source, the function with the line, the reason."""


@pytest.mark.parametrize("name", CASES)
def test_the_line_and_the_reason_are_told(name: str) -> None:
    make, function, reason = CASES[name]
    told = f"line {function.__code__.co_firstlineno + 1} of test_tracing.py: {reason}"
    source = make()
    given: dict[str, Any] = {"input_signature": ["x:float32[1,5]"]} if isinstance(source, Model) else {}
    with pytest.raises(lab.ConversionError, match=told) as caught:
        lab.convert(source, **given)
    assert "shapes of its arguments are not known" not in str(caught.value)
    assert "\n" not in str(caught.value)
