"""XNNPACK's table: one row an op."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tfonnx_lab.mobile.xnnpack import checks as c
from tfonnx_lab.mobile.xnnpack import checks_resize as r
from tfonnx_lab.mobile.xnnpack.ask import Ask
from tfonnx_lab.texts.docstrings import first_paragraph

FOLDER = "onnxruntime/core/providers/xnnpack"
FUSION = "detail/node_support_checker.cc"

Check = Callable[[Ask], str]


@dataclass(frozen=True)
class Row:
    """What the provider takes of one op of ai.onnx.

    op: its name.
    source: the file of its check.
    layout: whether its kernel works on channels-last data, so that the layout changes around it.
    groups: rules of a QDQ group, before the others; None where groups are judged by the node alone.
    rules: in the order in which the provider checks them.
    """

    op: str
    source: str
    layout: bool
    rules: tuple[Check, ...]
    groups: tuple[Check, ...] | None = None


_CONV = (c.conv_version, c.conv_input, c.conv_weights, c.conv_bias, c.conv_padding)

ROWS: tuple[Row, ...] = (
    Row("Conv", "nn/conv_base.cc", True, _CONV, (c.conv_codes,)),
    Row("ConvTranspose", "nn/conv_base.cc", True, _CONV, (c.conv_codes,)),
    Row("QLinearConv", "nn/conv_base.cc", True, (c.conv_codes, *_CONV)),
    Row("MaxPool", "nn/max_pool.cc", True, (c.max_version, c.max_types, c.pool_input, c.pool_window), (c.max_codes,)),
    Row(
        "AveragePool",
        "nn/average_pool.cc",
        True,
        (c.average_types, c.pool_input, c.pool_window, c.average_padding),
        (c.average_codes,),
    ),
    Row("Resize", "tensor/resize.cc", True, (r.resize_input, r.resize_target, r.resize_mode, r.resize_coordinates)),
    Row("Softmax", "math/softmax.cc", False, (c.softmax_types, c.softmax_axis), (c.softmax_codes,)),
    Row("Gemm", "math/gemm.cc", False, (c.gemm_factors, c.gemm_inputs, c.gemm_shapes)),
    Row("MatMul", "math/matmul.cc", False, (c.matmul_inputs,)),
)

BY_OP = {row.op: row for row in ROWS}

FUSED = ("Clip", "Relu")
"""Activations that join the kernel before them, after the change of layout."""

FUSES = ("Conv", "MaxPool", "AveragePool")
"""Kernels that an activation may join, where they are no QDQ groups."""


ADVICE: dict[Check, str] = {
    c.conv_codes: "keep the weights of the input's type: uint8 weights as uint8",
    c.conv_input: "fix the dynamic dimensions",
    c.conv_weights: "make the weights an initializer",
    c.pool_input: "fix the dynamic dimensions",
    c.gemm_shapes: "give C the shape (N,)",
    c.matmul_inputs: "make B an initializer",
    c.average_codes: "dequantize this op",
}
"""What would help where a rule refuses."""


@dataclass(frozen=True)
class Refusal:
    """Why a unit stays on the CPU, the rule with its file, what would help."""

    reason: str
    rule: str
    advice: str = ""


def refusal(ask: Ask) -> Refusal | None:
    """Why the provider does not take the unit; None where it does. Raises CheckDies where its check does not return."""
    node = ask.node
    row = BY_OP.get(node.op) if node.domain == "" else None
    if row is None:
        name = f"{node.domain}:{node.op}" if node.domain else node.op
        return Refusal(f"the provider has no kernel for {name}", f"{node.op}: the op has a row ({FOLDER}/{FUSION})")
    for check in (*((row.groups or ()) if ask.unit.is_group else ()), *row.rules):
        if reason := check(ask):
            return Refusal(reason, citation(row, text(check)), ADVICE.get(check, ""))
    return None


def text(check: Check) -> str:
    """The first paragraph of a check's docstring."""
    return first_paragraph(check).rstrip(".")


def citation(row: Row, rule: str) -> str:
    """`Conv: the weights are a constant initializer (…/nn/conv_base.cc)`."""
    return f"{row.op}: {rule} ({FOLDER}/{row.source})"
