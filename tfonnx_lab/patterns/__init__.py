"""Patterns: data trees that say which ops a rule looks for.

`tfl.CONV_2D(..., fused_activation_function="RELU6", name="conv")` is a CONV_2D with any inputs and that attribute;
`onnx.Transpose(onnx.Transpose(var("x"), name="inner"), name="outer")` are two Transposes in a row.
"""

from tfonnx_lab.patterns.pattern import (
    Any_,
    Const,
    NodePattern,
    Not,
    OneOf,
    Pattern,
    Var,
    const,
    custom,
    intermediate,
    ms,
    not_,
    one_of,
    onnx,
    tfl,
    var,
)

__all__ = [
    "Any_",
    "Const",
    "NodePattern",
    "Not",
    "OneOf",
    "Pattern",
    "Var",
    "const",
    "custom",
    "intermediate",
    "ms",
    "not_",
    "one_of",
    "onnx",
    "tfl",
    "var",
]
