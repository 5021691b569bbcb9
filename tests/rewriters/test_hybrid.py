"""Dynamic range: how LiteRT rounds float inputs before integer products, and the nodes that this takes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.against import check
from conformance.models import Model
from conformance.simple import made
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.runtime.sessions import OnnxRuntime

SCALES = np.array([0.01, 0.02, 0.005, 0.03], np.float32)
PER_CHANNEL: Any = (SCALES, [0] * 4, 0)


def dense(rows: int, quant: Any, bias: bool = True, shape: list[int] | None = None, **options: Any) -> Model:
    """FULLY_CONNECTED of 12 inputs and 4 outputs."""
    m = Model()
    w = m.const(made([4, 12], "int8"), "int8", quant)
    b = m.const(made([4])) if bias else None
    return m.outputs(m.op("FULLY_CONNECTED", [m.input(shape or [rows, 12]), w, b], [m.tensor()], **options))


def conv(kernel: int, batch: int, quant: Any, activation: str = "NONE", signature: Any = None) -> Model:
    """CONV_2D from 3 channels to 4."""
    m = Model()
    x = m.input([batch, 5, 6, 3], signature=signature)
    w = m.const(made([4, kernel, kernel, 3], "int8"), "int8", quant)
    return m.outputs(
        m.op("CONV_2D", [x, w, m.const(made([4]))], [m.tensor()], padding="SAME", fused_activation_function=activation)
    )


def ops(model: Model, **options: Any) -> Counter[str]:
    """The op types of its conversion."""
    return Counter(n.op_type for n in lab.convert(model.bytes(), **options).ir_model.graph)


@pytest.mark.parametrize("quant", [(0.01, 0), PER_CHANNEL])
@pytest.mark.parametrize("asymmetric", [True, False])
@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("bias", [True, False])
def test_products_of_matrices_are_integer(quant: Any, asymmetric: bool, rows: int, bias: bool) -> None:
    m = dense(rows, quant, bias, asymmetric_quantize_inputs=asymmetric)
    by_rows = "MatMulIntegerToFloat" if rows == 1 or asymmetric else "MatMulInteger"
    assert ops(m)[by_rows] == 1 and ops(m, target="portable")["MatMulInteger"] == 1
    check(m, target="portable")
    for exact in (False, True):
        check(m, exact=exact)


def test_one_row_is_one_kernel() -> None:
    m = dense(1, PER_CHANNEL, asymmetric_quantize_inputs=True)
    plain = {"DynamicQuantizeLinear": 1, "MatMulInteger": 1, "Cast": 1, "Mul": 2, "Add": 1}
    assert ops(m) == {"DynamicQuantizeLinear": 1, "MatMulIntegerToFloat": 1} and ops(m, target="portable") == plain
    assert list(lab.convert(m.bytes()).runtime().kernels) == ["DynamicQuantizeMatMul"]


def test_leading_axes_are_kept_or_flattened() -> None:
    check(dense(6, PER_CHANNEL, shape=[2, 3, 12], keep_num_dims=True, asymmetric_quantize_inputs=True))
    check(dense(6, PER_CHANNEL, shape=[2, 3, 12]))
    check(dense(1, (0.01, 0), shape=[1, 3, 4]))


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("quant", [(0.01, 0), PER_CHANNEL, (np.full(4, 0.01, np.float32), [0] * 4, 0)])
def test_convolutions(batch: int, kernel: int, quant: Any) -> None:
    m = conv(kernel, batch, quant, "RELU6")
    found = ops(m)
    assert found["MatMulIntegerToFloat" if kernel == batch == 1 else "Conv"] == 1
    for exact in (False, True):
        check(m, exact=exact)


def test_an_unknown_batch_shares_a_range_unless_exact() -> None:
    m = conv(3, 1, PER_CHANNEL, signature=[-1, 5, 6, 3])
    assert ops(m)["DynamicQuantizeLinear"] == 1
    assert ops(m, exact=True)["DynamicQuantizeLinear"] == 0
    two = Model()
    x = two.input([1, 5, 6, 3], signature=[-1, 5, 6, 3], feed=[2, 5, 6, 3])
    w = two.const(made([4, 3, 3, 3], "int8"), "int8", PER_CHANNEL)
    two.outputs(two.op("CONV_2D", [x, w, two.const(made([4]))], [two.tensor()], padding="SAME"))
    check(two, exact=True)


def test_a_batch_that_the_model_made_has_ranges() -> None:
    """SPACE_TO_BATCH_ND makes a batch of blocks, each with a range of its own."""
    m = Model()
    x = m.input([1, 4, 4, 3], signature=[-1, 4, 4, 3])
    blocks = m.op("SPACE_TO_BATCH_ND", [x, m.const([2, 2]), m.const([[0, 0], [0, 0]])], [m.tensor()])
    w = m.const(made([4, 3, 3, 3], "int8"), "int8", PER_CHANNEL)
    m.outputs(m.op("CONV_2D", [blocks, w, m.const(made([4]))], [m.tensor()], padding="SAME"))
    check(m)


def same_bits(m: Model) -> None:
    """With `exact` the converted model gives what LiteRT's reference kernels give, to the last bit."""
    got = OnnxRuntime(lab.convert(m.bytes(), exact=True).model).run(m.feeds())
    want = LiteRT(m.bytes(), kernels="reference").run(m.feeds())
    for ours, theirs in zip(got, want, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("quant", [(0.01, 0), PER_CHANNEL])
@pytest.mark.parametrize("activation", ["NONE", "RELU6"])
@pytest.mark.parametrize("batch", [1, 2])
def test_exact_convolutions_are_litert_s_bits(quant: Any, activation: str, batch: int) -> None:
    """Sums are whole numbers. A scale for each channel is multiplied before the input's, and ONNX Runtime may
    not fold it into the weights."""
    for kernel in (1, 3):
        same_bits(conv(kernel, batch, quant, activation))


def test_exact_convolutions_of_a_range_around_zero_are_litert_s_bits() -> None:
    """A symmetric range has its zero half way between two codes."""
    m = Model()
    x = m.input([1, 8, 8, 3], values=np.linspace(-1, 1, 192, dtype=np.float32).reshape(1, 8, 8, 3))
    w = m.const(made([4, 3, 3, 3], "int8"), "int8", PER_CHANNEL)
    same_bits(m.outputs(m.op("CONV_2D", [x, w, m.const(made([4]))], [m.tensor()], padding="SAME")))


def test_exact_depthwise_convolutions_are_litert_s_bits() -> None:
    m = Model()
    w = m.const(made([1, 3, 3, 4], "int8"), "int8", (SCALES, [0] * 4, 3))
    inputs = [m.input([1, 6, 7, 4]), w, m.const(made([4]))]
    same_bits(m.outputs(m.op("DEPTHWISE_CONV_2D", inputs, [m.tensor()], padding="SAME", depth_multiplier=1)))


@pytest.mark.parametrize("quant", [(0.01, 0), PER_CHANNEL])
@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize(
    ("shape", "kept"), [([5, 12], False), ([2, 3, 12], True), ([2, 3, 12], False), ([2, 9, 2, 4], False), ([36], False)]
)
def test_exact_products_of_matrices_are_litert_s_bits(
    quant: Any, asymmetric: bool, shape: list[int], kept: bool
) -> None:
    """Of any rank, and where a row is no row of the input."""
    same_bits(dense(0, quant, shape=shape, keep_num_dims=kept, asymmetric_quantize_inputs=asymmetric))


@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize("weights", [[12, 4], [3, 12, 4]])
def test_exact_products_of_batches_are_litert_s_bits(weights: list[int], asymmetric: bool) -> None:
    m = Model()
    w = m.const(made(weights, "int8"), "int8", (0.01, 0))
    inputs = [m.input([3, 5, 12]), w]
    same_bits(m.outputs(m.op("BATCH_MATMUL", inputs, [m.tensor()], asymmetric_quantize_inputs=asymmetric)))


def test_an_input_of_zeros() -> None:
    for m in (
        dense(2, PER_CHANNEL),
        dense(1, PER_CHANNEL),
        dense(2, (0.01, 0), asymmetric_quantize_inputs=True),
        conv(3, 2, PER_CHANNEL),
    ):
        feeds = [np.zeros_like(f) for f in m.feeds()]
        for exact in (False, True):
            check(m.bytes(), feeds, exact=exact)


def test_float_weights_are_folded_by_the_runtime() -> None:
    """A DequantizeLinear of weights would be computed in each run."""
    m = conv(3, 1, PER_CHANNEL)
    result = lab.convert(m.bytes(), hybrid="float")
    assert Counter(n.op_type for n in result.ir_model.graph)["DequantizeLinear"] == 0
    assert any(v.dtype is not None and v.dtype.name == "INT8" for v in result.ir_model.graph.initializers.values())
    kernels = result.runtime().kernels
    assert "Conv" in kernels and set(kernels) <= {"Conv", "Transpose", "ReorderInput", "ReorderOutput"}, kernels


@pytest.mark.parametrize("quant", [(0.01, 0), PER_CHANNEL])
def test_dequantized_models_hold_no_integers(quant: Any) -> None:
    for model in (dense(3, quant), conv(3, 1, quant)):
        found = ops(model, dequantize=True)
        assert not {"DequantizeLinear", "DynamicQuantizeLinear", "QuantizeLinear", "MatMulInteger"} & set(found), found


def test_with_exact_values_half_way_between_codes_go_where_litert_sends_them() -> None:
    """The range is a difference in float32, and the zero point is added behind the rounding: one unit in the last place
    moves a code."""
    m = Model()
    w = m.const(made([4, 3, 3, 16], "int8"), "int8", PER_CHANNEL)
    conv = m.op("CONV_2D", [m.input([1, 16, 16, 16]), w, m.const(np.zeros(4))], [m.tensor()], padding="SAME")
    model = m.outputs(conv).bytes()
    ours, litert = OnnxRuntime(lab.convert(model, exact=True).model), LiteRT(model, kernels="reference")
    for seed in range(20):
        random = np.random.default_rng(seed)
        low, high = -random.random(dtype=np.float32), random.random(dtype=np.float32)
        step = (high - low) / np.float32(255)
        steps = random.integers(-100, 100, [1, 16, 16, 16]).astype(np.float32) + np.float32(0.5)
        x = np.clip(steps * step, low, high)
        x[0, 0, 0, :2] = low, high
        ((wanted,),) = litert.rounds([[x]])
        np.testing.assert_allclose(ours.run([x])[0], wanted, rtol=1e-5, atol=1e-5)
