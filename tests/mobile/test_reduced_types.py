"""One global list of types: what it breaks node by node, and the smallest one that runs some models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mobile import models
from tfonnx_lab import samples
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.kernels import Kernels, Use, kernels
from tfonnx_lab.mobile.model import Mobile
from tfonnx_lab.mobile.reduced_types import SmallestTypes, smallest_types, what_breaks
from tfonnx_lab.mobile.runs import Impact
from tfonnx_lab.mobile.type_names import CPP_OF, GLOBAL_TYPES, both_words, cpp_type, type_problem


@pytest.fixture
def made(tmp_path: Path) -> list[Kernels]:
    names = (models.small_net, models.many_types, models.branches)
    return [kernels(models.written(make(), tmp_path / f"{make.__name__}.ort")) for make in names]


def test_the_smallest_list_runs_all_and_no_smaller_one_does(made: list[Kernels]) -> None:
    answer = smallest_types(made)
    assert answer and not what_breaks(made, answer.types).broken
    assert all(answer.config.runs(m) for m in made)
    assert "float" in answer.types
    for word in answer.types:
        broken = what_breaks(made, answer.types - {word})
        assert broken.broken
        named = {(f.use.index, a.name) for a in broken.answers for f in a.failures}
        assert named == {(use.index, name) for name, use in answer.needs[word]}


def test_what_a_list_breaks_is_told_node_by_node(made: list[Kernels]) -> None:
    answer = what_breaks(made, ["int64", "float16"])
    told = {f.use.op: f.reason for f in answer.answers[0].failures}
    assert set(told) == {"Relu", "MaxPool", "Softmax"}  # Conv's one kernel is for float, Reshape's for all types
    assert told["Softmax"] == "type float (float32) of Softmax is not among the globally allowed types"
    assert "add float to them" in str(answer.answers[0].failures[0])


def test_types_that_always_stay_are_not_in_the_list() -> None:
    """Shapes are computed by Concat of int64, which every build keeps."""
    model = Kernels("shapes", [Use("ai.onnx", "Concat", 13, ("int64_t", "int64_t"), ("int64_t",))])
    assert smallest_types(model).types == frozenset() and not what_breaks(model, ["float"]).broken


def test_an_operator_registered_by_two_types_is_in_no_global_list(tmp_path: Path) -> None:
    path = models.written(models.strings_to_numbers(), tmp_path / "strings.ort")
    answer = smallest_types(path)
    assert not answer and [u.op for _, u in answer.impossible] == ["LabelEncoder"]
    (failed,) = what_breaks(path, GLOBAL_TYPES).answers[0].failures
    assert "no global list keeps LabelEncoder" in failed.reason
    assert "LabelEncoder" in answer._repr_html_() and json.dumps(answer.to_json())


def test_words_of_both_worlds() -> None:
    assert {cpp_type(w) for w in ("float16", "MLFloat16", "tensor(float16)", "half")} == {"MLFloat16"}
    assert cpp_type("float") == cpp_type("float32") == "float"
    assert both_words("MLFloat16") == "MLFloat16 (float16)" and both_words("bool") == "bool"
    assert type_problem("MLFloat16") == ("", "")
    assert type_problem("bfloat16")[1] == "write BFloat16"
    with pytest.raises(ValueError, match="did you mean uint8"):
        cpp_type("uint_8")


def test_a_word_that_is_no_type_is_refused(made: list[Kernels]) -> None:
    with pytest.raises(ConversionError, match="flot"):
        what_breaks(made, ["flot"])


def test_types_are_those_of_the_installed_runtime() -> None:
    from onnxruntime.tools.ort_format_model.types import FbsTypeInfo

    theirs = set(FbsTypeInfo.tensordatatype_to_string.values())
    assert theirs == GLOBAL_TYPES <= set(CPP_OF.values())


def test_a_model_is_asked_of_its_types() -> None:
    """The list that m.types() gives is enough, and without one of its types m.types(list) names the nodes."""
    m = Mobile(samples.path("digits_int8"))
    smallest = m.types()
    assert isinstance(smallest, SmallestTypes) and m.config(types=smallest.types).runs(m)
    assert m.config(types=smallest.types) == smallest.config
    less = m.types(sorted(smallest.types - {"int8_t"}))
    assert isinstance(less, Impact) and less.broken and not m.config(types=smallest.types - {"int8_t"}).runs(m)
    with pytest.raises(ConversionError, match="types='float'"):
        m.config(types="float")
