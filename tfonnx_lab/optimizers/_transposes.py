"""What the layout rules share: reading a Transpose, permuting axes, and moving a Transpose behind an op."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx_ir as ir

from tfonnx_lab.graph import TENSORS, Editor, OpBuilder, Quantization, attr, is_onnx, quantization
from tfonnx_lab.graph.handed_on import Perm, compose
from tfonnx_lab.graph.meta import QUANTIZATION


def transposed(value: ir.Value | None) -> tuple[ir.Value, Perm] | None:
    """(x, perm) where the value is Transpose(x, perm), else None."""
    node = None if value is None else value.producer()
    if node is None or not is_onnx(node, "Transpose") or node.inputs[0] is None:
        return None
    perm = attr(node, "perm")
    return None if perm is None else (node.inputs[0], tuple(perm))


def inverse(perm: Sequence[int]) -> Perm:
    """The permutation that undoes `perm`."""
    return tuple(sorted(range(len(perm)), key=lambda i: perm[i]))


def behind(op: OpBuilder, node: ir.Node, inputs: Sequence[Any], perm: Perm, **attributes: Any) -> list[ir.Value]:
    """The node on inputs before their Transpose, and the Transpose behind each of its outputs.

    attributes replace those of the node. What the node's outputs stand for is noted on the new ones, permuted, so
    parity still finds them when the Transpose is gone.
    """
    kept = {**node.attributes.data, **attributes}
    made = op.node(node.op_type, inputs, kept, domain=node.domain, outputs=len(node.outputs))
    results = []
    for new, old in zip(made.outputs, node.outputs, strict=True):
        stands_for(new, old, perm)
        results.append(op.Transpose(new, perm=list(perm)))
    return results


def stands_for(new: ir.Value, old: ir.Value, perm: Perm) -> None:
    """`old` = Transpose(new, perm): give `new` the dtype, shape, quantization and tensors of `old`, permuted."""
    back = inverse(perm)
    if old.dtype is not None:
        new.type = ir.TensorType(old.dtype)
    if old.shape is not None and len(old.shape) == len(perm):
        dims = list(old.shape)
        new.shape = ir.Shape([dims[i] for i in back])
    tensors = tuple((n, perm if p is None else compose(perm, p)) for n, p in old.meta.get(TENSORS, ()))
    Editor.describe(new, TENSORS, tensors)
    quant = quantization(old)
    if quant is not None and quant.axis is not None:
        quant = Quantization(quant.scale, quant.zero_point, perm[quant.axis], quant.block, quant.minimum, quant.maximum)
    Editor.describe(new, QUANTIZATION, quant)
