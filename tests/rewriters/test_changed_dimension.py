"""A new batch for a file with a fixed one: RESHAPE and SLICE follow it, and what cannot is an error that names the
op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance import Model
from conformance.models import Tensor
from conformance.simple import made
from tfonnx_lab.runtime import OnnxRuntime

from .one_by_one import follows


def ints(m: Model, *numbers: int) -> Tensor:
    return m.const(np.array(numbers, np.int32))


def flattened(m: Model, x: Tensor) -> Tensor:
    y = m.op("RESHAPE", [x, ints(m, 1, 24)], [m.tensor(shape=[1, 24])])
    return m.op("FULLY_CONNECTED", [y, m.const(made([5, 24])), None], [m.tensor(shape=[1, 5])])


def merged_and_parted(m: Model, x: Tensor) -> Tensor:
    """[1, 4, 6] as rows [4, 6], and back."""
    y = m.op("RESHAPE", [x, ints(m, 4, 6)], [m.tensor(shape=[4, 6])])
    y = m.op("SOFTMAX", [y], [m.tensor(shape=[4, 6])], beta=1.0)
    return m.op("RESHAPE", [y, ints(m, 1, 4, 6)], [m.tensor(shape=[1, 4, 6])])


def behind_others(m: Model, x: Tensor) -> Tensor:
    """The batch second, merged with the dimension before it, parted and put first again."""
    y = m.op("TRANSPOSE", [x, ints(m, 1, 0, 2)], [m.tensor(shape=[4, 1, 6])])
    y = m.op("RESHAPE", [y, ints(m, 4, 6)], [m.tensor(shape=[4, 6])])
    y = m.op("RELU", [y], [m.tensor(shape=[4, 6])])
    y = m.op("RESHAPE", [y, ints(m, 4, 1, 6)], [m.tensor(shape=[4, 1, 6])])
    return m.op("TRANSPOSE", [y, ints(m, 1, 0, 2)], [m.tensor(shape=[1, 4, 6])])


def heads(m: Model, x: Tensor) -> Tensor:
    """Two heads of attention, [1, 4, 2, 3] and [1, 2, 4, 3], times a transposed other."""
    y = m.op("RESHAPE", [x, ints(m, 1, 4, 2, 3)], [m.tensor(shape=[1, 4, 2, 3])])
    y = m.op("TRANSPOSE", [y, ints(m, 0, 2, 1, 3)], [m.tensor(shape=[1, 2, 4, 3])])
    y = m.op("BATCH_MATMUL", [y, y], [m.tensor(shape=[1, 2, 4, 4])], adj_x=False, adj_y=True)
    return m.op("RESHAPE", [y, ints(m, 1, 32)], [m.tensor(shape=[1, 32])])


def blocks(m: Model, x: Tensor) -> Tensor:
    """A dilated convolution's way: the positions in a block stand outside of the batch."""
    y = m.op("SPACE_TO_BATCH_ND", [x, ints(m, 2), m.const(np.zeros((1, 2), np.int32))], [m.tensor(shape=[2, 2, 6])])
    y = m.op("RESHAPE", [y, ints(m, 2, 1, 2, 6)], [m.tensor(shape=[2, 1, 2, 6])])
    y = m.op("RELU", [y], [m.tensor(shape=[2, 1, 2, 6])])
    y = m.op("RESHAPE", [y, ints(m, 2, 2, 6)], [m.tensor(shape=[2, 2, 6])])
    return m.op("BATCH_TO_SPACE_ND", [y, ints(m, 2), m.const(np.zeros((1, 2), np.int32))], [m.tensor(shape=[1, 4, 6])])


def sliced(m: Model, x: Tensor) -> Tensor:
    """Constant sizes say how much of the batch: all of it."""
    y = m.op("SLICE", [x, ints(m, 0, 1, 0), ints(m, 1, 2, 6)], [m.tensor(shape=[1, 2, 6])])
    options: dict[str, Any] = {
        "begin_mask": 0,
        "end_mask": 0,
        "ellipsis_mask": 0,
        "new_axis_mask": 0,
        "shrink_axis_mask": 2,
        "offset": False,
    }
    y = m.op(
        "STRIDED_SLICE", [y, ints(m, 0, 1, 0), ints(m, 1, 2, 6), ints(m, 1, 1, 1)], [m.tensor(shape=[1, 6])], **options
    )
    return m.op("RESHAPE", [y, ints(m, 1, 2, 3)], [m.tensor(shape=[1, 2, 3])])


def swallowed(m: Model, x: Tensor) -> Tensor:
    """A -1 in the wrong place would take the batch."""
    return m.op("RESHAPE", [x, ints(m, 1, -1)], [m.tensor(shape=[1, 24])])


def told_by_an_option(m: Model, x: Tensor) -> Tensor:
    return m.op("RESHAPE", [x], [m.tensor(shape=[1, 24])], new_shape=[1, 24])


def reduced(m: Model, x: Tensor) -> Tensor:
    y = m.op("MEAN", [x, ints(m, 1)], [m.tensor(shape=[1, 6])], keep_dims=False)
    y = m.op("ADD", [y, m.const(made([6]))], [m.tensor(shape=[1, 6])], fused_activation_function="NONE")
    return m.op("RESHAPE", [y, ints(m, 1, 1, 6)], [m.tensor(shape=[1, 1, 6])])


def tail(m: Model, x: Tensor) -> Tensor:
    """A part of every example but the first row: only who knows where the batch stands can take all of it."""
    assert x.shape is not None
    rows = [1, *[d - 1 for d in x.shape[1:2]], *x.shape[2:]]
    return m.op("SLICE", [x, ints(m, 0, 1, *[0] * (len(rows) - 2)), ints(m, *rows)], [m.tensor(shape=rows)])


def reduced_before(m: Model, x: Tensor) -> Tensor:
    """A dimension before the batch is gone."""
    y = m.op("TRANSPOSE", [x, ints(m, 1, 0, 2)], [m.tensor(shape=[4, 1, 6])])
    return tail(m, m.op("MEAN", [y, ints(m, 0)], [m.tensor(shape=[1, 6])], keep_dims=False))


def squeezed_before(m: Model, x: Tensor) -> Tensor:
    y = m.op("EXPAND_DIMS", [x, m.const(np.array(0, np.int32))], [m.tensor(shape=[1, 1, 4, 6])])
    return tail(m, m.op("SQUEEZE", [y], [m.tensor(shape=[1, 4, 6])], squeeze_dims=[0]))


def taken_out_before(m: Model, x: Tensor) -> Tensor:
    y = m.op("EXPAND_DIMS", [x, m.const(np.array(0, np.int32))], [m.tensor(shape=[1, 1, 4, 6])])
    ends = [ints(m, 0), ints(m, 1), ints(m, 1)]
    options: dict[str, Any] = dict.fromkeys(("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask"), 0)
    return tail(m, m.op("STRIDED_SLICE", [y, *ends], [m.tensor(shape=[1, 4, 6])], shrink_axis_mask=1, **options))


NETWORKS = [
    flattened, merged_and_parted, behind_others, heads, blocks, sliced, swallowed, told_by_an_option, reduced,
    reduced_before, squeezed_before, taken_out_before,
]  # fmt: skip


@pytest.mark.parametrize("batch", ["N", 3])
@pytest.mark.parametrize("network", NETWORKS, ids=lambda f: f.__name__)
def test_the_batch_is_followed(network: Callable[[Model, Tensor], Tensor], batch: int | str) -> None:
    """Three at once give what LiteRT gives of each of the three."""
    follows(network, batch)


def test_a_reshape_that_cannot_follow_is_named() -> None:
    m = Model()
    y = m.op(
        "CUMSUM",
        [m.input([1, 4, 6], name="x"), ints(m, 0)],
        [m.tensor(shape=[1, 4, 6])],
        exclusive=False,
        reverse=False,
    )
    data = m.outputs(m.op("RESHAPE", [y, ints(m, 1, 24)], [m.tensor(shape=[1, 24])])).bytes()
    lab.convert(data)
    with pytest.raises(lab.ConversionError) as caught:
        lab.convert(data, inputs={"x": ("N", 4, 6)})
    said = str(caught.value)
    assert "RESHAPE (op 1 of subgraph 0) is told to make [1, 24] of [1, 4, 6]" in said
    assert "CUMSUM (op 0 of subgraph 0) mixes it with others" in said and "make the file again" in said


@pytest.mark.parametrize("op", ["PAD", "CONCATENATION"])
def test_a_dimension_that_grows_is_not_followed(op: str) -> None:
    m = Model()
    x = m.input([1, 4, 6], name="x")
    if op == "PAD":
        pads = m.const(np.array([[0, 1], [0, 0], [0, 0]], np.int32))
        y = m.op("PAD", [x, pads], [m.tensor(shape=[2, 4, 6])])
    else:
        y = m.op(op, [x, x], [m.tensor(shape=[2, 4, 6])], axis=0, fused_activation_function="NONE")
    data = m.outputs(m.op("RESHAPE", [y, ints(m, 2, 24)], [m.tensor(shape=[2, 24])])).bytes()
    with pytest.raises(lab.ConversionError, match=rf"{op} \(op 0 of subgraph 0\) mixes it with others"):
        lab.convert(data, inputs={"x": ("N", 4, 6)})


def chosen_rows(m: Model, condition: list[bool], rows: int) -> bytes:
    """SELECT, by a constant vector, of whole rows of x and of -x."""
    x = m.input([rows, 4, 6], name="x")
    other = m.op("NEG", [x], [m.tensor(shape=[rows, 4, 6])])
    y = m.op("SELECT", [m.const(np.array(condition)), x, other], [m.tensor(shape=[rows, 4, 6])])
    return m.outputs(m.op("RESHAPE", [y, ints(m, rows, 24)], [m.tensor(shape=[rows, 24])])).bytes()


@pytest.mark.parametrize("batch", ["N", 3])
def test_a_condition_for_the_only_row_is_that_of_all(batch: int | str) -> None:
    x = made([3, 4, 6])
    [got] = OnnxRuntime(lab.convert(chosen_rows(Model(), [False], 1), inputs={"x": (batch, 4, 6)}).model).run([x])
    np.testing.assert_array_equal(got, -x.reshape(3, 24))


@pytest.mark.parametrize("batch", ["N", 4, 1])
def test_a_condition_as_long_as_the_old_batch_is_an_error(batch: int | str) -> None:
    data = chosen_rows(Model(), [True, False], 2)
    lab.convert(data)
    with pytest.raises(lab.ConversionError, match=r"SELECT \(op 1 of subgraph 0\) takes .* of the fixed shape \[2\]"):
        lab.convert(data, inputs={"x": (batch, 4, 6)})


def test_a_constant_as_long_as_the_old_batch_is_an_error() -> None:
    m = Model()
    x = m.input([2, 4], name="x")
    y = m.op("ADD", [x, m.const(made([2, 4]))], [m.tensor(shape=[2, 4])], fused_activation_function="NONE")
    data = m.outputs(y).bytes()
    with pytest.raises(lab.ConversionError, match=r"ADD \(op 0 of subgraph 0\) takes .* of the fixed shape \[2, 4\]"):
        lab.convert(data, inputs={"x": ("N", 4)})
