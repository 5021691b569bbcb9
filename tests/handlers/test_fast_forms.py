"""The form that a handler chooses by default, and with `exact`: the faster one, and the one that LiteRT follows."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.against import check, newest_opset
from conformance.models import Model
from conformance.test_recurrent import lstm
from tfonnx_lab.parity import compare
from tfonnx_lab.runtime.sessions import OnnxRuntime


def ops(model: Model, **options: Any) -> Counter[str]:
    """The op types of the conversion, those of subgraphs too."""
    return Counter(n.op_type for n in lab.convert(model.bytes(), **options).ir_model.graph.all_nodes())


def test_the_clip_that_keras_gets_leaves_onnx_its_lstm() -> None:
    model = lstm("UNIDIRECTIONAL_SEQUENCE_LSTM", "float32", cell_clip=10.0)
    assert ops(model)["LSTM"] == 1
    assert ops(model, exact=True)["Scan"] == 1
    for exact in (False, True):
        [output] = compare(lab.convert(model.bytes(), exact=exact)).outputs
        assert output.relative < 1e-5


@pytest.mark.parametrize("clip", [0.3, 9.0])
def test_any_other_clip_is_kept_with_one_product_a_turn(clip: float) -> None:
    left = ops(lstm("UNIDIRECTIONAL_SEQUENCE_LSTM", "float32", cell_clip=clip))
    assert left["Scan"] == 1 and left["LSTM"] == 0
    assert left["Gemm"] == 2, "one of all inputs, one of the state"


@pytest.mark.parametrize(("op", "fast", "slow"), [("MAXIMUM", "Max", "Greater"), ("MINIMUM", "Min", "Less")])
def test_limits_compare_only_with_exact(op: str, fast: str, slow: str) -> None:
    m = Model()
    a, b = m.input([2, 3], "float32"), m.input([3], "float32")
    m = m.outputs(m.op(op, [a, b], [m.tensor("float32")]))
    assert ops(m) == {fast: 1}
    assert ops(m, exact=True) == {slow: 1, "Where": 1}
    x, y = np.array([[np.nan, 1, 2], [4, 5, 6]], np.float32), np.array([3, np.nan, 3], np.float32)
    (got,) = OnnxRuntime(lab.convert(m.bytes(), exact=True).model).run([x, y])
    pick = np.greater if op == "MAXIMUM" else np.less
    np.testing.assert_array_equal(got, np.where(pick(x, y), x, y))


def hybrid(batch: int = 1, asymmetric: bool = True, **options: Any) -> Model:
    """An LSTM with 8-bit weights and float activations."""
    return lstm("UNIDIRECTIONAL_SEQUENCE_LSTM", "int8", batch=batch, asymmetric_quantize_inputs=asymmetric, **options)


@pytest.mark.parametrize("clip", [0.0, 10.0])
def test_a_turn_with_a_state_of_one_row_is_one_op(clip: float) -> None:
    model = hybrid(cell_clip=clip)
    assert ops(model)["DynamicQuantizeLSTM"] == 1 and ops(model)["Gemm"] == 1
    for opset in (13, 18, newest_opset()):
        check(model, opset=opset)


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (hybrid(batch=2), {}),
        (hybrid(asymmetric=False), {}),
        (hybrid(), {"exact": True}),
        (hybrid(), {"target": "portable"}),
        (hybrid(peephole=True), {}),
        (hybrid(projection=True), {}),
    ],
    ids=["two rows", "symmetric", "exact", "portable", "peepholes", "projection"],
)
def test_other_turns_round_by_onnx_s_own_ops(model: Model, options: dict[str, Any]) -> None:
    found = ops(model, **options)
    assert found["DynamicQuantizeLSTM"] == 0 and found["Scan"] == 1
    check(model, **options)
