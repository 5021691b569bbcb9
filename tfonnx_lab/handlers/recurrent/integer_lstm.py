"""The LSTM cell of int8 inputs, int16 cell and 16-bit gates, in LiteRT's own integer arithmetic.

Source: PopulateQuantizedLstmParams8x8_16 in lstm.cc, LstmStepInteger8x8_16 in lstm_eval.cc, portable_tensor_utils.cc.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.arithmetic.gemmlowp import sigmoid_table, tanh_table
from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array, static_shape
from tfonnx_lab.graph.budget import room
from tfonnx_lab.graph.meta import INTERMEDIATES
from tfonnx_lab.handlers.lowering import integer
from tfonnx_lab.handlers.lowering.integer import scale_of
from tfonnx_lab.handlers.recurrent import places
from tfonnx_lab.handlers.recurrent.over_time import scan

F = np.float32
_D = ir.DataType
_FINE = F(2.0**-12)
_INT8, _INT16 = integer.INT8, integer.INT16
_FAR = 2.0**17
"""What is clipped to 16 bits may be anything beyond this."""

_IN_8_BITS, _IN_16_BITS = 12, 5
"""Intermediate tensors of the kernels whose sums are of so many bits. Source: lstm.cc."""
_MORE_BITS, _GUARD = 10, 10_000
"""Of a layer normalization. Source: PortableApplyLayerNorm; input_variance_guard in lstm.cc."""


def is_integer_lstm(node: ir.Node, xs: Sequence[ir.Value | None]) -> bool:
    """Whether LiteRT runs its 8x8_16 kernel: int8 inputs and weights, an int16 cell, five intermediate tensors."""
    x, weights, cell = xs[0], xs[places.INPUT_WEIGHTS + 1], xs[places.CELL]
    dtypes = [None if v is None else v.dtype for v in (x, weights, cell)]
    constants = all(constant_array(v) is not None for v in xs[places.WEIGHTS] if v is not None)
    if dtypes == [_D.INT8, _D.INT8, _D.INT16] and len(node.meta.get(INTERMEDIATES, ())) == _IN_8_BITS:
        raise Unsupported(
            f"its sums are held in 8 bits ({_IN_8_BITS} intermediate tensors); the kernel of 16 bits has five of them"
        )
    return dtypes == [_D.INT8, _D.INT8, _D.INT16] and constants and len(node.meta.get(INTERMEDIATES, ())) == _IN_16_BITS


@dataclass(frozen=True)
class _Gate:
    """One gate: weights [cell, input] and [cell, output], what multiplies the sums, and what is added."""

    w: np.ndarray
    r: np.ndarray
    input_bias: np.ndarray | None
    input_scale: float
    state_scale: float
    peephole: np.ndarray | None
    peephole_scale: float
    norm: np.ndarray | None
    norm_bias: np.ndarray
    norm_scale: float


@dataclass(frozen=True)
class IntegerCell:
    """Gates in the order input (None: one minus the forget gate), forget, cell, output; states are codes."""

    gates: list[_Gate | None]
    cell_bits: int
    cell_clip: int
    hidden_scale: float
    hidden_zero: int
    projection: np.ndarray | None
    projection_bias: np.ndarray | None
    projection_scale: float
    projection_clip: int
    input_zero: int
    state_zero: int

    @staticmethod
    def of(node: ir.Node, xs: Sequence[ir.Value | None], clips: tuple[float, float]) -> IntegerCell:
        """The cell of the 24 inputs of the op.

        clips: of the cell and of the projection; 0: none.
        """
        scale, zero = zip(*(scale_of(v) for v in xs), strict=True)
        between = [scale_of(v) for v in node.meta[INTERMEDIATES]]
        normed = xs[places.NORMS + 1] is not None
        cell_scale = 2.0 ** _log2(scale[places.CELL])
        gates: list[_Gate | None] = []
        for i in range(4):
            if xs[places.INPUT_WEIGHTS + i] is None:
                gates.append(None)
                continue
            inner = between[i][0] if normed else _FINE
            hole = places.PEEPHOLES[i]
            w, r = places.INPUT_WEIGHTS + i, places.HIDDEN_WEIGHTS + i
            bias = _array(xs[places.BIASES + i])
            norm = xs[places.NORMS + i] if normed else None
            gates.append(
                _Gate(
                    _array(xs[w]),
                    _array(xs[r]),
                    None if normed else bias,
                    float(F(F(scale[w] * scale[0]) / inner)),
                    float(F(F(scale[r] * scale[places.HIDDEN]) / inner)),
                    None if hole is None or xs[hole] is None else _peephole(_array(xs[hole]), xs[places.HIDDEN]),
                    0.0 if hole is None else float(F(cell_scale * float(scale[hole]) / float(inner))),
                    None if norm is None else _array(norm),
                    bias,
                    float(scale[places.NORMS + i]) if norm is not None else 0.0,
                )
            )
        hidden_scale, hidden_zero = between[4]
        projection = None if xs[places.PROJECTION] is None else _array(xs[places.PROJECTION])
        return IntegerCell(
            gates,
            15 + _log2(scale[places.CELL]),
            int(np.clip(F(clips[0]) / scale[places.CELL], *_INT16)) if clips[0] > 0 else 0,
            float(F(2.0**-15 / float(hidden_scale) * 2.0**-15)),
            hidden_zero,
            projection,
            None if xs[places.PROJECTION_BIAS] is None else _array(xs[places.PROJECTION_BIAS]),
            float(F(F(scale[places.PROJECTION] * hidden_scale) / scale[places.HIDDEN])),
            int(np.clip(F(clips[1]) / scale_of(node.outputs[0])[0], *_INT8)) if clips[1] > 0 else 0,
            zero[0],
            zero[places.HIDDEN],
        )

    def run(self, op: OpBuilder, x: ir.Value, h: ir.Value, c: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
        """Codes x [time, batch, input] int8, h [batch, output] int8, c [batch, cell] int16 => outputs, last h and c.

        What depends on the inputs alone is computed for all times at once, before the Scan.
        """
        gates = [g for g in self.gates if g is not None]
        weights = np.concatenate([g.w for g in gates])
        biases = [g.input_bias for g in gates if g.input_bias is not None]
        bias = np.concatenate(biases) if biases else None
        fed = integer.matmul(op, x, weights, bias, self.input_zero)
        fed = self._scaled(op, fed, [g.input_scale for g in gates], integer.most_of(weights, bias))
        before = [h, integer.wide(op, c)]
        fed = integer.as_type(integer.clip(op, fed, *_INT16), _D.DOUBLE)
        outputs, (last, cell) = scan(op, self._step, [fed], before)
        return outputs, last, op.Cast(cell, to=_D.INT16)

    def _scaled(self, op: OpBuilder, sums: ir.Value, scales: Sequence[float], most: float) -> ir.Value:
        cells = next(g for g in self.gates if g is not None).w.shape[0]
        return integer.multiply(op, sums, scales, most=most, limit=_FAR, repeat=cells)

    def _step(self, op: OpBuilder, fed: ir.Value, h: ir.Value, c: ir.Value) -> tuple[ir.Value, ir.Value]:
        """One step: the gates' sums of the input, the state before, the cell before => state and cell."""
        gates = [g for g in self.gates if g is not None]
        weights = np.concatenate([g.r for g in gates])
        sums = integer.matmul(op, h, weights, None, self.state_zero)
        scaled = self._scaled(op, sums, [g.state_scale for g in gates], integer.most_of(weights, None))
        both = integer.clip(op, op.Add(fed, scaled), *_INT16)
        made = op.node("Split", [both], {"axis": -1, **({"num_outputs": len(gates)} if op.opset >= 18 else {})},
                       outputs=len(gates))  # fmt: skip
        parts = [integer.as_type(v, _D.DOUBLE) for v in made.outputs]
        forget = integer.look_up(op, self._gate(op, gates[-3], parts[-3], c), sigmoid_table())
        if len(gates) == 4:
            enter = integer.look_up(op, self._gate(op, gates[0], parts[0], c), sigmoid_table())
        else:
            enter = op.Sub(integer.number(integer.INT16[1]), forget)
        new = integer.look_up(op, self._gate(op, gates[-2], parts[-2], c), tanh_table(3))
        kept = integer.rounding_shift(op, op.Mul(forget, c), 15)
        added = integer.rounding_shift(op, op.Mul(enter, new), 30 + self.cell_bits - 15)
        bounds = (-self.cell_clip, self.cell_clip) if self.cell_clip > 0 else _INT16
        cell = integer.clip(op, op.Add(kept, added), *bounds)
        out = integer.look_up(op, self._gate(op, gates[-1], parts[-1], cell), sigmoid_table())
        return self._output(op, op.Mul(out, integer.look_up(op, cell, tanh_table(self.cell_bits)))), cell

    def _output(self, op: OpBuilder, hidden: ir.Value) -> ir.Value:
        zero = self.hidden_zero if self.projection is None else -self.hidden_zero
        codes = integer.quantize(op, hidden, self.hidden_scale, zero, most=2**30)
        if self.projection is not None:
            most = integer.most_of(self.projection, self.projection_bias)
            sums = integer.matmul(op, codes, self.projection, self.projection_bias, -self.hidden_zero)
            codes = integer.quantize(op, sums, self.projection_scale, self.state_zero, most=most)
            if self.projection_clip > 0:
                low, high = (np.array(v, np.int8) for v in (-self.projection_clip, self.projection_clip))
                codes = op.Clip(codes, low, high)
        return codes

    @staticmethod
    def _gate(op: OpBuilder, gate: _Gate, sums: ir.Value, c: ir.Value) -> ir.Value:
        """The sums with what the cell adds through the peephole, and normalized."""
        if gate.peephole is not None:
            product = op.Mul(c, integer.number(gate.peephole))
            seen = integer.multiply(op, product, [gate.peephole_scale], most=2**30, limit=_FAR)
            sums = integer.clip(op, op.Add(sums, seen), *_INT16)
        return sums if gate.norm is None else _normalized(op, sums, gate)


def _normalized(op: OpBuilder, x: ir.Value, gate: _Gate) -> ir.Value:
    """Mean 0 and variance 1 with ten extra bits, then coefficients and bias. Source: PortableApplyLayerNorm."""
    assert gate.norm is not None
    size = gate.w.shape[0]
    last, number = op.const([-1]), integer.number
    total = op.Mul(op.ReduceSum(x, last, keepdims=1), number(1 << _MORE_BITS))
    mean = integer.truncated(op, op.Div(total, number(size)))
    squares = op.Mul(op.ReduceSum(op.Mul(x, x), last, keepdims=1), number((1 << 2 * _MORE_BITS) // size))
    variance = integer.truncated(op, op.Mul(op.Sub(squares, op.Mul(mean, mean)), number(2.0 ** (-2 * _MORE_BITS))))
    guard = max(1, int(F(_GUARD) * F(gate.norm_scale)))
    variance = op.Where(op.Less(variance, number(1)), number(guard), variance)
    mantissa, power = integer.inverse_sqrt(op, variance)
    centred = op.Sub(op.Mul(x, number(1 << _MORE_BITS)), mean)
    scaled = integer.rounding_divide(op, integer.high_mul(op, centred, mantissa), power)
    weighed = op.Add(op.Mul(scaled, number(gate.norm)), number(gate.norm_bias))
    coarse = integer.rounding_shift(op, weighed, _MORE_BITS)
    return integer.clip(op, integer.multiply(op, coarse, [gate.norm_scale], limit=_FAR, extra_shift=12), *_INT16)


def _array(x: ir.Value | None) -> Any:
    array = constant_array(x)
    assert array is not None
    return array if array.dtype == np.int8 else array.astype(np.int64)


def _peephole(weights: Any, state: ir.Value | None) -> Any:
    """Peephole weights as LiteRT's kernel applies them: it takes the size of the output for that of the cell.

    So with a projection to fewer numbers it goes through fewer of a batch's cells, one batch's running into the next's.
    Source: CalculateLstmGateInteger8x8_16 in lstm_eval.cc.
    """
    shape = static_shape(state)
    cells = len(weights)
    if shape is None or shape[1] >= cells:
        return weights
    batch, outputs = shape
    room((batch, cells), 2 * weights.itemsize, "its peephole weights, one for each batch,")
    flat = np.zeros(batch * cells, weights.dtype)
    flat[: batch * outputs] = np.tile(weights[:outputs], batch)
    return flat.reshape(batch, cells)


def _log2(scale: np.float32) -> int:
    return round(float(np.log2(float(scale))))
