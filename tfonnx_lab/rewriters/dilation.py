"""Dilated convolutions, which TensorFlow's converter writes as a convolution between SPACE_TO_BATCH_ND and
BATCH_TO_SPACE_ND.

Ops: BATCH_TO_SPACE_ND.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, attr, constant_array, is_quantized, plain, quantization, rank, use_count
from tfonnx_lab.graph.meta import PLACE
from tfonnx_lab.patterns import const, tfl, var
from tfonnx_lab.rewriters.quantization.batch import is_one
from tfonnx_lab.rewriters.quantization.dynamic_range import is_asymmetric
from tfonnx_lab.rewriters.quantization.explicit import dequantized
from tfonnx_lab.rules import Miss, rewriter


@rewriter(
    tfl.BATCH_TO_SPACE_ND(
        tfl["CONV_2D", "DEPTHWISE_CONV_2D"](tfl.SPACE_TO_BATCH_ND(var("x"), ..., name="spread"), ..., name="conv"),
        ...,
        name="node",
    )
)
def dilated_convolution(op: OpBuilder, node: ir.Node, conv: ir.Node, spread: ir.Node, x: ir.Value) -> ir.Value | None:
    """BATCH_TO_SPACE_ND(CONV_2D(SPACE_TO_BATCH_ND(x))) => CONV_2D{dilation}(PAD(x)).

    What BATCH_TO_SPACE_ND crops, SPACE_TO_BATCH_ND need not pad. Source: space_to_batch_nd.h, batch_to_space_nd.h.
    """
    if rank(x) != 4:
        return None
    steps, around = _plan(conv, spread, node, 2)
    return op.like(_dilated(op, conv, x, steps, around), node.outputs[0])


@rewriter(
    tfl.BATCH_TO_SPACE_ND(
        tfl.RESHAPE(
            tfl["CONV_2D", "DEPTHWISE_CONV_2D"](
                tfl.RESHAPE(tfl.SPACE_TO_BATCH_ND(var("x"), ..., name="spread"), ..., name="wide"), ..., name="conv"
            ),
            ...,
            name="flat",
        ),
        ...,
        name="node",
    )
)
def dilated_convolution_of_sequence(
    op: OpBuilder, node: ir.Node, flat: ir.Node, conv: ir.Node, wide: ir.Node, spread: ir.Node, x: ir.Value
) -> ir.Value | None:
    """BATCH_TO_SPACE_ND(RESHAPE(CONV_2D(RESHAPE(SPACE_TO_BATCH_ND(x))))) =>
    RESHAPE(CONV_2D{dilation}(PAD(RESHAPE(x))))."""
    out, image = node.outputs[0], wide.outputs[0].shape
    if rank(x) != 3 or rank(out) != 3 or image is None or len(image) != 4 or not _only_use(flat):
        return None
    axis = next((i for i in (2, 1) if image[3 - i] == 1 and image[i] == spread.outputs[0].shape[1]), None)  # type: ignore[index]
    lengths = [list(v.shape or ())[1:] for v in (x, out)]
    if axis is None or not all(dims and all(isinstance(d, int) for d in dims) for dims in lengths):
        raise Miss("the length of its sequence is not known, or is not height or width alone")
    step, ends = _plan(conv, spread, node, 1)
    steps, around = np.ones(2, np.int64), np.zeros((2, 2), np.int64)
    steps[axis - 1], around[axis - 1] = step[0], ends[0]
    first, last = ([*dims[:1], 1, *dims[1:]] if axis == 1 else [1, *dims] for dims in lengths)
    source = op.like(op.tfl.RESHAPE(x, op.const(np.array([-1, *first], np.int32))), x)
    source.shape = ir.Shape([x.shape[0], *first])  # type: ignore[index]
    made = op.like(_dilated(op, conv, source, steps, around), out)
    made.shape = ir.Shape([out.shape[0], *last])  # type: ignore[index]
    return op.like(op.tfl.RESHAPE(made, op.const(np.array([-1, *list(out.shape or ())[1:]], np.int32))), out)


@rewriter(
    tfl.BATCH_TO_SPACE_ND(
        tfl.SQUEEZE(
            tfl["CONV_2D", "DEPTHWISE_CONV_2D"](
                tfl.EXPAND_DIMS(tfl.SPACE_TO_BATCH_ND(var("x"), ..., name="spread"), const("axis"), name="wide"),
                ...,
                name="conv",
            ),
            name="flat",
        ),
        ...,
        name="node",
    )
)
def dilated_convolution_of_any_length(
    op: OpBuilder, node: ir.Node, flat: ir.Node, conv: ir.Node, wide: ir.Node, spread: ir.Node, x: ir.Value,
    axis: ir.Value,
) -> ir.Value | None:  # fmt: skip
    """BATCH_TO_SPACE_ND(SQUEEZE(CONV_2D(EXPAND_DIMS(SPACE_TO_BATCH_ND(x))))) =>
    SQUEEZE(CONV_2D{dilation}(EXPAND_DIMS(x))).

    The length need not be known: what is computed to fill it up to whole blocks is computed to be cropped again. Of a
    network with dynamic range, x is rounded as the blocks were: a vocoder of open length 2090 => 1380 us.
    """
    at, out = constant_array(axis), node.outputs[0]
    if rank(x) != 3 or at is None or at.size != 1 or int(at.ravel()[0]) not in (1, -3) or not _only_use(flat):
        return None
    squeezed = attr(flat, "squeeze_dims", ())
    if len(squeezed) != 1 or int(squeezed[0]) not in (1, -3):
        return None
    step, ends = _plan(conv, spread, node, 1)
    w = conv.inputs[1]
    if op.options.rounds_inputs and is_quantized(w) and not is_quantized(x):
        x, w = _rounded(op, conv, x, int(step[0]), ends)
    image = op.like(op.tfl.EXPAND_DIMS(x, axis), x)
    image.shape = None if x.shape is None else ir.Shape([x.shape[0], 1, x.shape[1], x.shape[2]])
    made = op.like(_dilated(op, conv, image, np.array([1, step[0]]), np.array([[0, 0], ends[0]]), w), out)
    made.shape = None if out.shape is None else ir.Shape([out.shape[0], 1, out.shape[1], out.shape[2]])
    return op.like(op.tfl.SQUEEZE(made, squeeze_dims=list(squeezed)), out)


def _rounded(
    op: OpBuilder, conv: ir.Node, x: ir.Value, step: int, ends: np.ndarray
) -> tuple[ir.Value, ir.Value | None]:
    """The sequence rounded to 8 bits, each block's elements to a range of their own, and the weights as real values.

    Source: EvalHybridPerChannel in conv.cc, with the blocks as its batches.
    """
    w = conv.inputs[1]
    channels = list(x.shape or [None])[-1]
    if op.options.exact or ends.any() or not isinstance(channels, int) or not is_one(x):
        raise Miss("LiteRT rounds each block's input to a range of its own, and there may be several sequences")
    if w is None or w.const_value is None or not is_asymmetric(conv, x, w):
        raise Miss("LiteRT rounds each block's input to a range of its own, as wide below zero as above")
    how = {"unit": "phase", "asymmetric": True, "width": step}
    rounded = op.like(op.intermediate.node("DYNAMIC_QUANTIZE", [x], how).outputs[0], x)
    if x.shape is not None:
        rounded.shape = ir.Shape([1, *list(x.shape)[1:]])
    return rounded, dequantized(op, w)


def _plan(conv: ir.Node, spread: ir.Node, node: ir.Node, axes: int) -> tuple[np.ndarray, np.ndarray]:
    """The dilation of each axis, and what is padded before and after it. Raises Miss where there is none."""
    steps, padded, joined, cropped = (constant_array(v) for n in (spread, node) for v in n.inputs[1:])
    if spread.inputs[2] is node.inputs[2]:  # also where it is computed
        padded = cropped = np.zeros((axes, 2), np.int64)
    if steps is None or padded is None or joined is None or cropped is None or steps.shape != (axes,):
        raise Miss("its blocks are computed, or of other axes")
    if not np.array_equal(steps, joined) or not _is_plain(conv) or not _only_use(conv):
        raise Miss("the blocks differ, the convolution has strides, dilation or padding, or its result has other uses")
    if not _same(spread.inputs[0], spread.outputs[0]) or not _same(conv.outputs[0], node.outputs[0]):
        raise Miss("its codes are requantized in between")
    around = padded.reshape(axes, 2) - cropped.reshape(axes, 2)
    if (around < 0).any():
        raise Miss("it crops more than it pads")
    return steps, around


def _dilated(
    op: OpBuilder, conv: ir.Node, x: ir.Value, steps: np.ndarray, around: np.ndarray, w: ir.Value | None = None
) -> ir.Value:
    """The convolution of x, with other weights where there are any."""
    source = x
    if around.any():
        wide = np.zeros((4, 2), np.int32)
        wide[1:3] = around
        source = op.like(op.tfl.PAD(x, op.const(wide)), x)
        if x.shape is not None:
            sizes = [d + int(sum(a)) if isinstance(d, int) else d for d, a in zip(x.shape, wide, strict=True)]
            source.shape = ir.Shape(sizes)
    options = plain(conv) | {"dilation_h_factor": int(steps[0]), "dilation_w_factor": int(steps[1])}
    inputs = [source, w or conv.inputs[1], *conv.inputs[2:]]
    made = op.tfl.node(conv.op_type, inputs, options, name=f"{conv.name}/dilated")
    op.editor.inherit(made, conv, PLACE)
    return made.outputs[0]


def _is_plain(conv: ir.Node) -> bool:
    ones = ("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")
    return attr(conv, "padding") == "VALID" and all(attr(conv, k, 1) == 1 for k in ones)


def _only_use(node: ir.Node) -> bool:
    return use_count(node.outputs[0]) == 1 and not node.outputs[0].is_graph_output()


def _same(a: ir.Value | None, b: ir.Value) -> bool:
    """Whether both have one quantization, or none."""
    quant = None if a is None else quantization(a)
    if a is None or quant is None or not is_quantized(a):
        return not is_quantized(b)
    return quant.same(quantization(b))
