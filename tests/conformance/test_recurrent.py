"""LSTM, RNN and SVDF: one run from a zero state."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Model, Tensor, case, cases
from .simple import made, steps

CELL = 2.0**-11


class Cell:
    """The tensors of an LSTM, in LiteRT's order, of one weight type: "float32", "int8", "uint8" (hybrid), "8x8_16" (all
    int).

    The bytes of uint8 weights are those of int8 ones, which is how LiteRT reads them.
    """

    def __init__(self, m: Model, kind: str, n_in: int, n_cell: int, n_out: int, batch: int) -> None:
        self.m, self.kind, self.n_in, self.n_cell, self.n_out, self.batch = m, kind, n_in, n_cell, n_out, batch
        self.seed = 0

    def matrix(self, shape: list[int], on: bool = True) -> Tensor | None:
        """A weight, of other values each time."""
        self.seed += 1
        if not on:
            return None
        values = np.roll(made(shape), self.seed * 3).reshape(shape) * 0.5
        if self.kind == "float32":
            return self.m.const(values.astype(np.float32))
        codes = np.round(values * 127 / 0.5).astype(np.int8)
        if self.kind == "uint8":
            return self.m.const(codes.view(np.uint8), "uint8", (0.5 / 127, 0))
        return self.m.const(codes, "int8", (0.5 / 127, 0))

    def vector(self, on: bool = True, role: str = "bias", size: int = 0) -> Tensor | None:
        """A bias, a peephole (same type as the weights, int16 in all-integer cells) or a norm's coefficients."""
        self.seed += 1
        if not on:
            return None
        values = np.roll(made([size or self.n_cell]), self.seed)
        if role == "peephole" and self.kind in ("int8", "uint8"):
            return self.m.const(np.round(values * 127).astype(np.int8).view(self.kind), self.kind, (1 / 127, 0))
        if self.kind != "8x8_16":
            return self.m.const(values.astype(np.float32))
        if role == "bias":
            return self.m.const(np.round(values * 2000), "int32", (2.0**-12, 0))
        return self.m.const(np.round(values * 20000), "int16", (2.0**-15, 0))

    def state(self, size: int, of_cell: bool = False) -> Tensor:
        """A variable tensor, zero at first."""
        if self.kind != "8x8_16":
            return self.m.tensor(shape=[self.batch, size], variable=True)
        dtype, quant = ("int16", (CELL, 0)) if of_cell else ("int8", (1 / 128, 0))
        return self.m.tensor(dtype, [self.batch, size], quant, variable=True)

    def diagonal(self, on: bool) -> Tensor | None:
        """The weights of the output before, where each cell sees its own alone: a list of float."""
        self.seed += 1
        return self.m.const(np.roll(made([self.n_cell]), self.seed)) if on else None

    def weights(self, cifg: bool, peephole: bool, projection: bool, diagonal: bool = False) -> list[Tensor | None]:
        """Inputs 1 to 17."""
        gates = [not cifg, True, True, True]
        recurrent = [self.diagonal(on) if diagonal else self.matrix([self.n_cell, self.n_out], on) for on in gates]
        return [
            *[self.matrix([self.n_cell, self.n_in], on) for on in gates],
            *recurrent,
            *[self.vector(peephole and on, "peephole") for on in (not cifg, True, True)],
            *[self.vector(on) for on in gates],
            self.matrix([self.n_out, self.n_cell], projection),
            self.vector(projection, "bias", self.n_out),
        ]


FLAGS = [
    case(), case(cifg=True), case(peephole=True), case(projection=True), case(norm=True), case(cifg=True,
    peephole=True),
    case(peephole=True, projection=True, norm=True), case(cifg=True, projection=True, norm=True),
    case(cell_clip=0.3), case(projection=True, proj_clip=0.2),
]  # fmt: skip


def lstm(op: str, kind: str, cifg: bool = False, peephole: bool = False, projection: bool = False, norm: bool = False,
         time_major: bool = True, batch: int = 2, hidden_zero: int = 0, diagonal: bool = False,
         activation: str = "TANH",
         sizes: tuple[int, int, int] = (5, 4, 3), odd: tuple[int, list[int]] | None = None,
         **options: Any) -> Model:  # fmt: skip
    """odd: the place of an input, and another shape for it; none leaves it out."""
    m = Model()
    n_in, n_cell, n_out = sizes if projection else (*sizes[:2], sizes[1])
    shape = [batch, n_in] if op == "LSTM" else [6, batch, n_in] if time_major else [batch, 6, n_in]
    cell = Cell(m, kind, n_in, n_cell, n_out, batch)
    quant: Any = steps("int8", 1 / 64, 0) if kind == "8x8_16" else None
    x = m.input(shape, "int8" if quant else "float32", quant)
    inputs: list[Tensor | None] = [x, *cell.weights(cifg, peephole, projection, diagonal)]
    inputs += [cell.state(n_out), cell.state(n_cell, True)]
    if norm:
        inputs += [cell.vector(on, "norm") for on in (not cifg, True, True, True)]
    if odd:
        inputs[odd[0]] = m.const(made(odd[1])) if odd[1] else None
    between = []
    if kind == "8x8_16":
        between = [m.tensor("int16", [], (2.0**-12, 0)) for _ in range(4)]
        between.append(m.tensor("int8", [], (1 / 128, hidden_zero)))
    told = [*shape[:-1], n_out] if odd else None  # LiteRT computes none of what it refuses
    y = m.tensor("int8" if quant else "float32", told, (1 / 128, 0) if quant else None)
    if op != "LSTM":
        options["time_major"] = time_major
    if diagonal:
        options["diagonal_recurrent_tensors"] = True
    m.op(op, inputs, [y], intermediates=between, fused_activation_function=activation, **options)
    return m.outputs(y)


@cases(*FLAGS, kind=["float32", "int8"])
def test_lstm(kind: str, **options: Any) -> Model:
    return lstm("LSTM", kind, **options)


@cases(*FLAGS, kind=["float32", "int8"], time_major=[True, False])
def test_unidirectional_lstm(kind: str, **options: Any) -> Model:
    return lstm("UNIDIRECTIONAL_SEQUENCE_LSTM", kind, **options)


@cases(*[c for c in FLAGS if "cell_clip" not in c.args], op=["UNIDIRECTIONAL_SEQUENCE_LSTM"], kind=["8x8_16"])
def test_lstm_integer(op: str, kind: str, **options: Any) -> Model:
    return lstm(op, kind, **options)


@cases(hidden_zero=[-128, -5, 127], op=["UNIDIRECTIONAL_SEQUENCE_LSTM"], projection=[True, False])
def test_lstm_hidden_zero_point(op: str, hidden_zero: int, projection: bool) -> Model:
    """With a projection LiteRT adds its negation, 128 for the lowest code."""
    return lstm(op, "8x8_16", projection=projection, hidden_zero=hidden_zero)


@cases(op=["LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM"], cifg=[False, True], norm=[False, True])
def test_lstm_integer_projection(op: str, **options: Any) -> Model:
    """LiteRT takes the number of outputs for that of the cells where it applies the peepholes."""
    return lstm(op, "8x8_16", peephole=True, projection=True, sizes=(20, 20, 16), batch=3, **options)


@cases(case(unsupported="held in 8 bits"))
def test_lstm_integer_8_bits() -> Model:
    m = Model()
    cell = Cell(m, "8x8_16", 5, 4, 3, 2)
    x, y = m.input([2, 5], "int8", (1 / 64, 3)), m.tensor("int8", quant=(1 / 128, 0))
    inputs = [x, *cell.weights(True, False, True), cell.state(3), cell.state(4, True)]
    inputs += [cell.vector(on, "norm") for on in (False, True, True, True)]
    between = [m.tensor("int8", [], (2.0**-4, 3)) for _ in range(8)]
    between += [m.tensor("int16", [], (2.0**-12, 0)) for _ in range(4)]
    m.op("LSTM", inputs, [y], intermediates=between, fused_activation_function="TANH")
    return m.outputs(y)


@cases(op=["LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM"], kind=["float32", "int8"],
       activation=["NONE", "RELU", "RELU6", "SIGN_BIT"], cifg=[False, True])  # fmt: skip
def test_lstm_activation(op: str, kind: str, activation: str, cifg: bool) -> Model:
    return lstm(op, kind, cifg, activation=activation)


@cases(kind=["float32", "int8"], cifg=[False, True], peephole=[False, True], norm=[False, True])
def test_lstm_diagonal(kind: str, **options: Any) -> Model:
    return lstm("UNIDIRECTIONAL_SEQUENCE_LSTM", kind, diagonal=True, **options)


@cases(op=["LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM"], peephole=[False, True], projection=[False, True])
def test_lstm_unsigned(op: str, **options: Any) -> Model:
    return lstm(op, "uint8", **options)


@cases(op=["UNIDIRECTIONAL_SEQUENCE_LSTM", "LSTM"], asymmetric=[True, False])
def test_lstm_asymmetric(op: str, asymmetric: bool) -> Model:
    return lstm(op, "int8", asymmetric_quantize_inputs=asymmetric)


@cases(dtype=["float32", "uint8"])
def test_lstm_basic(dtype: str) -> Model:
    """The old kernel: states are plain inputs, weights of all gates in one matrix."""
    m = Model()
    depth, batch, n_in = 4, 2, 4
    if dtype == "float32":
        x, h, c = (m.input([batch, n]) for n in (n_in, depth, depth))
        w, b = m.const(made([4 * depth, n_in + depth])), m.const(made([4 * depth]))
        outs = [m.tensor() for _ in range(4)]
    else:
        x, h = (m.input([batch, n], dtype, (1 / 128, 128)) for n in (n_in, depth))
        c = m.input([batch, depth], "int16", (CELL / 1, 0), low=-8000, high=8000)
        w = m.const(made([4 * depth, n_in + depth], dtype), dtype, (1 / 128, 128))
        b = m.const(np.resize([0, 900, -800], 4 * depth), "int32", (1 / 128 / 128, 0))
        q = (1 / 128, 128)
        outs = [m.tensor(dtype, quant=q), m.tensor("int16", quant=(CELL, 0)), m.tensor(dtype, quant=q),
                m.tensor("int16", quant=(2.0**-12, 0))]  # fmt: skip
    m.op("LSTM", [x, h, w, b, c], outs, kernel_type="BASIC", fused_activation_function="TANH")
    return m.outputs(*outs[:2])


@cases(*FLAGS[:4], case(peephole=True, projection=True, cifg=True), kind=["float32", "int8", "uint8"], merge=[True,
False],
       time_major=[True, False])  # fmt: skip
def test_bidirectional_lstm(kind: str, merge: bool, time_major: bool, cifg: bool = False, peephole: bool = False,
                            projection: bool = False) -> Model:  # fmt: skip
    m = Model()
    batch, n_in, n_cell, n_out = 2, 5, 4, 3 if projection else 4
    x = m.input([6, batch, n_in] if time_major else [batch, 6, n_in])
    cell = Cell(m, kind, n_in, n_cell, n_out, batch)
    inputs: list[Tensor | None] = [x]
    for _ in range(2):
        inputs += cell.weights(cifg, peephole, projection)
    for _ in range(2):
        inputs += [cell.state(n_out), cell.state(n_cell)]
    outs = [m.tensor() for _ in range(1 if merge else 2)]
    m.op("BIDIRECTIONAL_SEQUENCE_LSTM", [*inputs, *[None] * 9], outs, merge_outputs=merge, time_major=time_major,
         fused_activation_function="TANH")  # fmt: skip
    return m.outputs(*outs)


@cases(merge=[True, False], kind=["float32", "int8"], cifg=[False, True], size=[5, 7])
def test_bidirectional_lstm_auxiliary(merge: bool, kind: str, cifg: bool, size: int) -> Model:
    """A second input with weights of its own."""
    m = Model()
    cell = Cell(m, kind, 5, 4, 4, 2)
    inputs: list[Tensor | None] = [m.input([6, 2, 5])]
    for _ in range(2):
        inputs += cell.weights(cifg, False, False)
    for _ in range(2):
        inputs += [cell.state(4), cell.state(4)]
    inputs += [m.input([6, 2, size]), *[cell.matrix([4, size], on) for on in 2 * [not cifg, True, True, True]]]
    outs = [m.tensor() for _ in range(1 if merge else 2)]
    m.op("BIDIRECTIONAL_SEQUENCE_LSTM", inputs, outs, merge_outputs=merge, fused_activation_function="TANH")
    return m.outputs(*outs)


@cases(kind=["float32", "int8"], activation=["NONE", "RELU", "RELU6", "TANH", "RELU_N1_TO_1"])
def test_rnn(kind: str, activation: str) -> Model:
    m = Model()
    cell = Cell(m, kind, 5, 4, 4, 2)
    y = m.tensor()
    m.op("RNN", [m.input([2, 5]), cell.matrix([4, 5]), cell.matrix([4, 4]), m.const(made([4])), cell.state(4)], [y],
         fused_activation_function=activation)  # fmt: skip
    return m.outputs(y)


@cases(
    kind=["float32", "int8"], activation=["NONE", "RELU", "TANH"], time_major=[True, False], asymmetric=[True, False]
)
def test_unidirectional_rnn(kind: str, activation: str, time_major: bool, asymmetric: bool) -> Model:
    m = Model()
    cell = Cell(m, kind, 5, 4, 4, 2)
    x = m.input([6, 2, 5] if time_major else [2, 6, 5])
    y = m.tensor()
    m.op("UNIDIRECTIONAL_SEQUENCE_RNN", [x, cell.matrix([4, 5]), cell.matrix([4, 4]), m.const(made([4])),
    cell.state(4)], [y],
         fused_activation_function=activation, time_major=time_major,
         asymmetric_quantize_inputs=asymmetric)  # fmt: skip
    return m.outputs(y)


@cases(case(kind="float32", time_major=True), case(kind="float32", time_major=False), case(kind="int8",
time_major=False),
       merge=[True, False], auxiliary=["none", "weights", "stacked"])  # fmt: skip
def test_bidirectional_rnn(kind: str, merge: bool, time_major: bool, auxiliary: str) -> Model:
    """With a second input that has weights of its own, or none: then the backward cell reads it instead."""
    m = Model()
    cell = Cell(m, kind, 5, 4, 4, 2)
    shape = [6, 2, 5] if time_major else [2, 6, 5]
    inputs: list[Tensor | None] = [m.input(shape)]
    for _ in range(2):
        inputs += [cell.matrix([4, 5]), cell.matrix([4, 4]), m.const(made([4])), cell.state(4)]
    inputs += [None] * 3 if auxiliary == "none" else [m.input(shape)]
    if auxiliary != "none":
        inputs += [cell.matrix([4, 5]) if auxiliary == "weights" else None for _ in range(2)]
    outs = [m.tensor() for _ in range(1 if merge else 2)]
    m.op("BIDIRECTIONAL_SEQUENCE_RNN", inputs, outs, merge_outputs=merge, time_major=time_major,
         fused_activation_function="RELU")  # fmt: skip
    return m.outputs(*outs)


@cases(auxiliary=["none", "weights", "stacked"], asymmetric=[True, False])
def test_bidirectional_rnn_again(auxiliary: str, asymmetric: bool) -> Model:
    """LiteRT's kernel of integer weights goes through the sequence as often as it is long where the time comes
    first."""
    m = Model()
    cell = Cell(m, "int8", 5, 4, 4, 2)
    inputs: list[Tensor | None] = [m.input([6, 2, 5])]
    for _ in range(2):
        inputs += [cell.matrix([4, 5]), cell.matrix([4, 4]), m.const(made([4])), cell.state(4)]
    inputs += [None] * 3 if auxiliary == "none" else [m.input([6, 2, 5])]
    if auxiliary != "none":
        inputs += [cell.matrix([4, 5]) if auxiliary == "weights" else None for _ in range(2)]
    outs = [m.tensor(), m.tensor()]
    m.op("BIDIRECTIONAL_SEQUENCE_RNN", inputs, outs, merge_outputs=False, time_major=True,
         fused_activation_function="TANH", asymmetric_quantize_inputs=asymmetric)  # fmt: skip
    return m.outputs(*outs)


@cases(kind=["float32", "int8"], rank=[1, 2], with_bias=[True, False], activation=["NONE", "RELU"])
def test_svdf(kind: str, rank: int, with_bias: bool, activation: str) -> Model:
    m = Model()
    batch, n_in, units, memory = 2, 5, 4, 6
    cell = Cell(m, kind, n_in, units * rank, units, batch)
    feature, time = cell.matrix([units * rank, n_in]), cell.matrix([units * rank, memory])
    bias = m.const(made([units])) if with_bias else None
    y = m.tensor()
    m.op("SVDF", [m.input([batch, n_in]), feature, time, bias, cell.state(units * rank * memory)], [y], rank=rank,
         fused_activation_function=activation)  # fmt: skip
    return m.outputs(y)


@cases(rank=[1, 2])
def test_svdf_integer(rank: int) -> Model:
    m = Model()
    batch, n_in, units, memory = 2, 5, 4, 6
    x = m.input([batch, n_in], "int8", (1 / 64, 3))
    feature = m.const(made([units * rank, n_in], "int8"), "int8", (1 / 127, 0))
    time = m.const(made([units * rank, memory], "int16"), "int16", (1 / 32767, 0))
    held = m.tensor("int16", [batch, units * rank * memory], (1 / 4096, 0), variable=True)
    bias = m.const([0, 3000, -2000, 500], "int32", (1 / 4096 / 32767, 0))
    y = m.tensor("int8", quant=(1 / 16, -5))
    m.op("SVDF", [x, feature, time, bias, held], [y], rank=rank, fused_activation_function="RELU")
    return m.outputs(y)
