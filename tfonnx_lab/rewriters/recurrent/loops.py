"""What a WHILE does with each of its states, where it counts from 0 to a limit: read, counted, carried on or
collected."""

from __future__ import annotations

from dataclasses import dataclass, field

import onnx_ir as ir

from tfonnx_lab.graph import TFLITE_CUSTOM, attr, constant_array, rank, use_count
from tfonnx_lab.rules import Miss

_MOVES = ("RESHAPE", "EXPAND_DIMS")


@dataclass(frozen=True)
class Collector:
    """A state that gathers one value an iteration: `value`, of the body, becomes element `turn` of its first axis.

    `last` tells a state that keeps the last iteration's value only, as a first axis of one element.
    """

    value: ir.Value
    last: bool = False


@dataclass(frozen=True)
class Counted:
    """A loop of `limit` iterations. The numbers are positions among the WHILE's states.

    limit: a number, or the value that holds it.
    counters: hold the number of the iteration.
    fixed: never change.
    collectors: gather a value an iteration.
    carried: all others.
    """

    node: ir.Node
    body: ir.Graph
    limit: int | ir.Value
    counters: tuple[int, ...]
    fixed: tuple[int, ...]
    collectors: dict[int, Collector] = field(default_factory=dict)
    carried: tuple[int, ...] = ()

    def outside(self, value: ir.Value | None) -> ir.Value | None:
        """The value outside of the loop that a value of the body is, where it never changes."""
        if value is not None and value in self.body.inputs:
            at = list(self.body.inputs).index(value)
            return self.node.inputs[at] if at in self.fixed else None
        return value if value is not None and (value.const_value is not None or not _inside(value, self.body)) else None

    def is_turn(self, value: ir.Value | None) -> bool:
        """Whether the value of the body is the number of the iteration."""
        return value is not None and any(self.body.inputs[k] is value for k in self.counters)


def _inside(value: ir.Value, graph: ir.Graph) -> bool:
    producer = value.producer()
    return value in graph.inputs or (producer is not None and producer.graph is graph)


def counted(node: ir.Node) -> Counted:
    """The loop's states by what they do. Raises Miss for a loop that does not count to a limit."""
    cond, body = attr(node, "cond_subgraph"), attr(node, "body_subgraph")
    if cond is None or body is None:
        raise Miss("a subgraph is missing")
    size = len(node.inputs)
    fixed = tuple(k for k in range(size) if body.outputs[k] is body.inputs[k])
    counters = tuple(k for k in range(size) if _counts(node, body, k))
    limit = _limit(node, cond, counters, fixed)
    plain = Counted(node, body, limit, counters, fixed)
    found: dict[int, Collector] = {}
    for k in range(size):
        if k not in (*fixed, *counters) and not cond.inputs[k].uses():
            collector = _collector(plain, k)
            if collector is not None:
                found[k] = collector
    carried = tuple(k for k in range(size) if k not in (*fixed, *counters, *found))
    if any(use_count(cond.inputs[k]) for k in carried):
        raise Miss("when it ends depends on what it computes")
    return Counted(node, body, limit, counters, fixed, found, carried)


def scalar(value: ir.Value | None) -> float | None:
    """The number that a constant of one element holds."""
    array = constant_array(value) if value is not None else None
    return float(array.ravel()[0]) if array is not None and array.size == 1 and array.dtype.kind in "fiub" else None


def _counts(node: ir.Node, body: ir.Graph, k: int) -> bool:
    made = body.outputs[k].producer()
    if made is None or made.op_type != "ADD" or scalar(node.inputs[k]) != 0:
        return False
    return made.inputs[0] is body.inputs[k] and scalar(made.inputs[1]) == 1


def _limit(node: ir.Node, cond: ir.Graph, counters: tuple[int, ...], fixed: tuple[int, ...]) -> int | ir.Value:
    limits: list[int | ir.Value] = []
    for test in _and(cond.outputs[0]):
        made = test.producer()
        if made is None or made.op_type != "LESS" or made.inputs[0] not in [cond.inputs[k] for k in counters]:
            raise Miss("its condition is not that a counter is less than a limit")
        limits.append(_bound(node, cond, made.inputs[1], fixed))
    if any(not _same(a, limits[0]) for a in limits):
        raise Miss("its counters have several limits")
    return limits[0]


def _same(a: int | ir.Value, b: int | ir.Value) -> bool:
    return a is b or (isinstance(a, int) and a == b)


def _and(value: ir.Value) -> list[ir.Value]:
    made = value.producer()
    if made is None or made.op_type != "LOGICAL_AND":
        return [value]
    return [v for x in made.inputs if x is not None for v in _and(x)]


def _bound(node: ir.Node, cond: ir.Graph, value: ir.Value | None, fixed: tuple[int, ...]) -> int | ir.Value:
    known = scalar(value)
    if known is not None:
        return int(known)
    at = list(cond.inputs).index(value) if value is not None and value in cond.inputs else -1
    outer = node.inputs[at] if at in fixed else None
    if outer is None:
        raise Miss("its limit changes while it runs")
    number = scalar(outer)
    return outer if number is None else int(number)


def _collector(loop: Counted, k: int) -> Collector | None:
    made = loop.body.outputs[k].producer()
    if made is not None and made.op_type == "CAST" and made.inputs[0] is not None:
        made = made.inputs[0].producer() if made.inputs[0].dtype == made.outputs[0].dtype else None
    if made is None:
        return None
    state = loop.body.inputs[k]
    if made.op_type == "FlexTensorListSetItem" and made.domain == TFLITE_CUSTOM:
        return _list_item(loop, k, state, made)
    if made.op_type in _MOVES and not state.uses():
        return _last(made)
    return _spliced(loop, k, state, made) if made.op_type == "CONCATENATION" else None


def _list_item(loop: Counted, k: int, state: ir.Value, made: ir.Node) -> Collector | None:
    items, at, value = made.inputs
    reserve = loop.node.inputs[k]
    producer = None if reserve is None else reserve.producer()
    if items is not state or use_count(state) != 1 or producer is None or value is None:
        return None
    if producer.op_type != "FlexTensorListReserve":
        return None
    if loop.is_turn(at) and _holds(producer.inputs[1], loop.limit):
        return Collector(value)
    return Collector(value, last=True) if scalar(at) == 0 and scalar(producer.inputs[1]) == 1 else None


def _holds(value: ir.Value | None, number: int | ir.Value) -> bool:
    return value is number or (isinstance(number, int) and scalar(value) == number)


def _last(made: ir.Node) -> Collector | None:
    """The value of the iteration with a first axis of one."""
    x, y = made.inputs[0], made.outputs[0]
    return Collector(x, last=True) if x is not None and _has_new_axis(x, y) else None


def _has_new_axis(x: ir.Value, y: ir.Value) -> bool:
    """Whether y is x with an axis of one before all others."""
    if x.shape is None or y.shape is None or len(y.shape) != len(x.shape) + 1:
        return False
    return y.shape[0] == 1 and (made_by(y, "EXPAND_DIMS") or list(y.shape)[1:] == list(x.shape))


def made_by(value: ir.Value | None, *op_types: str) -> bool:
    """Whether an op of one of these types makes the value; EXPAND_DIMS: at the front."""
    made = None if value is None else value.producer()
    if made is None or made.op_type not in op_types:
        return False
    return made.op_type != "EXPAND_DIMS" or scalar(made.inputs[1]) == 0


def _spliced(loop: Counted, k: int, state: ir.Value, made: ir.Node) -> Collector | None:
    """CONCATENATION(state[:turn], value, state[turn + 1:]), which TensorFlow's converter makes of a tensor list."""
    if len(made.inputs) != 3 or attr(made, "axis", 0) != 0 or use_count(state) != 2:
        return None
    head, item, tail = (None if v is None else v.producer() for v in made.inputs)
    if head is None or tail is None or item is None or made.inputs[1] is None or item.inputs[0] is None:
        return None
    if not all(s.op_type == "SLICE" and s.inputs[0] is state for s in (head, tail)):
        return None
    begins = (_first(loop, head.inputs[1], 0), _first(loop, tail.inputs[1], 0))
    sizes = (_first(loop, head.inputs[2], -1), _first(loop, tail.inputs[2], -1))
    whole = (begins[0], sizes[0], begins[1], sizes[1]) == (0, "turn", "next", -1)
    if not whole or item.op_type not in _MOVES or not _has_new_axis(item.inputs[0], made.inputs[1]):
        return None
    return Collector(item.inputs[0]) if _length(loop.node.inputs[k], loop.limit) else None


def _first(loop: Counted, value: ir.Value | None, others: int) -> int | str | None:
    """The first number of a begin or size whose others are all `others`: a constant, the iteration, or the next one."""
    array = constant_array(value) if value is not None else None
    if array is not None:
        rest = array.ravel()[1:]
        return int(array.ravel()[0]) if (rest == others).all() else None
    made = None if value is None else value.producer()
    if made is None or made.op_type != "CONCATENATION" or len(made.inputs) != 2:
        return None
    rest_values = constant_array(made.inputs[1]) if made.inputs[1] is not None else None
    number = made.inputs[0].producer() if made.inputs[0] is not None else None
    if rest_values is None or not (rest_values == others).all() or number is None or number.op_type != "RESHAPE":
        return None
    if loop.is_turn(number.inputs[0]):
        return "turn"
    return "next" if any(loop.body.outputs[c] is number.inputs[0] for c in loop.counters) else None


def _length(initial: ir.Value | None, limit: int | ir.Value) -> bool:
    """Whether the first axis of a state's initial value has as many elements as the loop has iterations."""
    if initial is None or initial.shape is None or not rank(initial):
        return False
    if isinstance(limit, int) and initial.shape[0] == limit:
        return True
    made = initial.producer()
    dims = made.inputs[0].producer() if made is not None and made.op_type == "FILL" and made.inputs[0] else None
    if dims is None or dims.op_type not in ("PACK", "CONCATENATION"):
        return False
    first = dims.inputs[0]
    if dims.op_type == "CONCATENATION" and first is not None and made_by(first, "RESHAPE"):
        first = first.producer().inputs[0]  # type: ignore[union-attr]
    return _holds(first, limit)
