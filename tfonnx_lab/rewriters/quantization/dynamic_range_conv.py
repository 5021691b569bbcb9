"""Convolutions of dynamic range as products of integers: `dynamic_quantization` asks here (dynamic_range.py).

Ops: CONV_2D, TRANSPOSE_CONV.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, Quantization, attr, constant_array, quantization
from tfonnx_lab.graph.meta import PLACE
from tfonnx_lab.rewriters.transpose_conv import joined, parts_of, rearranged, repeated
from tfonnx_lab.rules import Miss

FEWEST = 8
"""Channels of the input below which ONNX Runtime's float convolution is faster."""
LEAST = 3_000_000
"""Products below which it is faster, too."""
_AXES = (("stride", ("h", "w")), ("dilation", ("h_factor", "w_factor")))
_WINDOWS = ("padding", "stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")


def hybrid_conv(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, asymmetric: bool) -> ir.Value | None:
    """CONV_2D(x, qw) => HYBRID_CONV(x, qw); of TRANSPOSE_CONV the parts that its strides make, and their places.

    For an input that has one range. None where a float convolution is as good, or sizes are not known.
    """
    codes, quant = constant_array(w), quantization(w)
    if op.options.static or codes is None or codes.ndim != 4 or quant is None or quant.block or quant.zero_point.any():
        return None
    if w.dtype != ir.DataType.INT8 or not (quant.per_tensor or quant.axis == 0) or not _is_worth_it(node, x, codes):
        return None
    if node.op_type == "CONV_2D":
        return _convolution(op, node, x, w, asymmetric)
    return _transposed(op, node, x, codes, quant, asymmetric) if node.op_type == "TRANSPOSE_CONV" else None


def _is_worth_it(node: ir.Node, x: ir.Value, codes: np.ndarray) -> bool:
    """Whether it multiplies so much that a dozen nodes more are won back, on channels that are not too few."""
    image = node.outputs[0] if node.op_type == "CONV_2D" else x
    dims = [d if isinstance(d, int) else 0 for d in list(image.shape or [None] * 4)[1:3]]
    same = list(x.shape or [None])[-1] == codes.shape[3]
    return same and codes.shape[3] >= FEWEST and codes.size * dims[0] * dims[1] >= LEAST


def _convolution(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, asymmetric: bool) -> ir.Value | None:
    options = {name: attr(node, name, 1) for name in _WINDOWS}
    known = all(isinstance(d, int) for d in list(x.shape or [None])[1:3])
    strides, dilations = ([options[f"{kind}_{way}"] for way in ends] for kind, ends in _AXES)
    if not known or (strides != [1, 1] and dilations != [1, 1]):
        return None
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    options["asymmetric"] = asymmetric
    made = op.intermediate.node("HYBRID_CONV", [x, w, bias], options, name=f"{node.name}/hybrid").outputs[0]
    return op.like(made, node.outputs[0])


def _transposed(
    op: OpBuilder, node: ir.Node, x: ir.Value, codes: np.ndarray, quant: Quantization, asymmetric: bool
) -> ir.Value | None:
    """A convolution to stride * stride times the channels, then each at its place (rewriters/transpose_conv.py)."""
    out, bias = node.outputs[0], (*node.inputs, None)[3]
    if bias is not None and constant_array(bias) is None:
        return None
    try:
        axes = parts_of(node, x, out, codes)
    except Miss:
        return None
    if axes is None:
        return None
    count = axes[0].stride * axes[1].stride
    ways = quant if quant.per_tensor else Quantization(np.tile(quant.scale, count), np.tile(quant.zero_point, count), 0)
    name = node.inputs[1].name if node.inputs[1] is not None else node.name
    made = op.const(rearranged(codes, axes, quant.zero_point), name=f"{name}/parts", quant=ways)
    options = {"asymmetric": asymmetric, "pads": [a.before for a in axes] + [a.after for a in axes]}
    inputs = [x, made, repeated(op, bias, count)]
    conv = op.intermediate.node("HYBRID_CONV", inputs, options, name=f"{node.name}/hybrid")
    op.editor.inherit(conv, node, PLACE)
    y = op.like(conv.outputs[0], out)
    y.shape = ir.Shape([(x.shape or out.shape or [None])[0], *(a.positions for a in axes), count * codes.shape[0]])
    return op.like(joined(op, y, axes, codes.shape[0]), out)
