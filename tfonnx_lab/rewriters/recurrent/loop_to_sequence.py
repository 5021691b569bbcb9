"""The loops that Keras's LSTM, GRU and SimpleRNN layers become, as one op over the whole sequence.

Ops: WHILE.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, use_count
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rewriters.recurrent import cells as _cells
from tfonnx_lab.rewriters.recurrent.expressions import Expressions, Weights, joined
from tfonnx_lab.rewriters.recurrent.loops import Counted, counted
from tfonnx_lab.rules import Miss, rewriter

_F = ir.DataType.FLOAT


@rewriter(tfl.WHILE(..., name="node"), phase="prepare")
def recurrent_loop(op: OpBuilder, node: ir.Node) -> list[ir.Value | None]:
    """WHILE(an LSTM's, GRU's or RNN's step) => SEQUENCE_LSTM, SEQUENCE_GRU or SEQUENCE_RNN, where the step is exactly
    that cell's."""
    loop = counted(node)
    cell, states = _cell(loop)
    x = _sequence(op, loop, node.inputs[cell.x.at])
    made = op.intermediate.node(f"SEQUENCE_{cell.kind}", [x, *_weights(op, cell), *_start(loop, states)],
    _options(cell),
                       outputs=1 + len(states))  # fmt: skip
    ys, *last = made.outputs
    for value, at in zip(last, states, strict=True):
        op.like(value, node.outputs[at])
    steps = loop.limit if isinstance(loop.limit, int) else None
    ys.type, ys.shape = ir.TensorType(_F), ir.Shape([steps, *(last[0].shape or [None, None])])
    op.note(f"{cell.kind}, {'' if steps is None else f'{steps} steps, '}{len(cell.states[0].rows)} units")
    return _results(op, loop, states, ys, last)


def _cell(loop: Counted) -> tuple[_cells.Cell, tuple[int, ...]]:
    """The cell that the body is, and which states are its: h, or h and c."""
    made = Expressions(loop)
    if not 1 <= len(loop.carried) <= 2:
        raise Miss(f"it carries {len(loop.carried)} states; an LSTM has two, a GRU or RNN one")
    new = {k: made.of(loop.body.outputs[k]) for k in loop.carried}
    old = {k: made.leaf(k) for k in loop.carried}
    reasons = []
    for states in (loop.carried, loop.carried[::-1])[: len(loop.carried)]:
        h, *others = states
        matches: list[Callable[[], _cells.Cell]] = [
            *(partial(_cells.lstm, new[h], new[c], old[h], old[c]) for c in others),
            *(() if others else (partial(_cells.gru, new[h], old[h]), partial(_cells.rnn, new[h], old[h]))),
        ]
        for match in matches:
            try:
                cell = match()
            except Miss as miss:
                reasons.append(str(miss))
                continue
            if any(made.of(c.value) is not new[h] for c in loop.collectors.values()):
                raise Miss("it collects something else than its outputs")
            return cell, states
    raise Miss("; ".join(dict.fromkeys(reasons)))


def _sequence(op: OpBuilder, loop: Counted, x: ir.Value | None) -> ir.Value | None:
    """As many elements of the sequence as the loop has iterations."""
    assert x is not None
    if isinstance(loop.limit, int):
        if loop.limit < 1:
            raise Miss("it never runs its body")
        if x.shape is not None and x.shape[0] == loop.limit:
            return x
    stop = op.const([loop.limit]) if isinstance(loop.limit, int) else op.Reshape(loop.limit, op.const([1]))
    zero = op.const([0])
    cut = op.Slice(x, zero, op.Cast(stop, to=ir.DataType.INT64), zero)
    cut.type = x.type
    cut.shape = None if x.shape is None else ir.Shape([None, *list(x.shape)[1:]])
    return cut


def _weights(op: OpBuilder, cell: _cells.Cell) -> list[ir.Value]:
    """The input's weights, the state's, and both biases one after another: gates below each other."""
    found = [_constant(op, parts, name) for parts, name in ((cell.inputs, "w"), (cell.states, "r"))]
    bias = np.concatenate([b for part in cell.biases for b in part]).astype(np.float32)
    return [*found, op.const(bias, name="b")]


def _constant(op: OpBuilder, parts: list[Weights], name: str) -> ir.Value:
    array, quant = joined(parts)
    return op.const(array, name=name, quant=quant)


def _options(cell: _cells.Cell) -> dict[str, object]:
    options: dict[str, object] = {
        "activations": [name for name, _, _ in cell.activations],
        "rounded": [int(w.rounded) for w in (cell.inputs[0], cell.states[0])],
        "asymmetric": [int(w.asymmetric) for w in (cell.inputs[0], cell.states[0])],
        "reset_after": int(cell.reset_after) if cell.kind == "GRU" else None,
    }
    for at, key in ((1, "alpha"), (2, "beta")):
        values = [float(v) for v in (a[at] for a in cell.activations) if v is not None]
        options[key] = values or None
    return options


def _start(loop: Counted, states: Sequence[int]) -> list[ir.Value | None]:
    return [loop.node.inputs[k] for k in states]


def _results(
    op: OpBuilder, loop: Counted, states: Sequence[int], ys: ir.Value, last: Sequence[ir.Value]
) -> list[ir.Value | None]:
    """What takes the place of the WHILE's outputs; None where nothing uses one."""
    found: list[ir.Value | None] = []
    for k, old in enumerate(loop.node.outputs):
        if not use_count(old) and not old.is_graph_output():
            found.append(None)
        elif k in states:
            found.append(last[list(states).index(k)])
        elif k in loop.collectors:
            one = loop.collectors[k].last
            found.append(op.Unsqueeze(last[0], op.const([0])) if one else ys)
        elif k in loop.fixed:
            found.append(loop.node.inputs[k])
        else:
            turns = op.const(loop.limit, np.int32) if isinstance(loop.limit, int) else loop.limit
            found.append(op.Reshape(op.Cast(turns, to=old.dtype), op.const(np.zeros(0, np.int64))))
    return found
