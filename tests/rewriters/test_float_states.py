"""--dequantize: a state of codes becomes one of real values, and begins with the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab.runtime.sessions import session

X = (0.1, -5)


def delay() -> Model:
    """Returns the input of the run before, behind the input."""
    m = Model()
    init = m.subgraph("init")
    resource: dict[str, Any] = {"container": "", "shared_name": "v"}
    first = init.op("VAR_HANDLE", [], [init.tensor("resource", [1])], **resource)
    init.op("ASSIGN_VARIABLE", [first, init.const(np.array([7, 8, 9], np.int8), "int8", X)], [])
    m.op("CALL_ONCE", [], [], init_subgraph_index=init)
    handle = m.op("VAR_HANDLE", [], [m.tensor("resource", [1])], **resource)
    x = m.input([3], "int8", X)
    old = m.op("READ_VARIABLE", [handle], [m.tensor("int8", [3], X)])
    m.op(
        "ASSIGN_VARIABLE",
        [handle, m.op("REVERSE_V2", [x, m.const(np.array([0], np.int32))], [m.tensor("int8", [3], X)])],
        [],
    )
    return m.outputs(m.op("CONCATENATION", [x, old], [m.tensor("int8", [6], X)], axis=0))


@pytest.mark.parametrize("float_io", [False, True])
def test_the_loop_runs_on_real_values(float_io: bool) -> None:
    result = lab.convert(delay().bytes(), dequantize=True, float_io=float_io)
    (state,) = result.states
    np.testing.assert_allclose(state.initial, [1.2, 1.3, 1.4], rtol=1e-6)
    run = session(result.model)
    names = [o.name for o in run.get_outputs()]
    assert state.output in names
    x = np.array([0.3, 0.2, 0.1], np.float32) if float_io else np.array([-2, -3, -4], np.int8)
    name = next(i.name for i in run.get_inputs() if i.name != state.input)
    once = dict(zip(names, run.run(None, {name: x}), strict=True))
    y = once[next(n for n in names if n != state.output)]
    real = y if float_io else 0.1 * (y.astype(np.float32) + 5)
    np.testing.assert_allclose(real, [0.3, 0.2, 0.1, 1.2, 1.3, 1.4], atol=1e-5)
    np.testing.assert_allclose(once[state.output], [0.1, 0.2, 0.3], atol=1e-5)
