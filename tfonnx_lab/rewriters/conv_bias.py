"""Biases that TensorFlow adds behind a convolution of a sequence, whose height of 1 it takes away in between.

Ops: ADD.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, plain, rank, use_count
from tfonnx_lab.graph.meta import PLACE
from tfonnx_lab.patterns import const, tfl
from tfonnx_lab.rules import Miss, rewriter

_D = ir.DataType


@rewriter(
    tfl.ADD(
        tfl.SQUEEZE(tfl["CONV_2D", "DEPTHWISE_CONV_2D"](..., name="conv"), name="flat"), const("added"), name="node"
    )
)
def bias_behind_squeeze(op: OpBuilder, node: ir.Node, flat: ir.Node, conv: ir.Node, added: ir.Value) -> ir.Value | None:
    """ADD(SQUEEZE(CONV_2D(x, w, b)), c) => SQUEEZE(CONV_2D(x, w, b + c)).

    An Add of 256 x 32 numbers takes 7 us; a vocoder has 19 of them.
    """
    x, w, bias = (*conv.inputs, None)[:3]
    out, between = node.outputs[0], (conv.outputs[0], flat.outputs[0])
    new, old = constant_array(added), None if bias is None else constant_array(bias)
    if x is None or w is None or new is None or any(v.dtype != _D.FLOAT for v in (x, out, added, *between)):
        return None
    last, flat_rank = list(out.shape or [None])[-1], rank(flat.outputs[0])
    if new.shape[-1:] != (last,) or new.size != last:
        return None
    if flat_rank is None or new.ndim > flat_rank:
        return None  # such a constant gives the sum a dimension more
    if attr(conv, "fused_activation_function", "NONE") != "NONE" or (bias is not None and old is None):
        return None
    if any(use_count(v) != 1 or v.is_graph_output() for v in between):
        raise Miss("something else reads the sum without it")
    dropped = attr(flat, "squeeze_dims", ())
    if not dropped or any(int(axis) in (-1, 3) for axis in dropped):
        raise Miss("the channels may be what is taken away")
    if op.options.exact and old is not None and old.any():
        return None  # another order of sums
    total = new.ravel() if old is None else (old.astype(np.float32) + new.ravel()).astype(np.float32)
    options = plain(conv) | {"fused_activation_function": attr(node, "fused_activation_function", "NONE")}
    inputs = [x, w, op.const(total, name=f"{added.name}/bias")]
    made = op.tfl.node(conv.op_type, inputs, options, name=f"{node.name}/conv")
    op.editor.inherit(made, conv, PLACE)
    y = op.like(made.outputs[0], conv.outputs[0])
    return op.like(op.tfl.SQUEEZE(y, squeeze_dims=list(dropped)), out)
