"""Convolutions of dynamic range as products of integers: every way to cut windows gives LiteRT's numbers."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.against import check
from conformance.models import Model
from conformance.simple import made
from tfonnx_lab.rewriters.quantization import dynamic_range_conv


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little they multiply."""
    monkeypatch.setattr(dynamic_range_conv, "LEAST", 0)


def scales(count: int) -> Any:
    """One for each channel of the result."""
    return (np.linspace(0.004, 0.02, count, dtype=np.float32), [0] * count, 0)


def conv(size: tuple[int, int], count: int = 5, kernel: tuple[int, int] = (3, 3), **options: Any) -> Model:
    """CONV_2D from 8 channels, SAME padding unless told."""
    m = Model()
    w = m.const(made([count, *kernel, 8], "int8"), "int8", options.pop("quant", scales(count)))
    inputs = [m.input([options.pop("batch", 1), *size, 8]), w, m.const(made([count]))]
    return m.outputs(m.op("CONV_2D", inputs, [m.tensor()], **{"padding": "SAME"} | options))


def transposed(size: int, kernel: int, stride: int, padding: str = "SAME", bias: bool = True) -> Model:
    """TRANSPOSE_CONV from 8 channels to 3."""
    m = Model()
    out = size * stride if padding == "SAME" else (size - 1) * stride + kernel
    w = m.const(made([3, kernel, kernel, 8], "int8"), "int8", scales(3))
    inputs = [m.const(np.array([1, out, out, 3], np.int32)), w, m.input([1, size, size, 8])]
    inputs += [m.const(made([3]))] if bias else []
    return m.outputs(m.op("TRANSPOSE_CONV", inputs, [m.tensor()], padding=padding, stride_h=stride, stride_w=stride))


def ops(model: Model, **options: Any) -> Counter[str]:
    """The op types of its conversion."""
    return Counter(n.op_type for n in lab.convert(model.bytes(), **options).ir_model.graph)


def is_product(model: Model) -> bool:
    """Whether no convolution is left."""
    found = ops(model)
    return found["MatMulIntegerToFloat"] == 1 and not found["Conv"] and not found["ConvTranspose"]


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("count", [1, 5, 40])
@pytest.mark.parametrize(
    ("size", "padding"), [((6, 8), "SAME"), ((5, 6), "VALID"), ((6, 7), "SAME"), ((3, 3), "VALID")]
)
def test_places_that_share_a_row(count: int, size: tuple[int, int], padding: str) -> None:
    m = conv(size, count, padding=padding)
    assert is_product(m)
    check(m)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (2, 5), (5, 1), (1, 4)])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(("size", "padding"), [((9, 12), "VALID"), ((8, 7), "SAME")])
def test_strides(kernel: tuple[int, int], stride: int, size: tuple[int, int], padding: str) -> None:
    m = conv(size, kernel=kernel, stride_h=stride, stride_w=stride, padding=padding)
    assert is_product(m)
    check(m)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("dilation", [(2, 2), (1, 3)])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_dilations(dilation: tuple[int, int], padding: str) -> None:
    m = conv((9, 8), dilation_h_factor=dilation[0], dilation_w_factor=dilation[1], padding=padding)
    assert is_product(m)
    check(m)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("options", [{"quant": (0.01, 0)}, {"stride_w": 2}, {"stride_h": 2}])
@pytest.mark.parametrize("opset", [13, 18, 23])
def test_ranges_and_opsets(options: dict[str, Any], opset: int) -> None:
    m = conv((6, 8), **options)
    check(m, opset=opset)
    assert not any(n.domain for n in lab.convert(m.bytes(), opset, target="portable").ir_model.graph)
    check(m, opset=opset, target="portable")


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 2), (4, 2), (3, 1), (5, 3)])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("bias", [True, False])
def test_transposed(kernel: int, stride: int, padding: str, bias: bool) -> None:
    m = transposed(4, kernel, stride, padding, bias)
    assert is_product(m)
    check(m)


def test_what_stays_a_convolution(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = conv((6, 8)), conv((64, 64), 16)
    assert ops(small)["Conv"] == 1 and not ops(large)["Conv"]
    monkeypatch.setattr(dynamic_range_conv, "LEAST", 0)
    assert not ops(small)["Conv"]
    assert ops(small, exact=True)["Conv"] == ops(small, hybrid="float")["Conv"] == 1
    assert ops(conv((6, 8), batch=2))["Conv"] == 1  # each with a range of its own
    monkeypatch.setattr(dynamic_range_conv, "FEWEST", 9)
    assert ops(small)["Conv"] == 1


@pytest.mark.usefixtures("always")
def test_what_is_cut_into_windows_is_moved_before_it_is_cut() -> None:
    m = Model()
    w = m.const(made([40, 3, 3, 8], "int8"), "int8", scales(40))
    pooled = m.op("MAX_POOL_2D", [m.input([1, 12, 12, 8])], [m.tensor()], filter_height=2, filter_width=2,
                  stride_h=2, stride_w=2, padding="VALID")  # fmt: skip
    m.outputs(m.op("CONV_2D", [pooled, w, m.const(made([40]))], [m.tensor()], padding="SAME"))
    graph = lab.convert(m.bytes()).ir_model.graph
    moved = [n for n in graph if n.op_type == "Transpose"]
    assert all(n.outputs[0].shape is not None and list(n.outputs[0].shape)[-1] != 72 for n in moved)
    assert len(moved) == 2
    check(m)
