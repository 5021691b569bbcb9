"""What moving a Transpose behind an op takes, op by op.

Source: onnxruntime/core/optimizer/transpose_optimization/onnx_transpose_optimization.cc (the handlers) and
ort_transpose_optimization.cc (com.microsoft; MaxPool and Resize move on the CPU only, so not here).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tfonnx_lab.mobile.graph import Node
from tfonnx_lab.mobile.layout import perms
from tfonnx_lab.mobile.layout.editable import Editable
from tfonnx_lab.mobile.layout.inputs import (
    ints_of,
    perm_of,
    transpose_input,
    transpose_inputs,
    transpose_output,
    transpose_outputs,
    unsqueeze_input,
)
from tfonnx_lab.mobile.layout.perms import Perm
from tfonnx_lab.mobile.layout.splits import split


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


def simple(move: Move) -> bool:
    """All inputs and outputs are transposed."""
    transpose_inputs(move.graph, move.node, move.inv, move.at)
    transpose_outputs(move.graph, move.node, move.perm)
    return True


def broadcast(move: Move) -> bool:
    """As `simple`; inputs of lower rank are unsqueezed first."""
    graph, node = move.graph, move.node
    ranks = []
    for i in move.at:
        shape = graph.shape(node.inputs[i])
        if shape is None or len(shape) > move.rank:
            return False
        ranks.append(len(shape))
    for i, rank in zip(move.at, ranks, strict=True):
        axes = tuple(range(move.rank - rank))
        if axes:
            unsqueeze_input(graph, node, i, axes, lambda t, u, a=axes: _push_unsqueeze(graph, t, u, a))  # type: ignore[misc]
    return simple(move)


def _push_unsqueeze(graph: Editable, transpose: Node, node: Node, axes: Perm) -> str | None:
    perm = perm_of(transpose)
    if perm is None:
        return None
    transpose_input(graph, node, 0, perms.inverse(perm))
    return transpose_output(graph, node, 0, perms.unsqueezed(axes, perm))


def with_axis(default: int | None) -> Callable[[Move], bool]:
    """As `simple`; the axis attribute moves along."""

    def apply(move: Move) -> bool:
        axis = move.node.attributes.get("axis", default)
        whole = None if axis is None else perms.normalized((int(axis),), move.rank)
        if whole is None:
            return False
        simple(move)
        move.node.attributes["axis"] = move.perm[whole[0]]
        return True

    return apply


def softmax(move: Move) -> bool:
    """From opset 13 with an axis; before, only where nothing crosses the axis that splits the shape."""
    if move.graph.opset >= 13:
        return with_axis(-1)(move)
    axis = perms.normalized((int(move.node.attributes.get("axis", 1)),), move.rank)
    if axis is None or any((i < axis[0]) != (p < axis[0]) for i, p in enumerate(move.perm)):
        return False
    return simple(move)


def shape(move: Move) -> bool:
    """Shape(Transpose(x)) => Gather(Shape(x), perm)."""
    graph, node = move.graph, move.node
    transpose_inputs(graph, node, move.inv, move.at)
    chosen = move.perm
    if graph.opset >= 15:
        start, end = int(node.attributes.get("start", 0)), int(node.attributes.get("end", move.rank))
        chosen = move.perm[slice(start, end)]
        node.attributes.pop("start", None)
        node.attributes.pop("end", None)
    constant = graph.add_initializer(np.asarray(chosen, np.int64))
    gather = graph.add_node("Gather", ["", constant], {"axis": 0})
    graph.move_output(node, 0, gather, 0)
    graph.set_input(gather, 0, node.outputs[0])
    graph.copy_type(gather.outputs[0], node.outputs[0])
    if len(chosen) != move.rank:
        graph.set_shape(node.outputs[0], (move.rank,))
    return True


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


def pad(move: Move) -> bool:
    """Pads are reordered."""
    graph, node = move.graph, move.node
    both = (*move.inv, *(p + move.rank for p in move.inv))
    if graph.opset < 11:
        pads = node.attributes.get("pads")
        if pads is None or len(pads) != 2 * move.rank:
            return False
        node.attributes["pads"] = [pads[p] for p in both]
    else:
        permute_input(graph, node, 1, both)
    return _first_and_all(move, move.perm)


def _first_and_all(move: Move, out: Perm) -> bool:
    transpose_input(move.graph, move.node, 0, move.inv)
    transpose_outputs(move.graph, move.node, out)
    return True


def _sorted(axes: Sequence[int], perm: Perm) -> Perm:
    return tuple(sorted(perm[a] for a in axes))


def _set_axes(graph: Editable, node: Node, i: int, axes: Sequence[int], dtype: type = np.int64) -> None:
    old = node.inputs[i] if i < len(node.inputs) else ""
    graph.set_input(node, i, graph.add_initializer(np.asarray(axes, dtype)))
    graph.drop_unread(old)


def reduce(move: Move) -> bool:
    """Axes move along; axes that are gone leave the permutation."""
    graph, node = move.graph, move.node
    keep = bool(node.attributes.get("keepdims", 1))
    if graph.opset < (13 if node.op == "ReduceSum" else 18):
        found = node.attributes.get("axes")
        if found is None:
            return _first_and_all(move, move.perm if keep else ())
        axes = perms.normalized(tuple(found), move.rank)
        if axes is None:
            return False
        new = _sorted(axes, move.perm)
        node.attributes["axes"] = list(new)
        return _first_and_all(move, move.perm if keep else perms.squeezed(new, move.perm))
    given = len(node.inputs) > 1 and bool(node.inputs[1])
    value = graph.constant(node.inputs[1]) if given else None
    if not given or (value is not None and value.size == 0):
        whole = keep or bool(node.attributes.get("noop_with_empty_axes", 0))
        return _first_and_all(move, move.perm if whole else ())
    axes = None if value is None else perms.normalized(tuple(int(v) for v in value.ravel()), move.rank)
    if axes is None:
        return False
    new = _sorted(axes, move.perm)
    _set_axes(graph, node, 1, new)
    return _first_and_all(move, move.perm if keep else perms.squeezed(new, move.perm))


def squeeze(move: Move) -> bool:
    """Axes move along and leave the permutation."""
    graph, node = move.graph, move.node
    found = ints_of(graph, node, "axes", 1, 13)
    axes = None if found is None else perms.normalized(found, move.rank)
    if axes is None:
        return False
    new = _sorted(axes, move.perm)
    if graph.opset < 13:
        node.attributes["axes"] = list(new)
    else:
        _set_axes(graph, node, 1, new)
    return _first_and_all(move, perms.squeezed(new, move.perm))


def unsqueeze(move: Move) -> bool:
    """Axes stay; the permutation grows around them."""
    found = ints_of(move.graph, move.node, "axes", 1, 13)
    axes = None if found is None else perms.normalized(found, move.rank + len(found))
    if axes is None:
        return False
    transpose_input(move.graph, move.node, 0, move.inv)
    transpose_output(move.graph, move.node, 0, perms.unsqueezed(axes, move.perm))
    return True


def quantize(move: Move) -> bool:
    """The axis moves along where there is one scale a channel."""
    node = move.node
    if move.graph.opset >= 13 or node.domain == "com.microsoft":
        scale = move.graph.shape(node.inputs[1])
        if scale != ():
            axis = perms.normalized((int(node.attributes.get("axis", 1)),), move.rank)
            if axis is None:
                return False
            node.attributes["axis"] = move.perm[axis[0]]
    return _first_and_all(move, move.perm)


def arg(move: Move) -> bool:
    """The axis moves along, and leaves the permutation where it is dropped."""
    axis = perms.normalized((int(move.node.attributes.get("axis", 0)),), move.rank)
    if axis is None:
        return False
    new = move.perm[axis[0]]
    move.node.attributes["axis"] = new
    keep = int(move.node.attributes.get("keepdims", 1)) != 0
    transpose_inputs(move.graph, move.node, move.inv, move.at)
    transpose_outputs(move.graph, move.node, move.perm if keep else perms.squeezed((new,), move.perm))
    return True


def slices(move: Move) -> bool:
    """Axes move along, in their order; without axes they are written."""
    graph, node = move.graph, move.node
    if graph.opset < 10:
        found = node.attributes.get("axes", range(len(node.attributes.get("starts", ()))))
        axes = perms.normalized(tuple(found), move.rank)
        if axes is None:
            return False
        node.attributes["axes"] = [move.perm[a] for a in axes]
        return _first_and_all(move, move.perm)
    if len(node.inputs) < 4 or not node.inputs[3]:
        starts = graph.shape(node.inputs[1])
        if starts is None or len(starts) != 1 or not isinstance(starts[0], int):
            return False
        kind = np.int32 if graph.dtype(node.inputs[1]) == 6 else np.int64
        graph.set_input(node, 3, graph.add_initializer(np.asarray(move.perm[: starts[0]], kind)))
        return _first_and_all(move, move.perm)
    value = graph.constant(node.inputs[3])
    axes = None if value is None else perms.normalized(tuple(int(v) for v in value.ravel()), move.rank)
    if axes is None or value is None:
        return False
    _set_axes(graph, node, 3, [move.perm[a] for a in axes], value.dtype.type)
    return _first_and_all(move, move.perm)


def tile(move: Move) -> bool:
    """Repeats are reordered."""
    graph, node = move.graph, move.node
    value = graph.constant(node.inputs[1])
    if value is not None:
        _set_axes(graph, node, 1, [int(value[p]) for p in move.inv])
    else:
        permute_input(graph, node, 1, move.inv)
    return _first_and_all(move, move.perm)


def transpose(move: Move) -> bool:
    """Two Transposes cancel or become one."""
    found = perm_of(move.node)
    return found is not None and len(found) == move.rank and _merged(move, found)


def _merged(move: Move, second: Perm) -> bool:
    graph, node, before = move.graph, move.node, move.transpose
    if second == move.inv:
        _cancelled(move)
    else:
        new = perms.composed(move.perm, second)
        if node.op == "Reshape":
            made = graph.add_node("Transpose", [before.inputs[0]], {"perm": list(new)})
            graph.move_output(node, 0, made, 0)
            graph.remove_node(node)
        else:
            graph.set_input(node, 0, before.inputs[0])
            node.attributes["perm"] = list(new)
    if not graph.is_read(before.outputs[0]):
        graph.remove_node(before)
    return True


def _cancelled(move: Move) -> None:
    """What reads the second result reads the first input; a graph output keeps its name."""
    graph, node, source = move.graph, move.node, move.transpose.inputs[0]
    result = node.outputs[0]
    readers, all_of_them = graph.consumers(result)
    if all_of_them:
        graph.replace(readers, result, source)
    else:
        others, complete = graph.consumers(source)
        maker = graph.maker(source)
        if maker is not None and complete:
            graph.set_input(node, 0, "")
            graph.replace(others, source, result)
            graph.move_output(node, 0, maker, maker.outputs.index(source))
        else:
            same = graph.add_node("Identity", [""])
            graph.move_output(node, 0, same, 0)
            graph.set_input(same, 0, source)
    graph.remove_node(node)


def gather(move: Move) -> bool:
    """One constant index: the axis moves along and leaves the permutation (from ONNX Runtime 1.29)."""
    graph, node = move.graph, move.node
    axes = perms.normalized([int(node.attributes.get("axis", 0))], move.rank)
    index = graph.constant(node.inputs[1])
    if axes is None or index is None or index.ndim:
        return False
    new = (move.perm[axes[0]],)
    node.attributes["axis"] = new[0]
    return _first_and_all(move, perms.squeezed(new, move.perm))


def reshape(move: Move) -> bool:
    """A Reshape that only moves dimensions of size 1 is a Transpose; one that splits axes changes places with it."""
    return _ones_moved(move) or split(move.graph, move.transpose, move.node, move.perm)


def _ones_moved(move: Move) -> bool:
    graph = move.graph
    before, behind = graph.shape(move.transpose.inputs[0]), graph.shape(move.transpose.outputs[0])
    wanted = graph.constant(move.node.inputs[1])
    if before is None or behind is None or wanted is None or wanted.size == 0 or len(before) != len(wanted):
        return False
    allow_zero = move.node.version > 13 and bool(move.node.attributes.get("allowzero", 0))
    final = _final_shape(behind, [int(v) for v in wanted], allow_zero)
    second = None if final is None else _as_transpose([int(d) for d in behind if isinstance(d, int)], final)
    return second is not None and _merged(move, second)


def _final_shape(given: Sequence[int | str | None], wanted: list[int], allow_zero: bool) -> list[int] | None:
    if not all(isinstance(d, int) for d in given) or len(given) != len(wanted):
        return None
    sizes = [int(d) for d in given if isinstance(d, int)]
    final = [s if w == 0 and not allow_zero else w for s, w in zip(sizes, wanted, strict=True)]
    if final.count(-1) > 1:
        return None
    total, known = int(np.prod(sizes)), int(np.prod([f for f in final if f != -1]))
    if -1 in final:
        if known == 0 or total % known:
            return None
        final[final.index(-1)] = total // known
        return final
    return final if known == total else None


def _as_transpose(given: list[int], final: list[int]) -> Perm | None:
    left, found = list(given), []
    for size in final:
        at = 0
        while left[at] != size:
            if left[at] not in (-1, 1) and size != 1:
                return None
            at += 1
            if at == len(left):
                return None
        found.append(at)
        left[at] = -1
    return tuple(found)


def q_concat_inputs(_: Editable, node: Node) -> tuple[int, ...]:
    """The data of QLinearConcat: every third input from the third on."""
    return tuple(range(2, len(node.inputs), 3))


def q_binary_inputs(_: Editable, __: Node) -> tuple[int, ...]:
    """The two operands of QLinearAdd and QLinearMul."""
    return (0, 3)


def q_pool(move: Move) -> bool:
    """Pools of com.microsoft know both layouts."""
    last = int(move.node.attributes.get("channels_last", 0))
    wanted = perms.last_to_first(move.rank)
    if not ((not last and move.perm == wanted) or (last and move.inv == wanted)):
        return False
    move.node.attributes["channels_last"] = 1 - last
    return _first_and_all(move, move.perm)


def cpu_only(_: Move) -> bool:
    """MaxPool and Resize move on the CPU only."""
    return False


_SIMPLE = (
    "Cast Exp Gelu Identity LeakyRelu Log Reciprocal Relu Sigmoid Sqrt Tanh Abs Not Ceil Floor Neg Erf HardSigmoid "
    "Round IsInf IsNaN Selu Shrink Sign Softplus Softsign ThresholdedRelu Celu HardSwish Sin Cos Tan Sinh Cosh Asin "
    "Acos Atan Asinh Acosh Atanh"
)
_BROADCAST = (
    "Add Max Min Mul Sub Div And Or Xor Mod PRelu BitShift Equal Greater Less GreaterOrEqual LessOrEqual Mean Sum "
    "Pow Where"
)
_REDUCE = "LogSum LogSumExp Max Mean Min Prod Sum SumSquare L1 L2"

HANDLERS: dict[str, Handler] = {
    **{op: Handler(every, simple) for op in _SIMPLE.split()},
    **{op: Handler(not_scalar, broadcast) for op in _BROADCAST.split()},
    **{f"Reduce{op}": Handler(first, reduce) for op in _REDUCE.split()},
    **{op: Handler(first, simple) for op in ("Clip", "CastLike")},
    **{op: Handler(first, arg) for op in ("ArgMin", "ArgMax")},
    **{op: Handler(first, softmax) for op in ("Softmax", "Hardmax", "LogSoftmax")},
    **{op: Handler(first, quantize) for op in ("QuantizeLinear", "DequantizeLinear")},
    "Transpose": Handler(first, transpose, outputs=False),
    "Concat": Handler(every, with_axis(None)),
    "Split": Handler(first, with_axis(0)),
    "Shape": Handler(first, shape, outputs=False),
    "Pad": Handler(first, pad),
    "Squeeze": Handler(first, squeeze),
    "Unsqueeze": Handler(first, unsqueeze),
    "Slice": Handler(first, slices),
    "Tile": Handler(first, tile),
    "Gather": Handler(first, gather),
    "Reshape": Handler(first, reshape, outputs=False),
    "MaxPool": Handler(first, cpu_only),
    "Resize": Handler(first, cpu_only),
    "com.microsoft.QuantizeLinear": Handler(first, quantize),
    "com.microsoft.DequantizeLinear": Handler(first, quantize),
    "com.microsoft.QLinearAdd": Handler(q_binary_inputs, broadcast),
    "com.microsoft.QLinearMul": Handler(q_binary_inputs, broadcast),
    "com.microsoft.QLinearAveragePool": Handler(first, q_pool),
    "com.microsoft.QLinearGlobalAveragePool": Handler(first, q_pool),
    "com.microsoft.QLinearConcat": Handler(q_concat_inputs, with_axis(None)),
    "com.microsoft.QLinearLeakyRelu": Handler(first, simple),
    "com.microsoft.QLinearSigmoid": Handler(first, simple),
    "com.microsoft.QLinearReduceMean": Handler(first, reduce),
    "com.microsoft.QLinearSoftmax": Handler(first, softmax),
}


def handler_of(node: Node) -> Handler | None:
    """The handler of a node; None where a Transpose stops."""
    return HANDLERS.get(node.op if node.domain == "" else f"{node.domain}.{node.op}")
