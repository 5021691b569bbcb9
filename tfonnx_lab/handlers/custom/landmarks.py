"""MediaPipe's custom ops on landmarks: TransformLandmarks and Landmarks2TransformMatrix.

Source: MediaPipe's util/tflite/operations and TFLite's GPU delegate, which reads the options.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.custom.attributes import custom_options
from tfonnx_lab.handlers.lowering.reduction import reduce
from tfonnx_lab.handlers.lowering.shape import shape_of
from tfonnx_lab.rules import handler


@handler("TransformLandmarks")
def transform_landmarks(op: OpBuilder, node: ir.Node, x: ir.Value, matrix: ir.Value) -> ir.Value:
    """TransformLandmarks(x, matrix) => x and y times the matrix's first two rows; z stays.

    Version 1 has the options dimensions and scale (of the shift); version 2 the last dimension, and no scale.
    """
    options = custom_options(node)
    last = list(x.shape or [None])[-1]
    given = options.get("dimensions", last)
    if not isinstance(given, int | np.integer):
        raise Unsupported("the number of its landmarks' coordinates is not known; fix the input's shape")
    count = int(given)
    if count not in (2, 3):
        raise Unsupported(f"its landmarks have {count} coordinates, not 2 or 3")
    scale = np.float32(options.get("scale", 1.0))
    rows = op.Reshape(matrix, op.const([4, 4]))
    turn = op.Slice(rows, op.const([0, 0]), op.const([2, 2]), op.const([0, 1]))
    shift = op.Reshape(op.Slice(rows, op.const([0, 3]), op.const([2, 4]), op.const([0, 1])), op.const([2]))
    points = op.Reshape(x, op.const([-1, count]))
    flat = op.Slice(points, op.const([0]), op.const([2]), op.const([1]))
    moved = op.Add(op.MatMul(flat, op.Transpose(turn, perm=[1, 0])), op.Mul(shift, scale))
    if count == 3:
        moved = op.Concat(moved, op.Slice(points, op.const([2]), op.const([3]), op.const([1])), axis=1)
    return op.Reshape(moved, shape_of(op, x))


@handler("Landmarks2TransformMatrix")
def landmarks_to_matrix(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """Landmarks2TransformMatrix(landmarks) => the 4 x 4 matrix that cuts out the turned box around some of them."""
    options = custom_options(node)
    subset = options.get("subset", options.get("subset_idxs"))
    if not subset:
        raise Unsupported("it names no landmarks")
    points = op.Slice(op.Reshape(x, op.const([-1, 3])), op.const([0]), op.const([2]), op.const([1]))
    left, right = (op.Gather(points, op.const(int(options[f"{s}_rotation_idx"])), axis=0) for s in ("left", "right"))
    across = op.Sub(right, left)
    chosen = op.Gather(points, op.const([int(i) for i in subset]), axis=0)
    make = _first_version if "input_hw" in options else _second_version
    return make(op, options, chosen, across)


def _turned(op: OpBuilder, angle: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
    """cos, sin, and the matrix that row vectors are multiplied by to turn them."""
    one = op.const([1])
    cos, sin = (op.Reshape(f(angle), one) for f in (op.Cos, op.Sin))
    return cos, sin, op.Reshape(op.Concat(cos, sin, op.Neg(sin), cos, axis=0), op.const([2, 2]))


def _box(op: OpBuilder, points: ir.Value, angle: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value, ir.Value]:
    """Size and middle of the box around the turned points, the middle turned back; cos and sin of the angle."""
    cos, sin, turn = _turned(op, angle)
    turned = op.MatMul(points, turn)
    high, low = (reduce(op, kind, turned, [0], True) for kind in ("ReduceMax", "ReduceMin"))
    middle = op.MatMul(op.Mul(op.Add(high, low), np.float32(0.5)), op.Transpose(turn, perm=[1, 0]))
    return op.Reshape(op.Sub(high, low), op.const([2])), op.Reshape(middle, op.const([2])), cos, sin


def _first_version(op: OpBuilder, options: dict[str, Any], points: ir.Value, across: ir.Value) -> ir.Value:
    """In pixels of the input, from those of the output; the angle by Atan."""
    dx, dy = (op.Gather(across, op.const(k), axis=0) for k in (0, 1))
    angle = op.Neg(op.Atan(op.Div(dy, dx)))
    size, middle, cos, sin = _box(op, points, angle)
    reach = np.float32(options["landmarks_range"])
    size = op.Mul(size, np.float32(options["bbox_size_multiplier"]) / reach)
    centre = op.Sub(op.Mul(middle, np.float32(2) / reach), np.float32(1))
    inputs, outputs = (np.array(options[k], np.float32)[::-1] - 1 for k in ("input_hw", "output_hw"))
    half = inputs / 2
    # absolute * rotation * scale * relative, of which relative is 2 / (output - 1) and -1
    columns = [op.Mul(op.Gather(size, op.const([k]), axis=0), 2 / outputs[k : k + 1]) for k in (0, 1)]
    x = _row(op, half[0], [cos, sin], columns, size, op.Gather(centre, op.const([0]), axis=0), half[0])
    y = _row(op, half[1], [op.Neg(sin), cos], columns, size, op.Gather(centre, op.const([1]), axis=0), half[1])
    rest = op.const(np.array([0, 0, 1, 0, 0, 0, 0, 1], np.float32))
    return op.Reshape(op.Concat(x, y, rest, axis=0), op.const([1, 4, 4]))


def _row(op: OpBuilder, factor: np.float32, turn: list[ir.Value], columns: list[ir.Value], size: ir.Value,
         centre: ir.Value, shift: np.float32) -> ir.Value:  # fmt: skip
    """A row of the first version's matrix."""
    scaled = [op.Mul(op.Mul(t, c), factor) for t, c in zip(turn, columns, strict=True)]
    both = op.Add(*(op.Mul(t, op.Gather(size, op.const([k]), axis=0)) for k, t in enumerate(turn)))
    last = op.Add(op.Mul(op.Sub(centre, both), factor), shift)
    return op.Concat(*scaled, op.const(np.zeros(1, np.float32)), last, axis=0)


def _second_version(op: OpBuilder, options: dict[str, Any], points: ir.Value, across: ir.Value) -> ir.Value:
    """Shift to the middle, turn back, scale, shift by half of the output; the angle over all quadrants."""
    angle = op.Sub(np.float32(options["target_rotation_radians"]), _angle(op, across))
    size, middle, cos, sin = _box(op, points, angle)
    outputs = np.array([options["output_width"], options["output_height"]], np.float32)
    scale = op.Mul(size, np.array([options["scale_x"], options["scale_y"]], np.float32) / outputs)
    sx, sy = (op.Gather(scale, op.const([k]), axis=0) for k in (0, 1))
    zero = op.const(np.zeros(1, np.float32))
    rows = []
    for k, (a, b) in enumerate(((op.Mul(cos, sx), op.Mul(sin, sy)), (op.Neg(op.Mul(sin, sx)), op.Mul(cos, sy)))):
        half = op.Add(op.Mul(a, outputs[0] / 2), op.Mul(b, outputs[1] / 2))
        rows += [a, b, zero, op.Sub(op.Gather(middle, op.const([k]), axis=0), half)]
    rest = op.const(np.array([0, 0, 1, 0, 0, 0, 0, 1], np.float32))
    return op.Reshape(op.Concat(*rows, rest, axis=0), op.const([1, 4, 4]))


def _angle(op: OpBuilder, across: ir.Value) -> ir.Value:
    """atan2(y, x)."""
    x, y = (op.Gather(across, op.const(k), axis=0) for k in (0, 1))
    zero, half_turn = np.float32(0), np.float32(np.pi)
    plain = op.Atan(op.Div(y, x))
    behind = op.Add(plain, op.Where(op.Less(y, zero), -half_turn, half_turn))
    upright = op.Mul(op.Sign(y), np.float32(np.pi / 2))
    return op.Where(op.Greater(x, zero), plain, op.Where(op.Less(x, zero), behind, upright))
