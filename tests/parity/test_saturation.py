"""x86 without VNNI, whose kernels add pairs of products in 16 bits: what a verdict says there.

Such a CPU is played here: what is computed with int8 weights beyond 64 is wrong, and with unsigned ones right.
`benchmarks/avx2.py` runs an emulated one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort
import pytest
from onnx import numpy_helper

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab import samples
from tfonnx_lab.arithmetic.pairs import SAID, overflows
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.dynamic_range_conv import hybrid_conv
from tfonnx_lab.parity import measuring, running
from tfonnx_lab.runtime import saturation
from tfonnx_lab.runtime.sessions import OnnxRuntime, session

RNG = np.random.default_rng(0)
PER_TENSOR = (0.01, 0)


pytestmark = pytest.mark.usefixtures("own_rules")


@pytest.fixture
def old_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """int8 weights beyond 64 are as good as 64."""

    def played(model: onnx.ModelProto, **how: Any) -> ort.InferenceSession:
        made = onnx.ModelProto()
        made.CopyFrom(model)
        for tensor in made.graph.initializer:
            if tensor.data_type == onnx.TensorProto.INT8:
                tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).clip(-64, 64), tensor.name))
        return session(made, **how)

    for module in (measuring, running):
        monkeypatch.setattr(module, "session", played)
    monkeypatch.setattr(saturation, "has_vnni", lambda: False)


def conv(then: str = "") -> bytes:
    """A convolution of dynamic range that becomes a product of integers, and an op behind it."""
    m = Model()
    w = m.const(RNG.integers(-127, 128, [16, 3, 3, 16]).astype(np.int8), "int8", PER_TENSOR)
    b = m.const(np.zeros(16, np.float32))
    made = m.op("CONV_2D", [m.input([1, 40, 40, 16]), w, b], [m.tensor()], padding="SAME")
    return m.outputs(m.op(then, [made], [m.tensor()]) if then else made).bytes()


def dense(most: int) -> bytes:
    """FULLY_CONNECTED of dynamic range, with weights up to a size."""
    m = Model()
    w = m.const(RNG.integers(-most, most + 1, [24, 32]).astype(np.int8), "int8", PER_TENSOR)
    return m.outputs(m.op("FULLY_CONNECTED", [m.input([4, 32]), w, None], [m.tensor()])).bytes()


def static() -> bytes:
    """Two int8 convolutions, whose weights have the same zero point."""
    m = Model()
    x = m.input([1, 8, 8, 8], "int8", (0.05, 3))
    for _ in range(2):
        w = m.const(RNG.integers(-127, 128, [8, 3, 3, 8]).astype(np.int8), "int8", PER_TENSOR)
        b = m.const(np.zeros(8, np.int32), "int32", (0.0005, 0))
        x = m.op("CONV_2D", [x, w, b], [m.tensor("int8", quant=(0.5, 0))], padding="SAME")
    return m.outputs(x).bytes()


def overflowing(model: onnx.ModelProto) -> bool:
    """Whether its nodes read int8 weights that could."""
    read = {name for node in model.graph.node for name in node.input}
    return any(saturation.may_saturate(numpy_helper.to_array(t)) for t in model.graph.initializer if t.name in read)


def test_the_kernel_is_named_and_no_op(old_cpu: None) -> None:
    found = lab.compare(lab.convert(conv())).verdict
    assert found.ok and found.op is None and "the 8-bit kernel of op 0 CONV_2D saturates" in found.sentence
    assert found.sentence.endswith("exact=True avoids it") and " of its scale at op 0" in found.sentence
    assert "saturate" not in lab.compare(lab.convert(conv(), exact=True)).verdict.sentence


def test_on_another_cpu_the_same_numbers_are_an_error(old_cpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saturation, "has_vnni", lambda: True)
    assert not lab.compare(lab.convert(conv())).verdict.ok


def test_a_wrong_handler_is_still_named(old_cpu: None) -> None:
    @lab.handler("HYBRID_CONV")
    def mine(op: OpBuilder, node: ir.Node, x: ir.Value, w: ir.Value, b: ir.Value, **options: Any) -> ir.Value:
        """HYBRID_CONV(x, w) => 0.9 of it."""
        return op.Mul(hybrid_conv(op, node, x, w, b, **options), np.float32(0.9))

    found = lab.compare(lab.convert(conv())).verdict
    assert not found.ok and found.sentence == "op 0 CONV_2D is wrong: handler mine"


def test_a_wrong_op_beside_it_does_not_hide_it(old_cpu: None) -> None:
    @lab.handler("TANH")
    def mine(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
        """TANH(x) => 0.9 x."""
        return op.Mul(x, np.float32(0.9))

    found = lab.compare(lab.convert(conv(then="TANH"))).verdict
    assert not found.ok and found.op == 1 and found.sentence.startswith("op 1 TANH is wrong: handler mine; besides, on")
    assert "the 8-bit kernel of op 0 CONV_2D saturates: exact=True avoids that" in found.sentence


def test_the_step_says_it() -> None:
    assert any(SAID in step.note for step in lab.convert(conv()).trace)
    assert not any(SAID in step.note for step in lab.convert(conv(), target="arm64").trace)


@pytest.mark.parametrize(
    ("most", "options", "kind"),
    [
        (127, {}, np.uint8),
        (127, {"target": "portable"}, np.uint8),
        (127, {"target": "arm64"}, np.int8),
        (60, {}, np.int8),
    ],
)
def test_products_of_matrices_have_weights_that_never_saturate(most: int, options: Any, kind: type) -> None:
    model = lab.convert(dense(most), **options).model
    matrices = [a for t in model.graph.initializer if (a := numpy_helper.to_array(t)).shape == (32, 24)]
    assert [a.dtype for a in matrices] == [kind]
    assert all(array.dtype == np.uint8 or not overflows(array) for array in matrices) or options


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        ([64, 64, 0], False),
        ([65, 64, 0], True),
        ([-65, -64, 0], True),
        ([127, -127, 0], False),
        ([0, 127, 127], False),
        ([127, 0, 127], False),
    ],
)
def test_neighbours_overflow(column: list[int], wanted: bool) -> None:
    """Of one sign, and of one pair."""
    assert overflows(np.array([column], np.int8).T) == wanted


def test_unsigned_weights_are_the_same_model() -> None:
    model = lab.convert(samples.path("digits_int8")).model
    other = saturation.with_unsigned_weights(model)
    kinds = {t.data_type for t in other.graph.initializer if t.name.endswith("/unsigned")}
    assert kinds == {onnx.TensorProto.UINT8} and overflowing(model) and not overflowing(other)
    given = samples.inputs("digits_int8")
    for a, b in zip(OnnxRuntime(model).run(given), OnnxRuntime(other).run(given), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


def test_each_weights_own_zero_point() -> None:
    result = lab.convert(static())
    constants = {t.name: t for t in result.model.graph.initializer}
    reads = [n for n in result.model.graph.node if n.op_type == "DequantizeLinear" and n.input[0] in constants]
    zeros = [n.input[2] for n in reads if constants[n.input[0]].data_type == onnx.TensorProto.INT8]
    assert len(zeros) == 2 and len(set(zeros)) == 2
    options = ort.SessionOptions()
    options.add_session_config_entry(saturation.PRECISION, "1")
    ort.InferenceSession(result.model.SerializeToString(), options)  # failed where they were one
    assert [step for step in result.trace if step.rule and step.rule["name"] == "own_zero_points"]


def test_a_session_asks_for_unsigned_weights_where_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def load(options: ort.SessionOptions, works: bool = True) -> str:
        try:
            tried.append(options.get_session_config_entry(saturation.PRECISION))
        except Exception:  # it has none
            tried.append("")
        if not works and tried[-1] == "1":
            raise RuntimeError("Attempt to replace the existing tensor")
        return "made"

    monkeypatch.setattr(saturation, "has_vnni", lambda: False)
    assert saturation.on_every_cpu(load, ort.SessionOptions()) == "made" and tried == ["1"]
    assert saturation.on_every_cpu(lambda o: load(o, False), ort.SessionOptions()) == "made"
    assert tried == ["1", "1", "0"]
    monkeypatch.setattr(saturation, "has_vnni", lambda: True)
    saturation.on_every_cpu(load, ort.SessionOptions())
    assert tried[-1] == ""


def test_the_report_counts_them() -> None:
    said = lab.convert(conv()).report(parity=False).saturating
    assert "1 of 1 kernels" in said and "exact=True avoids it" in said
    assert not lab.convert(dense(127)).report(parity=False).saturating
