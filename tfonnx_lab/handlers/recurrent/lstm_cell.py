"""The LSTM cell of TFLite's three LSTM ops in real values: ONNX's LSTM where it computes the same, else a Scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, constant_array, rank
from tfonnx_lab.handlers.lowering.shape import known_size
from tfonnx_lab.handlers.recurrent.integer_state import StateWeights, lstm_over_time
from tfonnx_lab.handlers.recurrent.over_time import Rounding, activated, exact, over_all, parts, real, rounding, scan

_F = ir.TensorType(ir.DataType.FLOAT)

_KERAS_CLIP = 10.0
"""The clip of the cell that TensorFlow's converter writes into each Keras LSTM."""


Gate = tuple[ir.Value | None, ir.Value | None, ir.Value | None, ir.Value | None, ir.Value | None]
"""Weights of the input, weights of the output before, peephole weights, bias, coefficients of the normalization."""


@dataclass(frozen=True)
class CellOptions:
    """The options that all LSTM ops of TFLite have.

    asymmetric: how float inputs are rounded for integer weights.
    """

    activation: str
    cell_clip: float
    projection_clip: float
    asymmetric: bool


@dataclass(frozen=True)
class Cell:
    """An LSTM cell in real values. Gates: input (None where it is one minus the forget gate), forget, cell, output.

    codes: the gates' integer weights of the state, where the state is rounded to a whole range of 8-bit steps.
    Source: CalculateLstmGateFloat, UpdateLstmCellFloat and CalculateLstmOutputFloat in lstm_eval.cc.
    """

    gates: tuple[Gate | None, Gate, Gate, Gate]
    projection: ir.Value | None
    projection_bias: ir.Value | None
    activation: str
    cell_clip: float
    projection_clip: float
    rounding: Rounding = exact
    codes: tuple[ir.Value | None, ...] = ()

    @staticmethod
    def of(
        op: OpBuilder,
        node: ir.Node,
        xs: Sequence[ir.Value | None],
        norms: Sequence[ir.Value | None],
        options: CellOptions,
    ) -> Cell:
        """The cell of TFLite's inputs 1 to 17 (weights, peepholes, biases, projection) and 20 to 23 (norms)."""
        rounded = rounding(op, node, xs, options.asymmetric)
        v = [None if x is None else real(op, x) for x in xs]
        if rounded is exact:
            v[4:8] = [_full_matrix(op, x) for x in v[4:8]]
        n = [None if x is None else real(op, x) for x in norms]
        peepholes = (v[8], v[9], None, v[10])
        made = [(v[i], v[4 + i], peepholes[i], v[11 + i], n[i]) for i in range(4)]
        return Cell(
            (None if v[0] is None else made[0], made[1], made[2], made[3]),
            v[15],
            v[16],
            options.activation,
            options.cell_clip,
            options.projection_clip,
            rounded,
            () if rounded is exact or not options.asymmetric else tuple(xs[4:8]),
        )

    def with_aux(self, op: OpBuilder, weights: Sequence[ir.Value | None]) -> Cell:
        """The cell for inputs with auxiliary ones behind them: the weights side by side."""
        gates = []
        for gate, extra in zip(self.gates, weights, strict=True):
            if gate is None or extra is None:
                gates.append(gate)
                continue
            gates.append((op.Concat(gate[0], real(op, extra), axis=1), *gate[1:]))
        return replace(self, gates=tuple(gates))  # type: ignore[arg-type]

    def plain(self, exact_clip: bool) -> bool:
        """Whether ONNX's LSTM computes the same, rounding apart.

        exact_clip: a clip of 10, which TensorFlow's converter writes into every Keras LSTM though none asks for it,
        counts. It shows only where a cell is beyond it and comes back: the output of such a cell is the same, as tanh
        is 1 from 9.1 on.
        """
        no_norm = all(g is not None and g[4] is None and g[3] is not None for g in self.gates)
        return (
            no_norm
            and self.projection is None
            and self.activation == "TANH"
            and (not self.cell_clip or (self.cell_clip >= _KERAS_CLIP and not exact_clip))
        )

    def over_inputs(self, op: OpBuilder, x: ir.Value, order: Sequence[int] = (0, 1, 2, 3)) -> ir.Value:
        """What the gates have of the inputs, side by side: x [time, batch, input] => [time, batch, gates * cell]."""
        gates = [g for g in (self.gates[i] for i in order) if g is not None]
        w = op.Concat(*(g[0] for g in gates), axis=0)
        biases = [g[3] for g in gates if g[3] is not None and g[4] is None]
        rows = [known_size(g[0], 0) for g in gates if g[0] is not None]
        w.shape = ir.Shape([sum(rows), known_size(self.gates[1][0], 1)])  # type: ignore[arg-type]
        return over_all(op, x, w, op.Concat(*biases, axis=0) if len(biases) == len(rows) else None)

    def step(
        self, op: OpBuilder, fed: ir.Value, h: ir.Value, c: ir.Value, recurrent: ir.Value | None
    ) -> tuple[ir.Value, ir.Value]:
        """One step: fed [batch, gates * cell] of `over_inputs`, h [batch, output], c [batch, cell] => the next h and c.

        recurrent: the gates' weights of h below each other, where they are matrices; lists of weights are diagonals,
        which take h as it is. Without an activation LiteRT's output is of what its buffer holds then, which is the
        cell gate.
        """
        sums = self._sums(op, fed, h, recurrent)
        forget = op.Sigmoid(self._gate(op, self.gates[1], sums[-3], c))
        if self.gates[0] is None:
            enter = op.Sub(np.float32(1), forget)
        else:
            enter = op.Sigmoid(self._gate(op, self.gates[0], sums[0], c))
        new = activated(op, self._gate(op, self.gates[2], sums[-2], c), self.activation)
        cell = op.Add(op.Mul(forget, c), op.Mul(enter, new))
        if self.cell_clip > 0:
            cell = op.Clip(cell, np.float32(-self.cell_clip), np.float32(self.cell_clip))
        shown = new if self.activation == "NONE" else activated(op, cell, self.activation)
        out = op.Mul(op.Sigmoid(self._gate(op, self.gates[3], sums[-1], cell)), shown)
        if self.projection is not None:
            out = op.Gemm(self.rounding(op, out), self.projection, self.projection_bias, transB=1)
            if self.projection_clip > 0:
                out = op.Clip(out, np.float32(-self.projection_clip), np.float32(self.projection_clip))
        return out, cell

    def recurrent(self, op: OpBuilder) -> ir.Value | None:
        """The gates' weights of the state below each other; None where one has a list."""
        weights = [g[1] for g in self._present()]
        return None if any(rank(r) == 1 for r in weights) else op.Concat(*weights, axis=0)

    def _present(self) -> list[Gate]:
        return [g for g in self.gates if g is not None]

    def _sums(self, op: OpBuilder, fed: ir.Value, h: ir.Value, recurrent: ir.Value | None) -> list[ir.Value]:
        """Each gate's sum of what input and state give: one product, then cut."""
        gates, rounded = self._present(), self.rounding(op, h)
        if recurrent is not None:
            return parts(op, op.Gemm(rounded, recurrent, fed, transB=1), len(gates))
        sums = []
        for part, (_, r, *_) in zip(parts(op, fed, len(gates)), gates, strict=True):
            sums.append(op.Add(part, op.Mul(h, r)) if rank(r) == 1 else op.Gemm(rounded, r, part, transB=1))
        return sums

    @staticmethod
    def _gate(op: OpBuilder, gate: Gate, total: ir.Value, c: ir.Value) -> ir.Value:
        """The sum with what the cell adds through the peephole, normalized; the bias is in it, or comes behind the
        norm."""
        _, _, peephole, bias, norm = gate
        if peephole is not None:
            total = op.Add(total, op.Mul(c, peephole))
        if norm is None:
            return total
        scaled = op.Mul(_normalized(op, total), norm)
        return scaled if bias is None else op.Add(scaled, bias)


def _full_matrix(op: OpBuilder, weights: ir.Value | None) -> ir.Value | None:
    """A matrix of which the weights are the diagonal, where they are a constant list."""
    array = constant_array(weights)
    return weights if array is None or array.ndim != 1 else op.const(np.diag(array))


_EPSILON = 1e-8
"""Source: kNormalizationConstant in MeanStddevNormalization."""


def _normalized(op: OpBuilder, x: ir.Value) -> ir.Value:
    """Mean 0, variance 1 over the last axis. Source: MeanStddevNormalization."""
    centred = op.Sub(x, _mean(op, x))
    variance = _mean(op, op.Mul(centred, centred))
    return op.Div(centred, op.Sqrt(op.Add(variance, np.float32(_EPSILON))))


def _mean(op: OpBuilder, x: ir.Value) -> ir.Value:
    return op.ReduceMean(x, op.const([-1]), keepdims=1) if op.opset >= 18 else op.ReduceMean(x, axes=[-1], keepdims=1)


def run_over_time(
    op: OpBuilder, cell: Cell, x: ir.Value, h: ir.Value, c: ir.Value
) -> tuple[ir.Value, ir.Value, ir.Value]:
    """x [time, batch, input] (rounded), h and c [batch, ...] => outputs [time, batch, output] and the last h and c."""
    if cell.plain(op.options.exact) and (made := _in_one_op(op, cell, x, h, c)) is not None:
        if cell.cell_clip:
            op.note(f"the cell's clip of {cell.cell_clip:g} is left out; exact=True keeps it")
        return made
    recurrent = cell.recurrent(op)
    fed = cell.over_inputs(op, x)
    outputs, states = scan(op, lambda inner, xt, ht, ct: cell.step(inner, xt, ht, ct, recurrent), [fed], [h, c])
    return outputs, states[0], states[1]


_ONNX = (0, 3, 1, 2)
"""ONNX's order of the gates: input, output, forget, cell."""


def _in_one_op(
    op: OpBuilder, cell: Cell, x: ir.Value, h: ir.Value, c: ir.Value
) -> tuple[ir.Value, ir.Value, ir.Value] | None:
    """The cell as ONNX's LSTM, or as ONNX Runtime's of 8-bit weights, one iteration at a time."""
    if cell.rounding is exact:
        return _onnx_lstm(op, cell, x, h, c)
    holes = any(g is not None and g[2] is not None for g in cell.gates)
    if holes or len(cell.codes) != len(_ONNX):
        return None
    codes = StateWeights.of(op, [cell.codes[i] for i in _ONNX], [h, c])
    if codes is None or not codes.one_row:
        return None
    outputs, (last_h, last_c) = lstm_over_time(op, codes, cell.over_inputs(op, x, _ONNX), h, c, {})
    return None if outputs is None else (outputs, last_h, last_c)


def _onnx_lstm(op: OpBuilder, cell: Cell, x: ir.Value, h: ir.Value, c: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
    order = [cell.gates[i] for i in _ONNX]
    lead = op.const([0])
    w, r = (op.Unsqueeze(op.Concat(*(g[k] for g in order), axis=0), lead) for k in (0, 1))  # type: ignore[index]
    bias = op.Concat(*(g[3] for g in order), axis=0)  # type: ignore[index]
    both = op.Unsqueeze(op.Concat(bias, op.Mul(bias, np.float32(0)), axis=0), lead)
    peepholes = [cell.gates[i][2] for i in (0, 3, 1)]  # type: ignore[index]
    p = None
    if any(v is not None for v in peepholes):
        p = op.Unsqueeze(op.Concat(*peepholes, axis=0), lead)
    size = known_size(h, -1)
    inputs = [x, w, r, both, None, op.Unsqueeze(h, lead), op.Unsqueeze(c, lead), p]
    made = op.node("LSTM", inputs, {"hidden_size": size}, outputs=3)
    for value in made.outputs:
        value.type = _F
    one = op.const([1])
    return op.Squeeze(made.outputs[0], one), op.Squeeze(made.outputs[1], lead), op.Squeeze(made.outputs[2], lead)
