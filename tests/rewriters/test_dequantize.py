"""--dequantize: no Q/DQ is left, and activations are found in ranges where they were, and only there."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab.runtime.sessions import OnnxRuntime

S6 = 6 / 255


def network(out: tuple[float, int], *, second: str = "RELU", activation: str = "NONE", dtype: str = "int8") -> Model:
    """CONV_2D with this output quantization, and one more op."""
    rng = np.random.default_rng(0)
    m = Model()
    x = m.input([1, 4, 4, 3], dtype, (0.05, 3), values=rng.integers(0, 100, [1, 4, 4, 3]).astype(dtype))
    w = m.const(rng.integers(-100, 100, [4, 1, 1, 3]).astype(dtype), dtype, (0.01, 0))
    b = m.const(np.zeros(4, np.int32), "int32", (0.0005, 0))
    y = m.op("CONV_2D", [x, w, b], [m.tensor(dtype, quant=out)], fused_activation_function=activation, padding="VALID")
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
        ((5.99 / 255, -128), 0, 1),
        ((6.01 / 255, -128), 0, 1),
        ((0.023528477, -128), 1, 0),
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


def test_an_output_keeps_what_its_codes_did() -> None:
    assert ops(network((5 / 255, -128), second="RESHAPE"))["Relu"] == 1
    assert ops(network((S6, -128), second="RESHAPE"))["Clip"] == 1
    assert ops(network((2 / 255, 0), second="RESHAPE"))["Clip"] == 0, "data between -1 and 1 is common"


def sum_to_six(zero: int) -> Model:
    """RELU6(a + z), z = b - a, which ends at six by itself; a has this zero point."""
    m = Model()
    a, b = m.input([4], "int8", (0.05, zero)), m.input([4], "int8", (0.1, 3))
    z = m.op("SUB", [b, a], [m.tensor("int8", quant=(S6, -128))], fused_activation_function="NONE")
    s = m.op("ADD", [a, z], [m.tensor("int8", quant=(S6, -128))], fused_activation_function="NONE")
    return m.outputs(m.op("LOGISTIC", [s], [m.tensor("int8", quant=(1 / 256, -128))]))


def test_an_operand_of_a_sum_that_ends_at_six_needs_no_six() -> None:
    notes, _ = decisions(sum_to_six(-128))
    assert [note.split(": ")[1].split()[0] for note in notes] == ["RELU", "RELU6"]
    assert "does the rest" in notes[0]


def test_it_does_where_what_is_added_may_be_negative() -> None:
    notes, _ = decisions(sum_to_six(-100))
    assert [note.split(": ")[1].split()[0] for note in notes] == ["RELU6", "RELU6"]


def chain(*ends: float, kept: str = "NONE", weights: int = 100) -> Model:
    """A chain of CONV_2D whose ranges go from 0 to these ends; the last names an activation."""
    rng = np.random.default_rng(0)
    m = Model()
    x = m.input([1, 4, 4, 4], "int8", (0.05, 3))
    for index, end in enumerate(ends):
        w = m.const(rng.integers(-weights, 100, [4, 1, 1, 4]).astype("int8"), "int8", (0.05, 0))
        b = m.const(np.zeros(4, np.int32), "int32", (0.0025, 0))
        named = kept if index == len(ends) - 1 else "NONE"
        x = m.op(
            "CONV_2D",
            [x, w, b],
            [m.tensor("int8", quant=(end / 255, -128))],
            padding="VALID",
            fused_activation_function=named,
        )
    return m.outputs(m.op("LOGISTIC", [x], [m.tensor("int8", quant=(1 / 256, -128))]))


def decisions(m: Model) -> tuple[list[str], list[str]]:
    """What was inferred, and what was refused with which reason."""
    trace = lab.convert(m.bytes(), dequantize=True).trace
    notes = [step.note for step in trace if step.rule["name"] == "infer_relu"]
    return notes, [miss["why"] for miss in trace.misses if trace.rules[miss["rule"]]["name"] == "infer_relu"]


def test_many_ranges_a_little_below_six_are_no_chance() -> None:
    assert ops(chain(5.991, 5.993, 5.995, 5.992))["Clip"] == 4
    assert ops(chain(5.991, 5.993, 5.995))["Clip"] == 0
    assert ops(chain(5.991, 5.993, 5.995, 5.992, 6.005))["Clip"] == 0, "a RELU6 gives nothing above 6"
    assert ops(chain(5.991, 5.993, 5.995, 5.992, 6.02))["Clip"] == 4, "nor is a step above 6 the end of one"
    assert ops(chain(5.991, 5.993, 5.995, 5.992, 3, 4, 2, 9, 8))["Clip"] == 0


def test_a_converter_that_keeps_one_redundant_activation_leaves_out_none() -> None:
    notes, misses = decisions(chain(4, 6, 3, kept="RELU"))
    assert [n.split(": ")[1].split()[0] for n in notes] == ["RELU6"]
    assert any("leaves none out" in why for why in misses)
    assert any("the file names RELU there" in why for why in misses)


def test_weights_that_cannot_go_below_zero_need_no_relu() -> None:
    m = chain(6, 5, weights=0)
    notes, misses = decisions(m)
    assert len(notes) == 1 and "RELU6 after CONV_2D" in notes[0], "the input is negative, too"
    assert any("never negative" in why for why in misses)


def test_a_product_that_ends_at_six_anyway_needs_no_six() -> None:
    m = Model()
    x, y = m.input([4], "int8", (S6, -128)), m.input([4], "int8", (2 / 255, 0))
    z = m.op("MUL", [x, y], [m.tensor("int8", quant=(S6, -128))], fused_activation_function="NONE")
    m.outputs(m.op("LOGISTIC", [z], [m.tensor("int8", quant=(1 / 256, -128))]))
    assert (ops(m)["Clip"], ops(m)["Relu"]) == (0, 1)


def test_the_range_of_a_sum_s_relu6_says_nothing_of_its_operand() -> None:
    m = Model()
    x, y = m.input([4], "int8", (0.1, 0)), m.input([4], "int8", (0.1, 3))
    z = m.op("SUB", [x, y], [m.tensor("int8", quant=(S6, -128))], fused_activation_function="NONE")
    s = m.op("ADD", [z, y], [m.tensor("int8", quant=(12 / 255, -128))], fused_activation_function="RELU6")
    m.outputs(m.op("LOGISTIC", [s], [m.tensor("int8", quant=(1 / 256, -128))]))
    notes, misses = decisions(m)
    assert not notes and any("names RELU6 though its range is another" in why for why in misses)


def test_int16_codes_are_no_bound() -> None:
    m = Model()
    x, y = m.input([4], "int16", (0.001, 0)), m.input([4], "int16", (0.001, 0))
    z = m.op("ADD", [x, y], [m.tensor("int16", quant=(6 / 32767, 0))])
    m.outputs(m.op("LOGISTIC", [z], [m.tensor("int16", quant=(1 / 32768, 0))]))
    assert ops(m, float_io=True)["Clip"] == 0


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


@pytest.mark.parametrize("op", ["REVERSE_V2", "TRANSPOSE", "TILE"])
def test_a_move_between_quantizations_moves_real_values(op: str) -> None:
    m = Model()
    x = m.input([2, 3], name="x")
    y = m.op("QUANTIZE", [x], [m.tensor("int8", quant=(0.02, 0))])
    how = m.const(np.array([1] if op == "REVERSE_V2" else [1, 0] if op == "TRANSPOSE" else [1, 2], np.int32))
    y = m.op(op, [y, how], [m.tensor("int8", quant=(0.03, 5))])
    y = m.op("LOGISTIC", [y], [m.tensor("int8", quant=(1 / 256, -128))])
    result = lab.convert(m.outputs(m.op("DEQUANTIZE", [y], [m.tensor()])).bytes(), dequantize=True)
    assert not {"QuantizeLinear", "DequantizeLinear"} & {n.op_type for n in result.ir_model.graph}
    a = np.array([[-0.5, 0.25, 1], [0, 0.75, -1]], np.float32)
    moved = {"REVERSE_V2": a[:, ::-1], "TRANSPOSE": a.T, "TILE": np.tile(a, [1, 2])}[op]
    (got,) = OnnxRuntime(result.model).run([a])
    np.testing.assert_allclose(got, 1 / (1 + np.exp(-moved)), atol=1e-5)
