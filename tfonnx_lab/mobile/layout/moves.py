"""A Transpose that moves behind an op: what a handler is given, what it tells, and the steps that several share.

Source: onnxruntime/core/optimizer/transpose_optimization/onnx_transpose_optimization.cc.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tfonnx_lab.mobile.graph import Node
from tfonnx_lab.mobile.layout import perms
from tfonnx_lab.mobile.layout.editable import Editable
from tfonnx_lab.mobile.layout.inputs import transpose_input, transpose_outputs
from tfonnx_lab.mobile.layout.perms import Perm


@dataclass(frozen=True)
class Move:
    """A Transpose, the node behind it, the permutation, the inputs that can be transposed."""

    graph: Editable
    transpose: Node
    node: Node
    perm: Perm
    at: tuple[int, ...]

    @property
    def inv(self) -> Perm:
        """The permutation that undoes it."""
        return perms.inverse(self.perm)

    @property
    def rank(self) -> int:
        """The rank of what is transposed."""
        return len(self.perm)


@dataclass(frozen=True)
class Handler:
    """inputs: which may be transposed.
    apply: does it, False where it cannot.
    outputs: whether results get a Transpose.
    """

    inputs: Callable[[Editable, Node], tuple[int, ...]]
    apply: Callable[[Move], bool]
    outputs: bool = True


def first(_: Editable, __: Node) -> tuple[int, ...]:
    """The first input."""
    return (0,)


def every(_: Editable, node: Node) -> tuple[int, ...]:
    """All inputs."""
    return tuple(range(len(node.inputs)))


def not_scalar(graph: Editable, node: Node) -> tuple[int, ...]:
    """All inputs but scalars."""
    return tuple(i for i, n in enumerate(node.inputs) if graph.shape(n) != ())


def permute_input(graph: Editable, node: Node, i: int, perm: Sequence[int]) -> None:
    """Reorder a constant of one value an axis; Gather where it is computed."""
    name = node.inputs[i]
    value = graph.constant(name)
    if value is not None and value.ndim == 1 and len(value) in (0, len(perm)):
        graph.set_input(node, i, graph.add_initializer(value[list(perm)] if len(value) else value))
        graph.drop_unread(name)
        return
    gather = graph.add_node("Gather", [name, graph.add_initializer(np.asarray(perm, np.int64))], {"axis": 0})
    graph.copy_type(name, gather.outputs[0])
    graph.set_input(node, i, gather.outputs[0])


def first_and_all(move: Move, out: Perm) -> bool:
    """Input 0 is transposed back, and all results by `out`."""
    transpose_input(move.graph, move.node, 0, move.inv)
    transpose_outputs(move.graph, move.node, out)
    return True


def moved(axes: Sequence[int], perm: Perm) -> Perm:
    """Axes behind the permutation, in order."""
    return tuple(sorted(perm[a] for a in axes))


def set_axes(graph: Editable, node: Node, i: int, axes: Sequence[int], dtype: type = np.int64) -> None:
    """Write axes as an input; a constant that nobody reads any more goes."""
    old = node.inputs[i] if i < len(node.inputs) else ""
    graph.set_input(node, i, graph.add_initializer(np.asarray(axes, dtype)))
    graph.drop_unread(old)
