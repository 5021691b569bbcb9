"""How a node's inputs and outputs are transposed or unsqueezed: in a constant, by undoing a node before, or by a new
node.

Source: onnxruntime/core/optimizer/transpose_optimization/onnx_transpose_optimization.cc (TransposeInputImpl,
UnsqueezeInput, TransposeOutput, MakeQDQNodeUnit, GetQuantizationInfo, Permute1DConstant).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tfonnx_lab.mobile.graph import Node
from tfonnx_lab.mobile.layout import perms
from tfonnx_lab.mobile.layout.editable import Editable
from tfonnx_lab.mobile.layout.perms import Perm

DQ, Q = "DequantizeLinear", "QuantizeLinear"


def perm_of(node: Node) -> Perm | None:
    """A Transpose's permutation; None where the attribute is absent or invalid."""
    found = node.attributes.get("perm")
    return tuple(found) if found is not None and perms.is_valid(found) else None


def is_op(node: Node | None, op: str) -> bool:
    """Whether it is this op of ai.onnx."""
    return node is not None and node.op == op and node.domain == ""


def ints_of(graph: Editable, node: Node, name: str, at: int, opset: int) -> tuple[int, ...] | None:
    """Integers from an attribute below that opset, from a constant input from it on."""
    if graph.opset < opset:
        found = node.attributes.get(name)
        return None if found is None else tuple(int(v) for v in found)
    if at >= len(node.inputs) or not node.inputs[at]:
        return None
    value = graph.constant(node.inputs[at])
    return None if value is None else tuple(int(v) for v in value.ravel())


def single_consumer(graph: Editable, node: Node, i: int = 0) -> Node | None:
    """The only node that reads a result, where nothing else reads it."""
    nodes, all_of_them = graph.consumers(node.outputs[i])
    return nodes[0] if all_of_them and len(nodes) == 1 else None


@dataclass(frozen=True)
class Quantization:
    """How a DequantizeLinear or QuantizeLinear does it: per axis or not, and along which."""

    per_axis: bool
    axis: int


def quantization(graph: Editable, node: Node) -> Quantization | None:
    """None where it is not known or blocked."""
    shape = graph.shape(node.inputs[1])
    if shape is None:
        return None
    if not shape or (len(shape) == 1 and shape[0] == 1):
        return Quantization(False, 1)
    data = graph.shape(node.inputs[0])
    if data is None or node.attributes.get("block_size", 0):
        return None
    axis = perms.normalized((int(node.attributes.get("axis", 1)),), len(data))
    return None if axis is None else Quantization(True, axis[0])


class LookPast:
    """A DequantizeLinear between a constant (or a node) and the node that is changed."""

    def __init__(self, graph: Editable, node: Node, how: Quantization) -> None:
        self.graph, self.node, self.how = graph, node, how

    @property
    def source(self) -> str:
        """The codes that it reads."""
        return self.node.inputs[0]

    def transposed(self, new_input: str, perm_inv: Sequence[int]) -> None:
        """It reads transposed codes from now on."""
        axis = perm_inv[self.how.axis] if self.how.per_axis else self.how.axis
        self._update(new_input, axis)

    def unsqueezed(self, new_input: str, axes: Sequence[int]) -> None:
        """It reads unsqueezed codes from now on."""
        self._update(new_input, perms.unsqueezed_axis(axes, self.how.axis) if self.how.per_axis else self.how.axis)

    def _update(self, new_input: str, axis: int) -> None:
        self.graph.set_input(self.node, 0, new_input)
        self.node.attributes["axis"] = axis
        self.graph.set_shape(self.node.outputs[0], self.graph.shape(new_input))


def past_constant(graph: Editable, value: str) -> LookPast | None:
    """The DequantizeLinear of a constant that only one node reads."""
    node = graph.maker(value)
    if node is None or node.op != DQ or graph.constant(node.inputs[0]) is None:
        return None
    how = quantization(graph, node)
    if how is None or not graph.consumers(node.inputs[0])[1] or single_consumer(graph, node) is None:
        return None
    return LookPast(graph, node, how)


def transpose_input(graph: Editable, node: Node, i: int, perm: Perm) -> None:
    """Transpose one input: the constant, or undo the Transpose before, or reuse one, or add one."""
    name, inv = node.inputs[i], perms.inverse(perm)

    def change(constant: np.ndarray, value: str, past: LookPast | None, others: list[Node]) -> str:
        if constant.size == 1:
            return value
        if constant.ndim == 1 and len(constant) == len(perm) and past is None:
            new = graph.add_initializer(constant[list(perm)])
            if not others:
                graph.drop_unread(value)
            return new
        if others:
            undo = graph.add_node("Transpose", [value], {"perm": list(inv)})
            graph.copy_type(value, undo.outputs[0])
            graph.replace(others, value, undo.outputs[0])
        graph.set_initializer(value, np.transpose(constant, perm))
        if past is not None:
            past.transposed(value, inv)
        return value

    if _change_constant(graph, node, i, change):
        return
    if _cancel(graph, node, i, name, perm):
        return
    consumers, _ = graph.consumers(name)
    for other in consumers:
        if is_op(other, "Transpose") and perm_of(other) == perm:
            graph.set_input(node, i, other.outputs[0])
            return
    new = graph.add_node("Transpose", [name], {"perm": list(perm)})
    graph.copy_type(name, new.outputs[0])
    graph.permute_shape(new.outputs[0], perm)
    graph.set_input(node, i, new.outputs[0])
    before = graph.maker(name)
    if before is not None and before.op == DQ:
        make_group(graph, before)


def _change_constant(
    graph: Editable, node: Node, i: int, change: Callable[[np.ndarray, str, LookPast | None, list[Node]], str]
) -> bool:
    """Change a constant input in place, also behind a DequantizeLinear; others that read it get what undoes the
    change."""
    name = node.inputs[i]
    constant, past = graph.constant(name), None
    if constant is None:
        past = past_constant(graph, name)
        if past is not None:
            constant = graph.constant(past.source)
    value = past.source if past is not None else name
    if past is not None:
        graph.set_input(past.node, 0, "")
    graph.set_input(node, i, "")
    others, all_of_them = graph.consumers(value)
    if constant is not None and all_of_them:
        new = change(constant, value, past, others)
        graph.set_input(node, i, name if past is not None else new)
        if past is not None and not past.node.inputs[0]:
            graph.set_input(past.node, 0, value)
        return True
    if past is not None:
        graph.set_input(past.node, 0, value)
    return False


def _looked_past(graph: Editable, name: str) -> tuple[Node | None, LookPast | None, str]:
    """The node before a value, behind a DequantizeLinear where there is one; the value that this node makes."""
    before = graph.maker(name)
    if before is not None and before.op == DQ:
        how = quantization(graph, before)
        if how is not None:
            past = LookPast(graph, before, how)
            return graph.maker(past.source), past, past.source
    return before, None, name


def _cancel(graph: Editable, node: Node, i: int, name: str, perm: Perm) -> bool:
    """A Transpose before: both cancel, or become one."""
    before, past, value = _looked_past(graph, name)
    if before is None or not is_op(before, "Transpose"):
        return False
    found, inv = perm_of(before), perms.inverse(perm)
    if found is None or len(found) != len(perm):
        return False
    consumers, all_of_them = graph.consumers(value)
    if found == inv:
        source = before.inputs[0]
        if past is not None:
            past.transposed(source, inv)
            graph.set_input(node, i, past.node.outputs[0])
        else:
            graph.set_input(node, i, source)
        if all_of_them and len(consumers) == (1 if past is not None else 0):
            graph.remove_node(before)
        return True
    if past is not None:
        return False
    new = graph.add_node("Transpose", [before.inputs[0]], {"perm": list(perms.composed(found, perm))})
    graph.copy_type(name, new.outputs[0])
    graph.permute_shape(new.outputs[0], perm)
    if all_of_them and not consumers:
        graph.remove_node(before)
    graph.set_input(node, i, new.outputs[0])
    return True


def transpose_inputs(graph: Editable, node: Node, perm: Perm, at: Sequence[int]) -> None:
    """Transpose several inputs."""
    for i in at:
        transpose_input(graph, node, i, perm)


def transpose_output(graph: Editable, node: Node, i: int, perm: Perm) -> str:
    """Put a Transpose behind a result, which keeps its name and shape; the node makes the transposed one."""
    new = graph.add_node("Transpose", [""], {"perm": list(perm)})
    graph.move_output(node, i, new, 0)
    inner = node.outputs[i]
    graph.set_input(new, 0, inner)
    graph.copy_type(new.outputs[0], inner)
    graph.permute_shape(inner, perms.inverse(perm))
    return new.outputs[0]


def transpose_outputs(graph: Editable, node: Node, perm: Perm) -> None:
    """Put a Transpose behind every result, unless it would do nothing."""
    if perm != tuple(range(len(perm))):
        for i in range(len(node.outputs)):
            transpose_output(graph, node, i, perm)


def squeeze_node(graph: Editable, op: str, name: str, axes: Sequence[int]) -> Node:
    """A Squeeze or Unsqueeze."""
    if graph.opset < 13:
        return graph.add_node(op, [name], {"axes": list(axes)})
    return graph.add_node(op, [name, graph.add_initializer(np.asarray(axes, np.int64))])


def unsqueeze_input(graph: Editable, node: Node, i: int, axes: Perm, push: Callable[[Node, Node], str | None]) -> None:
    """Unsqueeze one input: the constant, or undo the Squeeze before, or add an Unsqueeze.

    push: moves a Transpose before the new Unsqueeze behind it, and names the value to read.
    """
    name = node.inputs[i]

    def change(constant: np.ndarray, value: str, past: LookPast | None, others: list[Node]) -> str:
        if others:
            undo = squeeze_node(graph, "Squeeze", value, axes)
            graph.copy_type(value, undo.outputs[0])
            graph.replace(others, value, undo.outputs[0])
        graph.set_initializer(value, constant.reshape(perms.unsqueezed_shape(constant.shape, axes)))
        if past is not None:
            past.unsqueezed(value, axes)
        return value

    if _change_constant(graph, node, i, change) or _cancel_squeeze(graph, node, i, name, axes):
        return
    before = graph.maker(name)
    new = squeeze_node(graph, "Unsqueeze", name, axes)
    graph.copy_type(name, new.outputs[0])
    shape = graph.shape(name)
    if shape is not None:
        rest = iter(shape)
        rank = len(shape) + len(axes)
        graph.types[new.outputs[0]] = (graph.dtype(name), tuple(1 if k in axes else next(rest) for k in range(rank)))
    if is_op(before, "Transpose"):
        assert before is not None
        pushed = push(before, new)
        if pushed is not None:
            graph.set_input(node, i, pushed)
            return
    graph.set_input(node, i, new.outputs[0])
    if before is not None and before.op == DQ:
        make_group(graph, before)


def _cancel_squeeze(graph: Editable, node: Node, i: int, name: str, axes: Perm) -> bool:
    before, past, value = _looked_past(graph, name)
    if before is None or not is_op(before, "Squeeze") or ints_of(graph, before, "axes", 1, 13) != axes:
        return False
    source = before.inputs[0]
    if past is not None:
        past.unsqueezed(source, axes)
        graph.set_input(node, i, past.node.outputs[0])
    else:
        graph.set_input(node, i, source)
    consumers, all_of_them = graph.consumers(value)
    if all_of_them and len(consumers) == 0:
        constant = before.inputs[1] if len(before.inputs) > 1 else ""
        graph.remove_node(before)
        graph.drop_unread(constant)
    return True


def make_group(graph: Editable, dq: Node) -> bool:
    """DQ, Transpose (or Unsqueeze) => DQ, Transpose, Q, DQ with the same parameters, so that groups stay whole."""
    after = single_consumer(graph, dq)
    how = quantization(graph, dq)
    if after is None or how is None:
        return False
    axis = how.axis
    if how.per_axis and after.op == "Transpose":
        axis = perms.inverse(perm_of(after) or ())[axis]
    elif how.per_axis:
        shape = graph.shape(dq.outputs[0])
        axes = ints_of(graph, after, "axes", 1, 13)
        whole = None if shape is None or axes is None else perms.normalized(axes, len(shape) + len(axes))
        if whole is None:
            return False
        axis = perms.unsqueezed_axis(whole, axis)
    result = after.outputs[0]
    parameters = dq.inputs[1:]
    q = graph.add_node(Q, ["", *parameters], _axis(axis), dq.domain)
    graph.copy_type(dq.inputs[0], q.outputs[0])
    graph.set_shape(q.outputs[0], graph.shape(result))
    new = graph.add_node(DQ, [q.outputs[0], *parameters], _axis(axis), dq.domain)
    graph.copy_type(result, new.outputs[0])
    graph.move_output(after, 0, new, 0)
    graph.set_input(q, 0, after.outputs[0])
    graph.copy_type(new.outputs[0], after.outputs[0])
    return True


def _axis(axis: int) -> dict[str, int]:
    return {} if axis == 1 else {"axis": axis}
