"""Source that is made of a model to be pasted holds nothing of the model as code."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance import Model
from tfonnx_lab.debug import skeleton
from tfonnx_lab.texts import as_identifier, in_quotes

NAMES = [
    '"""\nimport hacked\n"""',
    '")\nimport hacked\n("',
    "'''",
    "\\",
    'a\\"',
    "class",
    "²",
    "",
    "\n",
    "{op}",
    "\ud800",
    "x" * 5000,
]


def custom(name: str) -> bytes:
    model = Model()
    x = model.input([1, 4])
    options = {"key": f"\nimport hacked {name.isascii() and name}"}
    y = model.op(
        name.replace("\ud800", "s"),
        [x],
        [model.tensor("float32", [1, 4], name=name.replace("\ud800", "s"))],
        custom=options,
    )
    return model.outputs(y).bytes()


def code_of(source: str) -> list[str]:
    """The statements, without their docstrings and texts."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
        elif isinstance(node, ast.FunctionDef):
            node.name = "f"
    return [ast.unparse(statement) for statement in tree.body]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_the_test_of_an_isolated_op(name: str) -> None:
    result = lab.convert(custom(name), on_error="keep")
    plain = lab.convert(custom("MyOp"), on_error="keep")
    cut, other = lab.isolate(result, 0), lab.isolate(plain, 0)
    assert code_of(cut.test()) == code_of(other.test())
    assert cut.name.isidentifier() and len(cut.name) < 100


@pytest.mark.parametrize("name", ['a"""b.tflite', "a\\.tflite", 'x"\n.tflite'])
def test_the_test_of_a_model_with_a_hostile_path(name: str) -> None:
    cut = lab.isolate(lab.convert(custom("MyOp"), on_error="keep"), 0)
    hostile = lab.debug.Isolated(cut.data, cut.inputs, cut.expected, cut.op, cut.position, model=f"/tmp/{name}")
    assert code_of(hostile.test()) == code_of(cut.test())


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_the_handler_to_begin_with(name: str) -> None:
    def source(op: str) -> str:
        result = lab.convert(custom(op), on_error="keep")
        assert result.resumable is not None
        node = result.resumable.recorder.find(result.trace.start["nodes"][0]["id"])
        return skeleton(node, list(node.inputs))

    text, plain = source(name), source("MyOp")
    assert code_of(text) == code_of(plain)
    decorator: Any = ast.parse(text).body[0].decorator_list[0]  # type: ignore[attr-defined]
    assert decorator.args[0].value == (name.replace("\ud800", "s") or "unnamed_custom_op")


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_quoting(name: str) -> None:
    for quote in ('"', '"""'):
        assert ast.literal_eval(f"{quote}{in_quotes(name)}{quote}") == name
    assert as_identifier(name).isidentifier()


def test_no_model_reaches_an_isolated_op_s_arrays() -> None:
    """The arrays that a test loads are written by `save`, as plain ones wherever they are numbers."""
    cut = lab.isolate(lab.convert(custom("MyOp"), on_error="keep"), 0)
    assert "allow_pickle=False" in cut.test() and [type(x) for x in cut.inputs] == [np.ndarray]
