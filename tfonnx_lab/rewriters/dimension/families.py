"""TFLite ops by what they do to a dimension of their input: for `follow.py`."""

from __future__ import annotations

ELEMENTWISE = frozenset(
    [
        "ABS",
        "CAST",
        "CEIL",
        "COS",
        "DEQUANTIZE",
        "ELU",
        "EXP",
        "FAKE_QUANT",
        "FLOOR",
        "GELU",
        "HARD_SWISH",
        "LEAKY_RELU",
        "LOG",
        "LOGICAL_NOT",
        "LOGISTIC",
        "NEG",
        "QUANTIZE",
        "RELU",
        "RELU6",
        "RELU_0_TO_1",
        "RELU_N1_TO_1",
        "ROUND",
        "RSQRT",
        "SIGN",
        "SIN",
        "SQRT",
        "SQUARE",
        "TANH",
        "ZEROS_LIKE",
        "BUCKETIZE",
        "COMPLEX_ABS",
        "IMAG",
        "REAL",
        *(f"STABLEHLO_{name}" for name in ("ABS", "CBRT", "CONVERT", "COSINE", "EXPONENTIAL", "FLOOR", "LOG")),
        *(f"STABLEHLO_{name}" for name in ("LOGISTIC", "NEGATE", "RSQRT", "TANH")),
    ]
)
"""Each entry by itself."""

ALONG_FIRST = frozenset(
    [
        "AVERAGE_POOL_2D",
        "CONV_2D",
        "CONV_3D",
        "DEPTHWISE_CONV_2D",
        "DEPTH_TO_SPACE",
        "L2_POOL_2D",
        "MAX_POOL_2D",
        "RESIZE_BILINEAR",
        "RESIZE_NEAREST_NEIGHBOR",
        "SPACE_TO_DEPTH",
    ]
)
"""Each entry of the first dimension by itself."""

WITHOUT_LAST = frozenset(["L2_NORMALIZATION", "LOCAL_RESPONSE_NORMALIZATION", "LOG_SOFTMAX", "SOFTMAX"])
"""Along the last dimension alone."""

PAIRWISE = frozenset(
    f"STABLEHLO_{name}"
    for name in ("ADD", "AND", "COMPARE", "DIVIDE", "MAXIMUM", "MINIMUM", "MULTIPLY", "OR", "POWER", "REMAINDER")
) | {"STABLEHLO_SUBTRACT"}
"""Entry by entry of inputs of one shape."""
