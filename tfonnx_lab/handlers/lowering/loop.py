"""A Loop whose body a function builds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder

_BOOL, _INT64 = (ir.TensorType(d) for d in (ir.DataType.BOOL, ir.DataType.INT64))
Step = Callable[..., Sequence[ir.Value]]
"""step(op, turn, *states) => the states after an iteration, then what it adds to each of the collected tensors."""


def repeated(
    op: OpBuilder,
    turns: ir.Value | int,
    states: Sequence[ir.Value],
    step: Step,
    *,
    name: str = "turn",
    grows: bool = False,
) -> list[ir.Value]:
    """A Loop over states.

    turns: how many iterations, an int64 scalar.
    states: what the first iteration begins with.
    step: builds the body with a builder of its own; it may read values from outside.
    grows: whether states change their shapes from iteration to iteration (their ranks stay).

    Returns the states after the last iteration, then what was collected, stacked along a new first axis.
    """
    turn = ir.Value(name="turn", type=_INT64, shape=ir.Shape([]))
    going = ir.Value(name="going", type=_BOOL, shape=ir.Shape([]))
    inside = [_inside(state, number, grows) for number, state in enumerate(states)]
    graph = op.editor.subgraph(name, [turn, going, *inside])
    inner = OpBuilder(op.editor, op.opset, op.options)
    results = [inner.Identity(going), *(inner.Identity(v) for v in step(inner, turn, *inside))]
    for made in inner.tape:
        op.editor.insert(made, graph=graph)
    op.notes.extend(inner.notes)
    op.editor.set_outputs(graph, results)
    count = op.const(turns) if isinstance(turns, int) else turns
    loop = op.node("Loop", [count, op.const(np.array(True)), *states], {"body": graph}, outputs=len(results) - 1)
    for number, (out, value) in enumerate(zip(loop.outputs, results[1:], strict=True)):
        out.type = value.type
        known = inside[number].shape if number < len(states) else value.shape
        if known is not None:
            out.shape = known.copy() if number < len(states) else ir.Shape([None, *known])
    return list(loop.outputs)


def _inside(state: ir.Value, number: int, grows: bool) -> ir.Value:
    """The state as the body sees it."""
    made = ir.Value(name=f"state_{number}", type=state.type)
    if state.shape is not None:
        made.shape = ir.Shape([None] * len(state.shape)) if grows else state.shape.copy()
    return made
