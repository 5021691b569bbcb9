"""Complex tensors are pairs of real numbers, in a last dimension that ops which move elements know nothing of."""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder, plain
from tfonnx_lab.graph.editor import KIND
from tfonnx_lab.patterns import tfl
from tfonnx_lab.rules import rewriter

BY_PARTS = (
    "BROADCAST_TO", "DILATE", "DYNAMIC_UPDATE_SLICE", "EXPAND_DIMS", "FILL", "MIRROR_PAD", "RANK", "SELECT", "SELECT_V2",
    "SHAPE", "SLICE", "STRIDED_SLICE", "TILE", "TRANSPOSE",
)  # fmt: skip
"""Ops that do the same to real and to imaginary parts."""


@rewriter(tfl[BY_PARTS](..., name="node"), phase="prepare")
def complex_by_parts(op: OpBuilder, node: ir.Node) -> list[ir.Value] | None:
    """TRANSPOSE(complex) => COMPLEX(TRANSPOSE(REAL(x)), TRANSPOSE(IMAG(x)))."""
    if not any(_is_complex(value) for value in node.inputs):
        return None
    real = _part(op, node, "REAL")
    if not _is_complex(node.outputs[0]):
        return real
    return [
        op.like(op.tfl.COMPLEX(a, b), out)
        for a, b, out in zip(real, _part(op, node, "IMAG"), node.outputs, strict=True)
    ]


def _part(op: OpBuilder, node: ir.Node, part: str) -> list[ir.Value]:
    """The op on the real or on the imaginary parts of its complex inputs."""
    inputs = [
        _halved(op.tfl.node(part, [v], {}).outputs[0], v) if v is not None and _is_complex(v) else v
        for v in node.inputs
    ]
    made = op.tfl.node(node.op_type, inputs, plain(node), outputs=len(node.outputs), name=f"{node.name}/{part}")
    return [
        _halved(new, old) if _is_complex(old) else op.like(new, old)
        for new, old in zip(made.outputs, node.outputs, strict=True)
    ]


def _halved(value: ir.Value, pair: ir.Value) -> ir.Value:
    """The value, with the dtype and shape of one of the pair's numbers."""
    value.type = pair.type
    value.shape = None if pair.shape is None else ir.Shape(list(pair.shape)[:-1])
    return value


def _is_complex(value: ir.Value | None) -> bool:
    return value is not None and str(value.meta.get(KIND, "")).startswith("COMPLEX")
