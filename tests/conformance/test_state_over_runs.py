"""What models keep: run after run in LiteRT and, by a StatefulSession, in ONNX Runtime."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

import tfonnx_lab as lab
from tfonnx_lab.arithmetic.fixed_point import multiply, quantize_multiplier

from . import Model, cases, test_recurrent
from .encoding import Array
from .simple import made
from .test_state import handle, initialized
from .values import generate

RUNS = 5


def accumulate() -> Model:
    """v += x, from a first value."""
    m = Model()
    initialized(m, "float32")
    h = handle(m)
    y = m.op("ADD", [m.op("READ_VARIABLE", [h], [m.tensor(shape=[3])]), m.input([3])], [m.tensor(shape=[3])])
    m.op("ASSIGN_VARIABLE", [h, y], [])
    return m.outputs(y)


def exchanged() -> Model:
    """Two variables that take each other's values, read before and after; one output is what is kept."""
    m = Model()
    init = m.subgraph("init")
    for name, first in (("a", [1.0, 2.0]), ("b", [30.0, 40.0])):
        init.op("ASSIGN_VARIABLE", [handle(init, name), init.const(np.array(first, np.float32))], [])
    m.op("CALL_ONCE", [], [], init_subgraph_index=init)
    a, b = handle(m, "a"), handle(m, "b")
    old_a, old_b = (m.op("READ_VARIABLE", [h], [m.tensor(shape=[2])]) for h in (a, b))
    m.op("ASSIGN_VARIABLE", [a, old_b], [])
    m.op("ASSIGN_VARIABLE", [b, m.op("ADD", [old_a, m.input([2])], [m.tensor(shape=[2])])], [])
    return m.outputs(old_a, old_b, m.op("READ_VARIABLE", [a], [m.tensor(shape=[2])]))


def svdf(**options: Any) -> Model:
    """The conformance suite's SVDF."""
    build: Callable[..., Model] = inspect.unwrap(test_recurrent.test_svdf)
    return build(**options)


def integer_svdf() -> Model:
    """SVDF with a memory of 16 bits."""
    m = Model()
    x = m.input([2, 5], "int8", (1 / 64, 3))
    feature = m.const(made([4, 5], "int8"), "int8", (1 / 127, 0))
    time = m.const(made([4, 6], "int16"), "int16", (1 / 32767, 0))
    held = m.tensor("int16", [2, 24], (1 / 4096, 0), variable=True)
    bias = m.const([0, 3000, -2000, 500], "int32", (1 / 4096 / 32767, 0))
    y = m.tensor("int8", quant=(1 / 16, -5))
    return m.outputs(m.op("SVDF", [x, feature, time, bias, held], [y], rank=1, fused_activation_function="RELU"))


def rnn() -> Model:
    """A sequence RNN."""
    m = Model()
    held = m.tensor(shape=[2, 4], variable=True)
    inputs = [m.input([3, 2, 5]), m.const(made([4, 5])), m.const(made([4, 4])), m.const(made([4])), held]
    y = m.tensor()
    return m.outputs(
        m.op("UNIDIRECTIONAL_SEQUENCE_RNN", inputs, [y], time_major=True, fused_activation_function="TANH")
    )


MODELS: dict[str, Callable[[], Model]] = {
    "accumulate": accumulate,
    "exchanged": exchanged,
    "svdf": lambda: svdf(kind="float32", rank=2, with_bias=True, activation="RELU"),
    "svdf_hybrid": lambda: svdf(kind="int8", rank=1, with_bias=False, activation="NONE"),
    "svdf_integer": integer_svdf,
    "rnn": rnn,
    "lstm": lambda: test_recurrent.lstm("UNIDIRECTIONAL_SEQUENCE_LSTM", "float32"),
    "lstm_peephole": lambda: test_recurrent.lstm(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", "float32", peephole=True, projection=True
    ),
    "lstm_hybrid": lambda: test_recurrent.lstm("UNIDIRECTIONAL_SEQUENCE_LSTM", "int8", cifg=True),
    "lstm_step": lambda: test_recurrent.lstm("LSTM", "float32"),
}


def fed(model: Model, number: int) -> list[Array]:
    """The inputs of one run."""
    return [generate(t.dtype, seed=100 * number + i, **t.spec) for i, t in enumerate(model.fed)]


def litert(data: bytes) -> Interpreter:
    """LiteRT's own kernels."""
    it = Interpreter(model_content=data, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    it.allocate_tensors()
    return it


def next_outputs(it: Interpreter, inputs: list[Array]) -> list[Array]:
    """LiteRT's outputs; it keeps its variables."""
    for detail, value in zip(it.get_input_details(), inputs, strict=True):
        it.set_tensor(detail["index"], value)
    it.invoke()
    return [np.array(it.get_tensor(d["index"])) for d in it.get_output_details()]


def compared(got: dict[str, Array], want: list[Array]) -> None:
    """Floats within 1e-5, integers within one step."""
    assert len(got) == len(want)
    for a, b in zip(got.values(), want, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a.astype(np.float64), b, atol=1 if b.dtype.kind == "i" else 1e-5, rtol=1e-5)


@pytest.mark.parametrize("opset", [13, 18, 21])
@pytest.mark.parametrize("name", MODELS)
def test_runs(name: str, opset: int, tmp_path: Path) -> None:
    """From a saved file, run after run; then again from the start."""
    model = MODELS[name]()
    data = model.bytes()
    result = lab.convert(data, opset=opset)
    session = lab.StatefulSession(result.save(tmp_path / "model.onnx"))
    assert session.pairs == {s.input: s.output for s in result.states} != {}
    reference = litert(data)
    first: list[Any] = []
    for number in range(RUNS):
        inputs = fed(model, number)
        got = session.run(inputs)
        first = first or list(got.values())
        compared(got, next_outputs(reference, inputs))
    session.reset()
    for a, b in zip(session.run(fed(model, 0)).values(), first, strict=True):
        np.testing.assert_array_equal(a, b)


def test_initial_values_and_names() -> None:
    result = lab.convert(accumulate().bytes())
    (state,) = result.states
    assert (state.input, state.output) == ("v", "v_next")
    session = lab.StatefulSession(result)
    x = np.zeros(3, np.float32)
    (y,) = session.run({session.inputs[0]: x}).values()
    np.testing.assert_array_equal(y, state.initial)


def test_states_can_be_set() -> None:
    session = lab.StatefulSession(lab.convert(accumulate().bytes()))
    session.states = {"v": np.array([5, 6, 7], np.float32)}
    (y,) = session.run(np.ones(3, np.float32)).values()
    np.testing.assert_array_equal(y, [6, 7, 8])
    np.testing.assert_array_equal(session.states["v"], y)


def test_other_numbers_of_inputs_are_refused() -> None:
    session = lab.StatefulSession(lab.convert(accumulate().bytes()))
    with pytest.raises(ValueError, match="2 inputs were given, the model has 1"):
        session.run([np.ones(3, np.float32)] * 2)


def micro_svdf(x: Array, zero: int) -> list[Array]:
    """LiteRT for microcontrollers' SVDF of 8-bit memory, which starts at its zero point."""
    features, times = made([4, 5], "int8").astype(np.int64), made([4, 6], "int8").astype(np.int64)
    sums = (x.astype(np.int64) - 3) @ features.T
    now = np.clip(
        multiply(sums, quantize_multiplier(float(np.float32(1 / 64) * np.float32(1 / 127) / 0.05))) + zero, -128, 127
    )
    totals = (now - zero) * times[:, -1]
    scaled = multiply(totals, quantize_multiplier(float(np.float32(0.05) * np.float32(1 / 127) / np.float32(1 / 16))))
    return [np.clip(scaled - 5, -128, 127).astype(np.int8)]


@cases(zero=[0, -7, 30], expected=micro_svdf)
def test_svdf_of_8_bits(zero: int) -> Model:
    """LiteRT's kernel takes the 8-bit memory for a 16-bit one, and writes beyond it: it cannot be asked."""
    m = Model()
    x = m.input([2, 5], "int8", (1 / 64, 3))
    feature, time = (m.const(made([4, n], "int8"), "int8", (1 / 127, 0)) for n in (5, 6))
    held = m.tensor("int8", [2, 24], (0.05, zero), variable=True)
    y = m.tensor("int8", [2, 4], (1 / 16, -5))
    return m.outputs(m.op("SVDF", [x, feature, time, None, held], [y], rank=1))
