"""--dequantize: a float model without Q/DQ. `infer_relu` tells what clamped codes did for the real values."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from tfonnx_lab.graph import (
    EIGHT_BIT,
    ORIGIN,
    TENSORS,
    OpBuilder,
    is_quantized,
    quantization,
)
from tfonnx_lab.graph.meta import CODES, INITIAL, PLACE, QUANTIZATION, VARIABLE
from tfonnx_lab.patterns import const, custom, tfl
from tfonnx_lab.rewriters.quantization.bounds import real_values
from tfonnx_lab.rewriters.quantization.explicit import dequantized
from tfonnx_lab.rewriters.quantization.moves import MOVES, READERS, Tensors, tied
from tfonnx_lab.rewriters.state_variables import initial_value, states
from tfonnx_lab.rules import rewriter

FLOAT = ir.DataType.FLOAT


@rewriter(phase="quantize")
def float_interface(op: OpBuilder) -> bool | None:
    """An input or output of codes => one of real values (`float_io=True`)."""
    if not op.options.float_io:
        return None
    graph = op.editor.graph
    kept = {new for _, new in states(graph)}
    for value in list(graph.inputs):
        if _is_8_or_16_bit(value) and not value.meta.get(VARIABLE):
            _float_input(op, value)
    for index, value in enumerate(list(graph.outputs)):
        if _is_8_or_16_bit(value) and value.producer() is not None and value not in kept:
            made = _edge(op, "DEQUANTIZE", value, value, None)
            _take_name(op, value, made)
            op.editor.set_output(graph, index, made)
            op.note(str(made.name))
    return True if op.notes else None


@rewriter(phase="quantize")
def float_states(op: OpBuilder) -> bool | None:
    """A state of codes => one of real values, which begins with the same."""
    if not op.options.dequantize:
        return None
    for variable, new in states(op.editor.graph):
        quant = quantization(variable)
        if quant is None or not _is_8_or_16_bit(variable) or not quant.same(quantization(new)):
            continue
        copy = new.producer()
        if copy is None or copy.inputs[0] is None:
            continue
        codes = ir.Value(const_value=ir.tensor(initial_value(variable)))
        op.editor.describe(variable, INITIAL, real_values(codes, quant))
        _float_input(op, variable)
        op.editor.set_input(copy, 0, _edge(op, "DEQUANTIZE", copy.inputs[0], new, None))
        op.editor.retype(new, dtype=FLOAT)
    return True if op.notes else None


@rewriter(custom["TFLite_Detection_PostProcess"](..., name="node"), phase="quantize")
def real_inputs(op: OpBuilder, node: ir.Node) -> Sequence[ir.Value | None] | None:
    """TFLite_Detection_PostProcess(codes) => TFLite_Detection_PostProcess(DEQUANTIZE(codes)), which takes real values,
    too."""
    codes = [i for i, x in enumerate(node.inputs) if is_quantized(x)]
    if not op.options.dequantize or not codes:
        return None
    for index in codes:
        op.editor.set_input(node, index, dequantized(op, node.inputs[index]))
    return [None] * len(node.outputs)


@rewriter(tfl.DEQUANTIZE(const("x"), name="node"), phase="dequantize")
def float_constant(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value | None:
    """DEQUANTIZE(constant) => the constant's real values."""
    quant = quantization(x)
    if not op.options.dequantize or quant is None or not is_quantized(x):
        return None
    return op.const(real_values(x, quant), name=f"{x.name}/float")


@rewriter(tfl[(*MOVES, *READERS, "DEQUANTIZE", "QUANTIZE")](..., name="node"), phase="dequantize")
def float_tensors(op: OpBuilder, node: ir.Node) -> Sequence[ir.Value | None] | None:
    """QUANTIZE, RESHAPE of codes, DEQUANTIZE => REAL_RANGE (what the codes' range was), RESHAPE."""
    if not op.options.dequantize:
        return None
    start = next(
        (v for v in (*node.outputs, *node.inputs) if is_quantized(v) and v is not None and v.const_value is None), None
    )
    if start is None or not _is_8_or_16_bit(start):
        return None
    found = tied(start)
    if not _worth(found):
        return None
    _make_float(op, found)
    op.note(", ".join(str(v.name) for v in found.values))
    return [None] * len(node.outputs)


def _worth(found: Tensors) -> bool:
    """Whether anything becomes real that is not merely codes for an op that needs codes."""
    made = [v for v in found.values if v not in found.entries]
    if not made:
        return any(found.entries.values()) and bool(found.readers)
    if len(found.values) == 1:
        return bool(found.dequantizers or found.readers)
    return bool(found.quantizers or found.readers or any(n.inputs[0] in made for n in found.dequantizers))


def _make_float(op: OpBuilder, found: Tensors) -> None:
    """All values of the component hold real values; where codes come in or are needed, they are converted."""
    for (user, index), x in found.constants.items():
        quant = quantization(x)
        assert quant is not None
        op.editor.set_input(user, index, op.editor.constant(real_values(x, quant), f"{x.name}/float"))
    for value in found.values:
        if value in found.entries:
            if found.entries[value]:
                made = _edge(op, "DEQUANTIZE", value, value, None)
                for user, index in found.entries[value]:
                    op.editor.set_input(user, index, made)
            continue
        op.editor.describe(value, CODES, value.dtype)
        op.editor.retype(value, dtype=FLOAT)
        if value in found.exits:
            _back_to_codes(op, value, found.exits[value])
    for node in found.quantizers:
        _replace_by_range(op, node)
    for node in found.dequantizers:
        if node.inputs[0] not in found.entries and node.graph is not None:
            source = node.inputs[0]
            assert source is not None
            op.editor.replace(node.outputs[0], source)
            op.editor.erase(node)


def _replace_by_range(op: OpBuilder, node: ir.Node) -> None:
    x, out = node.inputs[0], node.outputs[0]
    assert x is not None
    if is_quantized(x):
        x = _edge(op, "DEQUANTIZE", x, x, None)
    made = op.intermediate.node("REAL_RANGE", [x], {}, name=f"{node.name}/range")
    op.like(made.outputs[0], out)
    op.editor.inherit(made.outputs[0], out, CODES)
    op.editor.inherit(made, node, ORIGIN, PLACE)
    op.editor.insert(made, before=node)
    op.editor.replace(out, made.outputs[0])
    op.editor.erase(node)


def _back_to_codes(op: OpBuilder, value: ir.Value, uses: Sequence[tuple[ir.Node, int]]) -> None:
    """QUANTIZE for ops that need codes, and for a model output, which keeps its dtype."""
    template = ir.Value(type=ir.TensorType(value.meta[CODES]), shape=value.shape)
    op.editor.describe(template, QUANTIZATION, quantization(value))
    made = _edge(op, "QUANTIZE", value, template, value.meta[CODES])
    for user, index in uses:
        op.editor.set_input(user, index, made)
    graph = value.graph
    if graph is None or not value.is_graph_output():
        return
    for index, output in enumerate(list(graph.outputs)):
        if output is value:
            op.editor.set_output(graph, index, made)
    _take_name(op, value, made)


def _edge(op: OpBuilder, kind: str, x: ir.Value, template: ir.Value, dtype: ir.DataType | None) -> ir.Value:
    """Insert QUANTIZE or DEQUANTIZE behind x."""
    node = op.tfl.node(kind, [x], {}, name=f"{x.name}/{kind}")
    made = node.outputs[0]
    made.type = ir.TensorType(dtype or FLOAT)
    made.shape = None if template.shape is None else template.shape.copy()
    if dtype is not None:
        op.editor.describe(made, QUANTIZATION, quantization(template))
    maker = x.producer()
    users = [user for user, _ in x.uses()]
    origins = (maker or users[0]).meta.get(ORIGIN, frozenset()) if maker or users else frozenset()
    op.editor.describe(node, ORIGIN, origins)
    op.editor.insert(node, before=_next(x), graph=x.graph)
    return made


def _float_input(op: OpBuilder, value: ir.Value) -> None:
    """The input holds real values; QUANTIZE makes the codes of them."""
    template = ir.Value(type=value.type, shape=value.shape)
    op.editor.describe(template, QUANTIZATION, quantization(value))
    uses = tuple(value.uses())
    made = _edge(op, "QUANTIZE", value, template, value.dtype)
    op.editor.retype(value, dtype=FLOAT)
    for user, index in uses:
        op.editor.set_input(user, index, made)
    op.note(str(value.name))


def _take_name(op: OpBuilder, old: ir.Value, new: ir.Value) -> None:
    name = old.name or "output"
    op.editor.retype(new, tensors=old.meta.get(TENSORS, ()))
    op.editor.retype(old, name=op.editor.names.value(f"{name}/inner"), tensors=())
    op.editor.retype(new, name=name)


def _next(value: ir.Value) -> ir.Node | None:
    """The node before which a reader of the value may stand."""
    maker = value.producer()
    nodes = iter(value.graph if value.graph is not None else ())
    if maker is not None:
        for node in nodes:
            if node is maker:
                break
    return next(nodes, None)


def _is_8_or_16_bit(value: ir.Value) -> bool:
    return is_quantized(value) and value.dtype in (*EIGHT_BIT, ir.DataType.INT16)
