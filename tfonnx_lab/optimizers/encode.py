"""Encoding: on x86-64, ONNX Runtime's integer kernels want activations as uint8. int8 codes become uint8 codes, 128
higher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import (
    ORIGIN,
    TENSORS,
    OpBuilder,
    Quantization,
    attr,
    constant_array,
    is_onnx,
    quantization,
    static_shape,
)
from tfonnx_lab.graph.meta import QUANTIZATION
from tfonnx_lab.optimizers._codes import INT8, Component, as_int8, component, encoded, lookup_table, moves
from tfonnx_lab.patterns import const, onnx, var
from tfonnx_lab.rules import Miss, optimizer

UINT8 = ir.DataType.UINT8

WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
"""Ops whose second input may be int8 beside uint8 activations."""


@optimizer(
    onnx.QuantizeLinear(..., name="node"),
    phase="encode",
    when=lambda options: options.as_uint8,
    only=lambda node: node.outputs[0].dtype == INT8,
)
def encode_written_codes(op: OpBuilder, node: ir.Node) -> Sequence[ir.Value | None]:
    """QuantizeLinear to int8 .. DequantizeLinear => both with uint8, and all that moves the codes between."""
    return _encode(op, node.outputs[0])


@optimizer(
    onnx.DequantizeLinear(..., name="node"),
    phase="encode",
    when=lambda options: options.as_uint8,
    only=lambda node: _is_read(node.inputs[0]),
)
def encode_read_codes(op: OpBuilder, node: ir.Node) -> Sequence[ir.Value | None]:
    """int8 input of the model .. DequantizeLinear => the same with uint8 behind one conversion."""
    return _encode(op, node.inputs[0])  # type: ignore[arg-type]


def _is_read(codes: ir.Value | None) -> bool:
    return codes is not None and codes.dtype == INT8 and codes.const_value is None


@optimizer(
    onnx.DequantizeLinear(const("x"), var("scale"), var("zero"), name="node"),
    phase="encode",
    when=lambda options: options.as_uint8,
)
def encode_constant_operand(
    op: OpBuilder, node: ir.Node, x: ir.Value, scale: ir.Value, zero: ir.Value | None
) -> ir.Value | None:
    """Add(a, DequantizeLinear(int8 constant)) => the constant as uint8, which is what `a` is.

    Weights stay int8: their kernels take it, and on AVX2 they are twice as fast for it. With `exact` they too become
    uint8, since the int8 kernels there add pairs of products in 16 bits, which saturate.
    """
    if x.dtype != INT8 or attr(node, "block_size", 0):
        return None
    uses = tuple(node.outputs[0].uses())
    weights = [is_onnx(user, *WEIGHTED) and index == 1 for user, index in uses]
    if not uses or (any(weights) and not (all(weights) and (op.options.exact or _product_for_nnapi(op, scale, uses)))):
        return None
    codes = op.const(encoded(constant_array(x)), name=f"{x.name}/uint8", quant=_shifted(quantization(x)))
    zeros = encoded(np.zeros(static_shape(scale) or (), np.int8) if zero is None else constant_array(zero))
    made = op.DequantizeLinear(codes, scale, zeros, axis=attr(node, "axis"))
    return op.like(made, node.outputs[0])


def _product_for_nnapi(op: OpBuilder, scale: ir.Value, uses: Sequence[tuple[ir.Node, int]]) -> bool:
    """NNAPI takes int8 weights of convolutions, but not those of products that are transposed.

    Those with a scale for each result stay int8: they become convolutions (`nnapi_channels.py`).
    """
    wanted = op.options.target == "nnapi" and all(is_onnx(user, "Gemm", "MatMul") for user, _ in uses)
    return wanted and static_shape(scale) in ([], [1])


@optimizer(
    onnx.DequantizeLinear(const("x"), var("scale"), const("zero"), name="node"),
    phase="encode",
    when=lambda options: options.target == "x86_64",
    only=lambda node: node.inputs[0].dtype == UINT8,  # type: ignore[union-attr]
)
def encode_uint8_weights(op: OpBuilder, node: ir.Node, x: ir.Value, scale: ir.Value, zero: ir.Value) -> ir.Value | None:
    """Conv(a, DequantizeLinear(uint8 weights)) => the weights as int8, which the faster kernels take; not with
    `exact`."""
    if op.options.exact or attr(node, "block_size", 0):
        return None
    uses = tuple(node.outputs[0].uses())
    if not uses or not all(is_onnx(user, *WEIGHTED) and index == 1 for user, index in uses):
        return None
    codes = op.const(as_int8(constant_array(x)), name=f"{x.name}/int8", quant=_shifted(quantization(x), -128))
    made = op.DequantizeLinear(codes, scale, as_int8(constant_array(zero)), axis=attr(node, "axis"))
    return op.like(made, node.outputs[0])


def _encode(op: OpBuilder, start: ir.Value) -> Sequence[ir.Value | None]:
    found = component(start)
    if not any(_ends_in_codes(n) for n in found.reads) and not any(_begins_in_codes(n) for n in found.quantizers):
        raise Miss("no op computes from codes to codes at either end of it")
    if any(len(n.inputs) < 3 or constant_array(n.inputs[2]) is None for n in (*found.quantizers, *found.reads)):
        raise Miss("a zero point is missing or computed")
    origins = _origin(found)
    for value in found.inner:
        op.editor.retype(value, dtype=UINT8, quant=_shifted(quantization(value)))
    for node in (*found.quantizers, *found.reads):
        _shift_zero_point(op, node)
    for (node, index), x in found.constants.items():
        op.editor.set_input(
            node, index, op.editor.constant(encoded(constant_array(x)), f"{x.name}/uint8", _shifted(quantization(x)))
        )
    for value, uses in found.entries.items():
        if uses:
            _enter(op, value, uses, origins)
    for value, uses in found.exits.items():
        _leave(op, value, uses, origins)
    for node in found.lookups:
        for gather, _ in tuple(node.outputs[0].uses()):
            op.editor.set_input(gather, 0, op.editor.constant(lookup_table(gather.inputs[0]), f"{gather.name}/table"))
    _tell(op, found)
    return [None]


def _tell(op: OpBuilder, found: Component) -> None:
    count = len(found.inner) + len(found.entries)
    names = ", ".join(str(v.name) for v in list(found.inner)[:3]) + (", ..." if len(found.inner) > 3 else "")
    op.note(f"{count} tensor{'s' * (count != 1)}{': ' * bool(names)}{names}")
    edges = [str(v.name) for v in (*found.entries, *found.exits)]
    if edges:
        op.note(f"converted at {', '.join(edges)}")


def _ends_in_codes(dequantize: ir.Node) -> bool:
    """Whether an op reads the real values and writes codes."""
    return any(
        is_onnx(user, "QuantizeLinear")
        for op in _readers(dequantize.outputs[0])
        for y in op.outputs
        for user in _readers(y)
    )


def _readers(value: ir.Value) -> list[ir.Node]:
    """Who uses the value, behind ops that only move it."""
    found, queue, seen = [], [value], set()
    while queue:
        for user, index in queue.pop().uses():
            if moves(user, index) and user not in seen:
                seen.add(user)
                queue.extend(user.outputs)
            elif user not in seen:
                found.append(user)
    return found


def _begins_in_codes(quantize: ir.Node) -> bool:
    """Whether the op that made the real values read codes."""
    maker = _maker(quantize.inputs[0])
    return maker is not None and any(is_onnx(m, "DequantizeLinear") for m in map(_maker, maker.inputs) if m is not None)


def _maker(value: ir.Value | None) -> ir.Node | None:
    """Who made the value, before ops that only move it."""
    node = None if value is None else value.producer()
    while node is not None and moves(node, 0) and node.inputs[0] is not None:
        node = node.inputs[0].producer()
    return node


def _origin(found: Component) -> frozenset[int]:
    nodes = (*found.reads, *found.quantizers)
    return frozenset().union(*(n.meta.get(ORIGIN, frozenset()) for n in nodes))


def _shifted(quant: Quantization | None, by: int = 128) -> Quantization | None:
    return None if quant is None else replace(quant, zero_point=quant.zero_point + by)


def _shift_zero_point(op: OpBuilder, node: ir.Node) -> None:
    """Of a QuantizeLinear or DequantizeLinear."""
    op.editor.set_input(node, 2, op.editor.constant(encoded(constant_array(node.inputs[2]))))


def _enter(op: OpBuilder, value: ir.Value, uses: Sequence[tuple[ir.Node, int]], origins: frozenset[int]) -> None:
    """value (int8) => its uint8 codes, for these uses."""
    made = _converted(op, value, INT8, origins)
    for user, index in uses:
        op.editor.set_input(user, index, made)


def _leave(op: OpBuilder, value: ir.Value, uses: Sequence[tuple[ir.Node, int]], origins: frozenset[int]) -> None:
    """value (now uint8) => its int8 codes, for uses by other ops and as an output, whose name and meaning they take."""
    made = _converted(op, value, UINT8, origins)
    for user, index in uses:
        op.editor.set_input(user, index, made)
    graph = value.graph
    if graph is None or not value.is_graph_output():
        return
    name = value.name or "output"
    for index, output in enumerate(list(graph.outputs)):
        if output is value:
            op.editor.set_output(graph, index, made)
    op.editor.retype(made, tensors=value.meta.get(TENSORS, ()))
    op.editor.retype(value, name=op.editor.names.value(f"{name}/uint8"), tensors=())
    op.editor.retype(made, name=name)


_TINY = 1e-30
"""Codes times a smaller scale may not be normal numbers of float32, and times one over it infinite."""


def _converted(op: OpBuilder, value: ir.Value, source: ir.DataType, origins: frozenset[int]) -> ir.Value:
    """The value's codes in the other encoding: DequantizeLinear, QuantizeLinear, exact for any scale but the
    tiniest."""
    quant = quantization(value)
    scale, zero = np.float32(1.0), 0 if source == INT8 else 128
    if quant is not None and quant.per_tensor and _TINY < float(quant.scale[0]) < 1 / _TINY:
        scale, zero = np.float32(quant.scale[0]), int(quant.zero_point[0])
    by, kinds = (128, (np.int8, np.uint8)) if source == INT8 else (-128, (np.uint8, np.int8))
    before, graph = _next(value), value.graph
    real = op.node("DequantizeLinear", [value, scale, np.array(zero, kinds[0])], {})
    codes = op.node(
        "QuantizeLinear",
        [real.outputs[0], scale, np.array(zero + by, kinds[1])],
        {},
    )
    op.editor.describe(codes.outputs[0], QUANTIZATION, _shifted(quant, by))
    for node in (real, codes):
        op.editor.describe(node, ORIGIN, origins)
        op.editor.insert(node, before=before, graph=graph)
    return codes.outputs[0]


def _next(value: ir.Value) -> ir.Node | None:
    """The node before which a reader of the value may stand."""
    graph = value.graph
    maker = value.producer()
    nodes = iter(graph if graph is not None else ())
    if maker is not None:
        for node in nodes:
            if node is maker:
                break
    return next(nodes, None)
