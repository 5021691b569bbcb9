"""Imports go down only: the floors of docs/architecture.md, which is where the table is read from."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from house import DOCUMENT, FACE, PACKAGE, circles, drawn, files, floors, house, picture, room, rooms

TABLE = floors(DOCUMENT.read_text("utf-8"))
CONVERSION_KNOWS_NEITHER = {"litert", "runtime"}


def faults(package: Path) -> list[str]:
    """Every import that runs up, and every circle, of rooms and of files."""
    graph = house(package)
    found = [
        f"{module} (floor {TABLE[room(module)]}) imports {other} (floor {TABLE[room(other)]})"
        for module, others in graph.items()
        for other in sorted(others)
        if TABLE[room(other)] > TABLE[room(module)]
    ]
    found += [f"conversion imports {o}" for o in rooms(graph)["conversion"] & CONVERSION_KNOWS_NEITHER]
    found += [f"rooms in a circle: {', '.join(group)}" for group in circles(rooms(graph))]
    inside = {m: {o for o in others if not m.startswith(f"{o}.")} for m, others in graph.items()}
    inside = {m: {o for o in others if not o.startswith(f"{m}.")} for m, others in inside.items()}
    return found + [f"files in a circle: {', '.join(group)}" for group in circles(inside)]


def test_every_import_goes_down() -> None:
    assert faults(PACKAGE) == []


def test_the_table_names_every_room_and_no_other() -> None:
    assert set(TABLE) == {room(module) for module in files()}


def test_the_picture_is_the_house() -> None:
    assert drawn(DOCUMENT.read_text("utf-8")) == picture(house(), TABLE), "python tests/house.py --write draws it again"


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("graph/editor.py", "def f():\n    from tfonnx_lab.conversion import convert\n"),
        (
            "rules/driver.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tfonnx_lab.widgets import Lab\n",
        ),
        ("readers/tflite.py", 'import importlib\nimportlib.import_module("tfonnx_lab.debug.repair")\n'),
        ("trace/trace.py", "import tfonnx_lab as lab\n"),
        ("trace/trace.py", "from tfonnx_lab import ConversionError\n"),
        ("graph/editor.py", "from ..rules import driver\n"),
        ("conversion/pipeline.py", "from tfonnx_lab.litert import LiteRT\n"),
        ("readers/tflite.py", "def f():\n    from tfonnx_lab.handlers import pool\n"),
        ("graph/names.py", "def f():\n    from tfonnx_lab.graph.editor import Editor\n"),
    ],
    ids=["lazy", "for_types", "by_name", "the_face", "a_public_name", "relative", "same_floor", "rooms", "files"],
)
def test_what_is_planted_is_found(file: str, line: str, tmp_path: Path) -> None:
    planted = tmp_path / "tfonnx_lab"
    shutil.copytree(PACKAGE, planted, ignore=shutil.ignore_patterns("static", "labextension", "js", "*.pyc"))
    path = planted / file
    path.write_text(f"{path.read_text('utf-8')}\n{line}", "utf-8")
    assert faults(planted) != []


def test_the_face_is_on_top() -> None:
    assert TABLE[FACE] > max(floor for name, floor in TABLE.items() if name != FACE)


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after running the code."""
    script = f"import sys\n{code}\nprint(' '.join({{m.partition('.')[0] for m in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_the_package_imports_neither_tensorflow_nor_jupyter() -> None:
    assert not loaded_by("import tfonnx_lab") & {
        "tensorflow",
        "keras",
        "jupyterlab",
        "ipywidgets",
        "onnxruntime",
        "matplotlib",
    }


def test_traces_can_be_read_without_the_converter() -> None:
    heavy = {"tensorflow", "ai_edge_litert", "onnxruntime", "flatbuffers"}
    blocker = f"sys.modules.update(dict.fromkeys({heavy!r}))"
    assert "tfonnx_lab" in loaded_by(f"{blocker}\nfrom tfonnx_lab.trace import load_trace")


def test_help_loads_nothing_heavy() -> None:
    code = "from tfonnx_lab.commands.cli import parser\nparser().format_help()"
    assert not loaded_by(code) & {"tensorflow", "jupyterlab", "onnxruntime", "matplotlib"}
