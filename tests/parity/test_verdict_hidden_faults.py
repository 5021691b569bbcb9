"""Faults that hid: in the rounding of another kernel, behind a fusing of ONNX Runtime's that refuses a graph on the
way."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab import samples
from tfonnx_lab.graph import ORIGIN, OpBuilder
from tfonnx_lab.parity import Verdict, compare

HYBRID: list[dict[str, Any]] = [{}, {"exact": True}, {"hybrid": "float"}, {"dequantize": True}, {"target": "nnapi"}]


pytestmark = pytest.mark.usefixtures("own_rules")


def with_integer_weights(seed: int) -> bytes:
    """Real numbers => FULLY_CONNECTED with int8 weights => TANH; CONV_2D with int8 weights of another input."""
    rng = np.random.default_rng(seed)
    m = Model()
    x = m.input([2, 128], values=rng.uniform(-2, 2, (2, 128)).astype(np.float32))
    w = m.const(rng.integers(-127, 128, (40, 128)).astype(np.int8), quant=(0.004, 0))
    b = m.const(rng.uniform(-1, 1, 40).astype(np.float32))
    y = m.op("TANH", [m.op("FULLY_CONNECTED", [x, w, b], [m.tensor()])], [m.tensor()])
    image = m.input([1, 9, 9, 8], values=rng.uniform(0, 3, (1, 9, 9, 8)).astype(np.float32))
    scales = rng.uniform(0.002, 0.01, 6).astype(np.float32)
    taps = m.const(rng.integers(-127, 128, (6, 3, 3, 8)).astype(np.int8), quant=(scales, np.zeros(6, np.int64), 0))
    none = m.const(np.zeros(6, np.float32))
    z = m.op("CONV_2D", [image, taps, none], [m.tensor()], padding="SAME", stride_w=1, stride_h=1)
    return m.outputs(y, z).bytes()


@pytest.mark.parametrize("options", HYBRID)
@pytest.mark.parametrize("seed", range(3))
def test_what_rounds_its_inputs_and_is_right(seed: int, options: dict[str, Any]) -> None:
    found = compare(lab.convert(with_integer_weights(seed), **options)).verdict
    assert found.ok, str(found)


@pytest.mark.parametrize("seed", range(3))
def test_a_zero_point_that_is_off_by_one(seed: int) -> None:
    done: list[ir.Node] = []

    @lab.optimizer(lab.onnx.QuantizeLinear(name="node"), phase="finish")
    def one_beside(op: OpBuilder, node: ir.Node) -> ir.Value | None:
        """QuantizeLinear(x, scale, zero) => QuantizeLinear(x, scale, zero + 1), once."""
        x, scale, zero = node.inputs
        if done or node.meta.get(ORIGIN) != frozenset((0,)) or zero is None or zero.const_value is None:
            return None
        done.append(node)
        held = zero.const_value.numpy()
        return op.like(op.QuantizeLinear(x, scale, op.const((held + 1).astype(held.dtype))), node.outputs[0])

    found = compare(lab.convert(with_integer_weights(seed))).verdict
    assert found.op == 0 and found.sentence.endswith("optimizer one_beside"), str(found)


@pytest.mark.parametrize("options", HYBRID[2:])
def test_a_scale_that_is_a_little_off(options: dict[str, Any]) -> None:
    @lab.handler("FULLY_CONNECTED")
    def a_little_more(op: OpBuilder, node: ir.Node, x: Any, w: Any, b: Any = None, **given: Any) -> Any:
        """FULLY_CONNECTED(x, w, b) => 1.01 (x w + b), without the rounding of x."""
        real = op.Mul(op.Cast(w, to=ir.DataType.FLOAT), np.float32(0.004)) if w.dtype == ir.DataType.INT8 else w
        return op.Mul(op.Add(op.MatMul(x, op.Transpose(real, perm=[1, 0])), b), np.float32(1.01))

    found = compare(lab.convert(with_integer_weights(0), **options)).verdict
    assert found.op == 0, str(found)


def pooled() -> bytes:
    """int8: CONV_2D{RELU} => MEAN => RESHAPE => CONV_2D{RELU}, as a squeeze-and-excite block has it."""
    rng = np.random.default_rng(1)
    m = Model()
    x = m.input([1, 6, 6, 4], "int8", quant=(0.05, -3), values=rng.integers(-128, 128, (1, 6, 6, 4)).astype(np.int8))
    y = conv(m, x, rng, 4, 12)
    axes = m.const(np.array([1, 2], np.int32))
    y = m.op("MEAN", [y, axes], [m.tensor("int8", quant=(0.02, -100))], keep_dims=False)
    shape = m.const(np.array([1, 1, 1, 12], np.int32))
    y = m.op("RESHAPE", [y, shape], [m.tensor("int8", quant=(0.02, -100))], new_shape=[1, 1, 1, 12])
    return m.outputs(conv(m, y, rng, 12, 5)).bytes()


def conv(m: Model, x: Any, rng: np.random.Generator, taken: int, made: int) -> Any:
    """A CONV_2D of one pixel with a RELU."""
    w = m.const(rng.integers(-127, 128, (made, 1, 1, taken)).astype(np.int8), quant=(0.01, 0))
    b = m.const(rng.integers(0, 900, made).astype(np.int32), quant=(x.quant[0] * 0.01, 0))
    return m.op("CONV_2D", [x, w, b], [m.tensor("int8", quant=(0.02, -128))], padding="VALID", stride_w=1, stride_h=1,
                fused_activation_function="RELU")  # fmt: skip


@pytest.mark.parametrize("opset", [17, 21, 23])
def test_a_reshape_behind_a_mean_is_the_one_that_is_named(opset: int) -> None:
    @lab.handler("RESHAPE")
    def backwards(op: OpBuilder, node: ir.Node, x: ir.Value, shape: ir.Value, **given: Any) -> ir.Value:
        """RESHAPE(x, shape) => its last axis backwards."""
        ends = [op.const(np.array([n], np.int64)) for n in (-1, -(2**31), -1, -1)]
        return op.like(op.Slice(op.Reshape(x, np.array([1, 1, 1, 12], np.int64)), *ends), node.outputs[0])

    found = compare(lab.convert(pooled(), opset=opset)).verdict
    assert found.op == 2 and found.sentence == "op 2 RESHAPE is wrong: handler backwards", str(found)


def of(name: str, **options: Any) -> Verdict:
    return compare(lab.convert(samples.path(name), **options), samples.inputs(name)).verdict


@pytest.mark.parametrize("opset", [17, 21, 23])
def test_an_optimizer_is_named_at_every_opset(opset: int) -> None:
    done: list[ir.Node] = []

    @lab.optimizer(lab.onnx.Concat(name="node"), phase="finish")
    def another_end(op: OpBuilder, node: ir.Node) -> ir.Value | None:
        """Concat(a, b) => Concat(b, a), once."""
        if done or node.meta.get(ORIGIN) != frozenset((6,)):
            return None
        done.append(node)
        first, *rest = node.inputs
        kept = {k: x.value for k, x in node.attributes.items()}
        return op.like(op.node("Concat", [*rest, first], kept).outputs[0], node.outputs[0])

    found = of("digits_int8", opset=opset)
    assert found.op == 6 and found.sentence == "op 6 CONCATENATION is wrong: optimizer another_end", str(found)


def resized() -> bytes:
    """int8: CONV_2D => RESIZE_NEAREST_NEIGHBOR => CONV_2D => HARD_SWISH, with coarse codes between them."""
    rng = np.random.default_rng(2)
    m = Model()
    x = m.input([1, 6, 6, 4], "int8", quant=(0.05, -3), values=rng.integers(-128, 128, (1, 6, 6, 4)).astype(np.int8))
    size = m.const(np.array([11, 11], np.int32))
    y = m.op("RESIZE_NEAREST_NEIGHBOR", [x, size], [m.tensor("int8", quant=(0.05, -3))])
    w = m.const(rng.integers(-127, 128, (8, 1, 1, 4)).astype(np.int8), quant=(0.01, 0))
    b = m.const(rng.integers(-900, 900, 8).astype(np.int32), quant=(0.0005, 0))
    y = m.op("CONV_2D", [y, w, b], [m.tensor("int8", quant=(0.2, 0))], padding="VALID", stride_w=1, stride_h=1)
    return m.outputs(m.op("HARD_SWISH", [y], [m.tensor("int8", quant=(0.05, -100))])).bytes()


def test_what_several_ops_make_together_is_off_where_it_is_another_than_before() -> None:
    done: list[ir.Node] = []

    @lab.optimizer(lab.onnx.Resize(name="node"), phase="finish")
    def half_pixels(op: OpBuilder, node: ir.Node) -> ir.Value | None:
        """Resize{asymmetric} => Resize{half_pixel}, once."""
        if done:
            return None
        done.append(node)
        kept = {k: x.value for k, x in node.attributes.items()} | {"coordinate_transformation_mode": "half_pixel"}
        return op.like(op.node("Resize", list(node.inputs), kept).outputs[0], node.outputs[0])

    found = compare(lab.convert(resized(), dequantize=True)).verdict
    assert done and found.op == 0 and found.sentence.endswith("optimizer half_pixels"), str(found)


def of_codes(seed: int) -> bytes:
    """int8: CONV_2D{RELU} whose bias's unit is a hundredth of a step of its result => CONV_2D."""
    rng = np.random.default_rng(seed)
    m = Model()
    codes = rng.integers(-128, 128, (1, 24, 24, 8)).astype(np.int8)
    y = m.input([1, 24, 24, 8], "int8", quant=(0.04, -7), values=codes)
    for taken, made in ((8, 16), (16, 8)):
        w = m.const(rng.integers(-20, 21, (made, 1, 1, taken)).astype(np.int8), quant=(0.01, 0))
        b = m.const(rng.integers(-900, 900, made).astype(np.int32), quant=(y.quant[0] * 0.01, 0))
        y = m.op("CONV_2D", [y, w, b], [m.tensor("int8", quant=(0.04, -20))], padding="VALID", stride_w=1, stride_h=1)
    return m.outputs(y).bytes()


@pytest.mark.parametrize("options", [{}, {"target": "portable"}, {"target": "arm64"}, {"exact": True}, {"opset": 21}])
@pytest.mark.parametrize("seed", range(2))
def test_codes_that_only_another_rounding_sets_apart_are_right(seed: int, options: dict[str, Any]) -> None:
    found = compare(lab.convert(of_codes(seed), **options)).verdict
    assert found.ok, str(found)


@pytest.mark.parametrize("by", [1, -1])
@pytest.mark.parametrize("target", ["x86_64", "portable", "nnapi"])
def test_a_bias_that_is_one_too_large_decides_few_codes_and_is_found(target: Any, by: int) -> None:
    @lab.rewriter(lab.tfl.CONV_2D(name="node"), phase="prepare")
    def one_more(op: OpBuilder, node: ir.Node) -> ir.Value | None:
        """CONV_2D(x, w, b) => CONV_2D(x, w, b + 1), once."""
        x, w, b = node.inputs
        if node.meta.get(ORIGIN) != frozenset((1,)) or b is None or b.const_value is None or b.name == "moved":
            return None
        kept = {k: x.value for k, x in node.attributes.items()}
        held = b.const_value.numpy() + by
        moved = op.like(op.const(held.astype(np.int32)), b)
        moved.name = "moved"
        return op.like(op.tfl.node("CONV_2D", [x, w, moved], kept).outputs[0], node.outputs[0])

    found = compare(lab.convert(of_codes(0), target=target)).verdict
    assert found.op == 1 and found.sentence.endswith("rewriter one_more"), str(found)
