"""What each of the provider's builders checks and registers when a session is created: one small function an op.

The support check does not ask these questions; where one fails, the whole session fails. Source: AddInitializersToSkip
and AddToModelBuilderImpl of onnxruntime/core/providers/nnapi/nnapi_builtin/builders/impl/*_op_builder.cc, and
builders/op_builder_helpers.cc.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import TensorProto

from tfonnx_lab.mobile.nnapi.case import Case, Slot
from tfonnx_lab.mobile.nnapi.checks_weights import batch_matmul
from tfonnx_lab.mobile.nnapi.operands import CHANNELS, CODES, FLOAT, INT32, CompileError, Operand, Operands

ADD = "AddToModelBuilderImpl"
"""The function of a builder, as it stands before what ORT_RETURN_IF_NOT says."""
DIED = "process died"
"""What the oracle says where the process ends with a signal."""


def skipped(case: Case) -> list[str]:
    """Initializers that the op's builder writes itself, or does not need; one name for each time it says so."""
    names = [n for s in (*case.inputs, *case.outputs) if _parameters_skipped(case, s) for n in _parameters(s)]
    for i in _skipped_inputs(case):
        if i < len(case.inputs):
            names += [case.inputs[i].name, *_parameters(case.inputs[i])]
    return names


def _parameters(slot: Slot) -> list[str]:
    return [] if slot.quant is None else [slot.quant.scale, *([slot.quant.zero] if slot.quant.zero else [])]


def _parameters_skipped(case: Case, slot: Slot) -> bool:
    return slot.quant is not None and bool(case.kind)


def _skipped_inputs(case: Case) -> tuple[int, ...]:
    """Positions of inputs whose data the builder reads itself."""
    op = case.op
    if op in ("Conv", "QLinearConv"):
        return (1, 2) if case.is_conv else (1,)
    if op in ("Gemm", "MatMul", "QLinearMatMul"):
        return _skipped_product(case)
    if op == "Gather":
        constant = case.view.is_initializer(case.inputs[1].name)
        return (1,) if constant and case.dtype(1) != TensorProto.INT32 else ()
    if op in ("Squeeze", "Unsqueeze"):
        return (1,) if case.version > 12 else ()
    return {
        "BatchNormalization": (1, 2, 3, 4),
        "Clip": (1, 2),
        "Pad": (1, 2),
        "ReduceMean": (1,),
        "Reshape": (1,),
        "Resize": (1, 2, 3),
        "Slice": (1, 2, 3, 4),
        "Split": (1,),
    }.get(op, ())


def _skipped_product(case: Case) -> tuple[int, ...]:
    if batch_matmul(case):
        return ()
    if case.op != "Gemm":
        return (1,)
    weight = () if case.attribute_int("transB", 0) else (1,)
    return (*weight, 2) if case.kind else weight


def add(case: Case, operands: Operands) -> None:
    """Register the unit's results. Raises: CompileError with what creating the session says."""
    BUILDERS.get(case.op, _plain)(case, operands)


def _plain(case: Case, operands: Operands) -> None:
    """A result of the first input's type."""
    operands.result(case, case.inputs[0].name)


def _register_same(case: Case, operands: Operands) -> None:
    """A result with the first input's type (no scale)."""
    operands.result(case, case.inputs[0].name)


def _binary(case: Case, operands: Operands) -> None:
    a, b = case.inputs[0], case.inputs[1]
    operands.type_of(a.name), operands.type_of(b.name)
    if not case.kind:
        return operands.result(case, a.name)
    operands.check_slot(case, a)
    operands.check_slot(case, b)
    return operands.result(case, a.name, *case.scale_zero(case.outputs[0]))


def _two(case: Case, operands: Operands) -> None:
    operands.type_of(case.inputs[1].name)
    operands.result(case, case.inputs[0].name)


def _sigmoid_codes(case: Case, operands: Operands) -> None:
    operands.check_slot(case, case.inputs[0])
    operands.result(case, case.inputs[0].name, 1 / 256)


def _cast(case: Case, operands: Operands) -> None:
    operands.type_of(case.inputs[0].name)
    kind = FLOAT if case.attribute_int("to", 0) == TensorProto.FLOAT else INT32
    operands.register(case.outputs[0].name, Operand(kind))


def _concat(case: Case, operands: Operands) -> None:
    """Plain uint8: every input has the first one's scale and zero point, and the scale is above 0."""
    first = operands.type_of(case.inputs[0].name)
    if not case.kind:
        if first.kind == CODES:
            _same_scales(case, operands, first)
        for slot in case.inputs:
            operands.type_of(slot.name)
        return operands.result(case, case.inputs[0].name, first.scale, first.zero)
    for slot in case.inputs:
        operands.check_slot(case, slot)
    return operands.result(case, case.inputs[0].name, *case.scale_zero(case.outputs[0]))


def _same_scales(case: Case, operands: Operands, first: Operand) -> None:
    if not first.scale > 0:
        raise CompileError(f"concat_op_builder.cc:90 {ADD} NNAPI requires scale to be > 0.")
    for i, slot in enumerate(case.inputs[1:], 1):
        other = operands.type_of(slot.name)
        if other.scale != first.scale:
            raise CompileError(
                f"concat_op_builder.cc:97 {ADD} Input[{i}]'s scale: {other.scale:g} is different than input[0]'s "
                f"scale: {first.scale:g}"
            )
        if other.zero != first.zero:
            raise CompileError(
                f"concat_op_builder.cc:101 {ADD} Input[{i}]'s zero_point: {other.zero} is different than input[0]'s "
                f"zero_point: {first.zero}"
            )


def _weights(case: Case) -> Operand:
    """The weights' operand: one scale (int8: 128 as zero point) or one a channel (op_builder_helpers.cc)."""
    weight = case.inputs[1]
    if not case.kind:
        return Operand(FLOAT)
    scale, zero = case.scale_zero(weight)
    if case.view.dtype(weight.name) == TensorProto.UINT8:
        return Operand(CODES, scale, zero)
    assert weight.quant is not None
    scales = case.view.data(weight.quant.scale)
    if scales is None or scales.ndim == 0 or scales.shape[0] == 1:
        return Operand(CODES, scale, 128)
    return Operand(CHANNELS, 0.0, 0, tuple(float(s) for s in np.ravel(scales)))


def _conv(case: Case, operands: Operands) -> None:
    data, weight = case.inputs[0], case.inputs[1]
    wanted = _weights(case)
    operands.register(weight.name, wanted)
    operands.type_of(data.name)
    if case.is_conv:
        operands.check_slot(case, data)
        operands.check_scale(weight.name, wanted.scale, wanted.zero)
        found = operands.type_of(weight.name)
        if wanted.scales is not None and found.scales is None:
            raise CompileError(f"Input [{weight.name}] has no channelQuant")
        if wanted.scales is not None and found.scales != wanted.scales:
            raise CompileError(f"Input [{weight.name}] has mismatch scales between onnx and NNAPI")
    if len(case.inputs) > 2 and case.is_conv:
        _int32_bias(case, operands, "QLinearConv")
    elif len(case.inputs) > 2:
        operands.type_of(case.inputs[2].name)
    scale, zero = case.scale_zero(case.outputs[0]) if case.is_conv else (0.0, 0)
    operands.result(case, data.name, scale, zero)


def _int32_bias(case: Case, operands: Operands, what: str) -> None:
    dtype = case.dtype(2)
    if dtype != TensorProto.INT32:
        where = "conv_op_builder.cc:195" if what == "QLinearConv" else "gemm_op_builder.cc:214"
        raise CompileError(f"{where} {ADD} bias of {what} should be int32, actual type: {dtype}")
    operands.register(case.inputs[2].name, Operand(INT32))


def _product(case: Case, operands: Operands) -> None:
    a, b = case.inputs[0], case.inputs[1]
    operands.type_of(a.name)
    if batch_matmul(case):
        operands.type_of(b.name)
        return operands.result(case, a.name)
    wanted = _weights(case)
    if case.attribute_int("transB", 0) == 0:
        kind = CODES if case.kind else FLOAT
        operands.register(b.name, Operand(kind, wanted.scale, wanted.zero))
    operands.type_of(b.name)
    if case.kind:
        operands.check_slot(case, a)
        operands.check_scale(b.name, wanted.scale, wanted.zero)
    if len(case.inputs) > 2:
        if case.kind == "QDQ Gemm":
            _int32_bias(case, operands, "QDQGemm")
        else:
            operands.type_of(case.inputs[2].name)
    scale, zero = case.scale_zero(case.outputs[0]) if case.kind else (0.0, 0)
    return operands.result(case, a.name, scale, zero)


def _pool(case: Case, operands: Operands) -> None:
    found = operands.type_of(case.inputs[0].name)
    scale, zero = found.scale, found.zero
    if case.kind:
        operands.check_slot(case, case.inputs[0])
        scale, zero = case.scale_zero(case.outputs[0])
    operands.result(case, case.inputs[0].name, scale, zero)


def _dequantize(case: Case, operands: Operands) -> None:
    operands.check_slot(case, case.inputs[0])
    operands.register(case.outputs[0].name, Operand(FLOAT))


def _quantize(case: Case, operands: Operands) -> None:
    operands.type_of(case.inputs[0].name)
    operands.register(case.outputs[0].name, Operand(CODES, *case.scale_zero(case.outputs[0])))


def _softmax(case: Case, operands: Operands) -> None:
    if case.kind:
        operands.check_slot(case, case.inputs[0])
    operands.result(case, case.inputs[0].name, 1 / 256 if case.kind else 0.0)


def _moved(case: Case, operands: Operands) -> None:
    """Transpose, Resize: the result keeps scale and zero point of the input."""
    if case.kind:
        operands.check_slot(case, case.inputs[0])
    operands.same(case, case.inputs[0].name)


def _reshape(case: Case, operands: Operands) -> None:
    if case.kind:
        operands.check_slot(case, case.inputs[0])
    shape = operands.shape_of(case.inputs[0].name)
    data = case.view.data(case.inputs[1].name)
    wanted = [] if data is None else [int(v) for v in np.ravel(data)]
    _new_shape(case, operands, [shape[i] if d == 0 and i < len(shape) else d for i, d in enumerate(wanted)])


def _new_shape(case: Case, operands: Operands, wanted: list[int]) -> None:
    if 0 in wanted:
        raise CompileError("op_builder_helpers.cc:81 AddNnapiReshape NNAPI does not support 0 reshape dimension")
    if wanted.count(-1) > 1:
        raise CompileError(
            "op_builder_helpers.cc:83 AddNnapiReshape Only one input dimension of Attr(shape) can be unknown!"
        )
    size = int(np.prod(operands.shape_of(case.inputs[0].name)))
    known = int(np.prod([d for d in wanted if d != -1]))
    if known != size and not (-1 in wanted and size % known == 0):
        raise CompileError("op_builder_helpers.cc:100 AddNnapiReshape Invalid shape is given!")
    operands.same(case, case.inputs[0].name)


def _flatten(case: Case, operands: Operands) -> None:
    shape = case.shape()
    axis = case.attribute_int("axis", 1)
    axis += len(shape) if axis < 0 else 0
    both = [int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))]
    _new_shape(case, operands, [d or -1 for d in both])


def _unsqueeze(case: Case, operands: Operands) -> None:
    _new_shape(case, operands, [d for d in operands.shape_of(case.inputs[0].name) if d != 1] or [1])


def _gather(case: Case, operands: Operands) -> None:
    indices = case.inputs[1].name
    if case.view.is_initializer(indices) and case.dtype(1) != TensorProto.INT32:
        operands.register(indices, Operand(INT32))
    _two(case, operands)


def _lrn(case: Case, operands: Operands) -> None:
    if case.setting.nchw and case.setting.level < 29:
        raise CompileError(
            "Exception during initialization: "
            "/onnxruntime_src/onnxruntime/core/providers/nnapi/nnapi_builtin/builders/impl/"
            "LRN_op_builder.cc:59 virtual Status onnxruntime::nnapi::LRNOpBuilder::AddToModelBuilderImpl(ModelBuilder "
            "&, "
            "const NodeUnit &) const !use_nchw was false. NCHW format is not supported on android api level 28"
        )
    _plain(case, operands)


def _pad(case: Case, operands: Operands) -> None:
    _plain(case, operands)


def _split(case: Case, operands: Operands) -> None:
    """From opset 18 the attribute num_outputs is read even where a split input stands for it: a division by 0."""
    if case.version >= 18 and case.unit.node.attribute("num_outputs", None) is None:
        raise CompileError(DIED)
    found = operands.type_of(case.inputs[0].name)
    for slot in case.outputs:
        operands.register(slot.name, found)


Builder = Callable[[Case, Operands], None]
BUILDERS: dict[str, Builder] = {
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "QLinearAdd", "QLinearMul", "Pow", "PRelu"), _binary),
    **dict.fromkeys(("Max", "Min"), _two),
    **dict.fromkeys(("Conv", "QLinearConv"), _conv),
    **dict.fromkeys(("Gemm", "MatMul", "QLinearMatMul"), _product),
    **dict.fromkeys(("AveragePool", "MaxPool", "GlobalAveragePool", "GlobalMaxPool", "QLinearAveragePool"), _pool),
    **dict.fromkeys(("Transpose", "Resize"), _moved),
    "QLinearSigmoid": _sigmoid_codes,
    "Cast": _cast,
    "Concat": _concat,
    "DequantizeLinear": _dequantize,
    "QuantizeLinear": _quantize,
    "Softmax": _softmax,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Unsqueeze": _unsqueeze,
    "Gather": _gather,
    "LRN": _lrn,
    "Pad": _pad,
    "Split": _split,
}
