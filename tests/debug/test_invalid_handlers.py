"""What a handler makes is held against schemas and kernels at once: the op fails at the line that made the node."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance import Model
from tfonnx_lab.trace.summary import summary_of
from tfonnx_lab.widgets._handlers import rows


def codes() -> bytes:
    m = Model()
    x, y = m.input([2, 3], "uint8", (0.5, 7)), m.tensor("uint8", [2, 3], (0.5, 7))
    y = m.op("RESHAPE", [x, m.const(np.array([2, 3], np.int32))], [y])
    return m.outputs(
        m.op("REVERSE_V2", [y, m.const(np.array([0], np.int32))], [m.tensor("uint8", [2, 3], (0.5, 7))])
    ).bytes()


def softmax(op: Any, node: Any, x: Any, shape: Any) -> Any:
    """RESHAPE => Softmax, of codes."""
    y = op.Identity(x)
    return op.Softmax(y, axis=-1)


def misspelt(op: Any, node: Any, x: Any, shape: Any) -> Any:
    """RESHAPE => an attribute that there is not."""
    return op.Flatten(x, axs=1)


def mixed(op: Any, node: Any, x: Any, shape: Any) -> Any:
    """RESHAPE => codes and numbers added."""
    return op.Add(x, np.float32(1))


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize(
    ("made", "said", "at"),
    [
        (softmax, "Softmax takes no uint8; dequantize first", "op.Softmax"),
        (misspelt, "Flatten has no attribute 'axs' at this opset; did you mean 'axis'?", "op.Flatten"),
        (mixed, "Add takes inputs of one dtype, not uint8 (A) and float32 (B); cast one of them", "op.Add"),
    ],
)
def test_an_invalid_node_fails_the_op_at_its_line(made: Callable[..., Any], said: str, at: str) -> None:
    lab.handler("RESHAPE")(made)
    result = lab.convert(codes(), on_error="keep")
    [failure] = result.failures
    lines, first = inspect.getsourcelines(made)
    line = first + next(i for i, text in enumerate(lines) if at in text)
    assert failure.op == "RESHAPE" and failure.reason.startswith(said)
    assert failure.reason.endswith(f"test_invalid_handlers.py:{line}]"), "the line of the handler that made the node"
    status = {row["type"]: row["status"] for row in rows(summary_of(result.trace), None)}
    assert status == {"RESHAPE": "failed", "REVERSE_V2": "ok"}
    step = next(s for s in result.trace if s.error)
    assert step.error is not None and said in step.error["message"]
    with pytest.raises(lab.ConversionError, match="not saved"):
        result.save("never.onnx")
