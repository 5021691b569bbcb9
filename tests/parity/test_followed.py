"""LiteRT's ops are told the shapes that the conversion tells its own, and no op but those."""

from __future__ import annotations

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab.litert import LiteRT, converted_source
from tfonnx_lab.parity import compare

ROWS = 3


def sliced(kind: str) -> Model:
    """Columns 1 to 4 of six, of all rows, told in one of the ways that there are."""
    m = Model()
    x = m.input([1, 6], name="x")
    y = m.tensor(shape=[1, 3])
    if kind in ("SLICE", "SLICE of the rest"):
        m.op("SLICE", [x, m.const([0, 1], "int32"), m.const([1 if kind == "SLICE" else -1, 3], "int32")], [y])
    else:
        ends = m.const([1, 4], "int32")
        m.op("STRIDED_SLICE", [x, m.const([0, 1], "int32"), ends, m.const([1, 1], "int32")], [y],
             begin_mask=1 if kind == "STRIDED_SLICE of masks" else 0)  # fmt: skip
    m.outputs(m.op("NEG", [y], [m.tensor(shape=[1, 3])]))
    return m


@pytest.mark.parametrize("batch", [ROWS, "N"])
@pytest.mark.parametrize("kind", ["SLICE", "SLICE of the rest", "STRIDED_SLICE", "STRIDED_SLICE of masks"])
def test_a_slice_takes_all_rows(kind: str, batch: int | str) -> None:
    result = lab.convert(sliced(kind).bytes(), inputs={"x": (batch, 6)})
    given = np.random.default_rng(0).normal(size=(ROWS, 6)).astype(np.float32)
    (made,) = LiteRT(converted_source(result)).run([given])
    assert np.array_equal(made, -given[:, 1:4])
    parity = compare(result, [given])
    assert parity.verdict.ok and parity.outputs[0].shape == (ROWS, 3), str(parity.verdict)


def shared() -> bytes:
    """A RESHAPE that follows the batch, and a FILL of the same constant, which does not."""
    m = Model()
    x, dims = m.input([1, 4, 6], name="x"), m.const([1, 24], "int32")
    flat = m.op("RESHAPE", [x, dims], [m.tensor(shape=[1, 24])], new_shape=[1, 24])
    ones = m.op("FILL", [dims, m.const(np.array(1, np.float32))], [m.tensor(shape=[1, 24])])
    m.outputs(m.op("ADD", [flat, ones], [m.tensor(shape=[1, 24])]))
    return m.bytes()


def test_a_constant_of_two_ops_follows_in_one() -> None:
    result = lab.convert(shared(), inputs={"x": (ROWS, 4, 6)})
    given = np.random.default_rng(0).normal(size=(ROWS, 4, 6)).astype(np.float32)
    (made,) = LiteRT(converted_source(result)).run([given])
    np.testing.assert_allclose(made, given.reshape(ROWS, 24) + 1)
    assert compare(result, [given]).verdict.ok


def test_what_does_not_change_is_the_file() -> None:
    data = shared()
    assert converted_source(lab.convert(data)) is data
    assert converted_source(lab.convert(data, inputs={"x": (1, 4, 6)})) == data
