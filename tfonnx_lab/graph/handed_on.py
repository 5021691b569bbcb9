"""What a node that only moves elements tells of its input when it is taken out: its output's tensors are there, too."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from tfonnx_lab.graph.attributes import attr
from tfonnx_lab.graph.dialects import is_onnx
from tfonnx_lab.graph.meta import TENSORS, known
from tfonnx_lab.graph.quantization import Quantization, quantization

Perm = tuple[int, ...]


def compose(inner: Sequence[int], outer: Sequence[int]) -> Perm:
    """Transpose(Transpose(x, inner), outer) = Transpose(x, compose(inner, outer))."""
    return tuple(inner[i] for i in outer)


def handed_on(node: ir.Node) -> tuple[ir.Value, tuple[tuple[str, Perm | None], ...], Quantization | None] | None:
    """(the input, the tensors that it holds, its quantization) of a Transpose or Identity that is to be taken out: with
    it nobody would know any more where a TFLite tensor is, and so a layer's result.

    None where there is nothing to hand on, or the input is none of a node of the same graph.
    """
    if not is_onnx(node, "Transpose", "Identity") or not (told := known(node.outputs[0]).get(TENSORS)):
        return None
    value, output = node.inputs[0], node.outputs[0]
    maker = None if value is None else value.producer()
    if value is None or maker is None or maker.graph is not node.graph or value.dtype != output.dtype:
        return None
    perm = attr(node, "perm") if node.op_type == "Transpose" else None
    if node.op_type == "Transpose" and perm is None:
        return None
    held = known(value).get(TENSORS, ())
    names = {name for name, _ in held}
    more = tuple((name, _moved(perm, back)) for name, back in told if name not in names)
    quant = quantization(output) if quantization(value) is None else None
    if quant is not None and quant.axis is not None and perm is not None:
        quant = Quantization(quant.scale, quant.zero_point, perm[quant.axis], quant.block, quant.minimum, quant.maximum)
    return (value, (*held, *more), quant) if more else None


def _moved(perm: Sequence[int] | None, back: Perm | None) -> Perm | None:
    """The permutation that restores the tensor's layout; None where it has that already."""
    if perm is None:
        return back
    found = tuple(perm) if back is None else compose(perm, back)
    return None if found == tuple(range(len(found))) else found
