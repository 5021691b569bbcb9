"""How ONNX Runtime cuts a graph into the partitions that a provider takes.

Source: onnxruntime/core/providers/partitioning_utils.cc (CreateSupportedPartitionNodeGroups, MakeComputeCapability).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import onnx

from tfonnx_lab.mobile.answer import Crossing, Partition
from tfonnx_lab.mobile.graph import Edge, Node, View


@dataclass(eq=False)
class Unit:
    """Nodes that a provider takes together or not at all: DequantizeLinear, one node, QuantizeLinear; or a node alone.

    clip: a Relu or Clip before the QuantizeLinear that limits the result to what the codes can say anyway.
    """

    node: Node
    dq: tuple[Node, ...] = ()
    q: tuple[Node, ...] = ()
    clip: Node | None = None

    @property
    def is_group(self) -> bool:
        """Whether it is a QDQ group."""
        return bool(self.dq or self.q)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All its nodes, in topological order."""
        return (*self.dq, self.node, *((self.clip,) if self.clip else ()), *self.q)

    @property
    def last(self) -> Node:
        """The node whose results the QuantizeLinear nodes read."""
        return self.clip or self.node


def node_groups(
    view: View,
    supported: Callable[[Node], bool],
    keep: Callable[[Sequence[Node]], bool] | None = None,
    units: Mapping[int, Unit] | None = None,
) -> list[list[Node]]:
    """The groups of nodes that run together, in the order ONNX Runtime closes them.

    supported: is asked once for each node that is reached, in the order of the walk (it may depend on the group so
        far).
    keep: says of a closed group whether it stays.
    units: by node index, for providers that take QDQ groups; the walk then goes from unit to unit, and `supported` is
        asked of their central nodes.
    """
    return _Walk(view, supported, keep, units).run()


class _Walk:
    """Kahn's order in waves: supported nodes join the group, an unsupported one that reads the group waits for the
    next."""

    def __init__(
        self,
        view: View,
        supported: Callable[[Node], bool],
        keep: Callable[[Sequence[Node]], bool] | None,
        units: Mapping[int, Unit] | None,
    ) -> None:
        self.view, self.supported, self.keep = view, supported, keep
        self.units = units or {n.index: Unit(n) for n in view.nodes}
        self.degree: dict[int, int] = {}
        self.ready: deque[Node] = deque()
        self.later: deque[Node] = deque()
        self.group: list[Node] = []
        self.border: set[int] = set()
        self.groups: list[list[Node]] = []

    def run(self) -> list[list[Node]]:
        """All groups that stay."""
        for node in self.view.nodes:
            unit = self.units[node.index]
            if unit.node is not node:
                continue
            self.degree[node.index] = _input_edges(self.view, unit)
            if not self.degree[node.index]:
                self.ready.append(node)
        while self.ready or self.later:
            if not self.ready:
                self._close()
                self.ready, self.later = self.later, self.ready
                continue
            self._visit(self.ready.popleft())
        self._close()
        return self.groups

    def _visit(self, node: Node) -> None:
        taken = self.supported(node)
        if not taken and node.index in self.border:
            self.later.append(node)
            return
        unit = self.units[node.index]
        if taken:
            self.group += unit.nodes
            self.border.discard(node.index)
        for edge in _output_edges(self.view, unit):
            below = self.units[edge.node.index].node
            if taken:
                self.border.add(below.index)
            self.degree[below.index] -= 1
            if self.degree[below.index] == 0:
                self.ready.append(below)

    def _close(self) -> None:
        if self.group:
            if self.keep is None or self.keep(self.group):
                self.groups.append(self.group)
            self.group = []
            self.border = set()


def _input_edges(view: View, unit: Unit) -> int:
    """How many edges lead into a unit (NodeUnit::InputEdgeCount)."""
    own = len(view.input_edges[unit.node.index])
    return own - len(unit.dq) + sum(len(view.input_edges[d.index]) for d in unit.dq)


def _output_edges(view: View, unit: Unit) -> list[Edge]:
    """Edges out of a unit, those of its QuantizeLinear in place of those to it (NodeUnit's constructor)."""
    if not unit.q:
        return view.output_edges[unit.last.index]
    quantizers = {q.index for q in unit.q}
    found: dict[tuple[int, int, int], Edge] = {}
    for edge in view.output_edges[unit.last.index]:
        below = view.output_edges[edge.node.index] if edge.node.index in quantizers else [edge]
        for e in below:
            source = edge.source
            found.setdefault((e.node.index, source, e.target), Edge(e.node, source, e.target))
    return [found[k] for k in sorted(found)]


def boundary(view: View, group: Sequence[Node], drop_constants: bool = False) -> tuple[list[str], list[str]]:
    """The values that enter and leave a group, in the order of the fused node's inputs and outputs.

    drop_constants: leave initializers out, as providers do that keep copies of their own.
    """
    inside = {n.index for n in group}
    made: set[str] = set()
    inputs: dict[str, None] = {}
    outputs: dict[str, None] = {}
    for node in group:
        for name in (*node.inputs, *node.implicit):
            if name and name not in made:
                inputs.setdefault(name)
        made.update(o for o in node.outputs if o)
        for name in node.outputs:
            if name and name in view.outputs:
                outputs.setdefault(name)
        for edge in view.output_edges[node.index]:
            if edge.node.index not in inside:
                outputs.setdefault(node.outputs[edge.source])
    entering = [i for i in inputs if not (drop_constants and i in view.initializers and i not in view.overridable)]
    return entering, list(outputs)


def partition_of(view: View, index: int, group: Sequence[Node]) -> Partition:
    """A group with what is copied at each run: all that crosses its border but initializers."""
    inputs, outputs = boundary(view, group)
    return Partition(
        index=index,
        nodes=tuple(n.index for n in group),
        inputs=tuple(crossing(view, i) for i in inputs if i not in view.initializers),
        outputs=tuple(crossing(view, o) for o in outputs),
        constants=tuple(i for i in inputs if i in view.initializers),
    )


def crossing(view: View, name: str) -> Crossing:
    """A value that crosses a border, with its size."""
    dtype = view.dtype(name)
    kind = onnx.helper.tensor_dtype_to_string(dtype).removeprefix("TensorProto.").lower() if dtype else "unknown"
    shape = view.static_shape(name)
    nbytes = None
    if shape is not None and dtype and dtype != onnx.TensorProto.STRING:
        count = 1
        for dim in shape:
            count *= dim
        nbytes = (count * _bits(dtype) + 7) // 8
    return Crossing(name, kind, view.shape(name), nbytes)


def _bits(dtype: int) -> int:
    if dtype in (onnx.TensorProto.UINT4, onnx.TensorProto.INT4, onnx.TensorProto.FLOAT4E2M1):
        return 4
    return int(onnx.helper.tensor_dtype_to_np_dtype(dtype).itemsize) * 8
