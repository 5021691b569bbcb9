"""Nothing but the Editor writes what is known of a value or node, and its keys are declared in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import onnx_ir as ir
import pytest

import tfonnx_lab
from tfonnx_lab.graph import Editor
from tfonnx_lab.graph.meta import KEYS, PROPERTIES, describe

PACKAGE = Path(tfonnx_lab.__file__).parent
WRITERS = {"graph/editor.py", "graph/meta.py"}
MAKERS = ("graph/", "readers/", "trace/resume.py")
"""Who may call `describe` and `inherit` of graph/meta.py: the Editor, and those who make a graph of what was written
down."""
STORES = ("meta", "metadata_props")
CHANGES = ("update", "setdefault", "pop", "popitem", "clear", "__setitem__", "__delitem__")


def is_store(node: ast.AST, aliases: set[str]) -> bool:
    """`x.meta`, `x.meta.data`, `x.metadata_props`, or a name that was given to one."""
    if isinstance(node, ast.Attribute):
        return node.attr in STORES or (node.attr == "data" and is_store(node.value, aliases))
    return isinstance(node, ast.Name) and node.id in aliases


def called_on_store(node: ast.AST, aliases: set[str]) -> ast.Attribute | None:
    """`x.meta.update` of `x.meta.update(...)`."""
    function = node.func if isinstance(node, ast.Call) else None
    return function if isinstance(function, ast.Attribute) and is_store(function.value, aliases) else None


def writes(source: str) -> Iterator[str]:
    """Every statement that writes to such a store."""
    tree = ast.parse(source)
    aliases = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and is_store(node.value, set())
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete)):
            targets = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else [node.target]
            for target in targets:
                stores = [t for t in ast.walk(target) if isinstance(t, ast.Subscript) and is_store(t.value, aliases)]
                whole = isinstance(target, ast.Attribute) and target.attr in STORES
                if stores or whole:
                    yield ast.unparse(node)
        elif (call := called_on_store(node, aliases)) is not None and call.attr in CHANGES:
            yield ast.unparse(node)


def literal_keys(source: str) -> Iterator[str]:
    """Keys of a meta that are written as texts where they are used."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Subscript) and is_store(node.value, set()) and isinstance(node.slice, ast.Constant)
        ) or (
            isinstance(node, ast.Call)
            and called_on_store(node, set())
            and any(isinstance(argument, ast.Constant) for argument in node.args[:1])
        ):
            yield ast.unparse(node)


def sources() -> dict[str, str]:
    found = {
        path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8")
        for path in PACKAGE.rglob("*.py")
        if "js" not in path.relative_to(PACKAGE).parts
    }
    assert len(found) > 300
    return found


def test_only_the_editor_writes() -> None:
    assert {
        file: found for file, text in sources().items() if file not in WRITERS and (found := list(writes(text)))
    } == {}


def test_only_who_makes_a_graph_describes_without_the_editor() -> None:
    found = [
        file
        for file, text in sources().items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module == "tfonnx_lab.graph.meta"
        if {"describe", "inherit", "write_property"} & {alias.name for alias in node.names}
    ]
    assert found and [file for file in found if not file.startswith(MAKERS)] == []


def test_keys_are_written_once() -> None:
    assert {file: found for file, text in sources().items() if (found := list(literal_keys(text)))} == {}


@pytest.mark.parametrize(
    "line",
    [
        "node.meta['a'] = 1",
        "node.outputs[0].meta[KEY] = 1",
        "node.meta.data[KEY] = 1",
        "node.meta.update(other.meta)",
        "value.meta.setdefault(KEY, 2)",
        "del value.meta[KEY]",
        "known = node.meta.data\nknown[KEY] = 1",
        "node.metadata_props['x'] = 'y'",
        "a, node.meta[KEY] = 1, 2",
        "node.meta = {}",
    ],
)
def test_what_is_planted_is_found(line: str) -> None:
    assert list(writes(line)) != []


@pytest.mark.parametrize("line", ["x = node.meta[KEY]", "node.meta.get(KEY)", "data[KEY] = 1", "self.metadata = 3"])
def test_reading_is_allowed(line: str) -> None:
    assert list(writes(line)) == []


def test_a_key_that_is_not_declared_is_refused() -> None:
    value = ir.Value(name="x")
    with pytest.raises(KeyError, match=r"'plase' is not declared in graph/meta\.py"):
        Editor.describe(value, "plase", 1)
    with pytest.raises(KeyError, match="not declared"):
        Editor.write_property(ir.Node("", "Relu", [value]), "tfonnx_lab.origins", "1")


def test_none_takes_it_away() -> None:
    value = ir.Value(name="x")
    describe(value, "next", 1)
    describe(value, "next", None)
    assert "next" not in value.meta


def test_each_key_says_what_it_holds() -> None:
    assert KEYS and PROPERTIES and all(len(text) > 20 for text in [*KEYS.values(), *PROPERTIES.values()])
