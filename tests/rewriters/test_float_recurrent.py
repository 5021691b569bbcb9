"""--dequantize: recurrent ops of codes become float ones, close to what LiteRT computes on codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from conformance.simple import made
from conformance.test_recurrent import lstm
from tfonnx_lab.parity import compare


def svdf() -> Model:
    m = Model()
    batch, n_in, units, memory = 2, 5, 4, 6
    x = m.input([batch, n_in], "int8", (1 / 64, 3))
    feature = m.const(made([units, n_in], "int8"), "int8", (1 / 127, 0))
    time = m.const(made([units, memory], "int16"), "int16", (1 / 32767, 0))
    held = m.tensor("int16", [batch, units * memory], (1 / 4096, 0), variable=True)
    bias = m.const([0, 3_000_000, -2_000_000, 500_000], "int32", (1 / 4096 / 32767, 0))
    y = m.tensor("int8", quant=(1 / 16, -5))
    m.op("SVDF", [x, feature, time, bias, held], [y], rank=1, fused_activation_function="RELU")
    return m.outputs(y)


@pytest.mark.parametrize("name", ["svdf", "lstm", "cifg", "batch_major"])
def test_recurrent_ops_are_float(name: str) -> None:
    options: dict[str, Any] = {"cifg": {"cifg": True}, "batch_major": {"time_major": False}}.get(name, {})
    model = svdf() if name == "svdf" else lstm("UNIDIRECTIONAL_SEQUENCE_LSTM", "8x8_16", **options)
    result = lab.convert(model.bytes(), dequantize=True, float_io=True)
    ops = {n.op_type for n in result.ir_model.graph}
    assert not ops & {"QuantizeLinear", "DequantizeLinear", "MatMulInteger"}
    assert all(v.dtype is not None and v.dtype.name == "FLOAT" for v in result.ir_model.graph.inputs)
    given = [np.asarray(v) for v in model.feeds()]
    (row,) = compare(result, given, band=False).outputs
    assert row.steps is not None and row.steps <= 2.5, row
