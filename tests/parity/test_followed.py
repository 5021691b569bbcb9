"""LiteRT's ops are told the shapes that the conversion tells its own, and no op but those."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from conformance.models import Model, Tensor
from conformance.simple import made
from rewriters.test_batch_behind import NETWORKS, joined, joined_codes, looped_slice, packed
from tfonnx_lab.graph import OpBuilder
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


@pytest.fixture(autouse=True)
def _own_rules() -> Iterator[None]:
    yield
    lab.restore()


def of_a_batch(network: Callable[[Model, Tensor], Tensor], batch: int | str) -> Any:
    m = Model()
    data = m.outputs(network(m, m.input([1, 4, 6], name="x"))).bytes()
    return compare(lab.convert(data, inputs={"x": (batch, 4, 6)}), [made([3, 4, 6])])


@pytest.mark.parametrize("batch", [3, "N"])
@pytest.mark.parametrize("network", NETWORKS, ids=lambda f: f.__name__)
def test_what_follows_is_judged(network: Callable[[Model, Tensor], Tensor], batch: int | str) -> None:
    """Constants that are repeated for each example, shapes that ops of subgraphs are told: LiteRT has them, too."""
    found = of_a_batch(network, batch)
    assert found.verdict.ok and found.outputs[0].shape[0] == 3, str(found.verdict)


@pytest.mark.parametrize("batch", [3, "N"])
@pytest.mark.parametrize("network", [joined, joined_codes, packed, looped_slice], ids=lambda f: f.__name__)
def test_a_fault_is_found_there(network: Callable[[Model, Tensor], Tensor], batch: int | str) -> None:
    @lab.handler("CONCATENATION")
    def another_end(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value, *, axis: int = 0, **given: Any) -> Any:
        """CONCATENATION(a, b) => Concat(b, a)."""
        return op.Concat(b, a, axis=axis)

    @lab.handler("PACK")
    def first_twice(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value, *, axis: int = 0, **given: Any) -> Any:
        """PACK(a, b) => a twice."""
        return op.Concat(*[op.Unsqueeze(a, np.array([axis], np.int64))] * 2, axis=axis)

    @lab.handler("SLICE")
    def negative(op: OpBuilder, node: ir.Node, x: ir.Value, *rest: ir.Value) -> ir.Value:
        """SLICE(x) => Neg(x)."""
        return op.Neg(x)

    found = of_a_batch(network, batch).verdict
    assert not found.ok and found.op == (1 if network is joined_codes else 0), str(found)


def test_where_litert_cannot_follow_the_message_says_what_to_compare() -> None:
    """What is joined is computed for one example, so the file has no constant to repeat."""
    m = Model()
    x = m.input([1, 4, 6], name="x")
    ones = m.op("FILL", [m.const([1, 2, 6], "int32"), m.const(np.array(1, np.float32))], [m.tensor(shape=[1, 2, 6])])
    data = m.outputs(m.op("CONCATENATION", [ones, x], [m.tensor(shape=[1, 6, 6])], axis=1)).bytes()
    result = lab.convert(data, inputs={"x": (ROWS, 4, 6)})
    with pytest.raises(
        lab.ConversionError, match=r"LiteRT cannot run the model.*compare the conversion with the file's"
    ):
        compare(result, [made([ROWS, 4, 6])])
    assert compare(lab.convert(data)).verdict.ok
