"""LSTM, UNIDIRECTIONAL_SEQUENCE_LSTM and BIDIRECTIONAL_SEQUENCE_LSTM."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.lowering.state import update_state
from tfonnx_lab.handlers.recurrent import places
from tfonnx_lab.handlers.recurrent.integer_lstm import IntegerCell, is_integer_lstm
from tfonnx_lab.handlers.recurrent.lstm_cell import Cell, CellOptions, run_over_time
from tfonnx_lab.handlers.recurrent.over_time import coded as _coded
from tfonnx_lab.handlers.recurrent.over_time import real as _real
from tfonnx_lab.handlers.recurrent.over_time import reversed_in_time, time_first
from tfonnx_lab.handlers.recurrent.shapes import check_basic_lstm, check_lstm, size_of
from tfonnx_lab.rules import handler


@handler("UNIDIRECTIONAL_SEQUENCE_LSTM")
def unidirectional_sequence_lstm(
    op: OpBuilder, node: ir.Node, *inputs: ir.Value | None, fused_activation_function: str = "NONE",
    cell_clip: float = 0.0, proj_clip: float = 0.0,
    time_major: bool = False, asymmetric_quantize_inputs: bool = False,
) -> ir.Value:  # fmt: skip
    """UNIDIRECTIONAL_SEQUENCE_LSTM => LSTM where it has no projection, normalization or clipping, else Scan of a cell.

    Source: unidirectional_sequence_lstm.cc and lstm_eval.cc.
    """
    xs = [*inputs, *([None] * (places.COUNT - len(inputs)))]
    batch = size_of(xs[0], int(time_major))
    check_lstm(xs[0], xs[places.WEIGHTS], xs[places.NORMS : places.COUNT], xs[places.HIDDEN : places.NORMS], batch)
    if is_integer_lstm(node, xs) and xs[0] is not None:
        x = _integer(op, node, xs, time_first(op, xs[0], time_major), (cell_clip, proj_clip))
        return time_first(op, x, time_major)
    options = CellOptions(fused_activation_function, cell_clip, proj_clip, asymmetric_quantize_inputs)
    cell = Cell.of(op, node, xs[places.WEIGHTS], xs[places.NORMS : places.COUNT], options)
    x = cell.rounding(op, time_first(op, _real(op, xs[0]), time_major))
    y, h, c = run_over_time(op, cell, x, _real(op, xs[places.HIDDEN]), _real(op, xs[places.CELL]))
    _keep(op, xs[places.HIDDEN], h)
    _keep(op, xs[places.CELL], c)
    return _coded(op, time_first(op, y, time_major), node.outputs[0])


@handler("BIDIRECTIONAL_SEQUENCE_LSTM")
def bidirectional_sequence_lstm(
    op: OpBuilder, node: ir.Node, *inputs: ir.Value | None, fused_activation_function: str = "NONE",
    cell_clip: float = 0.0, proj_clip: float = 0.0,
    merge_outputs: bool = False, time_major: bool = True, asymmetric_quantize_inputs: bool = False,
) -> list[ir.Value]:  # fmt: skip
    """BIDIRECTIONAL_SEQUENCE_LSTM => two LSTMs, one of the sequence reversed.

    Source: bidirectional_sequence_lstm.cc.
    """
    xs = [*inputs, *([None] * (places.BOTH_COUNT - len(inputs)))]
    options = CellOptions(fused_activation_function, cell_clip, proj_clip, asymmetric_quantize_inputs)
    x = time_first(op, _real(op, xs[0]), time_major)
    aux = time_first(op, _real(op, xs[places.AUX]), time_major) if xs[places.AUX] is not None else None
    own = xs[places.FORWARD_AUX_WEIGHTS + 1] is not None  # the forget gate's: the input gate may have none
    second = aux if aux is not None and not own else x
    results = []
    ways = (
        (places.WEIGHTS, x, False, places.FORWARD_HIDDEN, places.FORWARD_AUX_WEIGHTS),
        (places.BACKWARD_WEIGHTS, second, True, places.BACKWARD_HIDDEN, places.BACKWARD_AUX_WEIGHTS),
    )
    for part, source, backwards, state, first in ways:
        extra = xs[first : first + 4] if aux is not None and own else []
        check_lstm(source, xs[part], [None] * 4, xs[state : state + 2], size_of(xs[0], int(time_major)), extra)
        cell = Cell.of(op, node, xs[part], [None] * 4, options)
        if aux is not None and extra:
            cell = cell.with_aux(op, extra)
            source = op.Concat(cell.rounding(op, source), cell.rounding(op, aux), axis=2)
        else:
            source = cell.rounding(op, source)
        source = reversed_in_time(op, source) if backwards else source
        y, h, c = run_over_time(op, cell, source, _real(op, xs[state]), _real(op, xs[state + 1]))
        _keep(op, xs[state], h)
        _keep(op, xs[state + 1], c)
        results.append(reversed_in_time(op, y) if backwards else y)
    if merge_outputs:
        return [_coded(op, time_first(op, op.Concat(*results, axis=2), time_major), node.outputs[0])]
    return [_coded(op, time_first(op, y, time_major), out) for y, out in zip(results, node.outputs, strict=True)]


@handler("LSTM")
def lstm(
    op: OpBuilder, node: ir.Node, *inputs: ir.Value | None, fused_activation_function: str = "NONE",
    cell_clip: float = 0.0, proj_clip: float = 0.0,
    kernel_type: str = "FULL", asymmetric_quantize_inputs: bool = False,
) -> list[ir.Value] | ir.Value:  # fmt: skip
    """LSTM => one step of a cell; the basic kernel has one matrix for all gates. Source: lstm.cc."""
    if kernel_type == "BASIC":
        return _basic(op, node, *[*inputs, *[None] * 5][:5])
    xs = [*inputs, *([None] * (places.COUNT - len(inputs)))]
    batch = size_of(xs[0], 0)
    check_lstm(xs[0], xs[places.WEIGHTS], xs[places.NORMS : places.COUNT], xs[places.HIDDEN : places.NORMS], batch)
    if is_integer_lstm(node, xs) and xs[0] is not None:
        y = _integer(op, node, xs, op.Unsqueeze(xs[0], op.const([0])), (cell_clip, proj_clip))
        return op.Squeeze(y, op.const([0]))
    options = CellOptions(fused_activation_function, cell_clip, proj_clip, asymmetric_quantize_inputs)
    cell = Cell.of(op, node, xs[places.WEIGHTS], xs[places.NORMS : places.COUNT], options)
    x = op.Unsqueeze(cell.rounding(op, _real(op, xs[0])), op.const([0]))
    y, h, c = run_over_time(op, cell, x, _real(op, xs[places.HIDDEN]), _real(op, xs[places.CELL]))
    _keep(op, xs[places.HIDDEN], h)
    _keep(op, xs[places.CELL], c)
    return _coded(op, op.Squeeze(y, op.const([0])), node.outputs[0])


def _integer(
    op: OpBuilder, node: ir.Node, xs: list[ir.Value | None], x: ir.Value, clips: tuple[float, float]
) -> ir.Value:
    """The kernel of 8-bit inputs and a 16-bit cell, on codes throughout.

    clips: of the cell, of the projection.
    """
    hidden, kept = xs[places.HIDDEN], xs[places.CELL]
    assert hidden is not None and kept is not None
    y, h, c = IntegerCell.of(node, xs, clips).run(op, x, hidden, kept)
    update_state(op, hidden, h)
    update_state(op, kept, c)
    return y


def _basic(
    op: OpBuilder,
    node: ir.Node,
    x: ir.Value | None,
    h: ir.Value | None,
    w: ir.Value | None,
    b: ir.Value | None,
    c: ir.Value | None,
) -> list[ir.Value]:
    """The basic kernel: gates in the order input, new, forget, output; all of it is returned."""
    check_basic_lstm(x, h, w, b, c)
    joined = op.Concat(_real(op, x), _real(op, h), axis=1)
    gates = op.Gemm(joined, _real(op, w), _real(op, b), transB=1)
    made = op.node("Split", [gates], {"axis": 1, **({"num_outputs": 4} if op.opset >= 18 else {})}, outputs=4)
    for value in made.outputs:
        value.type = ir.TensorType(ir.DataType.FLOAT)
    i, g, f, o = made.outputs
    cell = op.Add(op.Mul(op.Sigmoid(i), op.Tanh(g)), op.Mul(op.Sigmoid(f), _real(op, c)))
    out = op.Mul(op.Sigmoid(o), op.Tanh(cell))
    return [_coded(op, v, t) for v, t in zip((out, cell, joined, gates), node.outputs, strict=True)]


def _keep(op: OpBuilder, variable: ir.Value | None, new: ir.Value) -> None:
    if variable is not None:
        update_state(op, variable, _coded(op, new, variable))
