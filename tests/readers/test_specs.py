"""Specifications of inputs as texts: names, dtypes, dimensions that are open."""

from __future__ import annotations

import numpy as np
import pytest

from tfonnx_lab.readers.tensorflow.specs import Spec, as_texts, grouped, read_spec, specs_of


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


def test_an_argument_that_is_a_dict_is_written_as_paths() -> None:
    scalar = np.zeros((), np.float32)
    given = [{"b": np.zeros((2, 3), np.float32), "a": [scalar, scalar]}, "scale:float32[]"]
    texts = as_texts(given)
    assert texts == ("0/b:float32[2,3]", "0/a/0:float32[]", "0/a/1:float32[]", "scale:float32[]")
    one = Spec("", "float32", ())
    arguments = [{"b": Spec("", "float32", (2, 3)), "a": (one, one)}, Spec("scale", "float32", ())]
    assert grouped(specs_of(texts)) == arguments


def test_a_path_begins_with_a_parameter() -> None:
    specs = specs_of(["features/x:int32[]", "other/x:int32[]"])
    assert grouped(specs, ["features"]) == [{"x": Spec("", "int32", ())}, specs[1]]


def test_names_that_contradict() -> None:
    with pytest.raises(ValueError, match="a tensor itself"):
        grouped(specs_of(["0/x:int32[]", "0/x/y:int32[]"]))
