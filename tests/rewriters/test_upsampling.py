"""Copies along new axes, which enlarge an image, become RESIZE_NEAREST_NEIGHBOR."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from conformance.against import check
from conformance.models import Model


def network(dtype: str, shapes: list[list[int]], times: list[list[int]], size: list[int]) -> Model:
    """RESHAPE to a shape and TILE, for each shape; then RESHAPE to a size. The image has 4 x 3 pixels of 2 channels."""
    quant = None if dtype == "float32" else (0.05, 3)
    m = Model()
    x = m.input([1, 4, 3, 2], dtype, quant)
    for shape, multiples in zip(shapes, times, strict=True):
        x = m.op("RESHAPE", [x, m.const(np.array(shape, np.int32))], [m.tensor(dtype, quant=quant)])
        x = m.op("TILE", [x, m.const(np.array(multiples, np.int32))], [m.tensor(dtype, quant=quant)])
    return m.outputs(m.op("RESHAPE", [x, m.const(np.array(size, np.int32))], [m.tensor(dtype, quant=quant)]))


ROWS, COLUMNS = [1, 4, 1, 3, 2], [1, 4, 3, 1, 2]


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
@pytest.mark.parametrize(
    ("shapes", "times", "size"),
    [
        ([ROWS, [1, 8, 3, 1, 2]], [[1, 1, 2, 1, 1], [1, 1, 1, 3, 1]], [1, 8, 9, 2]),
        ([COLUMNS, [1, 4, 1, 6, 2]], [[1, 1, 1, 2, 1], [1, 1, 2, 1, 1]], [1, 8, 6, 2]),
        ([ROWS], [[1, 1, 5, 1, 1]], [1, 20, 3, 2]),
        ([COLUMNS], [[1, 1, 1, 2, 1]], [1, 4, 6, 2]),
        ([[1, 4, 1, 3, 1, 2]], [[1, 1, 2, 1, 2, 1]], [1, 8, 6, 2]),
    ],
)
def test_is_one_resize(dtype: str, shapes: list[list[int]], times: list[list[int]], size: list[int]) -> None:
    result = check(network(dtype, shapes, times, size)).result
    kinds = Counter(n.op_type for n in result.ir_model.graph)
    if dtype == "float32":
        assert kinds["Resize"] == 1 and not kinds["Tile"], kinds
    assert "copies_are_nearest_neighbors" in str(result.trace)


@pytest.mark.parametrize(
    ("shapes", "times", "size"),
    [
        ([ROWS], [[1, 2, 1, 1, 1]], [1, 8, 3, 2]),
        ([[1, 4, 3, 2, 1]], [[1, 1, 1, 1, 2]], [1, 4, 6, 2]),
        ([ROWS], [[1, 1, 2, 1, 1]], [1, 4, 6, 2]),
        ([ROWS], [[1, 1, 2, 1, 1]], [1, 1, 24, 2]),
    ],
)
def test_other_copies_stay(shapes: list[list[int]], times: list[list[int]], size: list[int]) -> None:
    result = check(network("float32", shapes, times, size)).result
    assert Counter(n.op_type for n in result.ir_model.graph)["Tile"] == 1
