"""Whether a first dimension of unknown size is the model's batch."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from tfonnx_lab.rewriters.quantization.batch import is_batch


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
