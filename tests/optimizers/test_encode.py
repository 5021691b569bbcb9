"""int8 activations become uint8 on x86-64; the numbers stay what they were."""

from __future__ import annotations

import onnx_ir as ir
import pytest

from optimizers.rewrite import optimized

CONSTANTS = (
    "float s = {0.05}, int8 z = {3}, int8 w0 = {0}, int8[4] row = {1, -2, 3, 127}, int8 low = {-100}, int8 high = "
    "{90}, int64[2] flat = {4, 6}, "
    "int64[4] pads = {0, 1, 1, 0}, int8 fill = {3}, int64 zero = {0}, float[4] axis_s = {1, 2, 3, 4}, int8[4] axis_z "
    "= {0, 0, 0, 0}, "
    "int8[2, 4, 2, 2] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, -1, -2, -3, -4, 5, 6, 7, 8, 9, 10, "
    "11, 12, 13, 14, 15, 16}"
)


def graph(body: str, inputs: str = "float[6, 4] x", output: str = "float[6, 4] y") -> str:
    """A body in ONNX's text form with some constants."""
    return f"g ({inputs}) => ({output}) <{CONSTANTS}> {{ {body} }}"


CHAIN = """q = QuantizeLinear(x, s, z)
{moves}
d = DequantizeLinear(m, s, z)
r = Relu(d)
p = QuantizeLinear(r, s, z)
y = DequantizeLinear(p, s, z)"""


@pytest.mark.parametrize(
    ("moves", "shape"),
    [
        ("m = Identity(q)", "6, 4"),
        ("m = Transpose <perm = [1, 0]> (q)", "4, 6"),
        ("m = Reshape(q, flat)", "4, 6"),
        ("m = Clip(q, low, high)", "6, 4"),
        ("m = Pad(q, pads, fill)", "7, 5"),
        ("m = Gather <axis = 1> (q, zero)", "6"),
        ("a, b = Split <axis = 0, num_outputs = 2> (q)\nm = Concat <axis = 1> (b, a)", "3, 8"),
    ],
)
def test_codes_that_move_become_uint8(moves: str, shape: str) -> None:
    left = optimized(graph(CHAIN.format(moves=moves), output=f"float[{shape}] y"))
    assert left["QuantizeLinear"] == 2 and left["DequantizeLinear"] == 2, left


def test_inputs_and_outputs_keep_their_dtype() -> None:
    body = "d = DequantizeLinear(x, s, z)\nr = Relu(d)\ny = QuantizeLinear(r, s, z)"
    left = optimized(graph(body, "int8[6, 4] x", "int8[6, 4] y"))
    assert left == {"DequantizeLinear": 3, "QuantizeLinear": 3, "Relu": 1}


def test_an_op_that_reads_codes_gets_int8() -> None:
    body = (
        "q = QuantizeLinear(x, s, z)\nd = DequantizeLinear(q, s, z)\nr = Relu(d)\n"
        "p = QuantizeLinear(r, s, z)\ny = Cast <to = 6> (p)"
    )
    left = optimized(graph(body, output="int32[6, 4] y"))
    assert left["QuantizeLinear"] == 3


def test_a_constant_operand_follows_and_weights_stay() -> None:
    body = """d = DequantizeLinear(x, s, z)
        c = DequantizeLinear(row, s, z)
        a = Add(d, c)
        y = QuantizeLinear(a, s, z)"""
    left = optimized(graph(body, "int8[6, 4] x", "int8[6, 4] y"))
    assert left == {"DequantizeLinear": 4, "Add": 1, "QuantizeLinear": 3}


def test_what_computes_no_codes_is_left_alone() -> None:
    left = optimized(graph("d = DequantizeLinear(x, s, z)\ny = Relu(d)", "int8[6, 4] x"))
    assert left == {"DequantizeLinear": 1, "Relu": 1}


def test_an_integer_product_reads_either_encoding() -> None:
    body = """q = QuantizeLinear(x, s, z)
        d = DequantizeLinear(q, s, z)
        r = Relu(d)
        p = QuantizeLinear(r, s, z)
        m = MatMulInteger(p, w2, z)
        y = Cast <to = 1> (m)"""
    text = graph(body, output="float[6, 2] y").replace(
        "int64 zero", "int8[4, 2] w2 = {1, -2, 3, 127, -128, 0, 5, 9}, int64 zero"
    )
    assert optimized(text)["QuantizeLinear"] == 2


def test_uint8_weights_become_int8() -> None:
    body = """d = DequantizeLinear(x, s, uz)
        c = DequantizeLinear(uw, s, uz)
        a = MatMul(d, c)
        y = QuantizeLinear(a, s, uz)"""
    text = graph(body, "uint8[6, 4] x", "uint8[6, 2] y").replace(
        "int64 zero", "uint8 uz = {131}, uint8[4, 2] uw = {1, 2, 3, 255, 128, 0, 5, 9}, int64 zero"
    )
    codes: list[ir.DataType | None] = []

    def weights(model: ir.Model) -> None:
        used = [v for v in model.graph.initializers.values() if v.uses()]
        codes.extend(v.dtype for v in used if v.shape is not None and list(v.shape) == [4, 2])

    assert optimized(text, look=weights) == {"DequantizeLinear": 2, "MatMul": 1, "QuantizeLinear": 1}
    assert codes == [ir.DataType.INT8]
