"""The Editor: the only code that changes a graph. It tells its listeners of every edit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph.attributes import make_attribute, tensor_of
from tfonnx_lab.graph.budget import room
from tfonnx_lab.graph.dialects import ONNX
from tfonnx_lab.graph.events import Listener
from tfonnx_lab.graph.handed_on import handed_on
from tfonnx_lab.graph.meta import ERASED, KIND, NEXT, ORIGIN, PLACE, QUANTIZATION, TENSORS, Described, known
from tfonnx_lab.graph.meta import describe as _describe
from tfonnx_lab.graph.meta import inherit as _inherit
from tfonnx_lab.graph.meta import write_property as _write_property
from tfonnx_lab.graph.names import Names
from tfonnx_lab.graph.origins import called
from tfonnx_lab.graph.output_places import OutputPlaces
from tfonnx_lab.graph.passes import run_and_report
from tfonnx_lab.graph.quantization import Quantization, quantization
from tfonnx_lab.graph.removal import remove
from tfonnx_lab.graph.walk import all_graphs, subgraphs

_KINDS = {ir.DataType[name].numpy(): ir.DataType[name] for name in ("FLOAT", "INT64", "INT32", "INT8", "UINT8")}
"""What numpy calls the dtypes of nearly all constants."""

SMALL = 64
"""Constants of up to this many elements are shared, and draw nothing from the budget."""


class Editor:
    """Inserts, erases, replaces and retypes; nothing else changes a graph.

    Constants of all graphs live among the main graph's initializers, so a subgraph reads them from its outer scope.
    """

    def __init__(self, model: ir.Model, listeners: Iterable[Listener] = ()) -> None:
        self.model = model
        self.graph = model.graph
        self.listeners = list(listeners)
        self.names = Names.of(model)
        self.origin: frozenset[int] = frozenset()  # of nodes that a rule inserts itself; the driver sets it
        self._constants: dict[tuple[Any, ...], ir.Value] = {}
        self._places = OutputPlaces()

    def insert(self, node: ir.Node, before: ir.Node | None = None, graph: ir.Graph | None = None) -> None:
        """Put the node before another one, or at the end of `graph` (default: the main graph).

        A node without a name is called by its op and the number of the TFLite op behind it (`Conv_12`), a value `v12`.
        """
        if ORIGIN not in known(node):
            _describe(node, ORIGIN, self.origin or _origin_of_inputs(node))
        origins = known(node)[ORIGIN]
        node.name = self.names.node(node.name or called(node.op_type, origins))
        for value in node.outputs:
            value.name = self.names.value(value.name or called("v", origins))
        if before is not None:
            target = before.graph
            assert target is not None
            target.insert_before(before, node)
        else:
            (self.graph if graph is None else graph).append(node)  # an empty graph is false
        for listener in self.listeners:
            listener.inserted(node, before)

    @staticmethod
    def describe(item: Described, key: str, value: Any) -> None:
        """Write something that is known of a value, node, graph or model; None takes it away.

        key: one of `graph/meta.py`; a KeyError for any other. What a trace records (dtype, shape, quantization,
        tensors) of a value that stands in a graph, `retype` changes.
        """
        _describe(item, key, value)

    @staticmethod
    def inherit(made: Described, source: Described, *keys: str) -> None:
        """Write of `made` what is known of `source` under these keys."""
        _inherit(made, source, keys)

    @staticmethod
    def write_property(item: ir.Node | ir.Model, key: str, text: str) -> None:
        """Write a metadata property of the ONNX file, one of those that `graph/meta.py` declares."""
        _write_property(item, key, text)

    def adopt(self, node: ir.Node, origins: frozenset[int], place: str | None) -> None:
        """Say which TFLite ops led to a node that a rule built, and where in the file that was, unless the rule said
        so."""
        known = node.meta.data
        known[ORIGIN] = origins
        if place is not None:
            known.setdefault(PLACE, place)

    def erase(self, node: ir.Node) -> None:
        """Take out a node whose outputs nothing uses. Raises ValueError where something does."""
        inputs = tuple(node.inputs)
        if (told := handed_on(node)) is not None:
            self.retype(told[0], tensors=told[1], quant=told[2])
        remove(node)
        for held in subgraphs(node):
            for inner in all_graphs(held):
                _describe(inner, ERASED, True)
        for listener in self.listeners:
            listener.erased(node, inputs)

    def set_input(self, node: ir.Node, index: int, value: ir.Value | None) -> None:
        """Make `value` the node's input of that index."""
        old = node.inputs[index]
        if old is value:
            return
        node.replace_input_with(index, value)
        for listener in self.listeners:
            listener.rewired(node, index, old, value)

    def replace(self, old: ir.Value, new: ir.Value) -> None:
        """Give all uses of `old` to `new`, which takes over its name and what it stands for.

        A graph output keeps its name; where `new` cannot carry it (it is an input, a constant or another output), an
        Identity does.
        """
        if old is new:
            return
        if old.is_graph_output() and _has_fixed_name(new):
            new = self._identity(new, old)
        self._take_over(old, new)
        for node, index in tuple(old.uses()):
            self.set_input(node, index, new)
        if old.is_graph_output():
            graph = old.graph
            assert graph is not None
            for index in self._places.of(graph, old):
                self.set_output(graph, index, new)

    def set_output(self, graph: ir.Graph, index: int, value: ir.Value) -> None:
        """Make `value` the graph's output of that index."""
        old = graph.outputs[index]
        graph.outputs[index] = value
        self._places.moved(graph, index, old, value)
        _keep_next(old, value)
        for listener in self.listeners:
            listener.output_changed(graph, index, old, value)

    def set_inputs(self, graph: ir.Graph, values: Sequence[ir.Value]) -> None:
        """Make these the graph's inputs, in this order."""
        for value in values:
            if value not in graph.inputs:
                value.name = self.names.value(value.name or "input")
        graph.inputs[:] = list(values)
        for listener in self.listeners:
            listener.inputs_changed(graph)

    def set_outputs(self, graph: ir.Graph, values: Sequence[ir.Value]) -> None:
        """Make these the graph's outputs, in this order."""
        graph.outputs[:] = list(values)
        self._places.forget()
        for listener in self.listeners:
            listener.outputs_changed(graph)

    def constant(
        self,
        tensor: ir.TensorProtocol | np.ndarray,
        name: str = "",
        quant: Quantization | None = None,
        *,
        shared: bool = True,
    ) -> ir.Value:
        """A constant with these contents; small ones are shared, if not told otherwise."""
        key = None
        if isinstance(tensor, np.ndarray):
            if shared and quant is None and tensor.size <= SMALL and (kind := _KINDS.get(tensor.dtype)) is not None:
                key = kind, tensor.shape, tensor.tobytes()  # as _key says, before there is a tensor
                if (found := self._constants.get(key)) is not None and found.is_initializer():
                    return found
            tensor = tensor_of(tensor)
        if key is None and shared:
            key = _key(tensor, quant)
            if key is not None and (found := self._constants.get(key)) is not None and found.is_initializer():
                return found
        if key is None and math.prod(_dims(tensor)) > SMALL:
            room(tensor.nbytes, 1, f"the constant {name}")
        value = ir.Value(
            name=self.names.value(name or called("c", self.origin)),
            type=ir.TensorType(tensor.dtype),
            const_value=tensor,
        )
        shape = tensor.shape
        value.shape = shape if isinstance(shape, ir.Shape) and shape.frozen else ir.Shape(shape.numpy())
        if quant is not None:
            _describe(value, QUANTIZATION, quant)
        self.graph.register_initializer(value)
        if key is not None:
            self._constants[key] = value
        for listener in self.listeners:
            listener.constant_added(value)
        return value

    def share(self, value: ir.Value) -> None:
        """Let rules that ask for a constant with these contents have this one, where it is small."""
        if value.const_value is not None and (key := _key(value.const_value, quantization(value))) is not None:
            self._constants[key] = value

    def retype(
        self,
        value: ir.Value,
        *,
        name: str | None = None,
        dtype: ir.DataType | None = None,
        shape: ir.Shape | None = None,
        quant: Quantization | None = None,
        tensors: tuple[Any, ...] | None = None,
    ) -> None:
        """Change what is known of a value;

        None leaves a field as it is.

        tensors: which TFLite tensors it holds (TENSORS).
        """
        fields = []
        if name is not None and name != value.name:
            value.name = name
            fields.append("name")
        if dtype is not None and dtype != value.dtype:
            value.type = ir.TensorType(dtype)
            fields.append("dtype")
        if shape is not None and (value.shape is None or value.shape != shape):
            value.shape = shape
            fields.append("shape")
        if quant is not None and quant is not quantization(value):
            _describe(value, QUANTIZATION, quant)
            fields.append("quant")
        if tensors is not None and tensors != known(value).get(TENSORS, ()):
            _describe(value, TENSORS, tensors)
            fields.append("tensors")
        if fields:
            told = frozenset(fields)
            for listener in self.listeners:
                listener.retyped(value, told)

    def set_attribute(self, node: ir.Node, name: str, value: Any) -> None:
        """Set an attribute of the node; None takes it away."""
        if value is None:
            node.attributes.pop(name, None)
        else:
            node.attributes[name] = make_attribute(name, value)
        for listener in self.listeners:
            listener.attribute_set(node, name)

    def subgraph(self, name: str, inputs: Sequence[ir.Value] = ()) -> ir.Graph:
        """A new, empty graph for a node's attribute; its nodes are inserted with `graph=`."""
        for value in inputs:
            value.name = self.names.value(value.name or name)
        graph = ir.Graph(list(inputs), [], nodes=[], opset_imports=dict(self.graph.opset_imports), name=name)
        for listener in self.listeners:
            listener.graph_added(graph)
        return graph

    def run_pass(self, run: Callable[[ir.Model], Any]) -> bool:
        """Run a whole-graph pass of another library; whether it changed anything."""
        before = list(self.graph.outputs)
        changed = run_and_report(self.model, run, self.listeners)
        self._places.forget()
        for old, new in zip(before, self.graph.outputs, strict=True):
            _keep_next(old, new)
        return changed

    def _identity(self, value: ir.Value, output: ir.Value) -> ir.Value:
        producer = output.producer()
        node = ir.Node(ONNX, "Identity", [value], num_outputs=1)
        _describe(node, ORIGIN, producer.meta.get(ORIGIN, frozenset()) if producer is not None else frozenset())
        node.outputs[0].type = value.type
        node.outputs[0].shape = value.shape
        self.insert(node, before=producer, graph=output.graph)
        return node.outputs[0]

    def _take_over(self, old: ir.Value, new: ir.Value) -> None:
        tensors = known(new).get(TENSORS, ())
        theirs = known(old).get(TENSORS, ())
        name = None
        if not _has_fixed_name(new) and (old.is_graph_output() or not tensors):
            name = old.name
            self.retype(old, name=self.names.value(f"{name}/before"))
        self.retype(
            new,
            name=name,
            dtype=old.dtype if new.dtype is None else None,
            shape=_better_shape(old.shape, new.shape),
            quant=quantization(old) if quantization(new) is None and new.dtype in (None, old.dtype) else None,
            tensors=tensors + tuple(t for t in theirs if t not in tensors) if theirs else None,
        )
        if KIND not in known(new):
            _inherit(new, old, (KIND,))


def _keep_next(old: ir.Value, new: ir.Value) -> None:
    """An output that takes another's place is the next run's state in its place."""
    _inherit(new, old, (NEXT,))


def _dims(tensor: ir.TensorProtocol) -> tuple[int, ...]:
    """The dimensions of a tensor, all known; its own `numpy()` asks each of them first what it is."""
    return cast("tuple[int, ...]", tuple(tensor.shape))


def _key(tensor: ir.TensorProtocol, quant: Quantization | None) -> tuple[Any, ...] | None:
    """What makes two constants one; None for those that are not shared."""
    shape = _dims(tensor)
    if quant is not None or math.prod(shape) > SMALL or tensor.dtype is ir.DataType.STRING:
        return None
    if type(tensor) is ir.Tensor:
        return tensor.dtype, shape, tensor.numpy().tobytes()  # equal where the bytes of the file are
    return tensor.dtype, shape, tensor.tobytes()


def _origin_of_inputs(node: ir.Node) -> frozenset[int]:
    """The TFLite ops behind the producers of the node's inputs, else behind their users: for nodes that no rule
    matched."""
    values = [v for v in node.inputs if v is not None]
    near = [p for p in (v.producer() for v in values) if p is not None]
    for nodes in (near, [user for v in values for user, _ in v.uses()]):
        found: frozenset[int] = frozenset().union(*(n.meta.get(ORIGIN, frozenset()) for n in nodes))
        if found:
            return found
    return frozenset()


def _has_fixed_name(value: ir.Value) -> bool:
    return value.is_graph_input() or value.is_graph_output() or value.is_initializer() or value.producer() is None


def _better_shape(old: ir.Shape | None, new: ir.Shape | None) -> ir.Shape | None:
    """The old shape where the new one is unknown, or has the same rank and knows fewer dimensions."""
    if old is None or new is None:
        return old
    if old == new or len(old) != len(new):
        return None
    known = [a if isinstance(a, int) else b for a, b in zip(new, old, strict=True)]
    return ir.Shape(known) if known != list(new) else None
