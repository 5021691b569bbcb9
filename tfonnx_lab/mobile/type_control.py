"""Which operators a reduced build can restrict to some types, and by which of their inputs and outputs.

Source: onnxruntime/tools/ort_format_model/operator_type_usage_processors.py (ONNX Runtime 1.32), which the build
applies to kernels that are registered once a type; and the ORT_SPECIFY_OP_KERNEL_ARG_REQUIRED_TYPES of the kernels' C++
files, which hold in kernels that are registered once and switch on the type inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Arg = tuple[str, int]
"""An input or output of an op: ("inputs", 0)."""

_NONE: Mapping[Arg, frozenset[str]] = {}
_INTS = frozenset({"int32_t", "int64_t"})


@dataclass(frozen=True)
class TypeControl:
    """How one operator's types are controlled.

    args: the inputs and outputs whose types a config file lists.
    registered_by: the one whose type tells the operator's registrations apart; None where the operator has one
    registration for all types.
    always: types that stay in the build whatever the file lists, by argument.
    triple: the file lists triples of types under "custom" (OneHot alone).
    """

    args: tuple[Arg, ...]
    registered_by: Arg | None
    always: Mapping[Arg, frozenset[str]] = field(default_factory=dict)
    triple: bool = False


_IN0: Arg = ("inputs", 0)
_IN1: Arg = ("inputs", 1)
_OUT0: Arg = ("outputs", 0)

_BY_INPUT_0 = (
    "Abs", "ArgMax", "ArgMin", "AveragePool", "BatchNormalization", "BitShift", "Ceil", "Clip", "Conv",
    "CumSum", "Exp", "Expand", "Floor", "Gemm", "IsNaN", "Log", "LogSoftmax", "LpNormalization", "MatMul",
    "Max", "MaxPool", "Mean", "Min", "NonZero", "Pad", "QLinearConv", "QLinearMatMul", "Range", "Reciprocal",
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin",
    "ReduceProd", "ReduceSum", "ReduceSumSquare", "Relu", "Resize", "ReverseSequence", "RoiAlign", "Round",
    "Scatter", "ScatterElements", "ScatterND", "Shrink", "Sigmoid", "Sign", "Sin", "Softmax", "Split",
    "SplitToSequence", "Sqrt", "Sum", "Tanh", "TopK", "Transpose", "Unique",
)  # fmt: skip
_SHAPE_ARITHMETIC = ("Add", "Concat", "Div", "Equal", "Greater", "Less", "Mul", "Neg", "Sub")
"""Ops that compute shapes and indices, so int32 and int64 stay on."""

_RANDOM = ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial")

_ALWAYS_IN_KERNEL: dict[str, dict[Arg, frozenset[str]]] = {
    "Cast": {_IN0: _INTS | {"bool"}, _OUT0: _INTS | {"bool"}},
    "ConstantOfShape": {_OUT0: frozenset({"int64_t"})},
    "Gather": {_IN1: _INTS},
    "Max": {_IN0: _INTS},
    "Min": {_IN0: _INTS},
    "Pad": {_IN0: _INTS},
    "Slice": {_IN0: _INTS, _IN1: _INTS},
    "Split": {_IN0: _INTS},
}
"""REQUIRED_TYPES in core/providers/cpu: tensor/cast_op.cc, generator/constant_of_shape.cc, tensor/gather.cc,
math/element_wise_ops.cc, tensor/pad.cc, tensor/slice.cc, tensor/split.cc."""


def _table() -> dict[tuple[str, str], TypeControl]:
    onnx: dict[str, TypeControl] = {}
    for op in _BY_INPUT_0:
        onnx[op] = TypeControl((_IN0,), _IN0, _ALWAYS_IN_KERNEL.get(op, _NONE))
    for op in _SHAPE_ARITHMETIC:
        onnx[op] = TypeControl((_IN0,), _IN0, {_IN0: _INTS})
    for op in _RANDOM:
        onnx[op] = TypeControl((_OUT0,), None)
    for op in ("Gather", "GatherElements", "Pow", "Slice"):
        onnx[op] = TypeControl((_IN0, _IN1), _IN0, _ALWAYS_IN_KERNEL.get(op, _NONE))
    onnx["Cast"] = TypeControl((_IN0, _OUT0), _IN0, _ALWAYS_IN_KERNEL["Cast"])
    onnx["ConstantOfShape"] = TypeControl((_OUT0,), None, _ALWAYS_IN_KERNEL["ConstantOfShape"])
    onnx["Where"] = TypeControl((_IN1,), _IN1)
    onnx["QuantizeLinear"] = onnx["DynamicQuantizeLinear"] = TypeControl((_OUT0,), _OUT0)
    onnx["DequantizeLinear"] = TypeControl((_IN0,), _IN0, {_IN0: frozenset({"int8_t", "uint8_t", "int32_t"})})
    onnx["OneHot"] = TypeControl((_IN0, _OUT0, _IN1), None, triple=True)
    table = {("ai.onnx", op): control for op, control in onnx.items()}
    for op in ("QLinearAdd", "QLinearMul", "QLinearConv"):
        table["com.microsoft", op] = TypeControl((_IN0,), _IN0)
    table["com.microsoft", "GatherPacked"] = TypeControl((_IN0, _IN1, _OUT0), None)
    return table


TYPE_CONTROL = _table()
"""(domain, op) => its type control.

An op that is not here always keeps all types that a config file does not forbid globally.
"""


def type_control(domain: str, op: str) -> TypeControl | None:
    """How an operator's types are controlled; None where they are not."""
    return TYPE_CONTROL.get((domain, op))


def arg_name(arg: Arg) -> str:
    """("inputs", 0) => "input 0"."""
    return f"{arg[0][:-1]} {arg[1]}"
