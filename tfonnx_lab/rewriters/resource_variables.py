"""Resource variables in the main graph and, handed in and out, in the subgraphs of control flow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import (
    ORIGIN,
    TFLITE,
    Editor,
    OpBuilder,
    all_nodes,
    attr,
    constant_array,
    quantization,
)
from tfonnx_lab.graph.inline import copy_graph
from tfonnx_lab.graph.meta import INITIAL, KIND, PLACE, QUANTIZATION, VARIABLE

_BRANCHES = {"IF": ("then_subgraph", "else_subgraph"), "CALL": ("subgraph",), "STABLEHLO_CASE": ("branch_subgraphs",),
             "STABLEHLO_COMPOSITE": ("decomposition_subgraph",)}  # fmt: skip
_LOOPS = ("WHILE", "STABLEHLO_WHILE")


def subgraphs(node: ir.Node) -> list[ir.Graph]:
    """The graphs that a control flow op runs."""
    if node.domain != TFLITE:
        return []
    if node.op_type in _LOOPS:
        return [attr(node, "cond_subgraph"), attr(node, "body_subgraph")]
    found = [attr(node, name) for name in _BRANCHES.get(node.op_type, ())]
    return [
        graph for item in found for graph in (item if isinstance(item, (list, tuple)) else [item]) if graph is not None
    ]


def handed_in(graph: ir.Graph) -> dict[ir.Value, ir.Value]:
    """The inputs of all subgraphs, and the values outside that they are."""
    found: dict[ir.Value, ir.Value] = {}
    for node in all_nodes(graph):
        first = 1 if node.op_type in ("IF", "STABLEHLO_CASE") else 0
        for inner in subgraphs(node):
            found.update((a, b) for a, b in zip(inner.inputs, list(node.inputs)[first:], strict=False) if b is not None)
    return found


def made_by(value: ir.Value | None, handed: Mapping[ir.Value, ir.Value]) -> ir.Node | None:
    """The op that makes a value, which subgraphs hand in."""
    while value is not None and value in handed:
        value = handed[value]
    return None if value is None else value.producer()


def variable_name(handle: ir.Value | None, handed: Mapping[ir.Value, ir.Value]) -> str:
    """The variable that a handle stands for. Raises Unsupported where that is computed."""
    node = made_by(handle, handed)
    if node is None or node.op_type != "VAR_HANDLE":
        raise Unsupported("a resource variable whose handle is computed")
    return "/".join(p for p in (attr(node, "container", ""), attr(node, "shared_name", "")) if p) or "variable"


class Variables:
    """Turns reads and writes of variables into values, in the order of the ops."""

    def __init__(self, op: OpBuilder, initial: Mapping[str, ir.Value]) -> None:
        self.op, self.editor, self.initial = op, op.editor, initial
        self.handed = handed_in(op.editor.graph)
        self.inputs: dict[str, ir.Value] = {}

    def lift(self) -> tuple[dict[str, ir.Value], dict[str, ir.Value]]:
        """Every variable's state input, and its value at the end.

        A variable that is only read is the constant that it begins with. Raises Unsupported for one that is read before
        anything sets it: LiteRT refuses to run such a model, and zeros would be a guess.
        """
        current: dict[str, ir.Value] = {}
        written = self._names([self.editor.graph], "ASSIGN_VARIABLE")
        for node in self._accesses(self.editor.graph):
            name = variable_name(node.inputs[0], self.handed)
            if name in current:
                continue
            if name not in self.initial and node.op_type == "READ_VARIABLE":
                self.editor.origin = node.meta.get(ORIGIN, frozenset())
                raise Unsupported(
                    f"variable {name!r} is read by {node.meta.get(PLACE, node.name)} before anything sets it, so its "
                    "value is not in the file; convert the Keras model or SavedModel that it was made of, where the "
                    "value is"
                )
            if name in written:
                self.inputs[name] = current[name] = self._input(name, node)
            else:
                current[name] = self.initial[name]
        self._walk(self.editor.graph, current)
        return self.inputs, current

    def _accesses(self, graph: ir.Graph) -> Iterator[ir.Node]:
        """Reads and writes, those of CALL_ONCE's subgraphs left out."""
        for node in graph:
            if node.domain == TFLITE and node.op_type in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
                yield node
            for inner in subgraphs(node):
                yield from self._accesses(inner)

    def _names(self, graphs: list[ir.Graph], op_type: str = "") -> list[str]:
        found = (n for g in graphs for n in self._accesses(g) if not op_type or n.op_type == op_type)
        return list(dict.fromkeys(variable_name(n.inputs[0], self.handed) for n in found))

    def _walk(self, graph: ir.Graph, current: dict[str, ir.Value]) -> None:
        """Replace reads by the current values, and keep what is written as such."""
        for node in list(graph):
            self.editor.origin = node.meta.get(ORIGIN, frozenset())
            if node.domain == TFLITE and node.op_type == "READ_VARIABLE":
                self.editor.replace(node.outputs[0], current[variable_name(node.inputs[0], self.handed)])
                self.editor.erase(node)
            elif node.domain == TFLITE and node.op_type == "ASSIGN_VARIABLE":
                assert node.inputs[1] is not None
                current[variable_name(node.inputs[0], self.handed)] = node.inputs[1]
                self.editor.erase(node)
            elif subgraphs(node) and self._names(subgraphs(node)):
                (self._loop if node.op_type in _LOOPS else self._branches)(node, current)

    def _branches(self, node: ir.Node, current: dict[str, ir.Value]) -> None:
        """IF and the like: branches read values from outside, and hand out what one of them writes."""
        graphs = subgraphs(node)
        written = self._names(graphs, "ASSIGN_VARIABLE")
        for graph in graphs:
            values = dict(current)
            self._walk(graph, values)
            self.editor.set_outputs(graph, [*graph.outputs, *(self._own(graph, values[name]) for name in written)])
        self._with_outputs(node, list(node.inputs), written, current)

    def _own(self, graph: ir.Graph, value: ir.Value) -> ir.Value:
        """A value that the branch itself makes, by an Identity where it is from outside or handed out already."""
        producer = value.producer()
        if producer is not None and producer.graph is graph and not value.is_graph_output():
            return value
        node = ir.Node("", "Identity", [value], num_outputs=1)
        node.outputs[0].type = value.type
        node.outputs[0].shape = None if value.shape is None else value.shape.copy()
        Editor.describe(node.outputs[0], QUANTIZATION, quantization(value))
        self.editor.insert(node, graph=graph)
        return node.outputs[0]

    def _loop(self, node: ir.Node, current: dict[str, ir.Value]) -> None:
        """WHILE: what its body writes is a state of it."""
        cond, body = subgraphs(node)
        written = self._names([cond, body], "ASSIGN_VARIABLE")
        if self._names([cond], "ASSIGN_VARIABLE"):
            raise Unsupported("a loop whose condition writes a variable")
        inner = {}
        for graph in (cond, body):
            inner[graph] = {name: _copy(current[name]) for name in written}
            self.editor.set_inputs(graph, [*graph.inputs, *inner[graph].values()])
        self._walk(cond, {**current, **inner[cond]})
        values = {**current, **inner[body]}
        self._walk(body, values)
        self.editor.set_outputs(body, [*body.outputs, *(self._own(body, values[name]) for name in written)])
        self._with_outputs(node, [*node.inputs, *(current[name] for name in written)], written, current)

    def _with_outputs(
        self, node: ir.Node, inputs: list[ir.Value | None], written: list[str], current: dict[str, ir.Value]
    ) -> None:
        """The node with an output more for each variable that is written; those become the current values."""
        if not written:
            return
        count, name = len(node.outputs), f"{node.name}/state"
        attributes = [self._copied(a) for a in node.attributes.values()]
        made = ir.Node(node.domain, node.op_type, inputs, attributes, num_outputs=count + len(written), name=name)
        self.editor.inherit(made, node, PLACE)
        for new, old in zip(made.outputs, [*node.outputs, *(current[name] for name in written)], strict=True):
            new.type, new.shape = old.type, None if old.shape is None else old.shape.copy()
            Editor.describe(new, QUANTIZATION, quantization(old))
        self.editor.insert(made, before=node)
        for old, new in zip(node.outputs, made.outputs, strict=False):
            self.editor.replace(old, new)
        self.editor.erase(node)
        current.update(zip(written, made.outputs[count:], strict=True))

    def _copied(self, attribute: ir.Attr) -> ir.Attr:
        """The attribute, with copies of its subgraphs: a graph belongs to one op."""
        if attribute.type == ir.AttributeType.GRAPH:
            graph = attribute.value
            return ir.AttrGraph(attribute.name, copy_graph(self.editor, graph, {}, graph.name or attribute.name))
        if attribute.type == ir.AttributeType.GRAPHS:
            made = [copy_graph(self.editor, g, {}, g.name or attribute.name) for g in attribute.value]
            return ir.AttrGraphs(attribute.name, made)
        return attribute

    def _input(self, name: str, node: ir.Node) -> ir.Value:
        """A state input with the variable's initial value."""
        initial = self.initial.get(name)
        template = node.outputs[0] if node.op_type == "READ_VARIABLE" else node.inputs[1]
        assert template is not None
        made = ir.Value(name=name, type=template.type, shape=template.shape if initial is None else initial.shape)
        Editor.describe(made, QUANTIZATION, quantization(template))
        self.editor.describe(made, VARIABLE, True)
        self.editor.describe(made, KIND, template.meta.get(KIND, ""))
        if initial is not None:
            self.editor.describe(made, INITIAL, constant_array(initial))
        self.editor.set_inputs(self.editor.graph, [*self.editor.graph.inputs, made])
        return made


def _copy(value: ir.Value) -> ir.Value:
    made = ir.Value(name=value.name, type=value.type, shape=None if value.shape is None else value.shape.copy())
    Editor.describe(made, QUANTIZATION, quantization(value))
    return made
