"""Groups of a convolution: how many there are follows from the channels of its input and of its weights."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.numeric import number
from tfonnx_lab.handlers.lowering.shape import dims, rank_of
from tfonnx_lab.handlers.select import where


def grouped(op: OpBuilder, x: ir.Value, w: ir.Value, inner: int, outputs: int, axis: int = -1) -> tuple[ir.Value, int]:
    """(weights, attribute `group`) of a Conv.

    x: the input; its dimension `axis` holds the channels.
    w: weights, channels first [outputs, inner, ...], where `inner` is the number of one group's input channels.

    Where the channels are known only at run time, the groups are, too, and `group` is a number of the file: the weights
    are written out for all channels then, with zeros between the groups, which gives the same sums. The trace notes it.
    """
    if not inner:
        raise Unsupported("its weights have no channels")
    channels = None if x.shape is None else list(x.shape)[axis]
    if isinstance(channels, int):
        return w, channels // inner
    op.note("the number of channels is not known before it runs: weights of all groups; fix the input's shape for less")
    return _written_out(op, w, dims(op, x, [axis % rank_of(x)]), inner, outputs), 1


def _written_out(op: OpBuilder, w: ir.Value, channels: ir.Value, inner: int, outputs: int) -> ir.Value:
    """[outputs, inner, ...] => [outputs, channels, ...]: an output has weights for the channels of its own group alone.

    channels: a list of one, of int64.
    """
    size = rank_of(w)
    count = op.Div(channels, op.const([inner]))
    one = op.const([1])
    tiled = op.Tile(w, op.Concat(one, count, *[one] * (size - 2), axis=0))
    column, row = ([-1] + [1] * (size - 1), [1, -1] + [1] * (size - 2))
    made = op.Range(op.const(0), op.Squeeze(channels, op.const([0])), op.const(1))
    group_of_channel = op.Reshape(op.Div(made, op.const(inner)), op.const(row))
    group_of_output = op.Div(op.Mul(op.const(list(range(outputs))), count), op.const(outputs))
    same = op.Equal(op.Reshape(group_of_output, op.const(column)), group_of_channel)
    return where(op, same, tiled, op.const(number(0, w)))
