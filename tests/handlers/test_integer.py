"""Requantization as ONNX nodes gives LiteRT's integers, for multipliers and sums where rounding is delicate."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import onnx_ir as ir
import onnxruntime as ort
import pytest

from tfonnx_lab.arithmetic.fixed_point import multiply, quantize_multiplier
from tfonnx_lab.graph import Editor, OpBuilder
from tfonnx_lab.handlers.lowering import integer

POWERS = [2.0**k for k in (-24, -16, -15, -9, -8, -7, -1, 0, 3)]
REALS = [*POWERS, *(p * f for p in POWERS[:-1] for f in (1.1, 1.5, 1.9999999, 1 + 2**-20)), 3.3e-5, 0.0123, 0.7, 1.3]


def run(x: np.ndarray, build: Callable[[OpBuilder, ir.Value], ir.Value]) -> np.ndarray:
    """What ONNX Runtime computes of int32 x with the nodes that `build` makes of float64 ones."""
    given = ir.Value(name="x", type=ir.TensorType(ir.DataType.INT32), shape=ir.Shape([None]))
    graph = ir.Graph([given], [], nodes=[], name="g", opset_imports={"": 18})
    model = ir.Model(graph, ir_version=8)
    op = OpBuilder(Editor(model), 18)
    result = build(op, integer.wide(op, given))
    result.name = "y"
    for node in op.tape:
        op.editor.insert(node, graph=graph)
    graph.outputs.append(result)
    session = ort.InferenceSession(ir.to_proto(model).SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": x.astype(np.int32)})[0])


def sums(real: float, most: int, limit: int) -> np.ndarray:
    """Integers up to `most`: random ones, and those around where the result changes."""
    most = min(most, int(2**28 / real))  # LiteRT's results have 32 bits
    rng = np.random.default_rng(int(real * 1e9))
    edges = (np.arange(-limit, limit, max(1, limit // 200)) + 0.5) / real
    near = (edges[:, None] + np.arange(-3, 4)).ravel()
    found = np.concatenate([rng.integers(-most, most + 1, 2000), near, [-most, most, 0, 1, -1]])
    return np.unique(np.clip(np.rint(found), -most, most)).astype(np.int64)


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("most", [2**12, 2**21, 2**30])
def test_requantization_to_16_bits(real: float, most: int) -> None:
    x = sums(real, most, 32768)
    got = run(x, lambda op, v: integer.multiply(op, v, [real], most=most, limit=2**16))
    want = multiply(x, quantize_multiplier(real))
    np.testing.assert_array_equal(np.clip(got, -32768, 32767), np.clip(want, -32768, 32767))


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("most", [2**15, 2**24, 2**30])
def test_requantization_to_8_bits(real: float, most: int) -> None:
    x = sums(real, most, 256)
    got = run(x, lambda op, v: integer.quantize(op, v, real, -7, most=most))
    want = np.clip(multiply(x, quantize_multiplier(real)) - 7, -128, 127)
    np.testing.assert_array_equal(got, want.astype(np.int8))


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize(("width", "bias", "product"), [(64, 9, "float"), (2000, 9, "int"), (8, 2**24, "int")])
@pytest.mark.parametrize("zero", [-3, 0, 128])
def test_a_product_is_one_of_floats_while_these_hold_it(
    rank: int, width: int, bias: int, product: str, zero: int
) -> None:
    rng = np.random.default_rng(width)
    x, w = (rng.integers(-128, 128, size).astype(np.int8) for size in ((5, width), (3, width)))
    x[0], w[0], w[1] = -128, -127, 127
    made: list[str] = []

    def build(op: OpBuilder, value: ir.Value) -> ir.Value:
        shape = [5, width] if rank == 2 else [5, 1, width]
        codes = op.Cast(op.Reshape(value, op.const(shape)), to=ir.DataType.INT8)
        codes.shape, codes.type = ir.Shape(shape), ir.TensorType(ir.DataType.INT8)
        y = integer.matmul(op, codes, w, np.full(3, bias), zero)
        made.extend(node.op_type for node in op.tape)
        return y

    got = run(x.ravel(), build).reshape(5, 3)
    np.testing.assert_array_equal(got, (x.astype(np.int64) - zero) @ w.astype(np.int64).T + bias)
    assert ("MatMulInteger" in made) == (product == "int")


def test_requantization_without_a_limit() -> None:
    x = sums(0.0123, 2**30, 2**20)
    got = run(x, lambda op, v: integer.multiply(op, v, [0.0123]))
    np.testing.assert_array_equal(got, multiply(x, quantize_multiplier(0.0123)))


def test_a_shift_takes_halves_away_from_zero() -> None:
    x = np.arange(-64, 65)
    got = run(x, lambda op, v: integer.rounding_shift(op, v, 3))
    want = [int(np.sign(v)) * ((abs(int(v)) + 4) // 8) for v in x]
    assert got.tolist() == want
    assert all(b >= a for a, b in pairwise(got.tolist()))
