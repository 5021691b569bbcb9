"""target="portable": standard ONNX, each tensor with the scale and zero point of the file on both sides."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest

import tfonnx_lab as lab
from conformance.against import newest_opset, run_litert
from conformance.models import Model
from conformance.simple import made
from tfonnx_lab.runtime.sessions import OnnxRuntime


def network() -> tuple[Model, set[tuple[float, int]]]:
    """Ops that the other targets write with scales or zero points of their own, and all (scale, zero point) pairs."""
    m = Model()
    pairs = [(0.05, 3), (0.043, -9), (0.061, 20), (0.018, -70), (0.02, 11)]
    quants = [(float(np.float32(s)), z) for s, z in pairs]
    x = m.input([1, 12, 12, 16], "int8", quants[0])
    w = m.const(made([16, 3, 3, 16], "int8"), "int8", (0.01, 0))
    bias = m.const(np.arange(16), "int32", (float(np.float32(0.05) * np.float32(0.01)), 0))
    a = m.op("CONV_2D", [x, w, bias], [m.tensor("int8", quant=quants[1])], padding="SAME", stride_h=1, stride_w=1)
    b = m.op("SUB", [a, x], [m.tensor("int8", quant=quants[2])])
    c = m.op("LEAKY_RELU", [b], [m.tensor("int8", quant=quants[0])], alpha=0.2)
    d = m.op("RESIZE_BILINEAR", [c, m.const([41, 39])], [m.tensor("int8", quant=quants[0])])
    pool: dict[str, Any] = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2}
    e = m.op("AVERAGE_POOL_2D", [d], [m.tensor("int8", quant=quants[0])], **pool)
    f = m.op("QUANTIZE", [e], [m.tensor("int8", quant=quants[4])])
    y = m.op("MEAN", [f, m.const([1, 2])], [m.tensor("int8", quant=quants[3])], keep_dims=True)
    return m.outputs(y), set(quants)


def quantizers(model: onnx.ModelProto) -> set[tuple[float, int]]:
    """The (scale, zero point) pairs of 8-bit activations."""
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    found = set()
    for node in model.graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear") and node.input[0] not in constants:
            found.add((float(constants[node.input[1]]), int(constants[node.input[2]])))
    return found


def test_every_quantizer_is_the_file_s() -> None:
    m, pairs = network()
    portable, arm = (lab.convert(m.bytes(), target=t).model for t in ("portable", "arm64"))
    assert quantizers(portable) == pairs
    assert any(scale < 0 for scale, _ in quantizers(arm))
    (want,) = run_litert(m.bytes(), m.feeds())
    (got,) = OnnxRuntime(portable).run(m.feeds())
    assert np.abs(want.astype(int) - got.astype(int)).max() <= 2


@pytest.mark.parametrize("opset", [18, newest_opset()])
def test_it_has_onnx_s_own_domain_only(opset: int) -> None:
    model = lab.convert(network()[0].bytes(), opset, target="portable").model
    assert [o.domain for o in model.opset_import] == [""]
    assert {n.domain for n in model.graph.node} == {""}
    onnx.checker.check_model(model, full_check=True)
