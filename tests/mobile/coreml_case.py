"""One node and what CoreML says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from onnx import TensorProto, helper

from mobile.one_node import f32, ones

M, N = ("MLProgram",), ("NeuralNetwork",)
MN = M + N


@dataclass(frozen=True)
class Case:
    """want: "" where the node is taken, else a part of the reason."""

    op: str
    inputs: list[Any]
    want: str = ""
    formats: tuple[str, ...] = MN
    version: int = 7
    release: str = "1.27"
    more: dict[str, Any] = field(default_factory=dict)


def case(op: str, inputs: list[Any], want: str = "", formats: tuple[str, ...] = MN, version: int = 7,
release: str = "1.27",
         **more: Any) -> Case:  # fmt: skip
    return Case(op, inputs, want, formats, version, release, more)


X = f32(1, 3, 8, 8)
W = ones(4, 3, 3, 3)
B = ones(4)
ONLY = "only"


def bools(*shape: int) -> tuple[str, tuple[int, ...]]:
    return "bool", shape


def axes_as_ints(*values: int) -> TensorProto:
    """Axes stored as int64_data, where the check of reductions sees them."""
    return helper.make_tensor("axes", TensorProto.INT64, [len(values)], values)
