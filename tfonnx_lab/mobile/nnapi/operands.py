"""NNAPI's model of one partition, as the provider's ModelBuilder fills it: operands with a type, a shape, a scale.

Source: onnxruntime/core/providers/nnapi/nnapi_builtin/builders/model_builder.cc (Prepare, GetInputDataType,
RegisterInitializers, RegisterModelInputs, RegisterModelOutputs, FindActivation) and Shaper.cc.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from onnx import TensorProto

from tfonnx_lab.mobile.graph import View
from tfonnx_lab.mobile.nnapi.case import Case, Slot

FLOAT, INT32, CODES, BOOL = "TENSOR_FLOAT32", "TENSOR_INT32", "TENSOR_QUANT8_ASYMM", "TENSOR_BOOL8"
CHANNELS = "TENSOR_QUANT8_SYMM_PER_CHANNEL"


class CompileError(Exception):
    """Creating the session stops here; the text is what it says."""


@dataclass(frozen=True)
class Operand:
    """Type, scale and zero point of a value in NNAPI; scales of its channels where it has some."""

    kind: str
    scale: float = 0.0
    zero: int = 0
    scales: tuple[float, ...] | None = None


class Operands:
    """What has been registered so far. The first registration of a name stays, as in the provider."""

    def __init__(self, view: View, cases: Sequence[Case]) -> None:
        self.view = view
        self.cases = cases
        self.types: dict[str, Operand] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.quantized: dict[str, Case] = {}
        for case in cases:
            if case.kind and case.kind != "QuantizeLinear":
                self.quantized.setdefault(case.inputs[0].name, case)
                if case.is_binary:
                    self.quantized.setdefault(case.inputs[1].name, case)

    def register(self, name: str, operand: Operand, shape: tuple[int, ...] | None = None) -> None:
        """A value is an operand from now on."""
        self.types.setdefault(name, operand)
        if shape is not None:
            self.shapes[name] = shape

    def type_of(self, name: str) -> Operand:
        """The operand of a value. Raises: CompileError where it has none (the provider's map has no such key)."""
        if name not in self.types:
            raise CompileError("Exception during initialization: unordered_map::at: key not found")
        return self.types[name]

    def shape_of(self, name: str) -> tuple[int, ...]:
        """A value's shape; a scalar is (1), an unknown dimension 0."""
        if name in self.shapes:
            return self.shapes[name]
        found = self.view.shape(name)
        return tuple(d if isinstance(d, int) else 0 for d in found) if found else (1,)

    def register_source(self, name: str, dtype: int) -> None:
        """An initializer or an input of the partition. Raises: CompileError for types that NNAPI gets no data of."""
        shape = self.view.static_shape(name) or (1,)
        if dtype == TensorProto.FLOAT:
            self.register(name, Operand(FLOAT), shape)
        elif dtype == TensorProto.INT32:
            self.register(name, Operand(INT32), shape)
        elif dtype == TensorProto.UINT8:
            case = self.quantized.get(name)
            if case is None:
                raise CompileError(
                    f"The input/initializer of graph has unsupported quantized type, name: {name} type: {dtype}"
                )
            slot = next(s for s in case.inputs if s.name == name)
            scale, zero = case.scale_zero(slot)
            self.register(name, Operand(CODES, scale, zero), shape)
        else:
            raise CompileError(f"The input/initializer of graph doesn't have valid type, name: {name} type: {dtype}")

    def check_scale(self, name: str, scale: float, zero: int) -> None:
        """A value has the scale that this op reads it with.

        Raises: CompileError where another op gave it another one.
        """
        operand = self.type_of(name)
        if np.float32(operand.scale) != np.float32(scale):
            raise CompileError(f"Input [{name}] NNAPI input scale: {operand.scale:g}, ONNX input scale: {scale:g}")
        if operand.zero != zero:
            raise CompileError(f"Input [{name}] NNAPI input zero point: {operand.zero}, ONNX input zero point: {zero}")

    def check_slot(self, case: Case, slot: Slot) -> None:
        """As `check_scale`, with the parameters of an input of a unit."""
        self.check_scale(slot.name, *case.scale_zero(slot))

    def result(self, case: Case, like: str, scale: float = 0.0, zero: int = 0, name: str | None = None) -> None:
        """A result of the type of another value."""
        output = case.outputs[0].name if name is None else name
        self.register(output, Operand(self.type_of(like).kind, scale, zero))

    def same(self, case: Case, like: str, shape: tuple[int, ...] | None = None) -> None:
        """A result with type, scale and zero point of another value."""
        self.register(case.outputs[0].name, replace(self.type_of(like)), shape)
