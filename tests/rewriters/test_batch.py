"""Whether a first dimension of unknown size is the model's batch."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from tfonnx_lab.rewriters.quantization.batch import is_batch, is_one


@pytest.mark.parametrize(("axis", "wanted"), [(0, False), (1, True), (2, True), (-1, True), (-2, True), (-3, False)])
@pytest.mark.parametrize("known_rank", [True, False])
def test_behind_expand_dims(axis: int, wanted: bool, known_rank: bool) -> None:
    """A new first dimension takes the batch's place; of an unknown rank nothing can be told."""
    x = ir.Value(name="x", shape=ir.Shape([None, 4]) if known_rank else None)
    at = ir.Value(name="axis", const_value=ir.tensor(np.array(axis, np.int32)))
    node = ir.Node("tflite", "EXPAND_DIMS", [x, at], num_outputs=1)
    ir.Graph([x], node.outputs, nodes=[node])
    assert is_batch(x)
    assert is_batch(node.outputs[0]) == (wanted and known_rank)


def chain(*steps: tuple[str, list[ir.Value]], first: int | None = 1) -> ir.Value:
    """Ops one behind the other, of which nothing is known but the first dimension of what goes in."""
    x = ir.Value(name="x", shape=ir.Shape([first, None, 4]))
    ir.Graph([x], [], nodes=[])
    for op_type, others in steps:
        at = {"SPLIT": 1, "TRANSPOSE_CONV": 2}.get(op_type, 0)
        inputs = [*others[:at], x, *others[at:]]
        x = ir.Node("tflite", op_type, inputs, num_outputs=1).outputs[0]
        x.shape = ir.Shape([None, None, 4])
    return x


def ints(*values: int) -> ir.Value:
    return ir.Value(name="ints", const_value=ir.tensor(np.array(values, np.int32)))


def test_one_stays_one_through_what_keeps_it() -> None:
    kept = [("PAD", [ints(0)]), ("TRANSPOSE", [ints(0, 2, 1)]), ("EXPAND_DIMS", [ints(1)]), ("LEAKY_RELU", []),
            ("SPLIT", [ints(1)]), ("SLICE", [ints(0), ints(-1)]), ("DYNAMIC_QUANTIZE", [])]  # fmt: skip
    assert is_one(chain(*kept))
    for first in (None, 2):
        assert not is_one(chain(*kept, first=first))


@pytest.mark.parametrize(
    "step",
    [
        ("TRANSPOSE", [ints(1, 0, 2)]),
        ("TRANSPOSE", [ir.Value(name="computed")]),
        ("EXPAND_DIMS", [ints(0)]),
        ("SPACE_TO_BATCH_ND", [ints(2), ints(0, 0)]),
        ("RESHAPE", [ints(-1, 4)]),
        ("ADD", [ir.Value(name="other", shape=ir.Shape([None, 1, 4]))]),
    ],
)
def test_one_may_become_more(step: tuple[str, list[ir.Value]]) -> None:
    assert not is_one(chain(step))
