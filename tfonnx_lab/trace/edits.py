"""The language of a trace: one frozen class an edit, with its record, its inverse and its doc line (docs/trace.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol

from tfonnx_lab.trace.records import Record, graphs_of

if TYPE_CHECKING:
    from tfonnx_lab.trace.graphs import Graphs

Graph = Annotated[int, "graph id"]
Node = Annotated[int, "node id"]
Value = Annotated[int, "value id"]
Index = Annotated[int, "index"]


class World(Protocol):
    """What edits act on: records (`Graphs`), or an onnx_ir model (`resume.py`)."""

    def know(self, value: Record) -> None:
        """There is a value with this record."""

    def insert(self, graph: int, before: int | None, node: Record) -> None:
        """Put a node, whose outputs are known, before another one; at the end where `before` is None."""

    def erase(self, node: int) -> None:
        """Take a node out of its graph."""

    def set_input(self, node: int, index: int, value: int | None) -> None:
        """The node's input of that index is now this value."""

    def set_output(self, graph: int, index: int, value: int) -> None:
        """The graph's output of that index is now this value."""

    def set_inputs(self, graph: int, values: Sequence[int]) -> None:
        """The graph's inputs are now these."""

    def set_outputs(self, graph: int, values: Sequence[int]) -> None:
        """The graph's outputs are now these."""

    def add_constant(self, value: Record) -> None:
        """There is a constant with this record."""

    def retype(self, value: int, changed: Record) -> None:
        """These fields of the value's record are now so."""

    def set_attribute(self, node: int, name: str, item: Any) -> None:
        """The node's attribute is now this one; None: it has none of that name."""

    def add_graph(self, graph: Record) -> None:
        """There is an empty subgraph, whose inputs are known."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a graph.

    An edit of a file holds plain JSON, one that was just recorded also onnx_ir's attributes.
    """

    tag: ClassVar[str] = ""

    @property
    def record(self) -> list[Any]:
        """The edit as the file holds it: its tag, then its fields."""
        return [self.tag, *(getattr(self, name) for name in _FIELDS[type(self)])]

    def apply(self, world: World) -> None:
        """Do it. Raises KeyError, IndexError, TypeError or ValueError where it does not fit what is there."""
        raise NotImplementedError

    def inverse(self, state: Graphs) -> tuple[Edit, ...]:
        """What undoes the edit, seen from the state before it is applied; to be applied in this order."""
        raise NotImplementedError

    def added(self) -> tuple[int, ...]:
        """The nodes that it puts in."""
        return ()

    def erased(self) -> tuple[int, ...]:
        """The nodes that it takes out."""
        return ()

    def told(self, name: Callable[[int], str]) -> tuple[str, ...]:
        """The edit without ids, which are others in another conversion.

        name: of a node.
        """
        return (self.tag,)


@dataclass(frozen=True, slots=True)
class Insert(Edit):
    """put the node before the node with the id `before` (null: at the end); the values are its outputs"""

    tag = "insert"
    graph: Graph
    before: Annotated[int | None, "before"]
    node: Annotated[Record, "node"]
    outputs: Annotated[list[Record], "[value]"]

    def apply(self, world: World) -> None:
        for value in self.outputs:
            world.know(value)
        world.insert(self.graph, self.before, self.node)

    def inverse(self, state: Graphs) -> tuple[Edit, ...]:
        return Erase(self.node["id"]), *_owners(state, self.node["attrs"])

    def added(self) -> tuple[int, ...]:
        return (self.node["id"],)

    def told(self, name: Callable[[int], str]) -> tuple[str, ...]:
        attrs = sorted((k, str(v)) for k, v in self.node["attrs"].items() if not graphs_of(v))
        return self.tag, self.node["op"], self.node["name"], str(attrs)


@dataclass(frozen=True, slots=True)
class Erase(Edit):
    """take the node out (nothing uses its outputs any more), and with it the subgraphs that it holds"""

    tag = "erase"
    node: Node

    def apply(self, world: World) -> None:
        world.erase(self.node)

    def inverse(self, state: Graphs) -> tuple[Edit, ...]:
        graph, node = state.home[self.node], state.nodes[self.node]
        return Insert(graph, state.after(self.node), node, []), *_owners(state, node["attrs"])

    def erased(self) -> tuple[int, ...]:
        return (self.node,)

    def told(self, name: Callable[[int], str]) -> tuple[str, ...]:
        return self.tag, name(self.node)


@dataclass(frozen=True, slots=True)
class SetInput(Edit):
    """the node's input of that index is now this value"""

    tag = "input"
    node: Node
    index: Index
    value: Annotated[int | None, "value id or null"]

    def apply(self, world: World) -> None:
        world.set_input(self.node, self.index, self.value)

    def inverse(self, state: Graphs) -> tuple[Edit, ...]:
        return (SetInput(self.node, self.index, state.nodes[self.node]["in"][self.index]),)

    def told(self, name: Callable[[int], str]) -> tuple[str, ...]:
        return self.tag, name(self.node), str(self.index)


@dataclass(frozen=True, slots=True)
class SetOutput(Edit):
    """the graph's output of that index is now this value"""

    tag = "output"
    graph: Graph
    index: Index
    value: Value

    def apply(self, world: World) -> None:
        world.set_output(self.graph, self.index, self.value)

    def inverse(self, state: Graphs) -> tuple[Edit, ...]:
        return (SetOutput(self.graph, self.index, state.graphs[self.graph]["outputs"][self.index]),)


@dataclass(frozen=True, slots=True)
class SetInputs(Edit):
    """the graph's inputs are now these; the values are those that are new"""

    tag = "inputs"
    graph: Graph
    values: Annotated[list[int], "[value id]"]
    fresh: Annotated[list[Record], "[value]"]

    def apply(self, world: World) -> None:
        for value in self.fresh:
            world.know(value)
        world.set_inputs(self.graph, self.values)

    def inverse(self, state: Graphs) -> tuple[Edit, ...]:
        return (SetInputs(self.graph, state.graphs[self.graph]["inputs"], []),)


@dataclass(frozen=True, slots=True)
class SetOutputs(Edit):
    """the graph's outputs are now these (their number changed)"""

    tag = "outputs"
    graph: Graph
    values: Annotated[list[int], "[value id]"]

    def apply(self, world: World) -> None:
        world.set_outputs(self.graph, self.values)

    def inverse(self, state: Graphs) -> tuple[Edit, ...]:
        return (SetOutputs(self.graph, state.graphs[self.graph]["outputs"]),)


@dataclass(frozen=True, slots=True)
class AddConstant(Edit):
    """a new constant"""

    tag = "constant"
    value: Annotated[Record, "value"]

    def apply(self, world: World) -> None:
        world.add_constant(self.value)

    def inverse(self, state: Graphs) -> tuple[Edit, ...]:
        return ()  # nothing uses it before, and its id is never given again: it may stay


@dataclass(frozen=True, slots=True)
class Retype(Edit):
    """name, dtype, shape, quant or tensors of the value changed"""

    tag = "retype"
    value: Value
    changed: Annotated[Record, "{field: new}"]

    def apply(self, world: World) -> None:
        world.retype(self.value, self.changed)

    def inverse(self, state: Graphs) -> tuple[Edit, ...]:
        value = state.values[self.value]
        return (Retype(self.value, {field: value.get(field) for field in self.changed}),)


@dataclass(frozen=True, slots=True)
class SetAttribute(Edit):
    """an attribute was set, or removed"""

    tag = "attr"
    node: Node
    name: Annotated[str, "name"]
    item: Annotated[Any, "json or null"]

    def apply(self, world: World) -> None:
        world.set_attribute(self.node, self.name, self.item)

    def inverse(self, state: Graphs) -> tuple[Edit, ...]:
        old = state.nodes[self.node]["attrs"].get(self.name)
        return SetAttribute(self.node, self.name, old), *_owners(state, {"new": self.item, "old": old})

    def told(self, name: Callable[[int], str]) -> tuple[str, ...]:
        return self.tag, name(self.node), self.name, "" if graphs_of(self.item) else str(self.item)


@dataclass(frozen=True, slots=True)
class AddGraph(Edit):
    """a new, empty subgraph; the values are its inputs"""

    tag = "graph"
    graph: Annotated[Record, "graph"]
    inputs: Annotated[list[Record], "[value]"]

    def apply(self, world: World) -> None:
        for value in self.inputs:
            world.know(value)
        world.add_graph(self.graph)

    def inverse(self, state: Graphs) -> tuple[Edit, ...]:
        return (_DropGraph(self.graph["id"]),)


@dataclass(frozen=True, slots=True)
class _DropGraph(Edit):
    """the subgraph is not there yet: only ever the inverse of an edit, never in a file"""

    graph: Graph

    def apply(self, world: Any) -> None:
        world.drop_graph(self.graph)


@dataclass(frozen=True, slots=True)
class _SetOwner(Edit):
    """the subgraph is held by this node (None: by none yet): only ever part of an inverse, never in a file"""

    graph: Graph
    owner: Node | None

    def apply(self, world: Any) -> None:
        world.set_owner(self.graph, self.owner)


def _owners(state: Graphs, attrs: Record) -> list[Edit]:
    """Who holds the subgraphs that attributes name now: what to set again when that is undone."""
    return [_SetOwner(graph, state.graphs[graph]["owner"]) for graph in state.named(attrs)]


EDITS: tuple[type[Edit], ...] = (
    Insert,
    Erase,
    SetInput,
    SetOutput,
    SetInputs,
    SetOutputs,
    AddConstant,
    Retype,
    SetAttribute,
    AddGraph,
)
"""The edits that a file holds, in the order of docs/trace.md."""

_BY_TAG = {kind.tag: kind for kind in EDITS}
_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in (*EDITS, _DropGraph, _SetOwner)}


def edit_of(record: Any) -> Edit:
    """The edit with this record. Raises KeyError or TypeError for an invalid record."""
    if not isinstance(record, list) or not record or not isinstance(record[0], str):
        raise TypeError("an edit is a list that begins with its kind")
    return _BY_TAG[record[0]](*record[1:])
