"""Matrices that are made of a band of several diagonals, on which TFLite's converter crashes: written out.

Source: array_ops.cc (MatrixDiagV2, MatrixDiagV3), matrix_diag_op.cc.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

_BANDS = ("MatrixDiagV2", "MatrixDiagV3")
INTEGERS = (1, 2, 3)
"""Which inputs are the numbers of diagonals, rows and columns."""


def written_band(tf: Any, known: Mapping[str, Any], node: Any) -> Any:
    """The function of (tensorflow, the node, its inputs) that computes the op, where it is one of several diagonals
    whose numbers are constant, else None.

    known: the nodes of its graph by name.
    """
    which = known.get(node.input[1].split(":")[0]) if node.op in _BANDS else None
    if which is None or which.op != "Const":
        return None
    numbers = [int(n) for n in tf.make_ndarray(which.attr["value"].tensor).ravel()]
    if len(numbers) < 2:
        return None
    return partial(_made, numbers)


def _made(numbers: list[int], tf: Any, node: Any, x: Any, which: Any, rows: Any, columns: Any, padding: Any) -> Any:
    """MatrixDiagV3: a size of -1 is as large as the diagonals need, and both make a square."""
    low, high = numbers
    longest = tf.shape(x)[-1]
    down, right = longest - min(high, 0), longest + max(low, 0)
    is_free = tf.logical_and(rows < 0, columns < 0)
    square = tf.maximum(down, right)
    height = tf.where(is_free, square, tf.where(rows < 0, down, rows))
    width = tf.where(is_free, square, tf.where(columns < 0, right, columns))
    return _placed(tf, node, numbers, x, height, width, padding)


def _placed(tf: Any, node: Any, numbers: list[int], x: Any, rows: Any, columns: Any, others: Any) -> Any:
    """The diagonals x [..., high - low + 1, longest] (one: [..., longest]) at their places, `others` elsewhere; shorter
    ones begin at the left, or end at the right, as `align` says of those above and below the main one."""
    (low, high), shape = numbers, tf.shape(x)
    align = (node.attr["align"].s.decode() or "RIGHT_LEFT") if node.op.endswith("V3") else "LEFT_LEFT"
    above, below = (int(side == "RIGHT") for side in align.split("_"))
    down, right = tf.range(rows)[:, None], tf.range(columns)[None]
    number = right - down
    length = tf.minimum(rows + tf.minimum(number, 0), columns - tf.maximum(number, 0))
    shift = (shape[-1] - length) * tf.where(number >= 0, above, below)
    inside = tf.logical_and(number >= low, number <= high)
    places = (high - number) * shape[-1] + tf.minimum(right, down) + shift
    flat = x if low == high else tf.reshape(x, tf.concat([shape[:-2], [-1]], 0))
    return tf.where(inside, tf.gather(flat, tf.where(inside, places, 0), axis=-1), others)
