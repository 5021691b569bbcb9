"""Cells of recurrent ops, and running them over time: ONNX's LSTM where it computes the same, else a Scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.activations import BOUNDS
from tfonnx_lab.graph import OpBuilder, constant_array, is_quantized, quantization, rank
from tfonnx_lab.handlers.dynamic_range import rounded_rows
from tfonnx_lab.handlers.lowering.shape import known_size
from tfonnx_lab.handlers.quantize import dequantize_linear, quantize_linear

_F = ir.TensorType(ir.DataType.FLOAT)


def real(op: OpBuilder, x: ir.Value | None) -> ir.Value:
    """The real values of a tensor; codes are dequantized."""
    assert x is not None
    quant = quantization(x)
    if quant is not None and is_quantized(x):
        return dequantize_linear(op, x, quant)
    return op.Cast(x, to=ir.DataType.FLOAT) if x.dtype in (ir.DataType.FLOAT16, ir.DataType.BFLOAT16) else x


def coded(op: OpBuilder, y: ir.Value, like: ir.Value) -> ir.Value:
    """Real values as codes, where `like` holds codes."""
    quant = quantization(like)
    return quantize_linear(op, y, quant, like.dtype) if quant is not None and is_quantized(like) else y


Rounding = Callable[[OpBuilder, ir.Value], ir.Value]
"""What is done to the rows of float inputs before they meet integer weights."""


def rounding(op: OpBuilder, node: ir.Node, weights: Sequence[ir.Value | None], asymmetric: bool) -> Rounding:
    """Float activations with integer weights are rounded to 8 bits, as LiteRT does; all others stay as they are."""
    integer = any(w is not None and is_quantized(w) for w in weights)
    if not op.options.rounds_inputs or not integer or node.outputs[0].dtype != ir.DataType.FLOAT:
        return exact
    return lambda inner, x: rounded_rows(inner, x, asymmetric)


def exact(op: OpBuilder, x: ir.Value) -> ir.Value:
    """No rounding."""
    return x


def reversed_in_time(op: OpBuilder, x: ir.Value) -> ir.Value:
    """The sequence (first axis) from its end to its start."""
    return op.Slice(x, op.const([-1]), op.const([-(2**31)]), op.const([0]), op.const([-1]))


Gate = tuple[ir.Value | None, ir.Value | None, ir.Value | None, ir.Value | None, ir.Value | None]
"""Weights of the input, weights of the output before, peephole weights, bias, coefficients of the layer
normalization."""


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

    Source: CalculateLstmGateFloat, UpdateLstmCellFloat and CalculateLstmOutputFloat in lstm_eval.cc.
    """

    gates: tuple[Gate | None, Gate, Gate, Gate]
    projection: ir.Value | None
    projection_bias: ir.Value | None
    activation: str
    cell_clip: float
    projection_clip: float
    rounding: Rounding = exact

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

    @property
    def plain(self) -> bool:
        """Whether ONNX's LSTM computes the same."""
        no_norm = all(g is not None and g[4] is None and g[3] is not None for g in self.gates)
        return (
            no_norm
            and self.rounding is exact
            and self.projection is None
            and self.activation == "TANH"
            and not self.cell_clip
        )

    def step(self, op: OpBuilder, x: ir.Value, h: ir.Value, c: ir.Value) -> tuple[ir.Value, ir.Value]:
        """One step: x [batch, input] (rounded), h [batch, output], c [batch, cell] => the next h and c.

        Without an activation LiteRT's output is of what its buffer holds then, which is the cell gate.
        """
        before = h, self.rounding(op, h)
        forget = op.Sigmoid(self._gate(op, self.gates[1], x, before, c))
        if self.gates[0] is None:
            enter = op.Sub(np.float32(1), forget)
        else:
            enter = op.Sigmoid(self._gate(op, self.gates[0], x, before, c))
        new = activated(op, self._gate(op, self.gates[2], x, before, c), self.activation)
        cell = op.Add(op.Mul(forget, c), op.Mul(enter, new))
        if self.cell_clip > 0:
            cell = op.Clip(cell, np.float32(-self.cell_clip), np.float32(self.cell_clip))
        shown = new if self.activation == "NONE" else activated(op, cell, self.activation)
        out = op.Mul(op.Sigmoid(self._gate(op, self.gates[3], x, before, cell)), shown)
        if self.projection is not None:
            out = op.Gemm(self.rounding(op, out), self.projection, self.projection_bias, transB=1)
            if self.projection_clip > 0:
                out = op.Clip(out, np.float32(-self.projection_clip), np.float32(self.projection_clip))
        return out, cell

    @staticmethod
    def _gate(op: OpBuilder, gate: Gate, x: ir.Value, before: tuple[ir.Value, ir.Value], c: ir.Value) -> ir.Value:
        """before: the last output, and that rounded for a matrix; a list of weights is a diagonal, which takes it as it
        is."""
        w, r, peephole, bias, norm = gate
        recurrent = op.Mul(before[0], r) if rank(r) == 1 else op.Gemm(before[1], r, transB=1)
        total = op.Add(op.Gemm(x, w, None if norm is not None else bias, transB=1), recurrent)
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


def _normalized(op: OpBuilder, x: ir.Value) -> ir.Value:
    """Mean 0, variance 1 over the last axis. Source: MeanStddevNormalization (its epsilon is 1e-8)."""
    centred = op.Sub(x, _mean(op, x))
    variance = _mean(op, op.Mul(centred, centred))
    return op.Div(centred, op.Sqrt(op.Add(variance, np.float32(1e-8))))


def _mean(op: OpBuilder, x: ir.Value) -> ir.Value:
    return op.ReduceMean(x, op.const([-1]), keepdims=1) if op.opset >= 18 else op.ReduceMean(x, axes=[-1], keepdims=1)


def activated(op: OpBuilder, x: ir.Value, name: str) -> ir.Value:
    """A fused activation of a recurrent op."""
    if name == "NONE":
        return x
    if name == "TANH":
        return op.Tanh(x)
    if name == "RELU":
        return op.Relu(x)
    if name == "SIGN_BIT":
        return op.Cast(op.Less(x, np.float32(0)), to=ir.DataType.FLOAT)
    return op.Clip(x, *(np.float32(bound) for bound in BOUNDS[name] if bound is not None))


def run_over_time(
    op: OpBuilder, cell: Cell, x: ir.Value, h: ir.Value, c: ir.Value
) -> tuple[ir.Value, ir.Value, ir.Value]:
    """x [time, batch, input] (rounded), h and c [batch, ...] => outputs [time, batch, output] and the last h and c."""
    if cell.plain:
        return _onnx_lstm(op, cell, x, h, c)
    outputs, states = scan(op, lambda inner, xt, ht, ct: cell.step(inner, xt, ht, ct), x, [h, c])
    return outputs, states[0], states[1]


def _onnx_lstm(op: OpBuilder, cell: Cell, x: ir.Value, h: ir.Value, c: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
    order = [cell.gates[i] for i in (0, 3, 1, 2)]  # ONNX: input, output, forget, cell
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


Step = Callable[..., Sequence[ir.Value]]


def scan(op: OpBuilder, step: Step, x: ir.Value, states: Sequence[ir.Value]) -> tuple[ir.Value, list[ir.Value]]:
    """Run step(op, x_t, *states) => new states over the first axis of x; returns the first states of all times, and the
    last.

    step's first result is what is collected.
    """
    xt = ir.Value(name="x_t", type=x.type, shape=None if x.shape is None else ir.Shape(list(x.shape)[1:]))
    before = [ir.Value(name=f"state_{i}", type=s.type, shape=s.shape) for i, s in enumerate(states)]
    graph = op.editor.subgraph("step", [*before, xt])
    inner = OpBuilder(op.editor, op.opset, op.options)
    after = list(step(inner, xt, *before))
    for value, state in zip(after, states, strict=True):  # which ONNX Runtime does not always infer
        value.type, value.shape = state.type, state.shape
    outputs = [*after, inner.Identity(after[0])]
    for node in inner.tape:
        op.editor.insert(node, graph=graph)
    op.editor.set_outputs(graph, outputs)
    made = op.node("Scan", [*states, x], {"body": graph, "num_scan_inputs": 1}, outputs=len(states) + 1)
    made.outputs[-1].type = states[0].type
    for value, state in zip(made.outputs, states, strict=False):
        value.type, value.shape = state.type, state.shape
    return made.outputs[-1], list(made.outputs[:-1])
