"""A user's own rules: in force before the package's, never piled up, and taken out again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.conversion.pipeline import STAGES
from tfonnx_lab.rules import HANDLERS, OPTIMIZERS

FLOAT = samples.path("digits_float")


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before = [list(stage) for stage in STAGES]
    yield
    lab.restore()
    assert [list(stage) for stage in STAGES] == before


def test_a_cell_run_twenty_times_leaves_one_handler() -> None:
    count = len(HANDLERS)
    for number in range(20):

        def mine(op: Any, node: Any, x: Any) -> Any:
            """SOFTMAX => Softmax."""
            return op.Softmax(x)

        mine.__name__ = f"try_{number}"
        lab.handler("SOFTMAX")(mine)
    assert len(HANDLERS) == count + 1
    assert HANDLERS.find("tflite", "SOFTMAX").name == "try_19"  # type: ignore[union-attr]


def test_restored_by_op_by_name_and_altogether() -> None:
    package = HANDLERS.find("tflite", "SOFTMAX")

    @lab.handler("SOFTMAX", "LOGISTIC")
    def mine(op: Any, node: Any, x: Any) -> Any:
        """SOFTMAX => Softmax."""
        return op.Softmax(x)

    @lab.optimizer(lab.onnx.Relu(lab.var("x"), name="node"))
    def nothing(op: Any, node: Any, x: Any) -> None:
        """Relu(x) => Relu(x)."""

    assert lab.restore("SOFTMAX") == ["mine (SOFTMAX)"]
    assert HANDLERS.find("tflite", "SOFTMAX") is package
    assert lab.restore("nothing") == ["nothing"]
    assert lab.restore() == ["mine (LOGISTIC)"]
    assert lab.restore() == []


def test_without_a_rule() -> None:
    rules = list(OPTIMIZERS)
    with lab.without("merge_transposes"):
        assert "merge_transposes" not in str(lab.convert(FLOAT).trace)
    assert list(OPTIMIZERS) == rules
    assert "merge_transposes" in str(lab.convert(FLOAT).trace)
    with pytest.raises(KeyError, match="did you mean merge_transposes"), lab.without("merge_transpose"):
        pass
