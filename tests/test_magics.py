"""`%load_ext tfonnx_lab` in a real IPython shell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest
from IPython.core.interactiveshell import InteractiveShell

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.conversion.pipeline import STAGES
from tfonnx_lab.graph import TFLITE

HANDLERS = STAGES[1]
LOGISTIC = '''
def half(x):
    return x / 2

def my_logistic(op, node, x):
    """LOGISTIC(x) => Sigmoid(x), from a notebook."""
    return op.Sigmoid(x)
'''


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """A shell with the magics; the rules of the package are as they were afterwards."""
    before = list(HANDLERS)
    shell = InteractiveShell()
    assert shell.extension_manager is not None and shell.history_manager is not None
    shell.extension_manager.load_extension("tfonnx_lab")
    yield shell
    for rule in [r for r in HANDLERS if r not in before]:
        HANDLERS.remove(rule)
    shell.history_manager.end_session()


def run(shell: InteractiveShell, code: str) -> Any:
    done = shell.run_cell(code)
    done.raise_error()
    return done.result


def test_a_model_is_converted_shown_and_returned(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    path = samples.path("digits_int8")
    result = run(shell, f"%tflite2onnx {path}")
    assert isinstance(result, lab.Conversion) and not result.options.dequantize
    assert "optimizers" in capsys.readouterr().out


def test_it_can_be_assigned_and_takes_the_options_of_the_command_line(shell: InteractiveShell, tmp_path: Path) -> None:
    shell.user_ns["path"] = samples.path("digits_int8")
    out = tmp_path / "a b.onnx"
    trace = tmp_path / "a.tfltrace"
    run(shell, f'result = %tflite2onnx "$path" --dequantize --opset 17 --output "{out}" --trace {trace}')
    result = shell.user_ns["result"]
    assert result.options.dequantize and result.options.opset == 17
    assert onnx.load(out).opset_import[0].version == 17
    assert len(lab.load_trace(trace)) == len(result.trace)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%tflite2onnx no_such_file.tflite", "no_such_file.tflite"),
        ("%tflite2onnx", "model"),
        ("%tflite2onnx a.tflite --opset x", "--opset"),
        ("%tflite2onnx a.tflite --opset 3", "opset 3"),
        ("%tflite2onnx a.tflite --nonsense", "--nonsense"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    done = shell.run_cell(line)
    assert type(done.error_in_exec).__name__ == "UsageError"
    assert message in str(done.error_in_exec)
    assert "Traceback" not in capsys.readouterr().out


def test_help_is_printed_and_ends_nothing(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(shell, "%tflite2onnx --help") is None
    assert "--dequantize" in capsys.readouterr().out


def test_the_cell_s_last_function_is_the_handler(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    run(shell, "%%handler LOGISTIC" + LOGISTIC)
    rule = HANDLERS.find(TFLITE, "LOGISTIC")
    assert rule is not None and rule.name == "my_logistic"
    assert "my_logistic handles LOGISTIC" in capsys.readouterr().out
    assert shell.user_ns["half"](4) == 2
    assert rule.source.startswith("def my_logistic") and rule.doc.startswith("LOGISTIC(x) => Sigmoid(x)")


def test_running_a_cell_twenty_times_leaves_one_rule(shell: InteractiveShell) -> None:
    before = len(HANDLERS)
    for number in range(20):
        run(shell, f"%%handler LOGISTIC{LOGISTIC.replace('from a notebook', str(number))}")
    assert len(HANDLERS) == before + 1
    rule = HANDLERS.find(TFLITE, "LOGISTIC")
    assert rule is not None and rule.doc.endswith("19.")


def test_a_handler_of_a_cell_converts(shell: InteractiveShell) -> None:
    shell.user_ns["path"] = samples.path("digits_int8")
    first = run(shell, "result = %tflite2onnx $path\nresult")
    assert not first.failures
    code = "%%handler CONV_2D\ndef broken(op, node, x, w, b):\n    raise RuntimeError('not today')"
    run(shell, code)
    second = run(shell, "import tfonnx_lab as lab\nlab.retry(result)")
    assert second.failures and "not today" in str(second.failures[0])


def test_ops_without_a_handler_are_shown_and_the_file_is_not_written(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shell.user_ns["path"] = samples.path("digits_unsupported")
    result = run(shell, "%tflite2onnx $path")
    assert result.failures
    assert "no handler is registered" in capsys.readouterr().out
    done = shell.run_cell(f"%tflite2onnx $path --output {tmp_path / 'a.onnx'} --trace {tmp_path / 'a.tfltrace'}")
    assert "not saved" in str(done.error_in_exec)
    assert [p.name for p in tmp_path.iterdir()] == ["a.tfltrace"]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%%handler LOGISTIK\ndef f(op, node, x):\n    return x", "did you mean LOGISTIC"),
        ("%%handler\ndef f(op, node, x):\n    return x", "needs the name"),
        ("%%handler LOGISTIC\nx = 1", "defines no function"),
        ("%%handler LOGISTIC\ndef f(op):\n    return op", "at least two"),
    ],
)
def test_a_cell_that_is_no_handler_is_refused_and_nothing_is_registered(
    shell: InteractiveShell, cell: str, message: str
) -> None:
    before = list(HANDLERS)
    done = shell.run_cell(cell)
    assert message in str(done.error_in_exec)
    assert list(HANDLERS) == before


def test_an_error_in_the_cell_is_the_cell_s(shell: InteractiveShell) -> None:
    done = shell.run_cell("%%handler LOGISTIC\ndef f(op, node, x):\n    return x\n1 / 0")
    assert isinstance(done.error_in_exec, ZeroDivisionError)


def test_mobile_answers_in_a_terminal(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_line_magic("tflite2onnx", f"{samples.path('digits_float')} --mobile")
    said = capsys.readouterr().out
    assert "What would Android's NNAPI run?" in said and "15 of 15 nodes" in said
