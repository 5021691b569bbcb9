"""The limits that the source states: every `raise Unsupported`, and the ops whose rules come to it.

A rule comes to what its function names, and what that names: functions, classes (as a whole) and values of the package
under the names that a module imports or defines them by. A rule of the whole graph stands for the ops that it names.
"""

from __future__ import annotations

import ast
import importlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import tfonnx_lab
from tfonnx_lab.conversion.pipeline import STAGES
from tfonnx_lab.graph import TFLITE, TFLITE_CUSTOM
from tfonnx_lab.rules import Rule

PACKAGE = Path(tfonnx_lab.__file__).parent
ROOMS = ("readers", "rewriters", "handlers", "optimizers", "graph", "arithmetic", "rules")
"""Where rules, and what they call, may stand."""

Place = tuple[str, str]
"""A function, a class or a value: its module's name, and its own."""


@dataclass(frozen=True)
class Refusal:
    """One `raise Unsupported`: the function that it stands in, its line, and what it is given."""

    place: Place
    line: int
    given: ast.expr

    def text(self, op: str) -> str:
        """The message for an op; what is put into it when it is raised shows as an ellipsis, a number of the module as
        itself."""
        known = vars(importlib.import_module(self.place[0]))
        if isinstance(self.given, ast.JoinedStr):
            return "".join(_part(value, known) for value in self.given.values)
        code = compile(ast.Expression(self.given), "refusal", "eval")
        return str(eval(code, {**known, "node": SimpleNamespace(op_type=op)}))


def _part(value: ast.expr, known: dict[str, Any]) -> str:
    if isinstance(value, ast.Constant):
        return str(value.value)
    named = value.value if isinstance(value, ast.FormattedValue) and value.format_spec is None else None
    number = known.get(named.id) if isinstance(named, ast.Name) else None
    return str(number) if isinstance(number, int) else "…"


@dataclass
class _Module:
    refusals: list[Refusal]
    calls: dict[str, set[str]]
    imported: dict[str, Place]


@cache
def modules() -> dict[str, _Module]:
    """What each file of the rules' rooms defines, calls and imports, by the module's name."""
    found = {}
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            name = ".".join(("tfonnx_lab", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
            found[name] = _read(name, ast.parse(path.read_text("utf-8")))
    return found


def _read(name: str, tree: ast.Module) -> _Module:
    made = _Module([], {}, {})
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tfonnx_lab"):
            made.imported.update({a.asname or a.name: (node.module, a.name) for a in node.names})
    for owner, body in _functions(tree):
        called = made.calls.setdefault(owner, set())
        for node in ast.walk(body):
            if isinstance(node, ast.Name):
                called.add(node.id)
            elif isinstance(node, ast.Attribute):
                called.add(node.attr)
            if isinstance(node, ast.Raise) and _is_refusal(node.exc):
                assert isinstance(node.exc, ast.Call)
                made.refusals.append(Refusal((name, owner), node.lineno, node.exc.args[0]))
    return made


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Functions and classes by name, with what is nested in them; a value of the module counts as a function, too."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    yield target.id, node.value


def _is_refusal(raised: ast.expr | None) -> bool:
    return isinstance(raised, ast.Call) and isinstance(raised.func, ast.Name) and raised.func.id == "Unsupported"


@cache
def reached(start: Place) -> frozenset[Place]:
    """The functions that one comes to, itself among them."""
    found: set[Place] = set()
    waiting = [start]
    while waiting:
        place = waiting.pop()
        module = modules().get(place[0])
        if place in found or module is None:
            continue
        if place[1] not in module.calls:
            if place[1] in module.imported:  # a package that hands on what its files define
                waiting.append(module.imported[place[1]])
            continue
        found.add(place)
        for name in module.calls[place[1]]:
            waiting.append(module.imported.get(name, (place[0], name)))
    return frozenset(found)


@cache
def refusals() -> tuple[Refusal, ...]:
    """All of them."""
    return tuple(r for module in modules().values() for r in module.refusals)


def builtins() -> frozenset[str]:
    """The names of the ops of the TFLite schema."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    from tfonnx_lab.readers.op_options import names_of

    return frozenset(names_of(BuiltinOperator).values())


def own_rules() -> list[Rule]:
    """The package's rules on TFLite's ops, and those of the whole graph."""
    rules = [r for stage in STAGES for r in stage if str(r.function.__module__).startswith("tfonnx_lab.")]
    return [r for r in rules if r.pattern is None or r.pattern.domain in (TFLITE, TFLITE_CUSTOM)]


def ops_of(rule: Rule) -> set[str]:
    """The ops of files that a rule is for: those of the schema and custom ones, without those that only rules make."""
    if rule.pattern is not None:
        named = set(rule.pattern.op_types)
        return named if rule.pattern.domain == TFLITE_CUSTOM else named & builtins()
    found: set[str] = set()
    for module, name in reached(_place(rule)):
        source = vars(importlib.import_module(module)).get(name)
        code: Any = getattr(source, "__code__", None)
        if code is not None:
            found |= {c for c in _constants(code) if isinstance(c, str)} & builtins()
    return found


def _constants(code: Any) -> Iterator[Any]:
    for constant in code.co_consts:
        if isinstance(constant, tuple | frozenset):
            yield from constant
        elif hasattr(constant, "co_consts"):
            yield from _constants(constant)
        else:
            yield constant


def _place(rule: Rule) -> Place:
    return str(rule.function.__module__), rule.function.__name__


@cache
def limits() -> dict[str, dict[str, set[str]]]:
    """Op => message => the places (file:line) of the `raise Unsupported` that its rules come to."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for rule in own_rules():
        near = reached(_place(rule))
        for refusal in refusals():
            if refusal.place in near:
                for op in ops_of(rule):
                    place = refusal.place[0].removeprefix("tfonnx_lab.").replace(".", "/")
                    found[op][refusal.text(op)].add(f"{place}.py:{refusal.line}")
    return found
