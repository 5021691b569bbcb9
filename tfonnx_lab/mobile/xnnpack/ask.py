"""What XNNPACK's rules may ask of a node or a QDQ group."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.coreml.rules import outside, type_name
from tfonnx_lab.mobile.graph import Node, View
from tfonnx_lab.mobile.nnapi.case import Case, Setting, Slot
from tfonnx_lab.mobile.partition import Unit

Codes = Literal["", "int8", "int8 per channel", "uint8"]


@dataclass(eq=False)
class Ask:
    """A unit before the rules: inputs and outputs are those of the group, so codes where it is quantized.

    Source: onnxruntime/core/framework/node_unit.cc; core/providers/xnnpack/detail/utils.cc.
    """

    view: View
    unit: Unit
    inputs: list[Slot] = field(init=False)
    outputs: list[Slot] = field(init=False)

    def __post_init__(self) -> None:
        # the slots of a unit are ONNX Runtime's NodeUnit's own; the setting plays no part in them
        case = Case(self.view, self.unit, Setting(27))
        self.inputs, self.outputs = case.inputs, case.outputs

    @property
    def node(self) -> Node:
        """The node at the centre."""
        return self.unit.node

    def get(self, attribute: str, default: Any) -> Any:
        """An attribute's value, text as str, the default where it is absent."""
        value = self.node.attribute(attribute, default)
        return value.decode() if isinstance(value, bytes) else value

    def dtype(self, position: int = 0) -> str:
        """The element type of an input."""
        return type_name(self.view.dtype(self.inputs[position].name))

    def shape(self, position: int = 0) -> tuple[int | None, ...] | None:
        """The shape of an input, None for an unknown dimension; None where not even the rank is known."""
        return self.dims(self.inputs[position].name)

    def dims(self, name: str) -> tuple[int | None, ...] | None:
        """The shape of a value, None for an unknown dimension."""
        shape = self.view.shape(name)
        return None if shape is None else tuple(d if isinstance(d, int) else None for d in shape)

    def is_constant(self, name: str) -> bool:
        """Whether a value is an initializer that no graph input may override."""
        return name in self.view.initializers and name not in self.view.overridable

    def constant(self, position: int) -> np.ndarray | None:
        """The data of an input where it is constant; None where it is not, or not there.

        Raises ConversionError as CoreML's.
        """
        if position >= len(self.inputs) or not self.is_constant(self.inputs[position].name):
            return None
        data = self.view.data(self.inputs[position].name)
        if data is None:
            raise ConversionError(outside(self.inputs[position].name))
        return data.reshape(-1)

    def codes(self, slot: Slot) -> Codes:
        """The kind of quantization of an input or output; "" for what XNNPACK does not take (GetTensorQuantType)."""
        kind = type_name(self.view.dtype(slot.name))
        if slot.quant is None or not self.is_constant(slot.quant.scale):
            return ""
        zero = slot.quant.zero if slot.quant.zero and self.is_constant(slot.quant.zero) else None
        if zero is not None and type_name(self.view.dtype(zero)) != kind:
            return ""
        scales, zeros = self._leading(slot.quant.scale), 0 if zero is None else self._leading(zero)
        if kind == "uint8":
            return "" if slot.quant.zero and (scales != 1 or zeros != 1) else "uint8"
        if kind != "int8" or (zeros not in (0, scales)):
            return ""
        shape = self.dims(slot.name)
        return "int8" if scales == 1 else "int8 per channel" if shape and scales == shape[0] else ""

    def _leading(self, name: str) -> int:
        """The first dimension of a constant, 1 for a scalar."""
        dims = self.view.initializers[name].dims
        return int(dims[0]) if dims else 1
