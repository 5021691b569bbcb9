"""The handler to begin with is Python that registers and converts, for every op of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance import Model
from tfonnx_lab.debug import skeleton
from tfonnx_lab.runtime import OnnxRuntime


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("name", ["digits_float", "digits_unsupported"])
def test_it_is_python(name: str) -> None:
    result = lab.convert(lab.samples.path(name), on_error="keep")
    assert result.resumable is not None
    for record in result.trace.start["nodes"]:
        node = result.resumable.recorder.find(record["id"])
        inputs = [None if v is None else result.resumable.recorder.find(v) for v in record["in"]]
        text = skeleton(node, inputs)
        assert "[1, " in text and "left out" not in text
        space: dict[str, Any] = {"lab": lab}
        exec(text.replace("lab.retry();", ""), space)
        assert f'@lab.handler("{node.op_type}")' in text
    again = lab.retry(result, parity=False)
    used = {step.rule["name"] for step in again.trace if step.rule and step.rule["file"] == "?"}
    assert {"conv_2d", "softmax", "mean"} <= used


def test_options_are_keywords_with_the_defaults_of_the_schema() -> None:
    result = lab.convert(lab.samples.path("digits_float"))
    assert result.resumable is not None
    found = result.resumable.recorder.find
    node = next(found(n["id"]) for n in result.trace.start["nodes"] if n["op"] == "SOFTMAX")
    text = skeleton(node, list(node.inputs))
    assert "*, beta=0.0):" in text and "# beta is 1.0" in text


@pytest.mark.usefixtures("handlers")
def test_scale_and_zero_point_are_handed_over() -> None:
    """Of codes, as constants that the handler can dequantize with; what it makes then computes what the op did."""
    m = Model()
    x, y = m.input([2, 3], "uint8", (0.5, 7)), m.tensor("uint8", [3, 2], (0.5, 7))
    data = m.outputs(m.op("RESHAPE", [x, m.const(np.array([3, 2], np.int32))], [y])).bytes()
    result = lab.convert(data)
    assert result.resumable is not None
    find = result.resumable.recorder.find
    record = next(n for n in result.trace.start["nodes"] if n["op"] == "RESHAPE")
    text = skeleton(find(record["id"]), [None if v is None else find(v) for v in record["in"]])
    assert "UINT8 [2, 3], real = 0.5 * (q - 7)" in text
    assert 'a_scale, a_zero = op.const(0.5, "float32"), op.const(7, "uint8")' in text
    assert 'y_scale, y_zero = op.const(0.5, "float32"), op.const(7, "uint8")' in text
    real = "op.Add(op.Reshape(op.DequantizeLinear(a, a_scale, a_zero), op.Cast(b, to=7)), np.float32(1))"
    text = text.replace("return op.Identity(a)", f"return op.QuantizeLinear({real}, y_scale, y_zero)")
    exec(text.replace("lab.retry();", ""), {"__name__": "cell", "lab": lab, "np": np})
    codes = np.arange(6, dtype=np.uint8).reshape(2, 3)
    [got] = OnnxRuntime(lab.convert(data).model).run([codes])
    np.testing.assert_array_equal(got, codes.reshape(3, 2) + 2)
