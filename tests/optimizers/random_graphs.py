"""Random graphs of ops that layout rules know: Transposes, elementwise ops, reductions, joins, parts and pads."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_UNARY = ("Relu", "Sigmoid", "Neg", "Tanh", "Abs")
_BINARY = ("Add", "Sub", "Mul", "Max", "Min")
_SIDE = 3


class RandomGraph:
    """A graph made of a seed.

    All dimensions are alike, so that every Transpose of a value has its shape and meets it again.
    """

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.rank = int(self.rng.integers(2, 5))
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.shape = [_SIDE] * self.rank
        self.values = [f"x{i}" for i in range(self.rng.integers(1, 3))]
        self.inputs = list(self.values)
        for _ in range(self.rng.integers(4, 16)):
            self._grow()

    def model(self) -> onnx.ModelProto:
        """The graph as a model at opset 18; what nothing reads, and two values more, are its outputs."""
        read = {name for node in self.nodes for name in node.input}
        made = [name for name in self.values if name not in self.inputs]
        more = set(self.rng.choice(made, 2)) if len(made) > 1 else set()
        outputs = [name for name in made if name not in read or name in more]
        graph = helper.make_graph(
            self.nodes,
            "g",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, self.shape) for name in self.inputs],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, self.shape) for name in outputs],
            self.constants,
        )
        return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 18)])

    def _grow(self) -> None:
        """One more value."""
        x, y = (str(name) for name in self.rng.choice(self.values, 2))
        kinds = (self._transpose, self._transpose, self._transpose, self._unary, self._binary, self._binary,
                 self._constant, self._softmax, self._reduce, self._join, self._parts, self._pad)  # fmt: skip
        self.values.append(kinds[self.rng.integers(len(kinds))](x, y))

    def _node(self, op: str, inputs: list[str], **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def _const(self, array: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def _axis(self) -> int:
        return int(self.rng.integers(self.rank))

    def _transpose(self, x: str, _: str) -> str:
        return self._node("Transpose", [x], perm=self.rng.permutation(self.rank).tolist())

    def _unary(self, x: str, _: str) -> str:
        return self._node(str(self.rng.choice(_UNARY)), [x])

    def _binary(self, x: str, y: str) -> str:
        return self._node(str(self.rng.choice(_BINARY)), [x, y])

    def _constant(self, x: str, _: str) -> str:
        shape = [_SIDE if self.rng.random() < 0.5 else 1 for _ in range(self.rng.integers(self.rank + 1))]
        return self._node("Mul", [x, self._const(self.rng.uniform(-1, 1, shape).astype(np.float32))])

    def _softmax(self, x: str, _: str) -> str:
        return self._node("Softmax", [x], axis=self._axis())

    def _reduce(self, x: str, y: str) -> str:
        keep = int(self.rng.integers(2))
        op = str(self.rng.choice(["ReduceMean", "ReduceMax"]))
        reduced = self._node(op, [x, self._const(np.array([self._axis()], np.int64))], keepdims=keep)
        return self._node("Add", [y, reduced])

    def _join(self, x: str, y: str) -> str:
        axis = self._axis()
        both = self._node("Concat", [x, y], axis=axis)
        ends = [self._const(np.array([v], np.int64)) for v in (1, 1 + _SIDE, axis)]
        return self._node("Slice", [both, *ends])

    def _parts(self, x: str, _: str) -> str:
        axis = self._axis()
        names = [f"v{len(self.nodes)}_{i}" for i in range(2)]
        sizes = self._const(np.array([1, _SIDE - 1], np.int64))
        self.nodes.append(helper.make_node("Split", [x, sizes], names, axis=axis))
        return self._node("Concat", names[::-1], axis=axis)

    def _pad(self, x: str, _: str) -> str:
        axis = self._axis()
        pads = np.zeros(2 * self.rank, np.int64)
        pads[axis] = 1
        wide = self._node("Pad", [x, self._const(pads)])
        ends = [self._const(np.array([v], np.int64)) for v in (0, _SIDE, axis)]
        return self._node("Slice", [wide, *ends])


def symmetrised(rank: int, function: str = "") -> onnx.ModelProto:
    """x + Transpose(x), or x + f(Transpose(x)) behind another Transpose of x that is read, and Transposed again."""
    perm = [1, 0, *range(2, rank)]
    shape = [_SIDE] * rank
    nodes = [helper.make_node("Transpose", ["x"], ["t"], perm=perm)]
    if function:
        nodes.append(helper.make_node(function, ["t"], ["f"]))
    nodes.append(helper.make_node("Add", ["x", "f" if function else "t"], ["a"]))
    if function:
        nodes.append(helper.make_node("Sub", ["t", "a"], ["s"]))
    nodes.append(helper.make_node("Transpose", ["s" if function else "a"], ["y"], perm=perm))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 18)])
