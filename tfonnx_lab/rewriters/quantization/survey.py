"""What a file as a whole says about the activations that are fused into its ops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import onnx_ir as ir

from tfonnx_lab.arithmetic.activations import BOUNDS
from tfonnx_lab.graph import EIGHT_BIT, TFLITE, attr, code_range, is_quantized, quantization
from tfonnx_lab.rewriters.fused_activation import code_bounds

ACTIVATED = (
    "ADD", "AVERAGE_POOL_2D", "BATCH_MATMUL", "CONV_2D", "CONV_3D", "CONV_3D_TRANSPOSE", "DEPTHWISE_CONV_2D", "DIV",
    "FULLY_CONNECTED", "MUL", "SUB", "TRANSPOSE_CONV",
)  # fmt: skip
"""Ops that an activation follows in float models.

Quantizing converters drop it where the codes cannot leave its range.
"""

EXACT = 1e-5
"""How far from 6 the end of a RELU6's range can be, as a share of 6: float32 scales, and a sum that rounds."""

_ENOUGH = 4


@dataclass
class Survey:
    """kept: an op that names an activation which its codes imply, empty where the file has none (then its converter may
        have left them out).
    sixes: ranges that end at 6 or up to half a step below.
    above: up to half a step above.
    elsewhere: the others that begin at zero.
    """

    kept: str = ""
    sixes: int = 0
    above: int = 0
    elsewhere: int = 0

    @property
    def drifts(self) -> bool:
        """Whether the ranges near 6 are too many to be chance.

        A RELU6 gives nothing above 6, so no average ends there.
        """
        return self.sixes >= _ENOUGH and self.sixes >= self.elsewhere and not self.above


def survey(nodes: Iterable[ir.Node]) -> Survey:
    """Look at the 8-bit results of all ops that activations can be fused into."""
    found = Survey()
    for node in nodes:
        if node.domain == TFLITE and node.op_type in ACTIVATED:
            _look(found, node)
    return found


def _look(found: Survey, node: ir.Node) -> None:
    out = node.outputs[0]
    quant = quantization(out)
    if quant is None or not is_quantized(out) or out.dtype not in EIGHT_BIT:
        return
    kind = str(attr(node, "fused_activation_function", "NONE"))
    scale, zero, ends = float(quant.scale[0]), int(quant.zero_point[0]), code_range(out.dtype)
    if kind in BOUNDS:
        if code_bounds(kind, scale, zero, out.dtype) == ends:
            found.kept = found.kept or f"{node.op_type} ({kind})"
    elif zero == ends[0]:
        high = (ends[1] - zero) * scale
        if 6 - scale / 2 <= high <= 6 * (1 + EXACT):
            found.sixes += 1
        elif 6 < high <= 6 + scale / 2:
            found.above += 1
        else:
            found.elsewhere += 1
