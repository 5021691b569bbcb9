"""A user's own ops: handlers in a cell, in a file, on the command line; kept as nodes of a domain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

import tfonnx_lab as lab
import tfonnx_lab.conversion.pipeline  # which registers the package's rules
from tfonnx_lab.commands.cli import main

from . import Model

HANDLER = '''
import tfonnx_lab as lab

@lab.handler("{code}"{more})
def mine(op, node, x):
    """{code}(x) => x + x."""
    return op.Add(x, x)
'''


def model(code: str = "MyOp", custom: object = None) -> bytes:
    """A custom op between two builtin ones."""
    m = Model()
    x = m.op("ABS", [m.input([2, 3])], [m.tensor(shape=[2, 3])])
    y = m.op(
        code, [x], [m.tensor(shape=[2, 3])], custom={"k": 3, "name": "a", "list": [1, 2]} if custom is None else custom
    )
    return m.outputs(m.op("NEG", [y], [m.tensor(shape=[2, 3])])).bytes()


pytestmark = pytest.mark.usefixtures("own_rules")


def run(command: list[str]) -> int:
    with pytest.raises(SystemExit) as end:
        main(["convert", *command])
    return int(end.value.code or 0)


def test_a_handler_in_a_cell() -> None:
    scope: dict[str, object] = {"__name__": "cell"}
    exec(HANDLER.format(code="MyOp", more=""), scope)
    session = ort.InferenceSession(lab.convert(model()).model.SerializeToString())
    x = np.full((2, 3), -2, np.float32)
    np.testing.assert_array_equal(session.run(None, {session.get_inputs()[0].name: x})[0], -4 * np.ones((2, 3)))


@pytest.mark.parametrize(("code", "more"), [("MyOp", ""), ("MYOP", ", custom=True")])
def test_handlers_on_the_command_line(tmp_path: Path, code: str, more: str) -> None:
    (tmp_path / "mine.py").write_text(HANDLER.format(code=code, more=more))
    (tmp_path / "m.tflite").write_bytes(model(code))
    given = ["--tflite", str(tmp_path / "m.tflite"), "--output", str(tmp_path / "m.onnx")]
    assert run(given) == 1
    assert run([*given, "--handlers", str(tmp_path / "mine.py")]) == 0
    assert [n.op_type for n in onnx.load(tmp_path / "m.onnx").graph.node] == ["Abs", "Add", "Neg"]


def test_handlers_of_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "handlers_of_mine.py").write_text(HANDLER.format(code="MyOp", more=""))
    (tmp_path / "m.tflite").write_bytes(model())
    monkeypatch.chdir(tmp_path)
    assert run(["--tflite", "m.tflite", "--output", "m.onnx", "--handlers", "handlers_of_mine"]) == 0


@pytest.mark.parametrize("name", ["absent.py", "absent_module"])
def test_absent_handlers(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.tflite").write_bytes(model())
    given = ["--tflite", str(tmp_path / "m.tflite"), "--output", str(tmp_path / "m.onnx"), "--handlers", name]
    assert run(given) == 1
    assert name in capsys.readouterr().err


def test_without_a_handler_the_error_says_what_to_do() -> None:
    with pytest.raises(lab.ConversionError, match=r'write one, `@handler\("MyOp"\)`'):
        lab.convert(model())
    with pytest.raises(lab.ConversionError, match=r'`@handler\("MYOP", custom=True\)`'):
        lab.convert(model("MYOP"))


@pytest.mark.parametrize("wanted", ["my.domain", "MyOp:my.domain,Other:else"])
def test_kept(wanted: str, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(model())
    given = ["--tflite", str(tmp_path / "m.tflite"), "--output", str(tmp_path / "m.onnx"), "--custom-ops", wanted]
    assert run(given) == 0
    kept = onnx.load(tmp_path / "m.onnx")
    onnx.checker.check_model(kept)
    (node,) = (n for n in kept.graph.node if n.domain == "my.domain")
    found = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    assert node.op_type == "MyOp" and found == {"k": 3, "name": b"a", "list": [1, 2]}
    assert {i.domain for i in kept.opset_import} == {"", "my.domain"}
    assert [n.op_type for n in kept.graph.node] == ["Abs", "MyOp", "Neg"]


def test_options_that_are_no_map_are_kept_as_bytes() -> None:
    kept = lab.convert(model(custom=b"\x01\x02\xff"), custom_ops="my.domain").model
    (node,) = (n for n in kept.graph.node if n.domain == "my.domain")
    assert onnx.numpy_helper.to_array(node.attribute[0].t).tolist() == [1, 2, 255]
