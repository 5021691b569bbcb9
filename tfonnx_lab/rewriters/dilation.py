"""Dilated convolutions, which TensorFlow's converter writes as a convolution between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, is_quantized, plain, quantization, rank
from tfonnx_lab.patterns import const, tfl, var
from tfonnx_lab.rules import Miss, rewriter


@rewriter(
    tfl.BATCH_TO_SPACE_ND(
        tfl["CONV_2D", "DEPTHWISE_CONV_2D"](
            tfl.SPACE_TO_BATCH_ND(var("x"), const("block"), const("pads"), name="spread"), ..., name="conv"
        ),
        const("joined"),
        const("crops"),
        name="node",
    )
)
def dilated_convolution(
    op: OpBuilder,
    node: ir.Node,
    conv: ir.Node,
    spread: ir.Node,
    x: ir.Value,
    block: ir.Value,
    pads: ir.Value,
    joined: ir.Value,
    crops: ir.Value,
) -> ir.Value | None:
    """BATCH_TO_SPACE_ND(CONV_2D(SPACE_TO_BATCH_ND(x))) => CONV_2D{dilation}(PAD(x)).

    What BATCH_TO_SPACE_ND crops, SPACE_TO_BATCH_ND need not pad. Source: space_to_batch_nd.h, batch_to_space_nd.h.
    """
    steps, others, padded, cropped = (constant_array(v) for v in (block, joined, pads, crops))
    if steps is None or others is None or padded is None or cropped is None or rank(x) != 4 or steps.shape != (2,):
        return None
    if not np.array_equal(steps, others) or not _is_plain(conv) or not _only_use(spread) or not _only_use(conv):
        raise Miss("the blocks differ, the convolution has strides, dilation or padding, or its result has other uses")
    if not _same(x, spread.outputs[0]) or not _same(conv.outputs[0], node.outputs[0]):
        return None
    around = padded.reshape(2, 2) - cropped.reshape(2, 2)
    if (around < 0).any():
        raise Miss("it crops more than it pads")
    if around.any():
        wide = np.zeros((4, 2), np.int32)
        wide[1:3] = around
        source = op.like(op.tfl.PAD(x, op.const(wide)), x)
        source.shape = (
            None
            if x.shape is None
            else ir.Shape([d + int(sum(a)) if isinstance(d, int) else d for d, a in zip(x.shape, wide, strict=True)])
        )
    else:
        source = x
    options = plain(conv) | {"dilation_h_factor": int(steps[0]), "dilation_w_factor": int(steps[1])}
    made = op.tfl.node(conv.op_type, [source, *conv.inputs[1:]], options, name=f"{conv.name}/dilated")
    made.meta.update({k: v for k, v in conv.meta.items() if k == "place"})
    return op.like(made.outputs[0], node.outputs[0])


def _is_plain(conv: ir.Node) -> bool:
    ones = ("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")
    return attr(conv, "padding") == "VALID" and all(attr(conv, k, 1) == 1 for k in ones)


def _only_use(node: ir.Node) -> bool:
    return len(node.outputs[0].uses()) == 1 and not node.outputs[0].is_graph_output()


def _same(a: ir.Value, b: ir.Value) -> bool:
    """Whether both have one quantization, or none."""
    quant = quantization(a)
    if quant is None or not is_quantized(a):
        return not is_quantized(b)
    return quant.same(quantization(b))
