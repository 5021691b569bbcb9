"""Errors name what was given and what to do; a path does wherever a conversion is wanted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples

PATH = samples.path("digits_int8")
WIDGETS = [
    lab.NetronPair,
    lab.RewriterView,
    lab.HandlerView,
    lab.OptimizerView,
    lab.RuntimeView,
    lab.QuantizationView,
    lab.QuantizationExplorer,
    lab.ParityView,
    lab.LayersView,
    lab.GraphView,
    lab.MobileView,
    lab.Stepper,
]
FUNCTIONS: list[tuple[str, Callable[[Any], Any]]] = [
    ("bisect", lab.bisect),
    ("report", lab.report),
    ("retry", lab.retry),
    ("isolate", lambda model: lab.isolate(model, "CONV_2D")),
    ("runtime_report", lab.runtime_report),
    ("runtime_trace", lab.runtime_trace),
    ("plot_ranges", lab.plot_ranges),
]


@pytest.fixture(scope="module")
def result() -> lab.Conversion:
    return lab.convert(PATH)


@pytest.mark.parametrize(("name", "function"), FUNCTIONS, ids=[name for name, _ in FUNCTIONS])
def test_a_function_takes_a_path_and_bytes(name: str, function: Callable[[Any], Any]) -> None:
    mpl.use("agg")
    assert function(PATH) is not None
    assert function(PATH.read_bytes()) is not None


@pytest.mark.parametrize(("name", "function"), FUNCTIONS, ids=[name for name, _ in FUNCTIONS])
def test_a_function_says_what_it_was_given(name: str, function: Callable[[Any], Any], result: lab.Conversion) -> None:
    with pytest.raises(lab.ConversionError, match=r"absent\.tflite"):
        function("absent.tflite")
    with pytest.raises(lab.ConversionError, match=r"a Trace holds the steps.*lab\.convert"):
        function(result.trace)


@pytest.mark.parametrize("view", WIDGETS)
def test_a_view_takes_a_path(view: Any) -> None:
    lines = view(lab.convert(PATH)).text().splitlines()
    assert [len(view(source).text().splitlines()) for source in (PATH, str(PATH))] == [len(lines)] * 2
    assert lines[0].startswith(view.__name__)


@pytest.mark.parametrize("view", WIDGETS)
def test_a_view_says_what_is_missing(view: Any) -> None:
    with pytest.raises(lab.ConversionError, match=r"absent\.tflite"):
        view("absent.tflite")


@pytest.mark.parametrize("view", [lab.NetronPair, lab.RewriterView, lab.HandlerView, lab.OptimizerView, lab.Stepper])
def test_a_view_of_steps_takes_the_file_of_a_trace(view: Any, result: lab.Conversion, tmp_path: Path) -> None:
    file = tmp_path / "m.tfltrace"
    result.trace.save(file)
    assert view(file).text() == view(result.trace).text()
    with pytest.raises(lab.ConversionError, match=r"gone\.tfltrace"):
        view(tmp_path / "gone.tfltrace")


def test_isolate_says_which_op_is_none(result: lab.Conversion) -> None:
    with pytest.raises(lab.ConversionError, match=r"which op\?"):
        lab.isolate(PATH)
    with pytest.raises(lab.ConversionError, match=r"op=1\.5.*isolate\(result, 'ADD'\)"):
        lab.isolate(result, 1.5)  # type: ignore[arg-type] # that is what is tried


def test_isolate_makes_its_folder(result: lab.Conversion, tmp_path: Path) -> None:
    cut = lab.isolate(result, "CONV_2D")
    assert cut.save(tmp_path / "a" / "b").is_file()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(lab.ConversionError, match="file: is a file; name a folder"):
        cut.save(tmp_path / "file")
    with pytest.raises(lab.ConversionError, match="inner: a folder above it is a file"):
        cut.save(tmp_path / "file" / "inner")


@pytest.mark.parametrize("command", ["convert-many", "mobile"])
def test_an_output_folder_that_is_a_file(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tfonnx_lab.commands.cli import main

    model = tmp_path / "m.tflite"
    model.write_bytes(PATH.read_bytes())
    with pytest.raises(SystemExit) as end:
        main([command, str(model), "--output", str(model)])
    assert (
        end.value.code not in (None, 0) and "m.tflite: is a file; name a folder to write to" in capsys.readouterr().err
    )
    assert model.read_bytes() == PATH.read_bytes()


def test_wrong_names_give_the_near_ones(result: lab.Conversion) -> None:
    with pytest.raises(KeyError, match="no tab 'Paritty'; did you mean 'Parity'"):
        lab.Lab(result).view("Paritty")
    with pytest.raises(KeyError, match=r"no tab 'Nope'; there are .*Overview"):
        lab.Lab(result).view("Nope")
    with pytest.raises(KeyError, match=r"no tab 'Op'; did you mean 'Ops'"):
        lab.Compare(result, result).view("Op")
    with pytest.raises(KeyError, match="no question 'sizes'; did you mean 'size'"):
        lab.MobileView(result).ask("sizes")
    path = next(iter(result.layers)).path if result.layers else ""
    with pytest.raises(KeyError, match=f"did you mean '{path}'" if path else "there is none"):
        _ = result.layers[f"{path}x"]


def test_a_trace_that_is_none(result: lab.Conversion, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"digits_int8\.tflite: not a trace.*trace\.save"):
        lab.load_trace(PATH)
    with pytest.raises(lab.ConversionError, match=r"absent\.tfltrace: the trace cannot be read"):
        lab.load_trace(tmp_path / "absent.tfltrace")
    (tmp_path / "no.tfltrace").write_text("no")
    with pytest.raises(ValueError, match=r"no\.tfltrace: not a trace"):
        lab.load_trace(tmp_path / "no.tfltrace")
    for name in ("absent.tfltrace", "no.tfltrace", "absent.tflite"):
        with pytest.raises(lab.ConversionError, match=name):
            lab.Compare(tmp_path / name, result)


def test_an_onnx_model_takes_no_options(result: lab.Conversion, tmp_path: Path) -> None:
    file = result.save(tmp_path / "m.onnx")
    with pytest.raises(TypeError, match=r"m\.onnx is an ONNX model already.*opset cannot be chosen"):
        lab.Lab(file, opset=18)
    with pytest.raises(lab.ConversionError, match=r"absent\.ort"):
        lab.Lab(tmp_path / "absent.ort")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"text": "?", "right": "a", "choices": ["a", "b"]}, "choices=.*it is a dict"),
        ({"text": "?", "right": "a", "choices": {"a": 1}}, r"choices\['a'\]=1: it is a text"),
        ({"text": "?", "right": 1, "choices": {1: "a"}}, "the choice 0=1: it is a text"),
        ({"text": 3, "right": 4}, "text=3: it is a text"),
        ({"text": "?", "right": 4, "hint": 3}, "hint=3: it is a text"),
        ({"text": "?", "right": 4, "why": None}, "why=None: it is a text"),
        ({"text": "?", "right": 4, "within": -1}, "within=-1: .*0 or more"),
        ({"text": "?", "right": 4, "within": "1"}, "within='1': .*0 or more"),
        ({"text": "?", "right": None}, "right answer None is no number"),
        ({"text": "?", "right": 4, "not_yet": ["5"]}, "not_yet=.*it is a dict"),
        ({"text": "?", "right": 4, "not_yet": {"5": "no"}}, "not_yet: '5' is no number"),
        ({"text": "?", "right": 4, "not_yet": {5: 6}}, r"not_yet\[5\]=6: it is a text"),
        ({"text": "?", "right": 4, "not_yet": {4: "no"}}, "not_yet: 4 is right"),
        ({"text": "?", "right": 4, "within": 1, "not_yet": {5: "no"}}, "not_yet: 5 is right"),
    ],
)
def test_the_arguments_of_a_question(given: dict[str, Any], said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        lab.Question(**given)


def test_a_session_of_what_is_not_converted(tmp_path: Path) -> None:
    for source in (PATH, str(PATH), PATH.read_bytes()):
        with pytest.raises(lab.ConversionError, match=r"is a TFLite model; convert it first"):
            lab.StatefulSession(source)
    wrong: list[tuple[Any, str]] = [(tmp_path / "no.onnx", "cannot be read"), (b"nonsense!", "load it"), (3, "not int")]
    for given, said in wrong:
        with pytest.raises(lab.ConversionError, match=said):
            lab.StatefulSession(given)


def test_an_op_that_onnx_runtime_does_not_know() -> None:
    phone = lab.Mobile(samples.path("digits_unsupported"), custom_ops="my.domain")
    with pytest.raises(lab.ConversionError, match=r"no op LabSharpen of the domain 'my\.domain'; write a handler"):
        phone.size()


def test_dimensions_and_outputs(result: lab.Conversion) -> None:
    with pytest.raises(TypeError, match=r"dimension 0 of 'image' is None; .*'N'"):
        lab.convert(PATH, inputs={"image": (None, 8, 8, 1)})  # type: ignore[dict-item] # that is what is tried
    with pytest.raises(TypeError, match=r"inputs\['image'\]\[1\]=8.5: it is a whole number or a name, not float"):
        lab.convert(PATH, inputs={"image": (1, 8.5, 8, 1)})  # type: ignore[dict-item] # that is what is tried
    name = result.model.graph.output[0].name
    with pytest.raises(ValueError, match=f"outputs: '{name}' is named twice"):
        lab.convert(PATH, outputs=(name, name))
    old = result.signature.outputs[0].tflite
    if old != name:
        with pytest.raises(lab.ConversionError, match="are the same tensor; name it once"):
            lab.convert(PATH, outputs=(name, old))


def test_arrays_are_still_taken() -> None:
    given = samples.inputs("digits_int8")
    assert lab.ParityView(PATH, given).parity.inputs is not None
    assert np.array_equal(lab.isolate(PATH, 0, given).inputs[0], given[0])
