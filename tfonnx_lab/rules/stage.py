"""An ordered set of rules, by phases, and which of them are asked about a node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import onnx_ir as ir

from tfonnx_lab.graph.intermediate import ON_CODES
from tfonnx_lab.rules.order import in_order
from tfonnx_lab.rules.rule import Rule

When: TypeAlias = Callable[[Any], bool]
"""Whether a rule can do anything under these options of a conversion: `lambda options: options.dequantize`."""

Only: TypeAlias = Callable[[ir.Node], bool]
"""Whether a rule can do anything at this node: for a rule that is looked at often and applies seldom."""

Index: TypeAlias = dict[tuple[str, str], list[Rule]]
"""(domain, op type) => the rules that look for it."""

BITS = "bits"
"""The phase of the handlers that compute on codes, for ops that a rewriter marked (`ON_CODES`)."""


class Stage:
    """An ordered rule set. Its phases run one after another; a phase runs its own rules together with those of the
    first phase until none applies.

    fallback: which rule to take for an op that none was registered for.
    after: name of a rule => the rules of its phase that are tried before it (`rules/order.py`).
    measures: phase => what each of its rules lowers, a function of the graph; `Driver.measured` asserts it.
    """

    def __init__(self, name: str, phases: tuple[str, ...]) -> None:
        self.name = name
        self.phases = phases
        self._rules: dict[str, list[Rule]] = {phase: [] for phase in phases}
        self._known: set[tuple[str, str, str]] = set()
        self._unordered: set[str] = set()
        self._newest: dict[tuple[str, str, str], Rule] = {}
        self._running: dict[str, tuple[list[Rule], list[Rule]]] = {}
        self._indices: dict[tuple[str, tuple[bool, ...]], Index] = {}
        self.after: dict[str, frozenset[str]] = {}
        self.measures: dict[str, Callable[[ir.Graph], Any]] = {}
        self.fallback: Callable[[ir.Node, Any], Rule | None] = lambda node, options: None

    def __iter__(self) -> Iterator[Rule]:
        for phase in self.phases:
            yield from self._of(phase)

    def __len__(self) -> int:
        return sum(map(len, self._rules.values()))

    def add(self, rule: Rule, phase: str, after: tuple[str, ...] | None = None) -> None:
        """Put a rule into a phase; a function of the same name and module is replaced.

        after: names of rules of the phase that are tried before it; None: the newest rule for an op is the one in
        force, as among handlers. Raises ValueError where that makes a circle.
        """
        rules = self._rules[phase]
        key = (phase, rule.function.__module__, rule.name)
        for index, old in enumerate(rules if key in self._known else ()):
            if (phase, old.function.__module__, old.name) == key and old.pattern == rule.pattern:
                rules[index] = rule
                self._forget()
                return
        self._known.add(key)
        if after is None:
            rules.append(rule)
            self._forget_indices()
            if self._newest and rule.pattern is not None:
                self._newest.update({(phase, rule.pattern.domain, name): rule for name in rule.pattern.op_types})
            return
        self._forget()
        self.after[rule.name] = frozenset(after)
        if rule.of_the_package:  # all of them are registered by one import, and put into order when one is asked for
            rules.append(rule)
            self._unordered.add(phase)
        else:
            rules[:] = in_order([*rules, rule], self.after)

    def remove(self, rule: Rule) -> None:
        """Take a rule out."""
        self._forget()
        for rules in self._rules.values():
            if rule in rules:
                rules.remove(rule)

    def _of(self, phase: str) -> list[Rule]:
        """The rules of a phase in their order."""
        if phase in self._unordered:
            self._rules[phase][:] = in_order(self._rules[phase], self.after)
            self._unordered.discard(phase)
        return self._rules[phase]

    def phase_of(self, rule: Rule) -> str:
        """The phase that a rule is in; empty where it is in none."""
        return next((phase for phase, rules in self._rules.items() if rule in rules), "")

    @contextmanager
    def without(self, rule: Rule) -> Iterator[None]:
        """The stage without a rule, as long as a `with` block lasts."""
        rules = self._of(self.phase_of(rule))
        index = rules.index(rule)
        del rules[index]
        self._forget()
        try:
            yield
        finally:
            rules.insert(index, rule)
            self._forget()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Whatever is added or taken out in a `with` block, the stage has the rules of before behind it."""
        before = {phase: list(rules) for phase, rules in self._rules.items()}
        try:
            yield
        finally:
            self._rules = before
            self._forget()

    def _forget(self) -> None:
        """The rules have changed."""
        self._newest.clear()
        self._forget_indices()

    def _forget_indices(self) -> None:
        self._running.clear()
        self._indices.clear()

    def _in_phase(self, phase: str) -> tuple[list[Rule], list[Rule]]:
        """The node rules that run in a phase, the first phase's and its own, and its rules of the whole graph."""
        found = self._running.get(phase)
        if found is None:
            wanted = dict.fromkeys((self.phases[0], phase))
            nodes = [rule for p in wanted for rule in self._of(p) if rule.pattern is not None]
            found = self._running[phase] = nodes, [rule for rule in self._of(phase) if rule.pattern is None]
        return found

    def running(self, phase: str, options: Any = None) -> Index:
        """The node rules that run in a phase under these options of a conversion, in order: the first phase's and its
        own, for each (domain, op type) that one of them looks for. Not to be changed."""
        rules, _ = self._in_phase(phase)
        key = phase, tuple([rule.concerns(options) for rule in rules if rule.when is not None])
        index = self._indices.get(key)
        if index is None:
            index = {}
            for rule in rules:
                if rule.concerns(options) and rule.pattern is not None:
                    for op_type in rule.pattern.op_types:
                        index.setdefault((rule.pattern.domain, op_type), []).append(rule)
            self._indices[key] = index
        return index

    def whole_graph(self, phase: str) -> list[Rule]:
        """The whole-graph rules that run once when a phase begins."""
        return self._in_phase(phase)[1]

    def choose(self, node: ir.Node, options: Any) -> Rule | None:
        """The rule for an op under these options of the conversion."""
        if ON_CODES in node.attributes.data and (found := self.find(node.domain, node.op_type, BITS)) is not None:
            return found
        return self.find(node.domain, node.op_type) or self.fallback(node, options)

    def find(self, domain: str, op_type: str, phase: str | None = None) -> Rule | None:
        """The newest rule for a single op, in a phase (default: the first)."""
        if not self._newest:
            for name in self._rules:
                for rule in self._of(name):
                    if rule.pattern is not None:
                        self._newest |= {(name, rule.pattern.domain, kind): rule for kind in rule.pattern.op_types}
        return self._newest.get((self.phases[0] if phase is None else phase, domain, op_type))
