"""The explorer's data: the three views of a tensor, and what another scale would lose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab import samples
from tfonnx_lab.widgets.explorer import tensors


def views(name: str, op: str, **options: Any) -> list[dict[str, Any]]:
    rows = tensors(lab.convert(samples.path(name), **options), samples.inputs(name))
    found: list[dict[str, Any]] = next(row["views"] for row in rows if row["op"] == op)
    return found


def test_a_sum_three_times() -> None:
    tflite, onnx, runtime = views("digits_int8", "ADD")
    assert tflite["inputs"] == ["int8: 0.01864 * (q + 128)", "int8: 0.09177 * (q - 6)"] and tflite["op"] == "ADD"
    assert (onnx["before"], onnx["op"], onnx["after"]) == ("DequantizeLinear", "Add", "QuantizeLinear")
    assert onnx["codes"] == runtime["codes"] == "uint8: 0.09017 * (q - 131)"
    assert runtime["op"] == "QLinearAdd" and runtime["kernel"] and not runtime["before"] + runtime["after"]


def test_what_stands_behind_the_quantizer_is_shown() -> None:
    _, onnx, runtime = views("digits_int8", "MEAN")
    quantizer, _, behind = onnx["after"].partition(", ")
    assert (onnx["op"], quantizer) == ("GlobalAveragePool", "QuantizeLinear") and behind
    assert (runtime["op"], runtime["after"]) == ("QLinearGlobalAveragePool", behind)
    _, _, concat = views("digits_int8", "CONCATENATION")
    assert concat["note"] == "moves codes as they are"


def test_what_stays_float_says_why() -> None:
    _, onnx, runtime = views("digits_int8", "ADD", target="portable")
    assert runtime["op"] == onnx["op"] == "Add" and "qdqisint8allowed" in runtime["note"] and "kernel" not in runtime
    assert "written out" in views("digits_int16x8", "CONV_2D")[1]["note"]
    assert views("digits_int8", "ADD", dequantize=True)[2]["note"] == "computes in float"


def test_losses_of_other_scales() -> None:
    explorer = lab.QuantizationExplorer(
        lab.convert(samples.path("digits_int8")), samples.inputs("digits_int8"), tensor=4
    )
    scale, zero = explorer.in_file
    assert scale == pytest.approx(0.09017, rel=1e-3) and zero == 3
    own, half, double = (explorer.losses(scale * k) for k in (1, 0.5, 2))
    assert own["clipped"] == 0 and half["clipped"] > 0
    assert own["error"] == pytest.approx(scale / 12**0.5, rel=0.05)
    assert own["error"] < half["error"] and double["error"] == pytest.approx(2 * own["error"], rel=0.05)
    assert "QLinearAdd" in explorer.text()


def test_what_runs_by_default_is_what_compare_runs_on() -> None:
    """A picture where the model takes one, no noise."""
    rng = np.random.default_rng(0)
    m = Model()
    x = m.input([1, 32, 32, 3], "uint8", quant=(1 / 255, 0))
    w = m.const(rng.integers(1, 255, (4, 1, 1, 3)).astype(np.uint8), quant=(0.01, 128))
    b = m.const(np.zeros(4, np.int32), quant=(0.01 / 255, 0))
    y = m.op("CONV_2D", [x, w, b], [m.tensor("uint8", quant=(0.02, 100))], padding="VALID", stride_w=1, stride_h=1)
    result = lab.convert(m.outputs(y).bytes())
    given = lab.compare(result).inputs
    assert given is not None
    shown = next(row for row in tensors(result) if row["op"] == "INPUT")["histogram"]["counts"]
    assert shown == np.bincount(given[0].ravel(), minlength=256).tolist() and max(shown) > 3 * np.mean(shown)
