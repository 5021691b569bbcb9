"""One op cut out, the first op that is off, a second try."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.debug import bisect, isolate, retry
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.rules import HANDLERS

INT8 = samples.path("digits_int8")


@pytest.fixture
def handlers() -> Iterator[None]:
    """Takes the handlers that a test registers away again."""
    before = list(HANDLERS)
    yield
    for rule in list(HANDLERS):
        if rule not in before:
            HANDLERS.remove(rule)


@pytest.mark.parametrize("op", [0, 1, "CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "SOFTMAX"])
def test_an_isolated_op_is_right_by_itself(op: int | str) -> None:
    cut = isolate(lab.convert(INT8), op, samples.inputs("digits_int8"))
    parity = lab.compare(lab.convert(cut.data), cut.inputs, band=False)
    assert len(parity.rows) == 1 and (parity.rows[0].steps or 0) <= 1
    np.testing.assert_array_equal(lab.parity.LiteRT(cut.data).run(cut.inputs)[0], cut.expected[0])  # type: ignore[attr-defined]


def test_an_isolated_op_is_a_test_case(tmp_path: Path) -> None:
    cut = isolate(lab.convert(INT8), "ADD")
    path = cut.save(tmp_path)
    assert path.exists() and path.with_suffix(".npz").exists()
    compile(cut.test(), "test", "exec")


def test_no_such_op() -> None:
    with pytest.raises(lab.ConversionError, match="no op"):
        isolate(lab.convert(INT8), "LSTM")


def test_bisect_finds_nothing_in_a_right_conversion() -> None:
    assert bisect(lab.convert(samples.path("digits_float"))).op is None


@pytest.mark.usefixtures("handlers")
def test_bisect_finds_the_op_and_the_step() -> None:
    @lab.handler("ADD")
    def add(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
        """ADD => an Add that forgets a tenth of b."""
        return op.Add(a, op.Mul(b, np.float32(0.9)))

    found = bisect(lab.convert(samples.path("digits_float")))
    assert found.op == "ADD" and found.step is not None and found.step.rule["name"] == "add"
    assert "add" in str(found)


@pytest.mark.usefixtures("handlers")
def test_retry_converts_what_a_new_handler_can() -> None:
    result = lab.convert(samples.path("digits_unsupported"), on_error="keep")
    assert [f.op for f in result.failures] == ["custom op LabSharpen"]

    @lab.handler("LabSharpen")
    def sharpen(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
        """LabSharpen(x) => x + 0.5 * (x - mean(x))."""
        return op.Add(x, op.Mul(op.Sub(x, op.ReduceMean(x, keepdims=1)), np.float32(0.5)))

    repaired = retry(result)
    assert repaired.failures == () and repaired.model.graph.node
    image: Any = samples.inputs("digits_unsupported")[0]
    from tfonnx_lab.parity import OnnxRuntime

    sharper = image + 0.5 * (image - image.mean())
    (expected,) = OnnxRuntime(lab.convert(samples.path("digits_float")).model).run([sharper])
    (got,) = OnnxRuntime(repaired.model).run([image])
    np.testing.assert_allclose(got, expected, atol=1e-5)
