"""Steps of recurrent cells whose 8-bit weights meet a state of one row: ONNX Runtime's own ops round the state and
multiply integers, as LiteRT does.

Weights are kept with an offset of 128, for unsigned codes: with these its products are exact on every processor. One
row, since the ops take one range for all of them; where the batch is not known to be 1, and with `exact` or
`target="portable"`, the step rounds by ONNX's own ops. Microseconds an iteration (96 units, one thread of an x86-64
machine with AVX-512 VNNI, ONNX Runtime 1.32): LSTM 7.8 => 5.3, GRU 8.4 => 5.9, SimpleRNN 2.7 => 2.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, constant_array, quantization
from tfonnx_lab.handlers.lowering.shape import known_size
from tfonnx_lab.handlers.recurrent.over_time import run_over

_F = ir.TensorType(ir.DataType.FLOAT)
_MIDDLE = 128
"""The code of zero."""


@dataclass(frozen=True)
class StateWeights:
    """The state's weights as codes with an offset of 128.

    codes: uint8 [units, sums].
    scale: [1], or one for each sum.
    one_row: whether the state is known to have one row; a batch of unknown size shares one range.
    """

    codes: np.ndarray
    scale: np.ndarray
    one_row: bool

    @staticmethod
    def of(op: OpBuilder, parts: Sequence[ir.Value | None], states: Sequence[ir.Value]) -> StateWeights | None:
        """Of int8 matrices [sums, units] below each other; None where ONNX Runtime's ops do not compute the same."""
        if op.options.exact or op.options.static or op.options.target == "portable":
            return None
        sizes = [None if state.shape is None else state.shape[0] for state in states]
        if any(state.shape is None for state in states) or any(isinstance(size, int) and size != 1 for size in sizes):
            return None
        codes, scales = [], []
        for part in parts:
            quant, array = quantization(part), constant_array(part)
            if quant is None or array is None or part is None or part.dtype != ir.DataType.INT8 or array.ndim != 2:
                return None
            if quant.block or quant.zero_point.any() or not (quant.per_tensor or quant.axis == 0):
                return None
            codes.append(array.astype(np.int16) + _MIDDLE)
            scales.append(np.broadcast_to(quant.scale.astype(np.float32).ravel(), len(array)))
        scale = np.concatenate(scales)
        one = bool((scale == scale[0]).all())
        one_row = all(size == 1 for size in sizes)
        if not one_row and op.options.own_ranges:
            return None
        if not one_row:
            op.note("a batch of unknown size shares one range: exact=True gives each its own")
        return StateWeights(np.concatenate(codes).T.astype(np.uint8), scale[:1] if one else scale, one_row)

    def cut(self, start: int, stop: int) -> StateWeights:
        """Some of the sums."""
        scale = self.scale if self.scale.size == 1 else self.scale[start:stop]
        return StateWeights(self.codes[:, start:stop], scale, self.one_row)

    def product(self, op: OpBuilder, h: ir.Value, added: ir.Value) -> ir.Value:
        """h [batch, units], rounded to 8-bit steps of its range, times the weights, plus `added`: [sums] of one row,
        else [batch, sums]."""
        one = self.scale.size == 1
        scale = op.const(self.scale.reshape(()) if one else self.scale)
        zero = op.const(np.full(() if one else len(self.scale), _MIDDLE, np.uint8))
        inputs = [h, op.const(np.ascontiguousarray(self.codes)), scale, zero]
        y: ir.Value = op.ms.DynamicQuantizeMatMul(*inputs, *([added] if self.one_row else []))
        y.type, y.shape = _F, ir.Shape([h.shape[0] if h.shape is not None else None, self.codes.shape[1]])
        return y if self.one_row else op.like(op.Add(y, added), y)


def lstm_over_time(
    op: OpBuilder, weights: StateWeights, sums: ir.Value, h: ir.Value, c: ir.Value, options: dict[str, object],
    collected: bool = True,
) -> tuple[ir.Value | None, list[ir.Value]]:  # fmt: skip
    """An LSTM: sums [time, 1, 4 * units], all that the inputs and biases give in ONNX's order of gates; h and c
    [1, units].

    Each iteration is one step of ONNX Runtime's DynamicQuantizeLSTM, which finds these sums where its bias is, and a
    zero as its input.

    options: the activations, where they are not the usual ones.
    collected: whether anything reads the outputs of all times.
    Returns these outputs [time, 1, units], and the last h and c.
    """
    units, gates = weights.codes.shape
    biases = op.Pad(sums, op.const([0, 0, 0, 0, 0, gates]))  # the state's bias is the second half
    biases.type, biases.shape = _F, _longer(sums, [1, 2 * gates])
    one = weights.scale.size == 1
    scales = weights.scale.reshape(1) if one else weights.scale.reshape(1, -1)
    scale, zero = op.const(scales), op.const(np.full(scales.shape, _MIDDLE, np.uint8))
    nothing, none = op.const(np.zeros((1, 1, 1), np.float32)), op.const(np.zeros((1, 1, gates), np.uint8))
    unit, origin = op.const(np.ones(1, np.float32)), op.const(np.zeros(1, np.uint8))
    codes = op.const(np.ascontiguousarray(weights.codes[None]))

    def step(inner: OpBuilder, bias: ir.Value, old_h: ir.Value, old_c: ir.Value) -> Sequence[ir.Value]:
        inputs = [nothing, none, codes, bias, None, old_h, old_c, None, unit, origin, scale, zero]
        made = inner.ms.node("DynamicQuantizeLSTM", inputs, {"hidden_size": units, **options}, outputs=3)
        y, *after = made.outputs
        y.type, y.shape = _F, ir.Shape([1, 1, 1, units])
        return [*after, y]

    lead = op.const([0])
    before = [op.Unsqueeze(state, lead) for state in (h, c)]
    for state in before:
        state.type, state.shape = _F, ir.Shape([1, 1, units])
    last_h, last_c, *ys = run_over(op, step, [biases], before, collected)
    ends: list[ir.Value] = [op.Squeeze(state, lead) for state in (last_h, last_c)]
    if not ys:
        return None, ends
    found: ir.Value = op.Reshape(ys[0], op.const([-1, 1, units]))
    found.type, found.shape = _F, _longer(sums, [1, units])
    return found, ends


def rows(op: OpBuilder, sums: ir.Value) -> ir.Value:
    """[time, 1, count] as [time, count]: what the product of one row adds in each iteration."""
    count = known_size(sums, -1)
    found: ir.Value = op.Reshape(sums, op.const([-1, count]))
    found.type, found.shape = _F, _longer(sums, [count])
    return found


def sized(value: ir.Value, sums: ir.Value, count: int) -> ir.Value:
    """The value, said to be as long and wide as the sums, with this many numbers for each row."""
    value.type = _F
    if sums.shape is not None:
        value.shape = ir.Shape([*list(sums.shape)[:-1], count])
    return value


def _longer(sums: ir.Value, rest: list[int]) -> ir.Shape:
    """As long as the sums, and these dimensions."""
    return ir.Shape([None if sums.shape is None else sums.shape[0], *rest])
