"""Every kind of fault that the table of truth plants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .faults import Fault
from .kinds_more import MORE
from .spoils import (
    as_op,
    at_the_end,
    constant_changed,
    hard_sigmoid,
    left_out,
    negative,
    reversed_last,
    scaled,
    shifted,
    swapped,
    tanh_gelu,
    tape_attribute,
    tape_swapped,
    with_attribute,
    without_input,
)

KINDS: Sequence[Fault] = (
    Fault("sign", "handler", ("CONV_2D", "ADD", "MUL", "FULLY_CONNECTED", "TANH", "SUB", "SOFTMAX", "MEAN"), negative),
    Fault("scale of 1.1", "handler", ("CONV_2D", "DEPTHWISE_CONV_2D", "LOGISTIC", "ADD", "BATCH_MATMUL"), scaled(1.1)),
    Fault("scale of 0.98", "handler", ("FULLY_CONNECTED", "MUL", "MEAN", "RSQRT", "AVERAGE_POOL_2D"), scaled(0.98)),
    Fault("axis backwards", "handler", ("CONCATENATION", "RESHAPE", "TRANSPOSE", "STRIDED_SLICE", "PACK"),
          reversed_last),
    Fault("pads at the end", "handler", ("CONV_2D", "DEPTHWISE_CONV_2D"), tape_attribute("Conv", "pads", at_the_end)),
    Fault("pads of a pool", "handler", ("MAX_POOL_2D",), tape_attribute("MaxPool", "pads", at_the_end)),
    Fault("wrong softmax axis", "handler", ("SOFTMAX",), tape_attribute("Softmax", "axis", lambda axis: -2)),
    Fault("half pixels", "handler", ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"),
          tape_attribute("Resize", "coordinate_transformation_mode",
                         lambda m: b"half_pixel" if m in ("asymmetric", b"asymmetric") else b"asymmetric")),
    Fault("alpha", "handler", ("LEAKY_RELU",), tape_attribute("LeakyRelu", "alpha", lambda a: a / 2)),
    Fault("operands swapped", "handler", ("SUB", "DIV"), tape_swapped("Sub")),
    Fault("GELU by tanh", "handler", ("GELU",), tanh_gelu),
    Fault("hard sigmoid", "handler", ("LOGISTIC",), hard_sigmoid),
    Fault("no activation", "rewriter", ("CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "FULLY_CONNECTED"),
          with_attribute("fused_activation_function", lambda a: None if a in (None, "NONE") else "NONE")),
    Fault("RELU for RELU6", "rewriter", ("CONV_2D", "DEPTHWISE_CONV_2D"),
          with_attribute("fused_activation_function", lambda a: "RELU" if a == "RELU6" else None)),
    Fault("operands swapped", "rewriter", ("SUB", "DIV"), swapped),
    Fault("maximum for a sum", "rewriter", ("ADD",), as_op("MAXIMUM", 2)),
    Fault("a sum for a product", "rewriter", ("MUL",), as_op("ADD")),
    Fault("activation left out", "rewriter", ("RELU", "LEAKY_RELU", "LOGISTIC", "TANH", "HARD_SWISH", "GELU"),
          left_out),
    Fault("pads moved", "rewriter", ("PAD", "MIRROR_PAD"), constant_changed(1, shifted)),
    Fault("the largest for the mean", "rewriter", ("AVERAGE_POOL_2D",), as_op("MAX_POOL_2D")),
    Fault("another end", "rewriter", ("CONCATENATION",), swapped),
    Fault("clamp left out", "optimizer", ("Relu", "Clip"), left_out),
    Fault("bias left out", "optimizer", ("Conv", "Gemm"), without_input(2)),
    Fault("pads at the end", "optimizer", ("Conv", "MaxPool"), with_attribute("pads", at_the_end)),
    Fault("another function", "optimizer", ("Sigmoid", "Tanh"), as_op("HardSigmoid", alpha=0.2)),
    Fault("a sum for a product", "optimizer", ("Mul",), as_op("Add")),
    Fault("operands swapped", "optimizer", ("Sub", "Div", "Concat"), swapped),
    Fault("zero point", "optimizer", ("QuantizeLinear", "DequantizeLinear"),
          constant_changed(2, lambda z: np.where(z > 0, z - 1, z + 1) if z.ndim == 0 or z.size == 1 else None)),
    Fault("scale of the codes", "optimizer", ("QuantizeLinear",), constant_changed(1, lambda s: s * 1.05)),
    Fault("half pixels", "optimizer", ("Resize",),
          with_attribute("coordinate_transformation_mode",
                         lambda m: "half_pixel" if m in ("asymmetric", b"asymmetric") else "asymmetric")),
    *MORE,
)  # fmt: skip
"""Every kind of fault."""
