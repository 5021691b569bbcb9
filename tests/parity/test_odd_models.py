"""Models that are seldom: no crash, no false alarm, and a wrong op in them is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from conformance.encoding import Blockwise
from conformance.flex_models import Fed, asked, model_of
from conformance.models import Model
from conformance.simple import made
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.rules import HANDLERS

pytestmark = pytest.mark.usefixtures("own_rules")


def no_dimensions() -> Model:
    m = Model()
    return m.outputs(m.op("DEQUANTIZE", [m.input([], "int16", (0.1, 0))], [m.tensor()]))


def halves() -> Model:
    """Scales of which every second sum lies half way between two codes."""
    m = Model()
    a, b = m.input([40], "int16", (2.0**-12, 0)), m.input([40], "int16", (2.0**-11, 0))
    return m.outputs(m.op("ADD", [a, b], [m.tensor("int16", quant=(2.0**-11, 0))]))


def blocks() -> Model:
    """Weights in blocks, of which LiteRT's plain kernels make zeros."""
    m = Model()
    scales = m.const(made([4, 2], "float16", 0.01, 0.1), "float16")
    w = m.const(made([4, 64], "int4"), "int4", Blockwise(scales, 32))
    return m.outputs(m.op("FULLY_CONNECTED", [m.input([3, 64]), w, m.const(made([4]))], [m.tensor()]))


def truths() -> Model:
    m = Model()
    return m.outputs(m.op("GREATER", [m.input([2, 3]), m.const(np.float32(0))], [m.tensor("bool")]))


def places() -> Model:
    m = Model()
    x = m.input([2, 5])
    return m.outputs(m.op("ARG_MAX", [x, m.const(np.array(1, np.int32))], [m.tensor("int64")], output_type="INT64"))


def complex_numbers() -> Model:
    m = Model()
    return m.outputs(m.op("COMPLEX_ABS", [m.input([2, 3], "complex64")], [m.tensor()]))


def open_sizes() -> Model:
    m = Model()
    x = m.input([1, 3], signature=[-1, 3], feed=[4, 3])
    return m.outputs(m.op("ABS", [x], [m.tensor(shape=[1, 3], shapeSignature=[-1, 3])]))


def nothing_left() -> Model:
    """Beside an output, one without elements."""
    m = Model()
    x = m.input([2, 3])
    none = m.op("SLICE", [x, m.const([0, 0], "int32"), m.const([2, 0], "int32")], [m.tensor(shape=[2, 0])])
    return m.outputs(m.op("ABS", [x], [m.tensor(shape=[2, 3])]), none)


def in_and_out() -> Model:
    """Outputs that are an input, a constant, and one twice."""
    m = Model()
    x = m.input([2, 3])
    y = m.op("ABS", [x], [m.tensor(shape=[2, 3])])
    return m.outputs(y, x, m.const(np.arange(3, dtype=np.float32)), y)


MODELS: dict[Callable[[], Model], tuple[int, str]] = {
    no_dimensions: (0, "DEQUANTIZE"), halves: (0, "ADD"), blocks: (0, "FULLY_CONNECTED"), truths: (0, "GREATER"),
    places: (0, "ARG_MAX"), complex_numbers: (0, "COMPLEX_ABS"), open_sizes: (0, "ABS"), nothing_left: (1, "ABS"),
    in_and_out: (0, "ABS"),
}  # fmt: skip
"""Models => the op that is made wrong in them."""


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_right_and_wrong(make: Callable[[], Model]) -> None:
    m = make()
    data, given = m.bytes(), m.feeds()
    assert (found := lab.compare(lab.convert(data), given).verdict).ok, str(found)
    position, kind = MODELS[make]
    right = HANDLERS.find("tflite", kind)
    assert right is not None

    @lab.handler(kind)
    def careless(op: OpBuilder, node: ir.Node, *inputs: ir.Value) -> ir.Value:
        """What it should be, turned into something else."""
        made_right: Any = right.apply(op, node, {})
        value: ir.Value = made_right if isinstance(made_right, ir.Value) else made_right[0]
        assert value.dtype is not None
        if value.dtype == ir.DataType.BOOL:
            return op.like(op.Not(value), value)
        real = value.dtype.is_floating_point()
        return op.like(op.Neg(value) if real else op.Add(value, np.ones((), value.dtype.numpy())), value)

    wrong = lab.compare(lab.convert(data), given).verdict
    assert (wrong.ok, wrong.op) == (False, position), str(wrong)
    assert "careless" in wrong.sentence


FLEX: dict[str, tuple[list[Fed], dict[str, Any]]] = {
    "StatelessRandomUniform": ([("shape=", np.array([30, 4], np.int32)), ("seed=", np.array([3, 5], np.int32))], {}),
    "Erf": ([("x", np.linspace(-2, 2, 12).reshape(3, 4))], {}),
    "ConjugateTranspose": (
        [
            ("x", (made([2, 3, 4]) + 1j * made([2, 3, 4])).astype(np.complex64)),
            ("perm=", np.array([2, 0, 1], np.int32)),
        ],
        {},
    ),
}
"""Flex ops that draw numbers, compute with doubles, or hold pairs whose dimensions move."""


@pytest.mark.parametrize("op", FLEX)
def test_a_flex_op(op: str) -> None:
    inputs, attrs = FLEX[op]
    outputs, definition = asked(op, inputs, attrs)
    m = model_of(op, inputs, outputs, definition)
    found = lab.compare(lab.convert(m.bytes()), m.feeds()).verdict
    assert found.ok, str(found)


def test_a_model_that_xnnpack_alone_refuses() -> None:
    """XNNPACK takes no convolution whose sums are worth more than 256 steps of the result; LiteRT's kernels do."""
    m = Model()
    x = m.input([1, 4, 4, 2], "int8", quant=(16.0, 0))
    w = m.const(np.random.default_rng(0).integers(-127, 128, [3, 1, 1, 2]).astype(np.int8), quant=(1.0, 0))
    b = m.const(np.zeros(3, np.int32), quant=(16.0, 0))
    out = m.tensor("int8", [1, 4, 4, 3], quant=(0.01, 0))
    data = m.outputs(m.op("CONV_2D", [x, w, b], [out], padding="VALID", stride_w=1, stride_h=1)).bytes()
    with pytest.raises(ConversionError, match="XNNPACK"):
        LiteRT(data, optimised=True).run([np.ones([1, 4, 4, 2], np.int8)])
    found = lab.compare(lab.convert(data))
    assert found.verdict.ok, str(found.verdict)
    assert all(row.band is None for row in found.rows)
