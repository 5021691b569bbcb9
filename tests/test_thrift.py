"""What a conversion does not do where nobody needs it: import, record, try rules, look at everything for each thing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab import samples
from tfonnx_lab.commands.cli import main
from tfonnx_lab.conversion.options import Options
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import use_count
from tfonnx_lab.graph.output_places import OutputPlaces
from tfonnx_lab.rules import OPTIMIZERS, REWRITERS, Rule
from tfonnx_lab.trace import Recorder, Trace

MODEL = samples.path("digits_int8")
HEAVY = ("numpy", "onnx", "onnx_ir", "onnxruntime", "tensorflow", "ai_edge_litert", "jupyterlab", "matplotlib", "rich")
RUN = """
import json, sys
from tfonnx_lab.commands.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps(list(sys.modules)))
"""


def modules_after(*arguments: str) -> set[str]:
    """What a fresh process has imported after a command."""
    done = subprocess.run([sys.executable, "-c", RUN, *arguments], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--help"], ["convert", "--help"], ["mobile", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    assert not modules_after(*arguments).intersection(HEAVY)


def test_a_command_imports_what_it_uses(tmp_path: Path) -> None:
    """sympy stands there, not yet run: a module of its own is not."""
    found = modules_after("convert", str(MODEL), "--output", str(tmp_path / "m.onnx"))
    assert "onnx_ir" in found and (tmp_path / "m.onnx").stat().st_size
    assert not found.intersection({"sympy.core", "tensorflow", "matplotlib", "jupyterlab", "ipywidgets"})


def test_what_is_imported_later_is_there_when_it_is_used() -> None:
    code = (
        "import sys; from tfonnx_lab.commands.lazy import import_later; import_later(); import onnx_ir as ir; "
        "assert 'sympy.core' not in sys.modules; made = ir.SymbolicDim('n') * 2; "
        "assert 'sympy.core' in sys.modules; print(made.value)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["2*n"]


EVENTS = ("begin", "end", "inserted", "erased", "rewired", "retyped", "constant_added", "attribute_set")


def test_without_a_trace_nothing_is_recorded() -> None:
    told = lab.convert(MODEL)
    silent = {event: mock.patch.object(Recorder, event, side_effect=AssertionError(event)) for event in EVENTS}
    for patch in silent.values():
        patch.start()
    result = lab.convert(MODEL, trace=False)
    for patch in silent.values():
        patch.stop()
    assert result.model.SerializeToString(deterministic=True) == told.model.SerializeToString(deterministic=True)
    assert "steps" not in repr(result) and "steps" in repr(told)


def test_its_trace_is_made_when_it_is_read() -> None:
    told, result = lab.convert(MODEL), lab.convert(MODEL, trace=False)
    assert [str(s) for s in result.trace] == [str(s) for s in told.trace] and len(told.trace) > 10
    assert result.trace is result.trace and isinstance(result.trace, Trace)
    assert result.resumable is not None and lab.convert(MODEL, trace=False).resumable is not None


def test_a_trace_of_other_rules_is_none() -> None:
    result = lab.convert(MODEL, trace=False)
    with lab.without("merge_transposes"), pytest.raises(ConversionError, match="has no trace"):
        _ = result.trace


def test_the_command_records_what_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, trace = str(tmp_path / "m.onnx"), str(tmp_path / "m.tfltrace")
    for more, recorded in (([], False), (["-v"], True), (["--trace", trace], True), (["--no-trace"], False)):
        with mock.patch.object(Recorder, "inserted", autospec=True, side_effect=Recorder.inserted) as told:
            assert ended("convert", str(MODEL), "--output", out, *more) == 0
        assert told.called == recorded
    assert ended("convert", str(MODEL), "--output", out, "--no-trace", "--trace", trace) == 2
    assert "exclude each other" in capsys.readouterr().err


def ended(*arguments: str) -> int:
    """The exit status of a command."""
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    return int(end.value.code or 0)


def test_rules_are_tried_where_their_options_are() -> None:
    """What a rule is for is said once, with the rule; it is not called for any node elsewhere."""
    tried: set[str] = set()
    apply = Rule.apply

    def told(self: Rule, *rest: object) -> object:
        tried.add(self.name)
        return apply(self, *rest)  # type: ignore[arg-type]

    with mock.patch.object(Rule, "apply", told):
        lab.convert(MODEL)
    for target in ("x86_64", "nnapi", "coreml"):
        options = Options(target=target)
        for rule in (*REWRITERS, *OPTIMIZERS):
            assert rule.concerns(None) and (target != "x86_64" or rule.concerns(options) or rule.name not in tried)
    named = {rule.name: rule for rule in (*REWRITERS, *OPTIMIZERS)}
    rule = named["codes_of_one_scale"]
    assert [rule.concerns(Options(target=t)) for t in ("x86_64", "nnapi")] == [False, True]
    assert tried and "codes_of_one_scale" not in tried and "float_tensors" not in tried


def many_outputs(count: int) -> Model:
    m = Model()
    x = m.input([1, 4])
    return m.outputs(*(m.op("TANH", [x], [m.tensor(shape=[1, 4])]) for _ in range(count)))


def many_inputs(count: int) -> Model:
    m = Model()
    parts = [m.input([1, 2]) for _ in range(count)]
    return m.outputs(m.op("CONCATENATION", parts, [m.tensor(shape=[count, 2])], axis=0))


def many_users(count: int) -> Model:
    m = Model()
    y = m.op("TANH", [m.input([1, 4])], [m.tensor(shape=[1, 4])])
    return m.outputs(*(m.op("NEG", [y], [m.tensor(shape=[1, 4])]) for _ in range(count)))


def long_chain(count: int) -> Model:
    m = Model()
    x = m.input([1, 4])
    for _ in range(count):
        x = m.op("TANH", [x], [m.tensor(shape=[1, 4])])
    return m.outputs(x)


def calls(data: bytes) -> int:
    """How many functions a conversion calls, those in C included."""
    count = 0

    def told(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(told)
    try:
        lab.convert(data)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("model", [many_outputs, many_inputs, many_users, long_chain])
def test_four_times_the_ops_are_four_times_the_work(model: Callable[[int], Model]) -> None:
    calls(model(10).bytes())
    few, many = calls(model(60).bytes()), calls(model(240).bytes())
    assert many < 4.2 * few


def test_users_are_counted_without_copies() -> None:
    x = ir.Value(name="x")
    nodes = [ir.Node("", "Add", [x, x]) for _ in range(3)]
    with mock.patch.object(ir.Value, "uses", side_effect=AssertionError):
        assert use_count(x) == 6
    nodes[0].replace_input_with(0, None)
    assert use_count(x) == 5 == len(x.uses())


def test_places_of_outputs() -> None:
    a, b, c = (ir.Value(name=name) for name in "abc")
    graph = ir.Graph([], [a, b, a], nodes=[])
    places = OutputPlaces()
    assert places.of(graph, a) == [0, 2] and places.of(graph, b) == [1] and places.of(graph, c) == []
    graph.outputs[2] = c
    places.moved(graph, 2, a, c)
    assert places.of(graph, a) == [0] and places.of(graph, c) == [2]
    graph.outputs[0] = c  # untold
    assert places.of(graph, a) == [] and places.of(graph, c) == [0, 2]
