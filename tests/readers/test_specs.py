"""Specifications of inputs as texts: names, dtypes, dimensions that are open."""

from __future__ import annotations

import numpy as np
import pytest

from tfonnx_lab.readers.tensorflow.specs import Spec, as_texts, read_spec


@pytest.mark.parametrize("opened", ["?", "None", "none", "-1", ""])
def test_a_dimension_is_open_in_all_ways_that_people_write_it(opened: str) -> None:
    assert read_spec(f"x:float32[{opened},4]") == Spec("x", "float32", (None, 4))


def test_what_a_text_leaves_out() -> None:
    assert read_spec("[2]") == Spec("", "float32", (2,))
    assert read_spec("a/b:0:int8[]") == Spec("a/b:0", "int8", ())
    assert as_texts(np.zeros((2, 3), np.int32)) == as_texts("int32[2,3]")


@pytest.mark.parametrize("text", ["x:float32", "x:float32[a]", "x:float32[1"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="input_signature"):
        read_spec(text)
