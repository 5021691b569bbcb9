"""What NNAPI's rules are asked about: a node or a QDQ group, with its inputs and outputs and their quantization.

Source: onnxruntime/core/framework/node_unit.cc (inputs and outputs of a unit) and
core/providers/nnapi/nnapi_builtin/builders/helper.cc (GetQuantizedOpType).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from tfonnx_lab.mobile.graph import View
from tfonnx_lab.mobile.partition import Unit

UNARY_QLINEAR = frozenset(
    (
        "QLinearSigmoid",
        "QLinearAveragePool",
        "QLinearGlobalAveragePool",
        "QLinearLeakyRelu",
        "QLinearReduceMean",
        "QLinearSoftmax",
    )
)
BINARY_QLINEAR = frozenset(("QLinearConv", "QLinearMatMul", "QLinearAdd", "QLinearMul"))
QDQ_KINDS = frozenset(
    ("Conv", "Resize", "AveragePool", "Add", "Mul", "Transpose", "Reshape", "Softmax", "Concat", "Gemm", "MatMul")
)
SINGLE_KINDS = frozenset(
    ("DequantizeLinear", "QuantizeLinear", "QLinearAveragePool", "QLinearSigmoid", *BINARY_QLINEAR)
)


@dataclass(frozen=True)
class Quant:
    """Names of a scale and of a zero point (None where it is left out)."""

    scale: str
    zero: str | None


@dataclass(frozen=True)
class Slot:
    """An input or output of a unit: the value's name ("" where it is left out), its quantization."""

    name: str
    quant: Quant | None = None


@dataclass(frozen=True)
class Setting:
    """What NNAPI is asked under: the device's feature level (27 to 31) and the USE_NCHW flag."""

    level: int
    nchw: bool = False


@dataclass(eq=False)
class Case:
    """A unit under a setting; the questions that rules ask of it."""

    view: View
    unit: Unit
    setting: Setting
    inputs: list[Slot] = field(init=False)
    outputs: list[Slot] = field(init=False)

    def __post_init__(self) -> None:
        self.inputs, self.outputs = _slots(self.view, self.unit)

    @property
    def op(self) -> str:
        """The op of the node at the centre."""
        return self.unit.node.op

    @property
    def version(self) -> int:
        """Its schema's since-version."""
        return self.unit.node.version

    @cached_property
    def kind(self) -> str:
        """`QDQ Conv`, `QLinearConv` ...; empty where NNAPI knows no quantized form of the op."""
        if self.unit.is_group:
            return f"QDQ {self.op}" if self.op in QDQ_KINDS else ""
        return self.op if self.op in SINGLE_KINDS else ""

    @property
    def is_conv(self) -> bool:
        """Whether it is a quantized convolution."""
        return self.kind in ("QLinearConv", "QDQ Conv")

    @property
    def is_matmul(self) -> bool:
        """Whether it is a quantized MatMul."""
        return self.kind in ("QLinearMatMul", "QDQ MatMul")

    @property
    def is_gemm_family(self) -> bool:
        """Whether it is a quantized Gemm or MatMul."""
        return self.is_matmul or self.kind == "QDQ Gemm"

    @property
    def is_binary(self) -> bool:
        """Whether two of its inputs are quantized."""
        return self.is_conv or self.is_gemm_family or self.kind in ("QLinearAdd", "QLinearMul", "QDQ Add", "QDQ Mul")

    def exists(self, i: int) -> bool:
        """Whether the i-th input is given."""
        return i < len(self.inputs) and bool(self.inputs[i].name)

    def shape(self, i: int = 0) -> tuple[int, ...]:
        """The shape of the i-th input; an unknown dimension is 0, as NNAPI writes it."""
        found = self.view.shape(self.inputs[i].name)
        return () if found is None else tuple(d if isinstance(d, int) else 0 for d in found)

    def dtype(self, i: int = 0) -> int:
        """The element type of the i-th input."""
        return self.view.dtype(self.inputs[i].name)

    def constant(self, i: int) -> np.ndarray | None:
        """The i-th input's data where it is constant."""
        return self.view.constant(self.inputs[i].name) if i < len(self.inputs) else None

    def attribute_int(self, name: str, default: int) -> int:
        """An integer attribute."""
        return int(self.unit.node.attribute(name, default))

    def attribute_text(self, name: str, default: str) -> str:
        """A string attribute."""
        value = self.unit.node.attribute(name, default)
        return value.decode() if isinstance(value, bytes) else str(value)

    def attribute_ints(self, name: str, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """A list of integers."""
        return tuple(int(v) for v in self.unit.node.attribute(name, default))

    def scale_zero(self, slot: Slot) -> tuple[float, int]:
        """Scale (as float32) and zero point of a quantized input or output."""
        assert slot.quant is not None
        scale = self.view.data(slot.quant.scale)
        zero = self.view.data(slot.quant.zero) if slot.quant.zero else None
        byte = 0 if zero is None else int(np.frombuffer(np.ascontiguousarray(zero).tobytes()[:1], np.uint8)[0])
        return 0.0 if scale is None else float(np.float32(np.ravel(scale)[0])), byte


def _slots(view: View, unit: Unit) -> tuple[list[Slot], list[Slot]]:
    node = unit.node
    if unit.is_group:
        return _group_slots(view, unit)
    i, o = node.inputs, node.outputs
    if node.op in UNARY_QLINEAR:
        result = Quant(i[3], i[4] if len(i) > 4 else None)
        return [Slot(i[0], Quant(i[1], i[2]))], [Slot(o[0], result)]
    if node.op in BINARY_QLINEAR:
        inputs = [Slot(i[0], Quant(i[1], i[2])), Slot(i[3], Quant(i[4], i[5]))]
        if len(i) == 9:
            inputs.append(Slot(i[8]))
        return inputs, [Slot(o[0], Quant(i[6], i[7]))]
    own = Quant(i[1], i[2] if len(i) == 3 else None) if len(i) > 1 else None
    if node.op == "DequantizeLinear":
        return [Slot(i[0], own)], [Slot(o[0])]
    if node.op == "QuantizeLinear":
        return [Slot(i[0])], [Slot(o[0], own)]
    return [Slot(n) for n in i], [Slot(n) for n in o]


def _group_slots(view: View, unit: Unit) -> tuple[list[Slot], list[Slot]]:
    def quant(names: list[str]) -> Quant:
        return Quant(names[1], names[2] if len(names) == 3 else None)

    dq = {d.outputs[0]: Slot(d.inputs[0], quant(d.inputs)) for d in unit.dq}
    q = {n.inputs[0]: Slot(n.outputs[0], quant(n.inputs)) for n in reversed(unit.q)}
    inputs = [dq.get(n, Slot(n)) for n in unit.node.inputs]
    outputs = [q.get(n, Slot(n)) for n in unit.last.outputs]
    return inputs, outputs
