"""Listeners, which are told of edits."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir


class Listener:
    """Is told of each edit, after it happened. Every method does nothing until it is overridden."""

    def inserted(self, node: ir.Node, before: ir.Node | None) -> None:
        """The node now stands before `before` (None: at the end of its graph)."""

    def erased(self, node: ir.Node, inputs: Sequence[ir.Value | None]) -> None:
        """The node was taken out; `inputs` is what it used."""

    def rewired(self, node: ir.Node, index: int, old: ir.Value | None, new: ir.Value | None) -> None:
        """The node's input of that index is now `new`."""

    def output_changed(self, graph: ir.Graph, index: int, old: ir.Value, new: ir.Value) -> None:
        """The graph's output of that index is now `new`."""

    def inputs_changed(self, graph: ir.Graph) -> None:
        """The list of the graph's inputs changed."""

    def outputs_changed(self, graph: ir.Graph) -> None:
        """The number of the graph's outputs changed."""

    def constant_added(self, value: ir.Value) -> None:
        """A constant was added."""

    def retyped(self, value: ir.Value, fields: frozenset[str]) -> None:
        """The name, dtype, shape or quant of the value changed, or which TFLite tensors it holds."""

    def attribute_set(self, node: ir.Node, name: str) -> None:
        """An attribute of the node was set or removed."""

    def graph_added(self, graph: ir.Graph) -> None:
        """An empty subgraph was made; a node that holds it follows."""
