"""Imports go down only: the floors of docs/architecture.md."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tfonnx_lab

PACKAGE = Path(tfonnx_lab.__file__).parent
FLOORS = {
    "collector": 0, "writer": 1, "errors": 0, "options": 0, "fixed_point": 0, "gemmlowp": 0, "texts": 0, "graph": 1, "patterns": 2, "rules": 3, "trace": 4, "readers": 5, "rewriters": 5, "handlers": 5,
    "optimizers": 5, "samples": 5, "conversion": 6, "pipeline": 6, "parity": 6, "runtime": 6, "mobile": 6, "states": 6,
    "shapes": 6, "progress": 6, "demo": 7, "cli": 7, "convert": 7, "__main__": 7, "widgets": 7, "jupyter": 7, "lab": 7,
    "plots": 7, "session": 6, "debug": 7, "magics": 7, "mobile_command": 7,
}  # fmt: skip
RULES = {"readers", "rewriters", "handlers", "optimizers"}


def imports(path: Path, top_level_only: bool) -> set[str]:
    """The parts of the package that a file imports."""
    tree = ast.parse(path.read_text("utf-8"))
    nodes = tree.body if top_level_only else ast.walk(tree)
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tfonnx_lab"):
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {a.name for a in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("tfonnx_lab.")}
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_go_down(path: Path) -> None:
    parts = path.relative_to(PACKAGE).parts
    part = parts[0].removesuffix(".py")
    if part == "__init__" or "js" in parts or "notebooks" in parts:
        return
    for other in imports(path, top_level_only=True):
        if other == part or other not in FLOORS:
            continue
        assert FLOORS[other] <= FLOORS[part], f"{part} (floor {FLOORS[part]}) imports {other} (floor {FLOORS[other]})"
        if part in RULES:
            assert FLOORS[other] <= 3 or other in RULES, f"rules may not import {other}"


def test_every_part_has_a_floor() -> None:
    parts = {p.name.removesuffix(".py") for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert parts - {"__init__"} <= set(FLOORS)


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
    code = "from tfonnx_lab.cli import parser\nparser().format_help()"
    assert not loaded_by(code) & {"tensorflow", "jupyterlab", "onnxruntime", "matplotlib"}
