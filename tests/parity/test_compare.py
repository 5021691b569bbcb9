"""Parity compares what both sides have, finds a wrong handler, and draws it."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

import matplotlib
import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab import samples
from tfonnx_lab.litert import random_inputs
from tfonnx_lab.parity import compare
from tfonnx_lab.parity.gap import difference
from tfonnx_lab.rules import HANDLERS

matplotlib.use("Agg")


@pytest.mark.parametrize("name", [n for n in samples.names() if n != "digits_unsupported"])
def test_samples(name: str) -> None:
    parity = compare(lab.convert(samples.path(name)), samples.inputs(name))
    assert len(parity.rows) >= 7, "intermediate tensors are compared too"
    assert len(parity.outputs) == 1 and parity.outputs[0].relative < 0.02
    if name in ("digits_float", "digits_dynamic_range"):
        assert parity.worst is not None and parity.worst.relative < 1e-5
    elif name == "digits_int16x8":
        assert parity.worst is not None and parity.worst.nrmse < 1e-3
    else:
        assert max(row.steps or 0 for row in parity.rows if not row.is_output) <= 3
    assert "CONV_2D" in str(parity) and "<table>" in parity._repr_html_()
    assert f"<b>{parity.verdict.sentence}</b>" in unescape(parity._repr_html_())


def test_plot_names_axes() -> None:
    ax = compare(lab.convert(samples.path("digits_int8"))).plot()
    assert ax.get_yscale() == "log" and "op" in ax.get_xlabel() and "nrmse" in ax.get_ylabel()


@pytest.fixture
def wrong_softmax() -> Iterator[None]:
    right = HANDLERS.find("tflite", "SOFTMAX")

    @lab.handler("SOFTMAX")
    def softmax(op, node, x):  # type: ignore[no-untyped-def]
        """SOFTMAX => one that is wrong by a tenth."""
        return op.Mul(op.Softmax(x, axis=-1), np.float32(0.9))

    yield
    assert right is not None
    HANDLERS.remove(HANDLERS.find("tflite", "SOFTMAX"))  # type: ignore[arg-type]


@pytest.mark.usefixtures("wrong_softmax")
def test_a_wrong_handler_shows_at_its_op() -> None:
    parity = compare(lab.convert(samples.path("digits_float")))
    bad = [row for row in parity.rows if row.relative > 1e-3]
    assert [row.op for row in bad] == ["SOFTMAX"]


def test_differences() -> None:
    a = np.array([1.0, np.nan, np.inf, np.nan, 2.0])
    b = np.array([1.5, np.nan, np.inf, 0.0, np.inf])
    assert difference(a, b).tolist() == [0.5, 0.0, 0.0, np.inf, np.inf]


def test_random_inputs_cover_the_codes() -> None:
    detail = {"dtype": np.int8, "shape": [4096], "quantization_parameters": {"scales": [0.1]}}
    (codes,) = random_inputs([detail])
    assert codes.min() == -128 and codes.max() == 127


@pytest.mark.parametrize("name", ["digits_int8", "digits_uint8", "digits_int16x8"])
@pytest.mark.parametrize("float_io", [False, True])
def test_a_float_model_is_within_the_quantization_s_own_error(name: str, float_io: bool) -> None:
    parity = compare(lab.convert(samples.path(name), dequantize=True, float_io=float_io), samples.inputs(name))
    assert len(parity.rows) >= 7 and parity.outputs[0].nrmse < 0.03
    assert all(row.nrmse < 0.05 for row in parity.rows)


def two_signatures() -> bytes:
    """Two signatures of other shapes: "double" on the first subgraph, "negate" on the second."""
    from conformance import Model

    m = Model()
    x = m.input([2])
    m.outputs(m.op("ADD", [x, x], [m.tensor()]))
    g = m.subgraph("negate")
    y = g.input([3], name="y")
    first = g.op("NEG", [y], [g.tensor("float32", [3])])
    z = g.op("EXP", [first], [g.tensor("float32", [3])])
    g.outputs(z)
    m.signature("double", {"x": x}, {})
    m.signature("negate", {"y": y}, {"z": z}, g)
    return m.bytes()


def test_another_signature_is_compared_with_itself() -> None:
    parity = compare(lab.convert(two_signatures(), signature="negate"))
    assert [row.op for row in parity.rows] == ["NEG", "EXP"] and all(row.relative < 1e-6 for row in parity.rows)
    assert parity.inputs is not None and [x.shape for x in parity.inputs] == [(3,)]


def test_strings_and_outputs_without_elements_are_compared() -> None:
    m = Model()
    text = m.input([2], "string")
    result = lab.convert(
        m.outputs(m.op("RESHAPE", [text, m.const(np.array([2, 1], np.int32))], [m.tensor("string")])).bytes()
    )
    (row,) = lab.compare(result, [np.array([b"a", b"b"], object)]).outputs
    assert (row.error, row.shape) == (0.0, (2, 1))
    m = Model()
    x = m.input([0, 3])
    (row,) = lab.compare(
        lab.convert(m.outputs(m.op("ABS", [x], [m.tensor()])).bytes()), [np.zeros((0, 3), np.float32)]
    ).outputs
    assert (row.error, row.shape) == (0.0, (0, 3))


def test_the_error_of_one_element_is_held_against_its_size() -> None:
    """It has no spread, and neither have equal ones."""
    m = Model()
    y = m.op("SUM", [m.input([64]), m.const(np.array([0], np.int32))], [m.tensor(shape=[])], keep_dims=False)
    parity = lab.compare(lab.convert(m.outputs(m.op("EXP", [y], [m.tensor(shape=[])])).bytes()))
    assert all(row.nrmse <= 2 * max(row.relative, 1e-7) for row in parity.rows)


def test_spread() -> None:
    from tfonnx_lab.parity.rows import spread_of

    assert spread_of(np.array([-4.0])) == 4.0 and spread_of(np.full(9, 0.5)) == 0.5
    assert spread_of(np.array([1.0, 3.0])) == 1.0 and spread_of(np.array([np.nan])) == 0.0
