"""A graph that can be changed as ONNX Runtime's transpose optimizer changes its own.

Source: onnxruntime/core/optimizer/transpose_optimization/ort_optimizer_api_impl.cc (what each operation does) and
core/graph/graph.cc (GenerateNodeName, GenerateNodeArgName).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto

from tfonnx_lab.mobile.graph import NHWC_DOMAIN, Node, Shape, View, since_version, topological_order


class Editable:
    """Nodes by index, values' types, initializers, who makes and who reads a value.

    assigned: indexes of the nodes that the provider has taken; only they and unassigned ones may change.
    """

    def __init__(self, view: View) -> None:
        self.nodes = {n.index: _copy(n) for n in view.nodes}
        self.next_index = max(self.nodes, default=-1) + 1
        self.types = dict(view.types)
        self.initializers = dict(view.initializers)
        self.inputs, self.outputs = list(view.inputs), list(view.outputs)
        self.opsets, self.overridable = view.opsets, view.overridable
        self.assigned: set[int] = set()
        self.producer: dict[str, int] = {}
        self.readers: dict[str, set[int]] = {}
        self.implicit: dict[str, set[int]] = {}
        for node in self.nodes.values():
            self.producer.update((o, node.index) for o in node.outputs if o)
            for name in node.inputs:
                if name:
                    self.readers.setdefault(name, set()).add(node.index)
            for name in node.implicit:
                self.implicit.setdefault(name, set()).add(node.index)
        self._names = {n.name for n in self.nodes.values()}
        self._values = set(self.types) | set(self.producer) | set(self.inputs) | set(self.initializers) | {""}
        self._token = _first_token(self._names | self._values)

    @property
    def opset(self) -> int:
        """The model's version of ai.onnx."""
        return self.opsets.get("", 0)

    def view(self) -> View:
        """The graph as it is now, in ONNX Runtime's order."""
        view = View(
            list(self.nodes.values()),
            self.types,
            self.initializers,
            self.inputs,
            self.outputs,
            self.opsets,
            self.overridable,
        )
        view.nodes = topological_order(view.nodes, view)
        return view

    # Questions

    def maker(self, name: str) -> Node | None:
        """The node that makes a value."""
        index = self.producer.get(name)
        return None if index is None else self.nodes.get(index)

    def consumers(self, name: str) -> tuple[list[Node], bool]:
        """The nodes that read a value, and whether these are all (no subgraph, no graph output reads it)."""
        nodes = [self.nodes[i] for i in sorted(self.readers.get(name, ()))]
        return nodes, not self.implicit.get(name) and name not in self.outputs

    def is_read(self, name: str) -> bool:
        """Whether anything reads a value."""
        return bool(self.readers.get(name) or self.implicit.get(name) or name in self.outputs)

    def shape(self, name: str) -> Shape | None:
        """A value's shape."""
        return self.types.get(name, (0, None))[1]

    def dtype(self, name: str) -> int:
        """A value's element type."""
        return self.types.get(name, (0, None))[0]

    def constant(self, name: str) -> np.ndarray | None:
        """An initializer's data where nothing can override it."""
        tensor = self.initializers.get(name)
        if tensor is None or name in self.overridable or tensor.data_location == TensorProto.EXTERNAL:
            return None
        return onnx.numpy_helper.to_array(tensor)

    def may_change(self, node: Node) -> bool:
        """Nodes of no provider or of this one (no other has taken any yet)."""
        return node.index in self.nodes

    # Changes

    def set_input(self, node: Node, i: int, name: str) -> None:
        """Read another value; "" for none."""
        while i >= len(node.inputs):
            node.inputs.append("")
        old = node.inputs[i]
        if old and node.inputs.count(old) == 1:
            self.readers.get(old, set()).discard(node.index)
        node.inputs[i] = name
        if name:
            self.readers.setdefault(name, set()).add(node.index)

    def add_node(
        self, op: str, inputs: Sequence[str], attributes: dict[str, Any] | None = None, domain: str = "", name: str = ""
    ) -> Node:
        """A new node with one output, nobody's yet. Its output has no type."""
        version = since_version(op, domain, self.opsets)
        return self._insert(name or op, op, inputs, 1, dict(attributes or {}), domain, version, ())

    def copy_node(self, source: Node, domain: str, op: str | None = None) -> Node:
        """The same node in another domain, of the same provider; its outputs are new values."""
        new = self._insert(
            source.name, op or source.op, source.inputs, len(source.outputs), dict(source.attributes), domain,
            source.version, source.implicit,
        )  # fmt: skip
        if source.index in self.assigned:
            self.assigned.add(new.index)
        return new

    def _insert(
        self, base: str, op: str, inputs: Sequence[str], outputs: int, attributes: dict[str, Any], domain: str,
        version: int, implicit: tuple[str, ...],
    ) -> Node:  # fmt: skip
        name = self._node_name(base)
        made = [self.value_name(f"{name}_out{i}") for i in range(outputs)]
        node = Node(self.next_index, name, op, domain, version, list(inputs), made, attributes, implicit)
        self.next_index += 1
        self.nodes[node.index] = node
        self.producer.update((o, node.index) for o in made)
        for i in inputs:
            if i:
                self.readers.setdefault(i, set()).add(node.index)
        return node

    def remove_node(self, node: Node) -> None:
        """Take a node out; nothing reads its results."""
        for name in node.inputs:
            if name:
                self.readers.get(name, set()).discard(node.index)
        for name in node.outputs:
            if self.producer.get(name) == node.index:
                del self.producer[name]
        self.nodes.pop(node.index, None)
        self.assigned.discard(node.index)

    def move_output(self, source: Node, i: int, target: Node, j: int) -> None:
        """The target makes that value from now on; the source makes a new one without a type."""
        name = source.outputs[i]
        if self.producer.get(target.outputs[j]) == target.index:
            del self.producer[target.outputs[j]]
        target.outputs[j] = name
        self.producer[name] = target.index
        new = self.value_name(source.name)
        source.outputs[i] = new
        self.producer[new] = source.index

    def replace(self, nodes: Sequence[Node], old: str, new: str) -> None:
        """These nodes read the new value instead of the old one."""
        for node in nodes:
            for i, name in enumerate(node.inputs):
                if name == old:
                    self.set_input(node, i, new)

    def add_initializer(self, value: np.ndarray) -> str:
        """A new constant; its name."""
        name = self.value_name("const_transpose_optimizer")
        self.set_initializer(name, value)
        return name

    def set_initializer(self, name: str, value: np.ndarray) -> None:
        """Give a constant other data."""
        self.initializers[name] = onnx.numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), name)
        self.types[name] = (self.initializers[name].data_type, tuple(value.shape))

    def drop_unread(self, name: str) -> None:
        """Take a constant out that nothing reads."""
        if name and not self.is_read(name):
            self.initializers.pop(name, None)

    def copy_type(self, source: str, target: str) -> None:
        """The target has the source's type and shape."""
        if source in self.types:
            self.types[target] = self.types[source]

    def permute_shape(self, name: str, perm: Sequence[int]) -> None:
        """A value's shape, its axes in another order."""
        dtype, shape = self.types.get(name, (0, None))
        if shape is not None and len(shape) == len(perm):
            self.types[name] = (dtype, tuple(shape[p] for p in perm))

    def set_shape(self, name: str, shape: Shape | None) -> None:
        """Give a value another shape (0 is written as unknown)."""
        new = None if shape is None else tuple(None if d == 0 else d for d in shape)
        self.types[name] = (self.dtype(name), new)

    def value_name(self, base: str) -> str:
        """An unused name of a value."""
        name = base
        while name in self._values:
            name = f"{base}_token_{self._token}"
            self._token += 1
        self._values.add(name)
        return name

    def _node_name(self, base: str) -> str:
        name = base
        while name in self._names:
            name = f"{base}_token_{self._token}"
            self._token += 1
        self._names.add(name)
        return name


def _copy(node: Node) -> Node:
    return Node(
        node.index, node.name, node.op, node.domain, node.version, list(node.inputs), list(node.outputs),
        dict(node.attributes), node.implicit, node.proto,
    )  # fmt: skip


def _first_token(names: set[str]) -> int:
    """ONNX Runtime counts on where an earlier step stopped."""
    tokens = [int(t) for n in names if "_token_" in n and (t := n.rpartition("_token_")[2].split("_")[0]).isdigit()]
    return max(tokens, default=-1) + 1


def is_onnx(node: Node) -> bool:
    """Whether a node is of the ai.onnx domain (not of its channels-last twin)."""
    return node.domain == "" and node.domain != NHWC_DOMAIN
