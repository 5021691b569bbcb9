"""The house as its files build it: every import of the package, hidden ones included, and the table that it is held
against.

python tests/house.py --write     puts the picture of the rooms into docs/architecture.md
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
PACKAGE = TOP / "tfonnx_lab"
DOCUMENT = TOP / "docs" / "architecture.md"
NAME = "tfonnx_lab"
FACE = "face"
"""The room of the files that stand for the package as a whole: `__init__`, `__main__`, `convert`, `face`,
`face_traces`."""
_DOTTED = re.compile(rf"{NAME}(\.\w+)+")
_PICTURE = re.compile(r"(?<=```mermaid\n).*?(?=^```)", re.DOTALL | re.MULTILINE)


def files(package: Path = PACKAGE) -> dict[str, Path]:
    """Module => its file. JavaScript's build script and the wheel's copy of the notebooks are no part of the house."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if "js" not in parts and parts[0] != "notebooks":
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def room(module: str) -> str:
    """The room of a module: `handlers` of `handlers.flex.image`."""
    first = module.split(".")[0]
    return FACE if first in ("__init__", "__main__", "convert", "face_traces") else first


@cache
def imports(source: str, module: str, known: frozenset[str], is_package: bool = False) -> frozenset[str]:
    """The modules of the package that a file imports: at its top, inside functions, for type checkers, and by name.

    module: the file's own. A string that names a module of the package counts as an import by name: that is how
    `import_module` and a table of names to load later reach it.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        found |= {_module(name, known) for name in _named(node, module, is_package)}
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _DOTTED.fullmatch(node.value):
            found |= {_module(name, known) for name in [node.value.partition(".")[2]]} - {FACE}
    return frozenset(found - {module})


def _named(node: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """What a statement names, without the package's own name in front."""
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parts = module.split(".")
            up = parts[: len(parts) - node.level + is_package]
            base = ".".join([NAME, *up, *([node.module] if node.module else [])])
        if base.split(".")[0] == NAME:
            yield from (f"{base}.{alias.name}".partition(".")[2] for alias in node.names)
    elif isinstance(node, ast.Import):
        yield from (a.name.partition(".")[2] or FACE for a in node.names if a.name.split(".")[0] == NAME)


def _module(name: str, known: frozenset[str]) -> str:
    """The module that a dotted name leads to: itself or the one that it is a name of; the face for a public name."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        if ".".join(parts[:end]) in known:
            return ".".join(parts[:end])
    return FACE


def house(package: Path = PACKAGE) -> dict[str, set[str]]:
    """Module => the modules that it imports."""
    modules = files(package)
    known = frozenset(modules)
    return {
        module: set(imports(path.read_text("utf-8"), module, known, path.name == "__init__.py"))
        for module, path in modules.items()
    }


def floors(document: str) -> dict[str, int]:
    """Room => its floor, from the table in docs/architecture.md."""
    rows = re.findall(r"^\| (\d+) \| ([^|]*) \|", document, re.MULTILINE)
    return {name: int(floor) for floor, rooms in rows for name in re.findall(r"`(\w+)/?`", rooms)}


def rooms(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Room => the other rooms that its files import."""
    found: dict[str, set[str]] = {}
    for module, others in graph.items():
        found.setdefault(room(module), set()).update(room(other) for other in others)
    return {name: others - {name} for name, others in found.items()}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The groups of names that reach each other."""
    reach = {name: _reached(graph, name) for name in graph}
    groups = {tuple(sorted(b for b in graph if b in reach[a] and a in reach[b])) for a in graph}
    return [list(group) for group in sorted(groups) if len(group) > 1]


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    """All that can be reached from a name, and the name itself."""
    seen, waiting = {start}, [start]
    while waiting:
        for other in graph.get(waiting.pop(), set()) - seen:
            seen.add(other)
            waiting.append(other)
    return seen


def picture(graph: dict[str, set[str]], heights: dict[str, int]) -> str:
    """The rooms as a Mermaid drawing, floor by floor. An arrow that a longer way of arrows stands for is left out."""
    of = {name: others for name, others in rooms(graph).items() if name != FACE}
    lines = ["flowchart TB"]
    for floor in sorted({heights[name] for name in of}, reverse=True):
        lines.append(f"  subgraph floor{floor}[{floor}]")
        lines += [f"    {name}" for name in sorted(of) if heights[name] == floor]
        lines.append("  end")
    for name in sorted(of):
        others = of[name] & set(of)
        lines += [
            f"  {name} --> {other}"
            for other in sorted(others)
            if not any(other in _reached(of, between) for between in others - {other})
        ]
    return "\n".join(lines) + "\n"


def drawn(document: str) -> str:
    """The picture in the document."""
    found = _PICTURE.search(document)
    return "" if found is None else found[0]


if __name__ == "__main__":
    text = DOCUMENT.read_text("utf-8")
    now = picture(house(), floors(text))
    if "--write" in sys.argv:
        DOCUMENT.write_text(_PICTURE.sub(lambda match: now, text), "utf-8")
    else:
        print(now)
