"""Equal constants stand in the file once, whatever their size, and only equal ones."""

from __future__ import annotations

from unittest import mock

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from optimizers.rewrite import optimized_model
from tfonnx_lab.graph import contents
from tfonnx_lab.graph.contents import Contents


def sizes_left(nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray], shape: list[int]) -> list[int]:
    """Bytes of the constants that are used after the optimizers; y is an output of the nodes, x the input."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, s) for name, s in (("x", shape), ("y", None))]
    tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], tensors)
    found: list[int] = []

    def look(model: ir.Model) -> None:
        values = model.graph.initializers.values()
        found.extend(v.const_value.nbytes for v in values if v.uses() and v.const_value is not None)

    optimized_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), 18, look)
    return found


def test_large_ones_are_one() -> None:
    w = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["x", "a"], ["t"]), helper.make_node("MatMul", ["t", "b"], ["y"])]
    assert sizes_left(nodes, {"a": w, "b": w.copy()}, [2, 64]) == [w.nbytes]


def test_one_that_ten_rules_transpose() -> None:
    """As in a network that applies one kernel to ten octaves: each Transpose of it is folded by itself."""
    w = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    nodes = []
    for i in range(10):
        nodes.append(helper.make_node("Transpose", ["w"], [f"w{i}"], perm=[1, 0]))
        nodes.append(
            helper.make_node("MatMul", ["x" if i == 0 else f"y{i - 1}", f"w{i}"], ["y" if i == 9 else f"y{i}"])
        )
    assert sizes_left(nodes, {"w": w}, [2, 64]) == [w.nbytes]


def same(a: np.ndarray, b: np.ndarray) -> bool:
    one, other = Contents(ir.tensor(a)), Contents(ir.tensor(b))
    return one == other and hash(one) == hash(other)


BIG = np.zeros(1000, np.float32)


def changed(index: int, value: float) -> np.ndarray:
    made = BIG.copy()
    made[index] = value
    return made


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (BIG, BIG.copy(), True),
        (BIG, changed(7, 1.0), False),  # an element that the hash does not read
        (BIG, changed(7, -0.0), False),
        (changed(7, np.nan), changed(7, np.nan), True),
        (BIG, BIG.reshape(10, 100), False),
        (BIG, BIG.astype(np.float64), False),
        (BIG, BIG.view(np.int32), False),
        (np.arange(6.0).reshape(2, 3).T, np.arange(6.0).reshape(2, 3).T.copy(), True),
        (np.arange(600.0).reshape(20, 30).T, np.arange(600.0).reshape(20, 30).T.copy(), True),
    ],
)
def test_equality_is_of_bits(a: np.ndarray, b: np.ndarray, equal: bool) -> None:
    assert same(a, b) == equal


def test_what_differs_is_not_read_whole() -> None:
    with mock.patch.object(contents, "_equal", side_effect=AssertionError):
        assert not same(np.arange(10_000), np.arange(1, 10_001))
