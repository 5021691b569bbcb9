"""Weights of float ops, and blocks that become one kernel."""

from __future__ import annotations

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.against import check
from conformance.encoding import Blockwise
from conformance.models import Model
from conformance.simple import made
from optimizers.rewrite import optimized

WEIGHTS = "int8[2, 3] w = {1, -2, 3, 4, 5, -6}, float[2] s = {0.5, 0.25}, int8[2] z = {0, 0}, int8[2] odd = {1, -1}"


@pytest.mark.parametrize("zero", ["z", "odd"])
def test_weights_of_a_float_op_fold(zero: str) -> None:
    left = optimized(f"""g (float[4, 3] x) => (float[4, 2] y) <{WEIGHTS}> {{
        d = DequantizeLinear <axis = 0> (w, s, {zero})
        y = Gemm <transB = 1> (x, d) }}""")
    assert left == {"Gemm": 1}


def test_weights_of_an_integer_kernel_stay() -> None:
    left = optimized(f"""g (float[4, 3] x) => (float[4, 2] y) <{WEIGHTS}, float t = {{0.1}}, uint8 m = {{128}}> {{
        q = QuantizeLinear(x, t, m)
        r = DequantizeLinear(q, t, m)
        d = DequantizeLinear <axis = 0> (w, s, z)
        y = Gemm <transB = 1> (r, d) }}""")
    assert left == {"QuantizeLinear": 1, "DequantizeLinear": 2, "Gemm": 1}


def blockwise() -> Model:
    m = Model()
    scales = m.const(made([4, 2], "float16", 0.01, 0.1), "float16")
    w = m.const(made([4, 64], "int4"), "int4", Blockwise(scales, 32))
    return m.outputs(m.op("FULLY_CONNECTED", [m.input([3, 64]), w, m.const(made([4]))], [m.tensor()]))


@pytest.mark.parametrize("opset", [13, 18, 21, 28])
def test_blocks_are_what_litert_says(opset: int) -> None:
    check(blockwise(), opset=opset)


def test_blocks_beside_float_inputs_are_one_kernel() -> None:
    result = lab.convert(blockwise().bytes(), opset=21, hybrid="float")
    assert result.runtime().kernels["MatMulNBits"] == 1


@pytest.mark.parametrize("asymmetric", [True, False])
def test_four_bits_stay_packed(asymmetric: bool) -> None:
    """Half a byte each, below opset 21 in bytes that the graph unpacks; the runtime makes int8 of them as it loads."""
    m = Model()
    w = m.const(made([64, 96], "int4"), "int4", (np.linspace(0.01, 0.1, 64, dtype=np.float32), [0] * 64, 0))
    m.outputs(m.op("FULLY_CONNECTED", [m.input([1, 96]), w, None], [m.tensor()], asymmetric_quantize_inputs=asymmetric))
    sizes = {opset: lab.convert(m.bytes(), opset=opset) for opset in (18, 21)}
    assert max(result.model.ByteSize() for result in sizes.values()) < 64 * 96 // 2 + 2000
    for opset, result in sizes.items():
        check(m, opset=opset)
        assert "MatMulIntegerToFloat" in result.runtime().kernels
