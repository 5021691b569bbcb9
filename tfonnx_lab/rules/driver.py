"""The driver: finds where rules match, calls them, and gives what they return to the Editor."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any, ClassVar

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import ERASED, ORIGIN, Editor, OpBuilder, all_nodes, is_tflite, use_count
from tfonnx_lab.graph.meta import PLACE, known
from tfonnx_lab.graph.removal import detach
from tfonnx_lab.memory import pass_on
from tfonnx_lab.patterns.pattern import Bindings
from tfonnx_lab.rules.listener import RuleListener, StageFailed, StepFailure
from tfonnx_lab.rules.refusals import endless, no_handler
from tfonnx_lab.rules.rule import Miss, Rule, as_values
from tfonnx_lab.rules.stage import Index, Stage
from tfonnx_lab.rules.worklist import Worklist
from tfonnx_lab.validity import check_node, check_schema
from tfonnx_lab.validity.types import plain, type_of

_STEPS, _STEPS_OF_A_NODE = 10_000, 50
"""How many calls of handlers are allowed, and how many more for each node of the graph, before they are taken to loop:
an op becomes a handful of others, which have handlers of their own."""
_ROUNDS, _ROUNDS_OF_A_NODE = 1_000, 20
"""The same for rules that undo each other's edits."""

_NOBODY: frozenset[int] = frozenset()


class Driver:
    """Applies the rules of a stage to a graph and its subgraphs.

    failures: what could not be applied, in order. The number of applications is bounded, so rules that undo each other
    end in a clear error instead of a hang.

    measured: whether to assert that every rule lowers the measure of its phase, where the stage has one; for tests,
        since it looks at the whole graph after each application.
    """

    measured: ClassVar[bool] = False

    def __init__(
        self,
        editor: Editor,
        opset: int,
        options: Any = None,
        listeners: Iterable[RuleListener] = (),
    ) -> None:
        self.editor = editor
        self.opset = opset
        self.options = options
        self.listeners = list(listeners)
        self.failures: list[StepFailure] = []
        self._failed: set[tuple[int, int]] = set()
        self._op = OpBuilder(editor, opset, options)
        portable = getattr(options, "target", None) == "portable"  # for runtimes other than the one that is here
        self._check = check_schema if portable else check_node

    def run(self, stage: Stage) -> None:
        """Run every phase of the stage.

        Raises RuntimeError where the rules do not come to an end, StageFailed where one of the whole graph raises.
        """
        for phase in stage.phases:
            for rule in stage.whole_graph(phase):
                if rule.concerns(self.options):
                    self._attempt(rule, None, {})
            self._fixpoint(stage.running(phase, self.options), stage.measures.get(phase) if self.measured else None)

    def convert(self, stage: Stage, nodes: Iterable[ir.Node] | None = None) -> None:
        """Replace every TFLite op by what its handler returns; ops without one are failures.

        nodes: where to begin, in order (default: the whole graph).
        """
        work = self._start(None, all_nodes(self.editor.graph) if nodes is None else nodes)
        limit = _STEPS_OF_A_NODE * len(work.queue) + _STEPS
        while work.queue:
            node = work.pop()
            if not _alive(node) or not is_tflite(node) or (id(node), 0) in self._failed:
                continue
            limit -= 1
            rule = stage.choose(node, self.options)
            if rule is None:
                self._fail(StepFailure(node, None, LookupError(no_handler(node))))
            elif limit < 0:
                raise RuntimeError(f"the handlers do not come to an end (the last one was {rule.name})")
            elif not self._attempt(rule, node, {}) and (id(node), 0) not in self._failed:
                why = "the handler returned nothing; it has to return the value that takes the output's place"
                self._fail(StepFailure(node, rule, TypeError(why)))
        self.editor.listeners.remove(work)

    def _fixpoint(self, index: Index, measure: Callable[[ir.Graph], Any] | None = None) -> None:
        if not index:
            return
        work = self._start(index, all_nodes(self.editor.graph))
        allowed = limit = _ROUNDS_OF_A_NODE * len(work.queue) + _ROUNDS
        height = None if measure is None else measure(self.editor.graph)
        while work.queue:
            node = work.pop()
            if not _alive(node):
                continue
            for rule in index[node.domain, node.op_type]:
                if self._failed and (id(node), id(rule)) in self._failed:
                    continue
                try:
                    bound = rule.matched(node)
                except Exception as error:  # a condition of the pattern's
                    pass_on(error)
                    self._fail(StepFailure(node, rule, error))
                    continue
                if bound is None:
                    continue
                if self._attempt(rule, node, bound):
                    work.add(node if node.graph is not None else None)
                    limit -= 1
                    if limit < 0:
                        raise RuntimeError(endless(rule, node, allowed))
                    if measure is not None:
                        before, height = height, measure(self.editor.graph)
                        assert height < before, f"{rule.name} at {node.name} does not lower the measure of its phase"
                    break
                if not _alive(node):
                    break
        self.editor.listeners.remove(work)

    def _start(self, wanted: Container[tuple[str, str]] | None, nodes: Iterable[ir.Node]) -> Worklist:
        work = Worklist(wanted)
        work.fill(nodes)
        self.editor.listeners.append(work)
        return work

    def _attempt(self, rule: Rule, root: ir.Node | None, bound: Bindings) -> bool:
        op = self._op
        op.reset(self._check if rule.positional else None)  # what a handler makes is final
        for listener in self.listeners:
            listener.begin(rule, root, bound)
        self.editor.origin = _NOBODY if root is None else origin(root)
        try:
            applied = self._apply(rule, root, bound, op)
        except Miss as miss:
            _discard(op.tape)
            for listener in self.listeners:
                listener.end(False, "")
                if root is not None:
                    listener.missed(rule, root, str(miss))
            return False
        except Exception as error:
            _discard(op.tape)
            pass_on(error)
            failure = StepFailure(root, rule, error)
            self._fail(failure)
            if root is None:
                raise StageFailed(failure) from error
            return False
        if not applied:
            _discard(op.tape)
        note = "; ".join(op.notes) if op.notes else ""
        for listener in self.listeners:
            listener.end(applied, note)
        return applied

    def _apply(self, rule: Rule, root: ir.Node | None, bound: Bindings, op: OpBuilder) -> bool:
        if root is None:
            return rule.function(op) is not None
        result = rule.apply(op, root, bound)
        if result is None:
            return False
        values = as_values(result, root)
        for old, new in zip(root.outputs, values, strict=True):
            if new is not None and (made := new.dtype) is not None and made != (old.dtype or made):
                raise _other_dtype(rule, root, old, new)
        matched = [n for n in bound.values() if type(n) is ir.Node and n is not root]  # isinstance asks protocols
        if op.tape:
            self._splice(op.tape, root, origin(root).union(*map(origin, matched)) if matched else origin(root))
        for old, new in zip(root.outputs, values, strict=True):
            if new is not None:
                self.editor.replace(old, new)
        if root.graph is not None and not _used(root):
            self.editor.erase(root)
        for node in matched:
            if node.graph is not None and not _used(node):
                self.editor.erase(node)
        return True

    def _splice(self, tape: Sequence[ir.Node], root: ir.Node, origins: frozenset[int]) -> None:
        place = known(root).get(PLACE)
        for node in tape:
            if node.graph is None:
                self.editor.adopt(node, origins, place)
                self.editor.insert(node, before=root)

    def take_over(self, failure: StepFailure) -> None:
        """Take a failure as known: it is not tried again, and nobody is told."""
        if failure.node is not None:
            handler = failure.rule is None or failure.rule.positional
            self._failed.add((id(failure.node), 0 if handler else id(failure.rule)))
        self.failures.append(failure)

    def _fail(self, failure: StepFailure) -> None:
        self.take_over(failure)
        for listener in self.listeners:
            listener.failed(failure)


def _other_dtype(rule: Rule, root: ir.Node, old: ir.Value, new: ir.Value) -> Exception:
    """The error of a rule whose value has another dtype than the one that it replaces."""
    assert old.dtype is not None and new.dtype is not None
    made, wanted = plain(type_of(new)), plain(type_of(old))
    if rule.of_the_package:  # the file says so: the rule makes of the inputs what TFLite makes of them
        return Unsupported(f"its output {old.name} is {wanted} in the file, and of these inputs it gives {made}")
    return TypeError(f"{rule.name} returned {made} for {old.name}, which is {wanted}; cast it: op.Cast(x, to=...)")


def _discard(tape: Sequence[ir.Node]) -> None:
    """Nodes that a rule built and did not return use nothing any more: patterns count uses."""
    for node in tape:
        if node.graph is None:
            detach(node)


def origin(node: ir.Node) -> frozenset[int]:
    """The indices of the TFLite ops that led to the node."""
    found: frozenset[int] = known(node).get(ORIGIN, _NOBODY)
    return found


def _alive(node: ir.Node) -> bool:
    """Whether the node stands in a graph, and that graph in the model."""
    graph = node.graph
    return graph is not None and not graph.meta.data.get(ERASED)


def _used(node: ir.Node) -> bool:
    for value in node.outputs:  # noqa: SIM110 (a generator costs more than the question)
        if use_count(value) or value.is_graph_output():
            return True
    return False
