"""A read-only view of an ONNX graph, as an execution provider's rules ask of it.

Facts of ONNX Runtime that show here: Constant nodes are initializers; nodes have indexes that are not their order; a
node's edges are a set ordered by (index of the other node, output, input) (onnxruntime/core/graph/graph.h,
EdgeEndCompare).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto

from tfonnx_lab.graph.origins import origins_of

Dim = int | str | None
Shape = tuple[Dim, ...]
ONNX_DOMAINS = ("", "ai.onnx")
NHWC_DOMAIN = "com.ms.internal.nhwc"
"""The metadata of a node in which the converter writes the positions of its TFLite ops."""


@dataclass(eq=False)
class Node:
    """One node: index (ONNX Runtime's), name, op, domain ("" for ai.onnx), version (the schema's since-version).

    inputs, outputs: value names, "" where an optional one is left out.
    attributes: as Python values.
    implicit: outer values that its subgraphs read.
    """

    index: int
    name: str
    op: str
    domain: str
    version: int
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)
    implicit: tuple[str, ...] = ()
    proto: onnx.NodeProto | None = None

    def __repr__(self) -> str:
        return f"{self.op}({self.name!r}, {self.index})"

    @property
    def origin(self) -> tuple[int, ...]:
        """Positions of the TFLite ops that it came from; empty where these are not known."""
        return origins_of(self.proto)

    def attribute(self, name: str, default: Any) -> Any:
        """An attribute's value, the default where it is absent."""
        return self.attributes.get(name, default)


@dataclass(frozen=True)
class Edge:
    """An edge to another node: the node, the producer's output position, the consumer's input position."""

    node: Node
    source: int
    target: int


class View:
    """A graph's nodes, values and edges.

    nodes: in the order the provider sees them.
    types: name -> (element type, shape or None).
    initializers: name -> tensor.
    inputs: graph inputs that are no initializers.
    outputs: graph outputs.
    opsets: domain -> version.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        types: dict[str, tuple[int, Shape | None]],
        initializers: dict[str, TensorProto],
        inputs: Sequence[str],
        outputs: Sequence[str],
        opsets: dict[str, int],
        overridable: Iterable[str] = (),
    ) -> None:
        self.nodes = list(nodes)
        self.types = types
        self.initializers = initializers
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.opsets = opsets
        self.overridable = frozenset(overridable)

    @classmethod
    def of(cls, model: onnx.ModelProto, indexes: Sequence[int] | None = None) -> View:
        """The main graph of a model, nodes in the file's order.

        indexes: ONNX Runtime's index of each node; by default the positions. Shapes that the file does not hold are
        inferred. Constant nodes become initializers.
        """
        graph = _inferred(model).graph
        opsets = {o.domain if o.domain != "ai.onnx" else "": o.version for o in model.opset_import}
        initializers = {t.name: t for t in graph.initializer}
        nodes: list[Node] = []
        for proto in graph.node:
            if proto.op_type == "Constant" and proto.domain in ONNX_DOMAINS and _is_tensor_constant(proto):
                initializers[proto.output[0]] = _constant_tensor(proto)
                continue
            nodes.append(_node(proto, len(nodes) if indexes is None else indexes[len(nodes)], opsets))
        types: dict[str, tuple[int, Shape | None]] = {}
        for info in (*graph.value_info, *graph.input, *graph.output):
            if info.type.HasField("tensor_type"):
                types[info.name] = (info.type.tensor_type.elem_type, _shape(info.type.tensor_type))
        for name, tensor in initializers.items():
            types.setdefault(name, (tensor.data_type, tuple(tensor.dims)))
        inputs = [i.name for i in graph.input]
        overridable = [i for i in inputs if i in initializers] if model.ir_version >= 4 else []
        return cls(
            nodes,
            types,
            initializers,
            [i for i in inputs if i not in initializers],
            [o.name for o in graph.output],
            opsets,
            overridable,
        )

    def dtype(self, name: str) -> int:
        """The element type of a value (TensorProto.DataType); 0 where it is unknown."""
        return self.types.get(name, (0, None))[0]

    def shape(self, name: str) -> Shape | None:
        """The shape of a value, None where not even the rank is known; a dimension is an int, a name or None."""
        return self.types.get(name, (0, None))[1]

    def static_shape(self, name: str) -> tuple[int, ...] | None:
        """The shape where every dimension is a known number."""
        shape = self.shape(name)
        if shape is None or not all(isinstance(d, int) for d in shape):
            return None
        return tuple(d for d in shape if isinstance(d, int))

    def is_initializer(self, name: str) -> bool:
        """Whether the value is an initializer, also one that a graph input of that name may override."""
        return name in self.initializers

    def constant(self, name: str) -> np.ndarray | None:
        """The data of an initializer that nothing can override."""
        if name not in self.initializers or name in self.overridable:
            return None
        return self.data(name)

    def data(self, name: str) -> np.ndarray | None:
        """The data of an initializer; None where there is none, or it lies outside of the file."""
        tensor = self.initializers.get(name)
        if tensor is None or (tensor.data_location == TensorProto.EXTERNAL):
            return None
        return onnx.numpy_helper.to_array(tensor)

    @cached_property
    def producers(self) -> dict[str, Node]:
        """The node that makes each value."""
        return {o: n for n in self.nodes for o in n.outputs if o}

    @cached_property
    def output_edges(self) -> dict[int, list[Edge]]:
        """By node index: edges to consumers, in ONNX Runtime's order; implicit inputs of subgraphs count."""
        made = {o: (n, i) for n in self.nodes for i, o in enumerate(n.outputs) if o}
        edges: dict[int, list[Edge]] = {n.index: [] for n in self.nodes}
        for consumer in self.nodes:
            for position, name in enumerate((*consumer.inputs, *consumer.implicit)):
                if name in made:
                    producer, source = made[name]
                    edges[producer.index].append(Edge(consumer, source, position))
        for found in edges.values():
            found.sort(key=lambda e: (e.node.index, e.source, e.target))
        return edges

    @cached_property
    def input_edges(self) -> dict[int, list[Edge]]:
        """By node index: edges from producers (`node` is the producer), in ONNX Runtime's order."""
        made = {o: (n, i) for n in self.nodes for i, o in enumerate(n.outputs) if o}
        edges: dict[int, list[Edge]] = {}
        for consumer in self.nodes:
            found = []
            for position, name in enumerate((*consumer.inputs, *consumer.implicit)):
                if name in made:
                    producer, source = made[name]
                    found.append(Edge(producer, source, position))
            edges[consumer.index] = sorted(found, key=lambda e: (e.node.index, e.source, e.target))
        return edges

    def consumers(self, name: str) -> list[Node]:
        """The nodes that read a value, one entry a read."""
        return [n for n in self.nodes for i in (*n.inputs, *n.implicit) if i == name]

    def makes_output(self, node: Node) -> bool:
        """Whether a result of the node is an output of the graph."""
        return any(o in self.outputs for o in node.outputs if o)


def topological_order(nodes: Sequence[Node], view: View) -> list[Node]:
    """ONNX Runtime's default order: depth first from the leaves backwards, by index.

    Source: onnxruntime/core/graph/graph_viewer.cc (GraphViewer) and graph.cc (ReverseDFSFrom).
    """
    by_index = sorted(nodes, key=lambda n: n.index)
    stack: list[tuple[Node, bool]] = [(n, False) for n in by_index if not view.output_edges[n.index]]
    visited: set[int] = set()
    order: list[Node] = []
    while stack:
        node, leave = stack.pop()
        if leave:
            order.append(node)
            continue
        if node.index in visited:
            continue
        visited.add(node.index)
        stack.append((node, True))
        above = sorted((e.node for e in view.input_edges[node.index]), key=lambda n: n.index)
        stack += [(n, False) for n in above if n.index not in visited]
    return order


def _inferred(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with inferred shapes; as it is where inference refuses it or it is over protobuf's limit."""
    try:
        return onnx.shape_inference.infer_shapes(model, data_prop=True)
    except (onnx.shape_inference.InferenceError, ValueError, RuntimeError):
        return model


def _node(proto: onnx.NodeProto, index: int, opsets: dict[str, int]) -> Node:
    domain = "" if proto.domain in ONNX_DOMAINS else proto.domain
    return Node(
        index=index,
        name=proto.name,
        op=proto.op_type,
        domain=domain,
        version=since_version(proto.op_type, domain, opsets),
        inputs=list(proto.input),
        outputs=list(proto.output),
        attributes={a.name: onnx.helper.get_attribute_value(a) for a in proto.attribute if not a.ref_attr_name},
        implicit=tuple(_implicit(proto)),
        proto=proto,
    )


def since_version(op: str, domain: str, opsets: dict[str, int]) -> int:
    """The version of the operator's schema that a model's opset selects; 1 for domains that onnx does not know."""
    standard = "" if domain == NHWC_DOMAIN else domain
    try:
        return onnx.defs.get_schema(op, opsets.get(standard, 1), standard).since_version
    except onnx.defs.SchemaError:
        return 1


def _implicit(proto: onnx.NodeProto) -> list[str]:
    """Outer values that the subgraphs of a node read, each once, in order."""
    found: dict[str, None] = {}
    for attribute in proto.attribute:
        graphs = [attribute.g] if attribute.type == AttributeProto.GRAPH else list(attribute.graphs)
        for graph in graphs:
            local = {i.name for i in graph.input} | {t.name for t in graph.initializer}
            local |= {o for n in graph.node for o in n.output}
            for node in graph.node:
                found.update(dict.fromkeys(i for i in (*node.input, *_implicit(node)) if i and i not in local))
            found.update(dict.fromkeys(o.name for o in graph.output if o.name not in local))
    return list(found)


def _is_tensor_constant(proto: onnx.NodeProto) -> bool:
    return len(proto.attribute) == 1 and proto.attribute[0].name != "sparse_value"


def _constant_tensor(proto: onnx.NodeProto) -> TensorProto:
    attribute = proto.attribute[0]
    if attribute.name == "value":
        tensor = TensorProto()
        tensor.CopyFrom(attribute.t)
        tensor.name = proto.output[0]
        return tensor
    value = onnx.helper.get_attribute_value(attribute)
    dtype = {"float": np.float32, "int": np.int64, "string": object}[attribute.name.split("_")[1].rstrip("s")]
    return onnx.numpy_helper.from_array(np.asarray(value, dtype), proto.output[0])


def _shape(tensor: onnx.TypeProto.Tensor) -> Shape | None:
    if not tensor.HasField("shape"):
        return None
    return tuple(d.dim_value if d.HasField("dim_value") else (d.dim_param or None) for d in tensor.shape.dim)
