"""Complex tensors, which are pairs of numbers in ONNX: what only moves elements moves both parts of them."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, plain
from tfonnx_lab.graph.meta import KIND, known
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rules import rewriter

MOVING = (
    "SUM", "MEAN", "CUMSUM", "SEGMENT_SUM", "UNSORTED_SEGMENT_SUM", "BROADCAST_TO", "CONCATENATION", "DILATE",
    "DYNAMIC_UPDATE_SLICE", "EXPAND_DIMS", "FILL", "GATHER", "GATHER_ND", "MIRROR_PAD", "PACK", "PAD", "PADV2",
    "REVERSE_SEQUENCE", "REVERSE_V2", "SELECT", "SELECT_V2", "SHAPE", "SLICE", "SPLIT", "SPLIT_V",
    "STABLEHLO_GATHER", "STABLEHLO_PAD", "STRIDED_SLICE", "TILE", "TRANSPOSE", "UNPACK", "ZEROS_LIKE",
)  # fmt: skip
"""Ops that do to a complex tensor what they do to each of its parts: they move elements, or add them up."""


@rewriter(
    tfl[MOVING](..., name="node"),
    phase="prepare",
    only=lambda node: any(map(is_complex, node.inputs)) or any(map(is_complex, node.outputs)),
)
def complex_by_parts(op: OpBuilder, node: ir.Node) -> list[ir.Value]:
    """TRANSPOSE(complex) => COMPLEX(TRANSPOSE(REAL(complex)), TRANSPOSE(IMAG(complex)))."""
    halves = [_half(op, node, part) for part in ("REAL", "IMAG")]
    results = []
    for out, real, imaginary in zip(node.outputs, *halves, strict=True):
        if not is_complex(out):
            results.append(op.like(real, out))
            continue
        made = op.like(op.intermediate.COMPLEX(real, imaginary), out)
        op.editor.inherit(made, out, KIND)
        results.append(made)
    return results


def _half(op: OpBuilder, node: ir.Node, part: str) -> list[ir.Value]:
    inputs = [part_of(op, v, part) if is_complex(v) else v for v in node.inputs]
    made = op.tfl.node(node.op_type, inputs, plain(node), outputs=len(node.outputs), name=f"{node.name}/{part}")
    for value, out in zip(made.outputs, node.outputs, strict=True):
        _without_pairs(value, out)
    return list(made.outputs)


def part_of(op: OpBuilder, x: ir.Value | None, part: str) -> ir.Value:
    """REAL(x) or IMAG(x)."""
    assert x is not None
    made: ir.Value = op.tfl.node(part, [x], {}, name=f"{x.name}/{part}").outputs[0]
    _without_pairs(made, x)
    return made


def _without_pairs(value: ir.Value, template: ir.Value) -> None:
    value.type = template.type
    value.shape = None if template.shape is None else template.shape.copy()
    if is_complex(template) and template.shape is not None:
        value.shape = ir.Shape(list(template.shape)[:-1])


def is_complex(value: ir.Value | None) -> bool:
    """Whether the value holds complex numbers."""
    return value is not None and known(value).get(KIND) in ("COMPLEX64", "COMPLEX128")
