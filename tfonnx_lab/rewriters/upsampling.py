"""Images enlarged by whole factors, which TensorFlow writes as copies along new axes (Keras' UpSampling2D, tf.repeat).

Ops: RESHAPE.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, constant_array, rank
from tfonnx_lab.graph.budget import room
from tfonnx_lab.graph.meta import PLACE
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rules import Miss, rewriter

_DTYPES = (ir.DataType.FLOAT, ir.DataType.INT8, ir.DataType.UINT8)


@rewriter(tfl.RESHAPE(tfl.TILE(..., name="tile"), ..., name="node"))
def copies_are_nearest_neighbors(op: OpBuilder, node: ir.Node, tile: ir.Node) -> ir.Value | None:
    """RESHAPE(TILE(RESHAPE(TILE(RESHAPE(x))))) that repeats rows and columns => RESIZE_NEAREST_NEIGHBOR(x)."""
    path = _up_to_image(node)
    if path is None:
        return None
    x, y = path[-1].inputs[0], node.outputs[0]
    if x is None or x.dtype not in _DTYPES:
        return None
    before, after = _rows_and_columns(x), _rows_and_columns(y)
    taken = _taken(path[::-1])
    if before is None or after is None or taken is None or taken.shape != after:
        return None
    factors = [new // old for old, new in zip(before, after, strict=True)]
    if 0 in factors:  # rows joined with columns
        return None
    wanted = np.arange(taken.size // (factors[0] * factors[1])).reshape(before)
    if not np.array_equal(taken, wanted.repeat(factors[0], 0).repeat(factors[1], 1)):
        raise Miss("it repeats something else than rows and columns")
    if not all(_is_nearest(old, new) for old, new in zip(before, after, strict=True)):
        raise Miss("LiteRT's nearest rows would be others, by rounding")
    options = {"align_corners": False, "half_pixel_centers": False}
    made = op.tfl.node("RESIZE_NEAREST_NEIGHBOR", [x, np.array(after, np.int32)], options, name=f"{node.name}/resized")
    op.editor.inherit(made, node, PLACE)
    return op.like(made.outputs[0], y)


def _up_to_image(node: ir.Node) -> list[ir.Node] | None:
    """The nodes from this one up to the one that reads an image of rank 4, where nothing else reads what is between."""
    if rank(node.outputs[0]) != 4:
        return None
    path = [node]
    while rank(path[-1].inputs[0]) != 4:
        maker = None if path[-1].inputs[0] is None else path[-1].inputs[0].producer()
        if maker is None or maker.op_type not in ("RESHAPE", "TILE") or maker.domain != node.domain:
            return None
        if len(maker.outputs[0].uses()) != 1 or maker.outputs[0].is_graph_output():
            return None
        path.append(maker)
    return path


def _taken(path: list[ir.Node]) -> np.ndarray | None:
    """Which pixel of the image each pixel of the result is; None where batch or channels do not stay apart."""
    x = path[0].inputs[0]
    image = None if x is None else _rows_and_columns(x)
    if x is None or x.shape is None or image is None or not image[0] * image[1]:
        return None
    ends = x.shape[0], x.shape[-1]
    room(image, 8, "the image's pixels")
    taken = np.arange(image[0] * image[1]).reshape(image)
    for node in path:
        shape = node.outputs[0].shape
        if shape is None or (shape[0], shape[-1]) != ends or not all(isinstance(d, int) for d in shape[1:]):
            return None
        if node.op_type == "TILE":
            times = constant_array(node.inputs[1])
            if times is None or times.size != len(shape) or times[0] != 1 or times[-1] != 1:
                return None
            room([*taken.shape, *map(int, times[1:-1])], 8, "the copies of the image")
            taken = np.tile(taken, times[1:-1])
        else:
            inner = [int(d) for d in shape[1:-1]]  # type: ignore[arg-type]
            if int(np.prod(inner)) != taken.size:
                return None
            taken = taken.reshape(inner)
    return taken


def _rows_and_columns(image: ir.Value) -> tuple[int, int] | None:
    if image.shape is None or len(image.shape) != 4:
        return None
    height, width = image.shape[1], image.shape[2]
    return (height, width) if isinstance(height, int) and isinstance(width, int) else None


def _is_nearest(old: int, new: int) -> bool:
    """Whether RESIZE_NEAREST_NEIGHBOR, in LiteRT's float32, takes each row equally often.

    Source: resize_nearest_neighbor.h.
    """
    scale = np.float32(old / np.float32(new))
    return np.array_equal(np.floor(np.arange(new, dtype=np.float32) * scale), np.arange(new) // (new // old))
