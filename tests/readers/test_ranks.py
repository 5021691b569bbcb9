"""How many dimensions a result has where the file does not say it: an op of each kind of `readers/ranks.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from tfonnx_lab.readers.ranks import settle_ranks

Given = int | Sequence[int] | None
"""A tensor of so many unknown dimensions, a constant of these numbers, or one whose dimensions are not known."""


def value(given: Given) -> ir.Value:
    if isinstance(given, Sequence):
        array = np.array(given, np.int32)
        return ir.Value(name="c", const_value=ir.tensor(array), shape=ir.Shape(array.shape))
    return ir.Value(name="x", shape=None if given is None else ir.Shape([None] * given))


def settled(op: str, *inputs: Given, told: bool = True, before: int | None = None, **options: Any) -> int | None:
    """The rank of the op's result, before which the file says `before`."""
    attributes = [ir.convenience.convert_attribute(k, v) for k, v in options.items()]
    node = ir.Node("tflite", op, [value(given) for given in inputs], attributes, num_outputs=1)
    out = node.outputs[0]
    out.shape = None if before is None else ir.Shape([None] * before)
    settle_ranks(node, told)
    return None if out.shape is None else len(out.shape)


@pytest.mark.parametrize(
    ("op", "inputs", "options", "wanted"),
    [
        ("EXPAND_DIMS", (3, [0]), {}, 4),
        ("PACK", (2, 2), {}, 3),
        ("SHAPE", (3,), {}, 1),
        ("CONV_2D", (None, 4, 1), {}, 4),
        ("TRANSPOSE", (3, [2, 0, 1]), {}, 3),
        ("RELU", (3,), {}, 3),
        ("ADD", (1, 3), {}, 3),
        ("ADD", (3, None), {}, None),
        ("BATCH_MATMUL", (2, 4), {}, 4),
        ("SELECT", (1, 2, 2), {}, 2),
        ("RESHAPE", (2, [4, 5, 6]), {}, 3),
        ("RESHAPE", (2,), {"new_shape": [4, 6]}, 2),
        ("FILL", ([2, 3], 0), {}, 2),
        ("MEAN", (4, [1, 2]), {"keep_dims": True}, 4),
        ("MEAN", (4, [1, 2]), {"keep_dims": False}, 2),
        ("STRIDED_SLICE", (3, [0], [1], [1]), {"shrink_axis_mask": 1, "new_axis_mask": 0}, 2),
        ("STRIDED_SLICE", (3, [0], [1], [1]), {"shrink_axis_mask": 0, "new_axis_mask": 6}, 5),
        ("GATHER_ND", (3, 2), {}, None),
        ("IF", (3,), {}, None),
    ],
)
def test_ranks(op: str, inputs: tuple[Given, ...], options: dict[str, Any], wanted: int | None) -> None:
    assert settled(op, *inputs, **options) == wanted


def test_a_scalar_is_believed_where_the_file_tells_scalars() -> None:
    assert settled("EXPAND_DIMS", 3, [0], told=True, before=0) == 0
    assert settled("EXPAND_DIMS", 3, [0], told=False, before=0) == 4


def test_what_cannot_be_a_scalar_is_of_unknown_rank() -> None:
    """In a file that does not tell: an op of tensors makes one, but for those that may reduce it to nothing."""
    assert settled("GATHER_ND", 3, 2, told=False, before=0) == 0
    assert settled("RESIZE_SOMEHOW", 3, 2, told=False, before=0) is None
    assert settled("ABS", None, told=False, before=0) is None
