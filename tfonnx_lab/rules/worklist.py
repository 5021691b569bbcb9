"""The nodes that the driver has yet to look at."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Sequence

import onnx_ir as ir

from tfonnx_lab.graph import Listener, use_count

_NOT_MATCHED = frozenset(("name", "tensors"))
"""Fields of a value that no rule asks for."""
_FEW_USERS = 8
"""Of a value with more users, its users are not looked at again when its uses change: patterns that count uses ask for
one or a few."""


class Worklist(Listener):
    """The nodes to look at, fed by the edits themselves.

    wanted: of which (domain, op type) they are; None: all.
    """

    def __init__(self, wanted: Container[tuple[str, str]] | None) -> None:
        self.queue: deque[ir.Node] = deque()
        self._waiting: set[int] = set()
        self._wanted = wanted

    def add(self, node: ir.Node | None) -> None:
        if node is None or id(node) in self._waiting:
            return
        if self._wanted is None or (node.domain, node.op_type) in self._wanted:
            self._waiting.add(id(node))
            self.queue.append(node)

    def fill(self, nodes: Iterable[ir.Node]) -> None:
        """Add different nodes to an empty list."""
        wanted = self._wanted
        self.queue.extend(nodes if wanted is None else (n for n in nodes if (n.domain, n.op_type) in wanted))
        self._waiting.update(map(id, self.queue))

    def pop(self) -> ir.Node:
        node = self.queue.popleft()
        self._waiting.discard(id(node))
        return node

    def inserted(self, node: ir.Node, before: ir.Node | None) -> None:
        self.add(node)

    def erased(self, node: ir.Node, inputs: Sequence[ir.Value | None]) -> None:
        for value in inputs:
            self._around(value)

    def rewired(self, node: ir.Node, index: int, old: ir.Value | None, new: ir.Value | None) -> None:
        self.add(node)
        for output in node.outputs:
            if use_count(output):
                for user, _ in output.uses():
                    self.add(user)
        self._around(old)
        self._around(new)

    def output_changed(self, graph: ir.Graph, index: int, old: ir.Value, new: ir.Value) -> None:
        self._around(old)
        self._around(new)

    def retyped(self, value: ir.Value, fields: frozenset[str]) -> None:
        if not fields <= _NOT_MATCHED:
            self._around(value)

    def _around(self, value: ir.Value | None) -> None:
        """The producer, and the users, whose patterns may look at how often the value is used."""
        if value is not None:
            waiting = self._waiting
            producer = value.producer()
            if producer is not None and id(producer) not in waiting:
                self.add(producer)
            if 0 < use_count(value) <= _FEW_USERS:
                for user, _ in value.uses():
                    if id(user) not in waiting:
                        self.add(user)
