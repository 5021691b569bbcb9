"""`tfonnx-lab ops CONV_2D`: where an op is converted, which rules name it, what tests it, and how well it is
supported."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

import tfonnx_lab.conversion.pipeline  # noqa: F401 - which registers the rules
from tfonnx_lab.graph import INTERMEDIATE, TFLITE, TFLITE_CUSTOM
from tfonnx_lab.graph.intermediate import INTERMEDIATE_OPS
from tfonnx_lab.graph.op_schema import NOTHING, builtin_ops, known_options
from tfonnx_lab.patterns import NodePattern
from tfonnx_lab.rules import HANDLERS, REWRITERS, Rule

PACKAGE = Path(__file__).resolve().parents[1]
_SHOWN_TESTS = 12


def families() -> dict[str, list[str]]:
    """File of handlers => the ops that it converts."""
    found: dict[str, set[str]] = {}
    for rule in HANDLERS:
        if rule.pattern is not None and rule.of_the_package:
            found.setdefault(rule.file, set()).update(rule.pattern.op_types)
    return {file: sorted(ops) for file, ops in sorted(found.items())}


def about(name: str) -> str:
    """What there is to know of an op.

    name: a builtin op, an intermediate op, or the code of a custom op.

    Raises LookupError, with the near names, where nothing knows it.
    """
    domain = next((d for d in (TFLITE, INTERMEDIATE, TFLITE_CUSTOM) if HANDLERS.find(d, name)), "")
    rules = [rule for rule in REWRITERS if names(rule, name)]
    if not domain and not rules and name not in builtin_ops():
        known = {op for ops in families().values() for op in ops} | set(builtin_ops())
        near = get_close_matches(name, known, 3) or get_close_matches(name.upper(), known, 3)
        raise LookupError(f"no rule names {name!r}" + (f"; did you mean {' or '.join(near)}?" if near else ""))
    handler = HANDLERS.find(domain, name) if domain else None
    lines = [name, *_meaning(name), f"  handler    {_told(handler) if handler else 'none'}"]
    lines += [f"  options    {text}" for text in [_options(domain or TFLITE, name)] if text]
    lines += _column("rules", [_told(rule) for rule in rules])
    return "\n".join([*lines, *_column("tests", _tests(name)), *_column("docs", _support(name))])


def names(rule: Rule, op: str) -> bool:
    """Whether a rule's pattern has the op anywhere, or the text of a whole-graph rule names it."""
    if rule.pattern is None:
        return re.search(rf'"{re.escape(op)}"', rule.source) is not None
    return any(op in pattern.op_types for pattern in _patterns(rule.pattern))


def _patterns(pattern: NodePattern) -> Iterator[NodePattern]:
    yield pattern
    for inner in pattern.inputs or ():
        if isinstance(inner, NodePattern):
            yield from _patterns(inner)


def _meaning(name: str) -> list[str]:
    listed = INTERMEDIATE_OPS.get(name)
    return [] if listed is None else [f"  between stages: {listed.meaning}"]


def _told(rule: Rule) -> str:
    """`conv_2d, handlers/conv.py:22: CONV_2D => Conv`."""
    return f"{rule.name}, {rule.place()}: {rule.doc}"


def _options(domain: str, name: str) -> str:
    known = known_options(domain, name) or {}
    return ", ".join(k if default in NOTHING else f"{k}={json.dumps(default)}" for k, default in known.items())


def _column(title: str, rows: Iterable[str]) -> list[str]:
    return [f"  {title if i == 0 else '':10} {row}" for i, row in enumerate(rows)]


def _tests(name: str) -> list[str]:
    """The test functions that name the op, file by file; tests are in the repository, not in the wheel."""
    folder = PACKAGE.parent / "tests"
    if not (folder / "conformance").is_dir():
        return ["in the repository: tests/conformance"]
    word = re.compile(rf'"{re.escape(name)}"')
    found = []
    for path in sorted(folder.rglob("test_*.py")):
        text = path.read_text("utf-8")
        if word.search(text):
            found.append(f"{path.relative_to(folder.parent).as_posix()}{_functions(text, word)}")
    return found or ["none names it"]


def _functions(text: str, word: re.Pattern[str]) -> str:
    """`: test_conv, test_grouped`; nothing where only a table of the file has the op."""
    tests = [
        node.name
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if word.search("\n".join(text.splitlines()[node.lineno - 1 - len(node.decorator_list) : node.end_lineno]))
    ]
    more = f" and {len(tests) - _SHOWN_TESTS} more" if len(tests) > _SHOWN_TESTS else ""
    return f": {', '.join(tests[:_SHOWN_TESTS])}{more}" if tests else ""


def _support(name: str) -> list[str]:
    """The row of docs/ops.md, with the names of its columns."""
    file = PACKAGE.parent / "docs" / "ops.md"
    if not file.is_file():
        return ["in the repository: docs/ops.md"]
    rows = [line.strip("| \n").split(" | ") for line in file.read_text("utf-8").splitlines() if line.startswith("| ")]
    row = next((row for row in rows if row[0] == f"`{name}`"), None)
    if row is None:
        return ["docs/ops.md has no row of it"]
    cells = (f"{title}: {cell.strip()}" for title, cell in zip(rows[0][1:], row[1:], strict=False) if cell.strip())
    return ["docs/ops.md: " + "; ".join(cells)]
