"""The three stages and the decorators that put rules into them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from difflib import get_close_matches
from typing import Any, TypeAlias, TypeVar

import onnx_ir as ir

from tfonnx_lab.graph import INTERMEDIATE, TFLITE, TFLITE_CUSTOM
from tfonnx_lab.graph.intermediate import INTERMEDIATE_OPS, ON_CODES
from tfonnx_lab.graph.op_schema import check_op
from tfonnx_lab.patterns import NodePattern
from tfonnx_lab.rules.options import check_options
from tfonnx_lab.rules.order import in_order
from tfonnx_lab.rules.rule import Rule, RuleFunction

F = TypeVar("F", bound=RuleFunction)

When: TypeAlias = Callable[[Any], bool]
"""Whether a rule can do anything under these options of a conversion: `lambda options: options.dequantize`."""

Only: TypeAlias = Callable[[ir.Node], bool]
"""Whether a rule can do anything at this node: for a rule that is looked at often and applies seldom."""

Index: TypeAlias = dict[tuple[str, str], list[Rule]]
"""(domain, op type) => the rules that look for it."""

_BUILTIN = re.compile(r"[A-Z][A-Z0-9_]*")


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


REWRITERS = Stage("rewriters", ("prepare", "patterns", "activations", "quantize", "dequantize"))
BITS = "bits"
"""The phase of the handlers that compute on codes, for ops that a rewriter marked (`ON_CODES`)."""

HANDLERS = Stage("handlers", ("ops", BITS))
OPTIMIZERS = Stage("optimizers", ("clean", "layout", "encode", "fuse", "finish", "partition"))
STAGES = (REWRITERS, HANDLERS, OPTIMIZERS)


def rewriter(
    pattern: NodePattern | None = None,
    *,
    phase: str = "patterns",
    after: tuple[str, ...] = (),
    when: When | None = None,
    only: Only | None = None,
) -> Callable[[F], F]:
    """Register a function that converts an op pattern of the TFLite graph; without a pattern, one of the whole graph.

        @lab.rewriter(lab.tfl.ADD(lab.var("a"), lab.var("b"), name="node"))
        def add_to_itself(op, node, a, b):
            if a is not b:
                return None                                  # nothing to do
            return op.like(op.tfl.MUL(a, 2.0), node.outputs[0])  # takes the place of the output of the outermost op

    phase: one of `REWRITERS.phases`.
    after: names of rules of the phase that are tried before this one; a rule that names none is tried in the order of
    names, a user's last.
    when: says of the options of a conversion whether the rule can do anything; it is not tried where it cannot.
    only: says that of a node, for a rule that is looked at often and applies seldom.
    `restore("add_to_itself")` takes it out again.
    """
    return _register(REWRITERS, pattern, phase, after, when, only)


def optimizer(
    pattern: NodePattern | None = None,
    *,
    phase: str = "clean",
    after: tuple[str, ...] = (),
    when: When | None = None,
    only: Only | None = None,
) -> Callable[[F], F]:
    """Register a function that removes what is unnecessary in the ONNX graph; without a pattern, in the whole graph.

        @lab.optimizer(lab.onnx.Relu(lab.onnx.Relu(lab.var("x"), name="inner"), name="outer"))
        def merge_relus(op, x, inner, outer):
            return inner.outputs[0]    # takes the place of the output of the outermost op; None: nothing to do

    phase: one of `OPTIMIZERS.phases`.
    after, when, only: as of a rewriter.
    `restore("merge_relus")` takes it out again, `without` leaves one of the package's out for a while.
    """
    return _register(OPTIMIZERS, pattern, phase, after, when, only)


def handler(*op_types: str, custom: bool = False) -> Callable[[F], F]:
    """Register `f(op, node, *inputs)` as the handler of these TFLite ops; omitted inputs are None.

    A name in capitals is a builtin op (`CONV_2D`), another one a custom op's code; `custom` says that all of them are
    codes, for those in capitals. Yours is used in place of the package's own one, and of an earlier one of yours;
    `restore("CONV_2D")` takes it out again. Then `retry()` converts again.

        @lab.handler("SQUARED_DIFFERENCE")
        def squared_difference(op, node, a, b):
            d = op.Sub(a, b)       # op.X(...) makes the ONNX node X and returns its output
            return op.Mul(d, d)    # what takes the place of the op's output; several outputs: a list

    Numbers and numpy arrays become constants. The op's options are keyword parameters, with the schema's names and
    defaults:

        @lab.handler("LEAKY_RELU")
        def leaky_relu(op, node, x, *, alpha=0.0):
            return op.LeakyRelu(x, alpha=alpha)

    One without a default has to be there. A name that the op does not have, or another default, is a TypeError here.
    All of them are in node.attributes, too (those of a custom op in `custom_options(node)` alone). Quantized inputs
    come as real numbers where the op computes, as codes where it only moves them. Raise `Unsupported("why")` for what
    cannot be converted.
    """

    def register(function: F) -> F:
        for op_type in op_types:
            domain = TFLITE_CUSTOM if custom else _domain(op_type)
            check_options(function, domain, op_type)
            rule = Rule(HANDLERS.name, NodePattern(domain, (op_type,)), function, positional=True)
            before = HANDLERS.find(domain, op_type)
            if before is not None and not before.of_the_package and before.pattern == rule.pattern:
                HANDLERS.remove(before)
            HANDLERS.add(rule, "ops")
        return function

    return register


def restore(*names: str) -> list[str]:
    """Take your own rules out, so that the package's are in force again; returns the names of those that were.

    names: ops whose handlers, or functions that, are meant (default: all of yours).
    """
    found = []
    for stage in STAGES:
        for rule in [r for r in stage if not r.of_the_package]:
            ops = rule.pattern.op_types if rule.pattern is not None and stage is HANDLERS else ()
            if not names or rule.name in names or any(op in names for op in ops):
                stage.remove(rule)
                found.append(f"{rule.name} ({', '.join(ops)})" if ops else rule.name)
    return found


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Convert without some rules, named by their functions: `with lab.without("merge_transposes"): lab.convert(...)`.

    Raises KeyError for a name that no rule has.
    """
    with ExitStack() as stack:
        for name in names:
            found = [(stage, rule) for stage in STAGES for rule in stage if rule.name == name]
            if not found:
                near = get_close_matches(name, [rule.name for stage in STAGES for rule in stage], 3)
                raise KeyError(f"no rule is named {name!r}" + (f"; did you mean {' or '.join(near)}?" if near else ""))
            for stage, rule in found:
                stack.enter_context(stage.without(rule))
        yield


def _domain(op_type: str) -> str:
    """The dialect of an op. Raises TypeError for a name in capitals that no op has."""
    if not _BUILTIN.fullmatch(op_type):
        return TFLITE_CUSTOM
    if op_type in INTERMEDIATE_OPS:
        return INTERMEDIATE
    try:
        check_op(TFLITE, op_type)
    except AttributeError as error:
        raise TypeError(f"{error} (the code of a custom op in capitals needs `custom=True`)") from None
    return TFLITE


def _register(
    stage: Stage,
    pattern: NodePattern | None,
    phase: str,
    after: tuple[str, ...],
    when: When | None,
    only: Only | None,
) -> Callable[[F], F]:
    def register(function: F) -> F:
        stage.add(Rule(stage.name, pattern, function, when=when, only=only), phase, after)
        return function

    return register
