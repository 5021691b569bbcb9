"""Custom ops that warp images: DenseImageWarp, Resampler, and MediaPipe's TransformTensor and
TransformTensorBilinear."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, static_shape
from tfonnx_lab.graph.budget import room
from tfonnx_lab.handlers.lowering.sample import blended, image_shape, picked
from tfonnx_lab.rules import handler


@handler("DenseImageWarp")
def dense_image_warp(op: OpBuilder, node: ir.Node, image: ir.Value, flow: ir.Value) -> ir.Value:
    """DenseImageWarp(image, flow) => the image at its places less the flow, the edge going on.

    Source: dense_image_warp.cc.
    """
    _, height, width, _ = image_shape(image)
    room(height + width, 8, "the list of its rows and columns")
    places = [
        np.arange(height, dtype=np.float32).reshape(1, -1, 1),
        np.arange(width, dtype=np.float32).reshape(1, 1, -1),
    ]
    low, share = [], []
    for axis, size in ((0, height), (1, width)):
        at = op.Sub(op.const(places[axis]), op.Gather(flow, op.const(axis), axis=3))
        floor = op.Clip(op.Floor(at), np.float32(0), np.float32(size - 2))
        low.append(floor)
        share.append(op.Clip(op.Sub(at, floor), np.float32(0), np.float32(1)))
    return blended(op, lambda r, c: picked(op, image, r, c), low[0], low[1], share[0], share[1])


@handler("Resampler")
def resampler(op: OpBuilder, node: ir.Node, image: ir.Value, warp: ir.Value) -> ir.Value:
    """Resampler(image, warp) => the image at the places (x, y) of the warp, zeros around it.

    Source: MediaPipe's resampler.cc.
    """
    column, row = (op.Gather(warp, op.const(k), axis=3) for k in (0, 1))
    low = [op.Floor(v) for v in (row, column)]
    share = [op.Sub(v, f) for v, f in zip((row, column), low, strict=True)]
    return blended(op, lambda r, c: picked(op, image, r, c, zero_outside=True), low[0], low[1], share[0], share[1])


@handler("TransformTensor", "TransformTensorBilinear")
def transform_tensor(op: OpBuilder, node: ir.Node, image: ir.Value, matrix: ir.Value) -> ir.Value:
    """TransformTensorBilinear(image, matrix) => the image at the transformed places, zeros outside of it.

    Version 1 (TransformTensor) transforms the pixels' corners, version 2 their centres. Source: MediaPipe's
    transform_tensor_bilinear.cc.
    """
    shape = static_shape(node.outputs[0])
    count, height, width, _ = image_shape(image)
    if shape is None or count != 1:
        raise Unsupported("the size of its result is not known, or it has several images")
    shift = np.float32(0.5 if node.op_type == "TransformTensorBilinear" else 0)
    rows, columns = np.mgrid[: shape[1], : shape[2]].astype(np.float32) + shift
    flat = op.Reshape(matrix, op.const([-1]))
    row, column = (
        op.Sub(
            op.Add(
                op.Add(op.Mul(_entry(op, flat, 4 * k), op.const(columns[None])), op.Mul(_entry(op, flat, 4 * k + 1),
                op.const(rows[None]))),
                _entry(op, flat, 4 * k + 3),
            ),
            shift,
        )
        for k in (1, 0)
    )  # fmt: skip
    low = [op.Floor(v) for v in (row, column)]
    share = [op.Sub(v, f) for v, f in zip((row, column), low, strict=True)]
    made = blended(op, lambda r, c: picked(op, image, r, c), low[0], low[1], share[0], share[1])
    bounds = [(row, height), (column, width)]
    inside = [op.And(op.GreaterOrEqual(v, np.float32(0)), op.LessOrEqual(v, np.float32(n - 1))) for v, n in bounds]
    return op.Where(op.Unsqueeze(op.And(*inside), op.const([3])), made, np.float32(0))


def _entry(op: OpBuilder, matrix: ir.Value, at: int) -> ir.Value:
    return op.Gather(matrix, op.const(at), axis=0)
