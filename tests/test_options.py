"""The options of a conversion: one definition, and no value that is wrong silently."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.commands.flags import add_options, joined, options_of
from tfonnx_lab.conversion.options import Keywords, LabKeywords, Options

MODEL = samples.path("digits_int8")
NAMES = [item.name for item in fields(Options)]


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"target": "x86"}, ValueError, "'portable', 'nnapi' or 'coreml'; did you mean 'x86_64'"),
        ({"hybrid": "LiteRT"}, ValueError, "did you mean 'litert'"),
        ({"infer_relu": "on"}, ValueError, "'auto' or 'off'"),
        ({"exact": "bit"}, ValueError, "False, True or 'bits'; did you mean 'bits'"),
        (
            {"exact": "bits", "dequantize": True},
            ValueError,
            "keeps every code as LiteRT's kernels have it, which dequantize",
        ),
        ({"on_error": "keeep"}, ValueError, "did you mean 'keep'"),
        ({"opset": "18"}, TypeError, "a whole number, not str"),
        ({"opset": True}, TypeError, "a whole number, not bool"),
        ({"dequantize": 1}, TypeError, "True or False, not int"),
        ({"rename_inputs": "img"}, TypeError, "a list or tuple, each item a name"),
        ({"outputs": [1]}, TypeError, r"outputs\[0\]=1: it is a name"),
        ({"inputs": ["a"]}, TypeError, "a dict"),
        ({"extra_opsets": {"my.domain": "1"}}, TypeError, "my.domain"),
        ({"custom_ops": 3}, TypeError, "a name or a dict"),
        ({"targt": "arm64"}, TypeError, "did you mean 'target'"),
    ],
    ids=lambda x: str(x) if isinstance(x, Mapping) else "",
)
def test_what_is_not_allowed_is_refused_with_what_is(given: dict[str, Any], error: type, said: str) -> None:
    with pytest.raises(error, match=said):
        lab.convert(MODEL, **given)
    if "inputs" not in given:  # those of the lab are arrays
        with pytest.raises(error, match=said):
            lab.Lab(MODEL, **given)


def test_a_list_of_names_is_taken() -> None:
    assert Options(outputs=["a", "b"]).outputs == ("a", "b")  # type: ignore[arg-type]


@pytest.mark.parametrize(("function", "keywords"), [(lab.convert, Keywords), (lab.Lab.__init__, LabKeywords)])
def test_every_option_is_a_documented_keyword(function: Any, keywords: Any) -> None:
    signature = inspect.signature(function)
    assert set(NAMES) <= set(signature.parameters)
    for item in fields(Options):
        if signature.parameters[item.name].kind is inspect.Parameter.KEYWORD_ONLY and item.name in get_type_hints(
            keywords
        ):
            assert get_type_hints(keywords)[item.name] == get_type_hints(Options)[item.name], item.name
        assert f"\n{item.name}: " in (inspect.getdoc(function) or ""), item.name
    typed = set(get_type_hints(keywords)) | {n for n, p in signature.parameters.items() if p.kind is not p.KEYWORD_ONLY}
    assert set(NAMES) <= typed


def test_every_option_is_a_flag_that_changes_it() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    said = {
        "opset": "17", "target": "arm64", "infer_relu": "off", "hybrid": "float", "inputs": "a[1,2],b",
        "outputs": "a,b",
        "inputs_as_nchw": "a", "outputs_as_nchw": "b", "rename_inputs": "c", "rename_outputs": "d", "signature": "s",
        "tag": "t", "custom_ops": "Op:my.domain", "extra_opsets": "my.domain:2",
        "verify": "run", "memory": "5", "input_signature": "x:float32[1,2],y:int32[?]", "concrete_function": "1",
    }  # fmt: skip
    flags = {n: [f"--{n.replace('_', '-')}", *([said[n]] if n in said else [])] for n in NAMES}
    assert options_of(parser.parse_args([])) == {item: getattr(Options(), item) for item in NAMES}
    everything = options_of(parser.parse_args([word for words in flags.values() for word in words]))
    for name in NAMES:
        alone = options_of(parser.parse_args(flags[name]))
        assert alone[name] != getattr(Options(), name), name
        assert {k: v for k, v in alone.items() if k != name} == {k: getattr(Options(), k) for k in NAMES if k != name}
    assert Options(**everything).inputs == {"a": (1, 2), "b": None}


@pytest.mark.parametrize(
    "view", ["Stepper", "GraphView", "HandlerView", "NetronPair", "QuantizationView", "ParityView"]
)
def test_an_unknown_keyword_of_a_widget_is_an_error(view: str) -> None:
    result = lab.convert(MODEL)
    with pytest.raises(TypeError, match=rf"{view}\(\) has no argument 'layuot'; did you mean 'layout'"):
        getattr(lab, view)(result, layuot=1)


def test_the_lab_of_a_conversion_takes_no_options() -> None:
    with pytest.raises(TypeError, match="converted already"):
        lab.Lab(lab.convert(MODEL), opset=17)


@pytest.mark.parametrize(
    ("words", "exact"),
    [
        ("m.tflite", False),
        ("m.tflite --exact", True),
        ("--exact m.tflite", True),
        ("--exact bits m.tflite", "bits"),
        ("m.tflite --exact=bits --opset 18", "bits"),
    ],
)
def test_exactness_is_a_flag_that_may_have_a_value(words: str, exact: bool | str) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    add_options(parser)
    found = parser.parse_args(joined(words.split()))
    assert found.model == "m.tflite" and options_of(found)["exact"] == exact


@pytest.mark.parametrize(
    "given",
    [
        {"rename_inputs": [""]},
        {"rename_outputs": [""]},
        {"inputs": {"": (1, 8, 8, 1)}},
        {"inputs": {"image": ("", 8, 8, 1)}},
        {"outputs": [""]},
        {"inputs_as_nchw": [""]},
        {"outputs_as_nchw": ["image", ""]},
        {"custom_ops": ""},
        {"custom_ops": {"Op": ""}},
        {"extra_opsets": {"": 1}},
    ],
    ids=str,
)
def test_a_name_is_not_empty(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"^{next(iter(given))}.* empty.*; "):
        lab.convert(MODEL, **given)


def test_no_name_of_the_command_line_takes_the_place_of_an_empty_one() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    for words in (["--rename-inputs", ",b"], ["--outputs", "a,,b"], ["--inputs", "image[,8,8,1]"]):
        with pytest.raises(ValueError, match="empty"):
            Options(**options_of(parser.parse_args(joined(words))))
    found = Options(**options_of(parser.parse_args(joined(["--rename-outputs", "a, b,"]))))
    assert found.rename_outputs == ("a", "b") and found.rename_inputs == ()
    with pytest.raises(SystemExit):  # an empty value is an error of the flag's
        parser.parse_args(joined(["--rename-inputs", ""]))
