"""--dequantize: no Q/DQ is left, and activations are found in ranges where they were, and only there."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.models import Model

S6 = 6 / 255


def network(out: tuple[float, int], *, second: str = "RELU", activation: str = "NONE", dtype: str = "int8") -> Model:
    """CONV_2D with this output quantization, and one more op."""
    rng = np.random.default_rng(0)
    m = Model()
    x = m.input([1, 4, 4, 3], dtype, (0.05, 3), values=rng.integers(0, 100, [1, 4, 4, 3]).astype(dtype))
    w = m.const(rng.integers(-100, 100, [4, 1, 1, 3]).astype(dtype), dtype, (0.01, 0))
    b = m.const(np.zeros(4, np.int32), "int32", (0.0005, 0))
    conv = {"padding": "VALID", "stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
    y = m.op("CONV_2D", [x, w, b], [m.tensor(dtype, quant=out)], fused_activation_function=activation, **conv)
    options: dict[str, Any] = {"LOGISTIC": {}, "RELU": {}, "RESHAPE": {}}.get(second, {})
    if second == "RESHAPE":
        return m.outputs(m.op("RESHAPE", [y, m.const(np.array([1, 64], np.int32))], [m.tensor(dtype, quant=out)]))
    return m.outputs(m.op("LOGISTIC", [y], [m.tensor(dtype, quant=(1 / 256, np.iinfo(dtype).min))], **options))


def ops(m: Model, **options: Any) -> Counter[str]:
    """The op types of the float conversion."""
    return Counter(n.op_type for n in lab.convert(m.bytes(), dequantize=True, **options).ir_model.graph)


@pytest.mark.parametrize(
    ("out", "clips", "relus"),
    [
        ((S6, -128), 1, 0),
        ((5 / 255, -128), 0, 1),
        ((S6, -100), 0, 0),
        ((2 / 255, 0), 1, 0),
        ((0.1, 0), 0, 0),
    ],
)
def test_ranges_of_int8(out: tuple[float, int], clips: int, relus: int) -> None:
    found = ops(network(out, second="LOGISTIC"))
    assert (found["Clip"], found["Relu"]) == (clips, relus)


def test_it_can_be_turned_off() -> None:
    assert ops(network((S6, -128), second="LOGISTIC"), infer_relu="off")["Clip"] == 0


def test_an_activation_of_the_file_is_not_doubled() -> None:
    assert ops(network((S6, -128), second="LOGISTIC", activation="RELU6"))["Clip"] == 1


def test_an_output_s_range_is_the_data_s() -> None:
    assert ops(network((S6, -128), second="RESHAPE"))["Clip"] == 0


def test_the_edge_keeps_its_dtype_and_float_io_does_not() -> None:
    m = network((S6, -128), second="LOGISTIC")
    kept = ops(m)
    assert kept["DequantizeLinear"] == 1 and kept["QuantizeLinear"] == 1
    result = lab.convert(m.bytes(), dequantize=True, float_io=True)
    found = Counter(n.op_type for n in result.ir_model.graph)
    assert found["DequantizeLinear"] == found["QuantizeLinear"] == 0
    assert [v.dtype.name for v in (*result.ir_model.graph.inputs, *result.ir_model.graph.outputs) if v.dtype] == [
        "FLOAT"
    ] * 2


def test_float_io_without_dequantize() -> None:
    result = lab.convert(network((S6, -128), second="LOGISTIC").bytes(), float_io=True)
    assert [v.dtype.name for v in (*result.ir_model.graph.inputs, *result.ir_model.graph.outputs) if v.dtype] == [
        "FLOAT"
    ] * 2


def test_a_float_model_keeps_its_meaning() -> None:
    m = Model()
    x = m.input([1, 4], low=-9, high=9)
    w = m.const(np.eye(4, dtype=np.float32))
    m.outputs(m.op("FULLY_CONNECTED", [x, w, None], [m.tensor()]))
    found = ops(m)
    assert found["Clip"] == found["Relu"] == 0
