"""Windows and gaps.

Ops: DILATE, REDUCE_WINDOW, STABLEHLO_PAD, STABLEHLO_REDUCE_WINDOW.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, static_shape
from tfonnx_lab.handlers.lowering.numeric import WIDER, cast
from tfonnx_lab.handlers.lowering.shape import dims, ints, rank_of, vector
from tfonnx_lab.handlers.reshape import expanded
from tfonnx_lab.rules import handler

_BODIES = {
    "STABLEHLO_ADD": "Add", "STABLEHLO_MULTIPLY": "Mul", "STABLEHLO_MAXIMUM": "Max", "STABLEHLO_MINIMUM": "Min",
    "ADD": "Add", "MUL": "Mul", "MAXIMUM": "Max", "MINIMUM": "Min", "STABLEHLO_AND": "And", "STABLEHLO_OR": "Or",
    "LOGICAL_AND": "And", "LOGICAL_OR": "Or", "ALL": "And", "ANY": "Or",
    "Add": "Add", "Mul": "Mul", "Max": "Max", "Min": "Min", "And": "And", "Or": "Or",
}  # fmt: skip
"""What a body or a reduce function computes of two numbers => ONNX."""

_MOST_PLACES = 4096
"""Each place of a window becomes a slice of its own."""


def body_op(graph: ir.Graph | None) -> str:
    """The ONNX op that a body is: one op of its two inputs."""
    makers = list(graph) if graph is not None else []
    if len(makers) == 1 and makers[0].op_type in _BODIES:
        return _BODIES[makers[0].op_type]
    if graph is not None and not makers and graph.outputs[0] is graph.inputs[1]:
        return "Update"
    raise Unsupported("its body is more than one sum, product, maximum or minimum")


@handler("STABLEHLO_REDUCE_WINDOW")
def stablehlo_reduce_window(
    op: OpBuilder, node: ir.Node, x: ir.Value, start: ir.Value, *, window_dimensions: Sequence[int] = (),
    window_strides: Sequence[int] = (), base_dilations: Sequence[int] = (), window_dilations: Sequence[int] = (),
    padding: Sequence[int] = (), body_subgraph: ir.Graph | None = None,
) -> ir.Value:  # fmt: skip
    """STABLEHLO_REDUCE_WINDOW => a Slice for each place in the window, combined. Source: stablehlo_reduce_window.cc."""
    size = rank_of(x)
    ones = [1] * size
    pads = np.array(padding or [0] * 2 * size).reshape(-1, 2)
    wide = with_gaps(op, x, base_dilations or ones, start)
    wide = padded(op, wide, pads, start)
    window, strides, dilations = window_dimensions or ones, window_strides or ones, window_dilations or ones
    return _reduced(op, wide, start, window, strides, dilations, body_op(body_subgraph))


@handler("REDUCE_WINDOW")
def reduce_window(
    op: OpBuilder, node: ir.Node, x: ir.Value, start: ir.Value, window: ir.Value, strides: ir.Value,
    dilations: ir.Value,
    *, reduce_function: str,
) -> ir.Value:  # fmt: skip
    """REDUCE_WINDOW{function} => a Slice for each place in the window, combined. Source: reduce_window.cc."""
    shape, steps, spread = ints(window), ints(strides), ints(dilations)
    if shape is None or steps is None or spread is None:
        raise Unsupported("its window is computed; ONNX needs it to be constant")
    return _reduced(op, x, start, shape, steps, spread, _BODIES[reduce_function])


def _reduced(
    op: OpBuilder,
    x: ir.Value,
    start: ir.Value,
    window: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    kind: str,
) -> ir.Value:
    """Every place of the window at once over the whole tensor; one place after the other is combined with the start."""
    if int(np.prod(window)) > _MOST_PLACES:
        raise Unsupported(f"its window has more than {_MOST_PLACES} places")
    logical = kind in ("And", "Or")
    wide = None if x.dtype is None else ir.DataType.BOOL if logical else WIDER.get(x.dtype)
    make: Callable[..., ir.Value] = getattr(op, kind)
    axes = list(range(len(window)))
    source = x if wide is None else op.Cast(x, to=wide)
    total = op.Reshape(start if wide is None else op.Cast(start, to=wide), op.const(np.zeros(0, np.int64)))
    reach = [(w - 1) * d for w, d in zip(window, dilations, strict=True)]
    for place in itertools.product(*(range(w) for w in window)):
        first = [p * d for p, d in zip(place, dilations, strict=True)]
        ends = [f - r if f < r else 2**31 - 1 for f, r in zip(first, reach, strict=True)]
        total = make(total, op.Slice(source, op.const(first), op.const(ends), op.const(axes), op.const(list(strides))))
    return total if wide is None else op.Cast(total, to=x.dtype)


@handler("DILATE")
def dilate(op: OpBuilder, node: ir.Node, x: ir.Value, dilations: ir.Value, value: ir.Value) -> ir.Value:
    """DILATE(x, d, v) => d - 1 times v between neighbours. Source: dilate.cc."""
    steps = ints(dilations)
    if steps is None:
        return _dilated(op, x, dilations, value)
    return op.Identity(with_gaps(op, x, steps, value))


def _dilated(op: OpBuilder, x: ir.Value, dilations: ir.Value, value: ir.Value) -> ir.Value:
    """Computed dilations: along each axis place i shows x[i / d] where d divides i, else the value."""
    flat, size = vector(op, dilations), rank_of(x)
    for axis in range(size):
        step = op.Gather(flat, op.const(axis), axis=0)
        length = op.Squeeze(dims(op, x, [axis]), op.const([0]))
        last = op.Add(op.Mul(op.Sub(length, op.const(1)), step), op.const(1))
        places = op.Range(op.const(0), last, op.const(1))
        shown = op.Equal(op.Mod(places, step), op.const(0))
        shown = op.Reshape(shown, op.const([-1] + [1] * (size - 1 - axis)))
        wide = WIDER.get(x.dtype, x.dtype) if x.dtype is not None else x.dtype
        taken = cast(op, op.Gather(x, op.Div(places, step), axis=axis), wide)
        x = cast(op, op.Where(shown, taken, cast(op, value, wide)), x.dtype)
    return x


def with_gaps(op: OpBuilder, x: ir.Value, steps: Sequence[int], value: ir.Value) -> ir.Value:
    """`steps - 1` times the value between neighbours, along each axis."""
    for axis, step in enumerate(steps):
        if step == 1:
            continue
        column = op.Unsqueeze(x, op.const([axis + 1]))
        shape = op.Concat(
            op.Slice(op.Shape(column), op.const([0]), op.const([axis + 1])),
            op.const([step - 1]),
            op.Slice(op.Shape(column), op.const([axis + 2]), op.const([2**31 - 1])),
            axis=0,
        )
        filler = op.Reshape(value, op.const(np.zeros(0, np.int64)))
        spread = op.Concat(column, expanded(op, filler, shape), axis=axis + 1)
        whole = op.Shape(x)
        longer = op.Concat(
            op.Slice(whole, op.const([0]), op.const([axis])),
            op.const([-1]),
            op.Slice(whole, op.const([axis + 1]), op.const([2**31 - 1])),
            axis=0,
        )
        x = op.Slice(op.Reshape(spread, longer), op.const([0]), op.const([-(step - 1)]), op.const([axis]))
        x.type = column.type
    return x


def padded(op: OpBuilder, x: ir.Value, pads: np.ndarray, value: ir.Value) -> ir.Value:
    """The value around x ([axis, 2] before and after); negative paddings cut off."""
    more, less = np.maximum(pads, 0), np.maximum(-pads, 0)
    if more.any():
        wide = WIDER.get(x.dtype) if x.dtype in (ir.DataType.INT16, ir.DataType.UINT16, ir.DataType.BFLOAT16) else None
        filler = op.Reshape(value, op.const(np.zeros(0, np.int64)))
        flat = op.const(np.ascontiguousarray(more.T).ravel().astype(np.int64))
        if wide is None:
            x = op.Pad(x, flat, filler)
        else:
            x = op.Cast(op.Pad(op.Cast(x, to=wide), flat, op.Cast(filler, to=wide)), to=x.dtype)
    if less.any():
        ends = [int(-e) if e else 2**31 - 1 for e in less[:, 1]]
        x = op.Slice(x, op.const([int(s) for s in less[:, 0]]), op.const(ends), op.const(list(range(len(pads)))))
    return x


@handler("STABLEHLO_PAD")
def stablehlo_pad(
    op: OpBuilder, node: ir.Node, x: ir.Value, value: ir.Value, *, edge_padding_low: Sequence[int] = (),
    edge_padding_high: Sequence[int] = (), interior_padding: Sequence[int] = (),
) -> ir.Value:  # fmt: skip
    """STABLEHLO_PAD{low, high, interior} => gaps, then Pad; negative edges are cut off.

    Where that leaves nothing of one dimension, LiteRT leaves nothing of any. Source: stablehlo_pad.cc.
    """
    size = rank_of(x)
    none = [0] * size
    low, high, inner = edge_padding_low or none, edge_padding_high or none, interior_padding or none
    shape = static_shape(x)
    if shape and any(a + b + n + max(n - 1, 0) * i <= 0 for a, b, n, i in zip(low, high, shape, inner, strict=True)):
        return op.const(np.zeros([0] * size, x.dtype.numpy()))  # type: ignore[union-attr]
    spread = with_gaps(op, x, [i + 1 for i in inner], value)
    return op.Identity(padded(op, spread, np.array([low, high], np.int64).T.reshape(-1, 2), value))
