"""What every rule of the phases `clean` and `layout` lowers, so that they come to an end whatever the graph.

A Transpose moves down. Whoever reads a value pays for the Transposes that it comes through:

    price of an input = 2 for each Transpose above it + 1 where a Transpose that is read reads the value as well

Reshape and its kin are looked through, for the price and for the heights. The measure of a graph is, compared in this
order,

1. the prices of all inputs, added up height by height, the tallest first. The height of a node is the longest way from
it
   to an output. A rule that moves a Transpose behind a node lowers the price at that node's height, and may raise only
   those below: the order on such lists has no endless descent. A rule that gives another input a Transpose that exists
   (`layout.without`) has to win more at the node than it pays there; `pays` asks that before it is done. For
   x + Transpose(x) it never does: the Transpose that is removed from one operand would stay at the other.
2. how many operands computed of constants have several elements, which `operand_of_equal_elements` lowers;
3. how many Reshapes there are, twice for those of real numbers: `reshape_codes_before` and `_behind` make them move
codes; 4. the depths of all nodes, the longest ways to them from the inputs, added up: what folds or merges nodes lowers
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import onnx_ir as ir

from tfonnx_lab.graph import all_graphs, is_onnx, static_shape, use_count
from tfonnx_lab.rules import OPTIMIZERS

Measure: TypeAlias = tuple[tuple[tuple[int, int], ...], int, int, int]

SEEN_THROUGH = ("Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity")
"""Ops that hand their first input on."""

_TRANSPOSE = 2


def measure(graph: ir.Graph) -> Measure:
    """The measure of a graph and of those in it."""
    return _Measured(graph).measure()


def pays(removed: Sequence[ir.Node], taken: Sequence[ir.Node]) -> bool:
    """Whether a node's inputs are cheaper where it reads what was before some Transposes, and reads others instead.

    removed: Transposes that nothing but the node reads.
    taken: Transposes of other inputs of the node, by the inverse.
    """
    gone = [node for node in removed if node not in taken]
    won = sum(_TRANSPOSE - is_transposed(node.inputs[0], gone) for node in removed)
    paid = sum(_TRANSPOSE - 1 + is_transposed(node.outputs[0], gone) for node in taken)
    return won > paid


def is_transposed(value: ir.Value | None, gone: Sequence[ir.Node] = ()) -> bool:
    """Whether a Transpose reads the value, or what Reshape and its kin make of it.

    gone: Transposes that do not count.
    """
    waiting = [] if value is None else [_source(value)]
    seen: set[ir.Node] = set()
    while waiting:
        for user, index in waiting.pop().uses():
            if is_onnx(user, "Transpose") and user not in gone and is_read(user):
                return True
            if is_onnx(user, *SEEN_THROUGH) and index == 0 and user not in seen:
                seen.add(user)
                waiting.append(user.outputs[0])
    return False


def is_read(node: ir.Node) -> bool:
    """Whether anything reads the Transpose: rules leave some behind that nothing reads, which `drop_dead_nodes` takes
    out."""
    return bool(use_count(node.outputs[0])) or node.outputs[0].is_graph_output()


def _source(value: ir.Value) -> ir.Value:
    """What the value is, before Reshape and its kin."""
    while (node := value.producer()) is not None and is_onnx(node, *SEEN_THROUGH) and node.inputs[0] is not None:
        value = node.inputs[0]
    return value


class _Measured:
    """A graph, with what is known of its values. Nodes are visited users first."""

    def __init__(self, graph: ir.Graph) -> None:
        self.graphs = list(all_graphs(graph))
        self.owner: dict[ir.Graph, ir.Node] = {}
        nodes = [node for inner in self.graphs for node in inner]
        for node in nodes:
            for attribute in node.attributes.values():
                if attribute.type in (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS):
                    held = attribute.value if attribute.type == ir.AttributeType.GRAPHS else [attribute.value]
                    self.owner.update(dict.fromkeys(held, node))
        self.nodes = self._users_last(nodes)
        moved = [n.inputs[0] for n in nodes if is_onnx(n, "Transpose") and is_read(n)]
        self.read = {_source(value) for value in moved if value is not None}

    def measure(self) -> Measure:
        heights = self._heights()
        prices: dict[int, int] = {}
        for node in self.nodes:
            if not is_onnx(node, "Transpose", *SEEN_THROUGH):
                prices[heights[node]] = prices.get(heights[node], 0) + self._price(node.inputs)
        for graph in self.graphs:
            level = heights[self.owner[graph]] if graph in self.owner else 0
            prices[level] = prices.get(level, 0) + self._price(graph.outputs)
        levels = tuple(sorted(((h, p) for h, p in prices.items() if p), reverse=True))
        return levels, self._operands(), self._reshapes(), sum(self._depths().values())

    def _price(self, values: Iterable[ir.Value | None]) -> int:
        return sum(self._price_of(_source(value)) for value in values if value is not None)

    def _price_of(self, source: ir.Value) -> int:
        price = int(source in self.read)
        while (node := source.producer()) is not None and is_onnx(node, "Transpose") and node.inputs[0] is not None:
            price += _TRANSPOSE
            source = _source(node.inputs[0])
        return price

    def _users(self, node: ir.Node) -> Iterable[ir.Node]:
        """Who reads the node's outputs; for what leaves a subgraph, the node that holds it."""
        for value in node.outputs:
            for user, _ in value.uses():
                yield user
        owner = None if node.graph is None else self.owner.get(node.graph)
        if owner is not None:
            yield owner

    def _users_last(self, nodes: Sequence[ir.Node]) -> list[ir.Node]:
        """The nodes in an order in which every one comes before its users."""
        waiting = dict.fromkeys(nodes, 0)
        for node in nodes:
            for user in self._users(node):
                if user in waiting:
                    waiting[user] += 1
        free = [node for node, count in waiting.items() if not count]
        order = []
        while free:
            node = free.pop()
            order.append(node)
            for user in self._users(node):
                if user in waiting:
                    waiting[user] -= 1
                    if not waiting[user]:
                        free.append(user)
        return order

    def _heights(self) -> dict[ir.Node, int]:
        heights: dict[ir.Node, int] = {}
        for node in reversed(self.nodes):
            heights[node] = _length(node) + max((heights.get(user, 0) for user in self._users(node)), default=0)
        return heights

    def _depths(self) -> dict[ir.Node, int]:
        depths = dict.fromkeys(self.nodes, 1)
        for node in self.nodes:
            for user in self._users(node):
                if user in depths:
                    depths[user] = max(depths[user], depths[node] + 1)
        return depths

    def _reshapes(self) -> int:
        """How many ops hand their input on in another shape; those of real numbers count twice."""
        made = [n.outputs[0].dtype for n in self.nodes if is_onnx(n, *SEEN_THROUGH) and n.op_type != "Identity"]
        return sum(2 if dtype is None or dtype.is_floating_point() else 1 for dtype in made)

    def _operands(self) -> int:
        """How many inputs are computed of constants alone and have, or may have, several elements."""
        known: set[ir.Value] = set()
        count = 0
        for node in self.nodes:
            given = [v for v in node.inputs if v is not None]
            constant = [v for v in given if v.const_value is not None or v in known]
            if given and len(constant) == len(given):
                known.update(node.outputs)
            elif not is_onnx(node, "Transpose", *SEEN_THROUGH):
                count += sum(static_shape(v) is None or set(static_shape(v) or ()) - {1} != set() for v in constant)
        return count


def _length(node: ir.Node) -> int:
    """What the node adds to the heights: nothing where a rule may add one like it, or take it away."""
    if is_onnx(node, "Transpose", *SEEN_THROUGH):
        return 0
    data = node.inputs[0].producer() if is_onnx(node, "Gather") and node.inputs and node.inputs[0] is not None else None
    return int(data is None or not is_onnx(data, "Shape"))


for _phase in ("clean", "layout"):
    OPTIMIZERS.measures[_phase] = measure
