"""Flex ops that are sums of products or that look through windows.

Ops: FlexAvgPool, FlexAvgPool3D, FlexBiasAdd, FlexConv2D, FlexConv3D, FlexCross, FlexCumprod,
FlexDepthwiseConv2dNative, FlexEinsum, FlexEuclideanNorm, FlexFusedBatchNorm, FlexFusedBatchNormV2,
FlexFusedBatchNormV3, FlexLRN, FlexMaxPool, FlexMaxPool3D.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, rank, static_shape
from tfonnx_lab.handlers.lowering.groups import grouped
from tfonnx_lab.handlers.lowering.layout import pad_attributes, to_channels_first, to_channels_last
from tfonnx_lab.handlers.lowering.numeric import cast, number
from tfonnx_lab.handlers.lowering.shape import ints, rank_of
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType
_EPSILON = 1e-4
"""FusedBatchNorm's, where the op does not say."""


@handler("FlexEinsum")
def einsum(op: OpBuilder, node: ir.Node, *xs: ir.Value) -> ir.Value:
    """FlexEinsum{equation} => Einsum{equation}."""
    return op.Einsum(*xs, equation=NodeDef(node).get("equation", ""))


class Windows:
    """The options of a TensorFlow op with windows, of the spatial dimensions alone."""

    def __init__(self, node: ir.Node, x: ir.Value, spatial: int) -> None:
        self.definition, self.spatial = NodeDef(node), spatial
        self.first = str(self.definition.get("data_format", "N...C")).startswith("NC")
        self.x = x
        self.at = slice(2, 2 + spatial) if self.first else slice(1, 1 + spatial)

    @property
    def kind(self) -> str:
        """SAME, VALID or EXPLICIT."""
        return str(self.definition.get("padding", "VALID"))

    def numbers(self, name: str) -> list[int]:
        """An option that has a number for each dimension."""
        return [int(v) for v in (self.definition.get(name) or [1] * (self.spatial + 2))][self.at]

    def pads(self, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int] = ()) -> dict[str, Any]:
        """ONNX's padding."""
        kind = self.kind
        if kind == "EXPLICIT":
            given = np.array(self.definition.get("explicit_paddings", [])).reshape(-1, 2)[self.at]
            return {"pads": [*given[:, 0].tolist(), *given[:, 1].tolist()]}
        shape = None if self.x.shape is None else ir.Shape([1, *list(self.x.shape)[self.at], 1])
        return dict(pad_attributes(ir.Value(shape=shape), kind, kernel, strides, dilations))

    def enter(self, op: OpBuilder) -> ir.Value:
        """The input, channels first."""
        return self.x if self.first else to_channels_first(op, self.x, self.spatial)

    def leave(self, op: OpBuilder, y: ir.Value) -> ir.Value:
        """The result in the input's layout."""
        return y if self.first else to_channels_last(op, y, self.spatial)


@handler("FlexConv2D", "FlexConv3D", "FlexDepthwiseConv2dNative")
def flex_conv(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value) -> ir.Value:
    """FlexConv3D(x, w DHWIO) => Conv of channels first; FlexDepthwiseConv2dNative => Conv{group}."""
    spatial = 3 if node.op_type == "FlexConv3D" else 2
    windows, shape = Windows(node, x, spatial), static_shape(w)
    if shape is None:
        return _of_unknown_weights(op, node, windows, w)
    kernel, strides, dilations = shape[:spatial], windows.numbers("strides"), windows.numbers("dilations")
    options = {"kernel_shape": kernel, "strides": strides, "dilations": dilations}
    if node.op_type == "FlexDepthwiseConv2dNative":
        group, w = shape[2], op.Reshape(w, op.const([*kernel, 1, shape[2] * shape[3]]))
        w = op.Transpose(w, perm=[3, 2, 0, 1])
    else:
        w = op.Transpose(w, perm=[spatial + 1, spatial, *range(spatial)])
        w, group = grouped(op, x, w, shape[spatial], shape[spatial + 1], axis=1 if windows.first else -1)
    y = op.Conv(windows.enter(op), w, group=group, **options, **windows.pads(kernel, strides, dilations))
    return windows.leave(op, y)


def _of_unknown_weights(op: OpBuilder, node: ir.Node, windows: Windows, w: ir.Value) -> ir.Value:
    """A convolution of one group, padded nowhere: all else depends on the weights' shape."""
    spatial = windows.spatial
    if windows.kind != "VALID" or node.op_type == "FlexDepthwiseConv2dNative" or rank(w) != spatial + 2:
        raise Unsupported("the shape of its weights is not known")
    op.note("the weights' shape is not known: taken to be of one group; ONNX Runtime refuses to run another")
    options = {"strides": windows.numbers("strides"), "dilations": windows.numbers("dilations")}
    turned = op.Transpose(w, perm=[spatial + 1, spatial, *range(spatial)])
    y = op.Conv(windows.enter(op), turned, **options)
    y.shape = y.shape or ir.Shape([None] * (spatial + 2))
    return windows.leave(op, y)


@handler("FlexMaxPool", "FlexMaxPool3D", "FlexAvgPool", "FlexAvgPool3D")
def flex_pool(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexMaxPool3D => MaxPool, FlexAvgPool3D => AveragePool, of channels first; padding counts in no average."""
    windows = Windows(node, x, 3 if node.op_type.endswith("3D") else 2)
    kernel, strides = windows.numbers("ksize"), windows.numbers("strides")
    make = op.MaxPool if "Max" in node.op_type else op.AveragePool
    exact = x.dtype in (_D.FLOAT, _D.DOUBLE, _D.INT8, _D.UINT8) or x.dtype is None
    given = windows.enter(op) if exact else cast(op, windows.enter(op), _D.DOUBLE)
    y = make(given, kernel_shape=kernel, strides=strides, **windows.pads(kernel, strides))
    return cast(op, windows.leave(op, y), x.dtype)


@handler("FlexBiasAdd")
def bias_add(op: OpBuilder, node: ir.Node, x: ir.Value, b: ir.Value) -> ir.Value:
    """FlexBiasAdd => Add; of channels first, with a bias that has more axes."""
    if not str(NodeDef(node).get("data_format", "NHWC")).startswith("NC"):
        return op.Add(x, b)
    return op.Add(x, op.Unsqueeze(b, op.const(list(range(1, rank_of(x) - 1)))))


@handler("FlexFusedBatchNorm", "FlexFusedBatchNormV2", "FlexFusedBatchNormV3")
def fused_batch_norm(
    op: OpBuilder, node: ir.Node, x: ir.Value, scale: ir.Value, offset: ir.Value, mean: ir.Value, variance: ir.Value
) -> list[ir.Value | None]:
    """FlexFusedBatchNormV3{is_training=false} => BatchNormalization; what only training needs is left out."""
    definition = NodeDef(node)
    if definition.get("is_training", True):
        raise Unsupported("it is in training mode; export the model with training=False")
    spatial = rank_of(x) - 2
    first = str(definition.get("data_format", "NHWC")).startswith("NC")
    given = cast(op, x if first else to_channels_first(op, x, spatial), scale.dtype)
    y = op.BatchNormalization(given, scale, offset, mean, variance, epsilon=float(definition.get("epsilon", _EPSILON)))
    y = cast(op, y if first else to_channels_last(op, y, spatial), x.dtype)
    rest = [_kept(op, v, mean if k == 0 else variance) for k, v in enumerate(node.outputs[3:5])]
    return [y, mean, variance, *rest, *(_kept(op, v, None) for v in node.outputs[5:])]


def _kept(op: OpBuilder, output: ir.Value, value: ir.Value | None) -> ir.Value | None:
    """What a result for the gradient holds in inference (None: nothing), where somebody asks for it."""
    if not output.uses() and not output.is_graph_output():
        return None
    return op.const(np.zeros(0, np.float32)) if value is None else value


@handler("FlexLRN")
def lrn(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexLRN{depth_radius, bias, alpha, beta} => LRN of channels first, whose alpha is divided by the size."""
    d = NodeDef(node)
    size = 2 * int(d.get("depth_radius", 5)) + 1
    options = {"bias": float(d.get("bias", 1.0)), "beta": float(d.get("beta", 0.5)), "size": size}
    return to_channels_last(op, op.LRN(to_channels_first(op, x), alpha=float(d.get("alpha", 1.0)) * size, **options))


@handler("FlexEuclideanNorm")
def euclidean_norm(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value) -> ir.Value:
    """FlexEuclideanNorm(x, axes) => Sqrt(ReduceSum(x * x, axes))."""
    axes = op.Reshape(op.Cast(axes, to=ir.DataType.INT64), op.const([-1]))
    return op.Sqrt(op.ReduceSum(op.Mul(x, x), axes, keepdims=int(NodeDef(node).get("keep_dims", False))))


@handler("FlexCross")
def cross(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
    """FlexCross(a, b) => a' b'' - a'' b', the last axis turned by one and by two."""
    turned = [[op.Gather(v, op.const(order), axis=-1) for v in (a, b)] for order in ([1, 2, 0], [2, 0, 1])]
    (a1, b1), (a2, b2) = turned
    return op.Sub(op.Mul(a1, b2), op.Mul(a2, b1))


@handler("FlexCumprod")
def cumprod(op: OpBuilder, node: ir.Node, x: ir.Value, axis: ir.Value) -> ir.Value:
    """FlexCumprod => products with what stands 1, 2, 4 ... places before, which are those of all."""
    known, shape, d = ints(axis), x.shape, NodeDef(node)
    if known is None or shape is None:
        raise Unsupported("its axis is computed")
    at = known[0] % len(shape)
    size = shape[at]
    if not isinstance(size, int):
        raise Unsupported("the length of its axis is not known; fix the input's shape")
    back, one = bool(d.get("reverse", False)), number(1, x)

    def shifted(y: ir.Value, by: int) -> ir.Value:
        """y moved along the axis, with ones where nothing comes from."""
        begin, end = ([by], [size]) if back else ([0], [size - by])
        part = op.Slice(y, op.const(begin), op.const(end), op.const([at]))
        pads = np.zeros((2, len(shape)), np.int64)
        pads[int(back), at] = by
        return op.Pad(part, op.const(pads.ravel()), one)

    product = shifted(x, 1) if d.get("exclusive", False) else x
    step = 1
    while step < size:
        product, step = op.Mul(product, shifted(product, step)), 2 * step
    return product
