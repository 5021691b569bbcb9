"""The recorder: a listener of the Editor and the driver that notes every edit of every step."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx_ir as ir

from tfonnx_lab.graph import ORIGIN, all_nodes
from tfonnx_lab.graph.meta import known
from tfonnx_lab.patterns.pattern import Bindings
from tfonnx_lab.rules import STAGES, Rule, RuleListener, StepFailure
from tfonnx_lab.trace.now import graph_now, model_now, node_now, value_now
from tfonnx_lab.trace.records import FIELDS, Record
from tfonnx_lab.trace.scribe import Scribe
from tfonnx_lab.trace.trace import Trace

_NOBODY: frozenset[int] = frozenset()


class Recorder(RuleListener):
    """Records one conversion into `trace`.

    While rules run it only holds what an edit was about; the scribe makes records of that when somebody reads one,
    which for most conversions nobody does. Ids are as if they had been made at once.
    """

    def __init__(
        self,
        model: ir.Model,
        name: str,
        opset: int,
        options: dict[str, Any],
        originals: tuple[Path, ...] = (),
    ) -> None:
        self.model = model
        header = {"version": 1, "name": name, "opset": opset, "options": options, "stages": [s.name for s in STAGES]}
        trace = Trace(header, {})
        trace.originals = originals or trace.originals
        self._scribe = Scribe(trace)
        self._heard: list[tuple[Any, ...]] = [(self._scribe.begin, model_now(model))]
        self._step_begins = 1
        self._lock = threading.RLock()
        self._context: tuple[Rule, ir.Node | None, Bindings] | None = None
        self._start = self._began = time.perf_counter()

    @property
    def trace(self) -> Trace:
        """The trace up to now."""
        return self._written().trace

    def number(self, item: Any) -> int:
        """The id of a node, value or graph."""
        return self._written().number(item)

    def find(self, number: int) -> Any:
        """The node, value or graph with this id."""
        return self._written().kept[number]

    def number_of(self, item: Any) -> int | None:
        """The id of something that has one."""
        return self._written().number_of(item)

    def knows(self, number: int) -> bool:
        """Whether something has this id."""
        return number in self._written().kept

    def adopt(self, number: int, item: Any) -> None:
        """Give the item this id, which nothing has."""
        self._written().adopt(number, item)

    def adopt_rule(self, number: int, rule: Rule) -> None:
        """Write down a rule under this number."""
        self._written().adopt_rule(number, rule)

    def rule(self, number: int) -> Rule:
        """The rule with this number."""
        return self._written().rules[number]

    def finish(self, status: str, model: ir.Model) -> None:
        """Write the last line."""
        nodes = sum(1 for _ in all_nodes(model.graph))
        self._heard.append((self._scribe.end, status, nodes, round((time.perf_counter() - self._start) * 1e3, 3)))

    def _written(self) -> Scribe:
        """The scribe, with all that was heard up to now written down."""
        with self._lock:
            heard, self._heard = self._heard, []
            for write, *what in heard:
                write(*what)
            if heard:
                self._step_begins = -1 if self._scribe.edits else 0  # in the middle of a step that has edits
            return self._scribe

    # the driver's events

    def begin(self, rule: Rule, root: ir.Node | None, bound: Bindings) -> None:
        if len(self._heard) > self._step_begins:
            self._drop()
        self._context = rule, root, bound
        self._began = time.perf_counter()

    def end(self, applied: bool, note: str) -> None:
        if self._context is not None and (applied or len(self._heard) > self._step_begins):
            self._step(*self._context, note, None)
        self._context = None

    def missed(self, rule: Rule, root: ir.Node, why: str) -> None:
        self._heard.append((self._scribe.miss, rule, root, why))
        self._step_begins += 1

    def failed(self, failure: StepFailure) -> None:
        error = failure.error
        told = {
            "type": type(error).__name__,
            "message": str(error),
            "traceback": "".join(traceback.format_exception(error)),
        }
        if self._context is None:
            self._began = time.perf_counter()
            self._drop()
        self._step(*(self._context or (failure.rule, failure.node, {})), "", told)
        self._context = None

    def _drop(self) -> None:
        """What was heard since the last step belongs to none."""
        self._heard.append((self._scribe.drop,))
        self._step_begins = len(self._heard)

    def _step(self, rule: Rule | None, root: ir.Node | None, bound: Bindings, note: str, error: Record | None) -> None:
        origins = [known(n).get(ORIGIN, _NOBODY) for n in (root, *bound.values()) if type(n) is ir.Node]
        ms = round((time.perf_counter() - self._began) * 1e3, 4)
        self._heard.append((self._scribe.step, rule, root, bound, origins, note, ms, error))
        self._step_begins = len(self._heard)

    # the Editor's events

    def inserted(self, node: ir.Node, before: ir.Node | None) -> None:
        outputs = [value_now(v) for v in node.outputs]
        self._heard.append((self._scribe.insert, node.graph, before, node_now(node), outputs))

    def erased(self, node: ir.Node, inputs: Sequence[ir.Value | None]) -> None:
        self._heard.append((self._scribe.erase, node))

    def rewired(self, node: ir.Node, index: int, old: ir.Value | None, new: ir.Value | None) -> None:
        self._heard.append((self._scribe.rewire, node, index, new))

    def output_changed(self, graph: ir.Graph, index: int, old: ir.Value, new: ir.Value) -> None:
        self._heard.append((self._scribe.set_output, graph, index, new))

    def inputs_changed(self, graph: ir.Graph) -> None:
        self._heard.append((self._scribe.set_inputs, graph, list(map(value_now, graph.inputs))))

    def outputs_changed(self, graph: ir.Graph) -> None:
        self._heard.append((self._scribe.set_outputs, graph, list(graph.outputs)))

    def constant_added(self, value: ir.Value) -> None:
        self._heard.append((self._scribe.add_constant, value_now(value)))

    def retyped(self, value: ir.Value, fields: frozenset[str]) -> None:
        self._heard.append((self._scribe.retype, value, {field: FIELDS[field][0](value) for field in fields}))

    def attribute_set(self, node: ir.Node, name: str) -> None:
        self._heard.append((self._scribe.set_attribute, node, name, node.attributes.get(name)))

    def graph_added(self, graph: ir.Graph) -> None:
        self._heard.append((self._scribe.add_graph, graph_now(graph), list(map(value_now, graph.inputs))))
