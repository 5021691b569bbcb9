"""Variables that a function sets: what it reads before is converted, what it reads afterwards is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

import tfonnx_lab as lab

SPEC = [tf.TensorSpec([2], name="x")]
X = np.ones(2, np.float32)


class Counter(tf.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.count, self.other = tf.Variable(5.0), tf.Variable(7.0)

    @tf.function(input_signature=SPEC)
    def before(self, x: Any) -> Any:
        y = x * self.count
        self.count.assign(9.0)
        return y

    @tf.function(input_signature=SPEC)
    def another(self, x: Any) -> Any:
        self.count.assign_add(x[0])
        return self.scaled(x)

    @tf.function(input_signature=SPEC)
    def scaled(self, x: Any) -> Any:
        return x * self.other

    @tf.function(input_signature=SPEC)
    def after(self, x: Any) -> Any:
        self.count.assign_add(1.0)
        return x * self.count

    @tf.function(input_signature=SPEC)
    def called(self, x: Any) -> Any:
        return self.after(x) + 1.0

    @tf.function
    def count_up(self) -> None:
        self.count.assign_sub(1.0)

    @tf.function(input_signature=SPEC)
    def after_a_call(self, x: Any) -> Any:
        self.count_up()
        return x * self.count


@pytest.mark.parametrize(("name", "wanted"), [("before", 5.0), ("another", 7.0)])
def test_what_is_read_before_or_is_another_is_converted(name: str, wanted: float) -> None:
    session = onnxruntime.InferenceSession(lab.convert(Counter(), signature=name).model.SerializeToString())
    np.testing.assert_array_equal(session.run(None, {"x": X})[0], X * wanted)


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize("name", ["after", "called", "after_a_call"])
def test_what_is_read_afterwards_is_refused(name: str, loaded: bool, tmp_path: Path) -> None:
    """It was the number from before, silently."""
    source: Any = Counter()
    if loaded:
        tf.saved_model.save(source, str(tmp_path), getattr(source, name))
        source, name = tf.saved_model.load(str(tmp_path)), "serving_default"
    with pytest.raises(lab.ConversionError, match="sets a variable, and a graph for inference keeps none"):
        lab.convert(source, signature=name)
