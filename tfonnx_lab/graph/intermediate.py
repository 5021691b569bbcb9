"""The intermediate dialect: ops that exist only between two stages. Rewriters make them, handlers (or later rewriters)
take them away.

Nothing in a file is one, and none is left in ONNX. `op.intermediate.CLAMP_CODES(...)` builds one,
`intermediate.CLAMP_CODES(...)` is a pattern; a name that is not listed here is an error in both. Rewriters also write
options of their own on builtin ops (`ADDED`), which no file has either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Option:
    """What an option says.

    default: where it is left out (None: it says something then, or has to be there).
    """

    meaning: str
    default: Any = None


@dataclass(frozen=True)
class IntermediateOp:
    """What the op computes, its inputs and options in order, and who takes it away: a stage."""

    meaning: str
    inputs: tuple[str, ...]
    options: Mapping[str, Option] = field(default_factory=dict)
    consumed_by: str = "handlers"


_UNIT = Option('what has a range of its own: the "tensor", each "batch", each "row" or each "phase"', "row")
_ASYMMETRIC = Option("whether the range has a zero point; else it is as wide below zero as above", False)
_CELL = {
    "activations": Option("names of ONNX's activations, in ONNX's order"),
    "alpha": Option("their alphas, one for each that has one"),
    "beta": Option("their betas"),
    "rounded": Option("whether the sequence, and whether the state, is rounded to 8 bits before its product"),
    "asymmetric": Option("whether these roundings have a zero point"),
    "reset_after": Option("of a GRU: whether the reset gate comes behind the product"),
}
_SEQUENCE = "what the loop of a Keras {} becomes: the cell over a sequence; all states, then the last ones"

INTERMEDIATE_OPS: Mapping[str, IntermediateOp] = {
    "CLAMP_CODES": IntermediateOp(
        "an activation on integer codes: codes within bounds, which are codes, too",
        ("q",),
        {"low": Option("the least code"), "high": Option("the largest code")},
    ),
    "COMPLEX": IntermediateOp("a complex tensor of its parts", ("real", "imaginary")),
    "DECIMAL_HASH_BUCKET": IntermediateOp(
        "FarmHash of integers' decimal texts, modulo a number of buckets",
        ("x",),
        {"buckets": Option("how many buckets there are")},
    ),
    "DYNAMIC_QUANTIZE": IntermediateOp(
        "float values rounded to 8-bit steps of their own range, as LiteRT does before products with integer weights; "
        "with two outputs: the steps from zero, and their size",
        ("x",),
        {
            "unit": _UNIT,
            "asymmetric": _ASYMMETRIC,
            "width": Option("of a row, where it is not the last dimension; 0: it is; of phases: how many there are", 0),
        },
    ),
    "HYBRID_CONV": IntermediateOp(
        "a convolution of a float input, rounded to 8 bits, with integer weights, as sums of integers",
        ("x", "w", "b"),
        {
            "asymmetric": _ASYMMETRIC,
            "padding": Option("as in CONV_2D", "VALID"),
            "pads": Option("before height and width, then behind them; none where `padding` says them", ()),
            "stride_h": Option("as in CONV_2D", 1),
            "stride_w": Option("as in CONV_2D", 1),
            "dilation_h_factor": Option("as in CONV_2D", 1),
            "dilation_w_factor": Option("as in CONV_2D", 1),
        },
    ),
    "HYBRID_MATMUL": IntermediateOp(
        "float rows, rounded to 8 bits each, times integer weights [in, out], as sums of integers",
        ("x", "w", "b"),
        {"unit": _UNIT, "asymmetric": _ASYMMETRIC},
    ),
    "INTEGER_SOFTMAX": IntermediateOp(
        "SOFTMAX of 16-bit codes by LiteRT's two tables",
        ("q", "exponentials", "reciprocals"),
        {"rescale": Option("steps of the first table for a step of the codes")},
    ),
    "LOOKUP_CODES": IntermediateOp("an op of one input on codes, as a table of its results", ("q", "table")),
    "REAL_RANGE": IntermediateOp(
        "real values that were codes once: the output's quantization says what range they had",
        ("x",),
        consumed_by="rewriters",
    ),
    "SEQUENCE_GRU": IntermediateOp(_SEQUENCE.format("GRU"), ("x", "w", "r", "b", "h"), _CELL),
    "SEQUENCE_LSTM": IntermediateOp(_SEQUENCE.format("LSTM"), ("x", "w", "r", "b", "h", "c"), _CELL),
    "SEQUENCE_RNN": IntermediateOp(_SEQUENCE.format("SimpleRNN"), ("x", "w", "r", "b", "h"), _CELL),
}

_AS_CODES = {
    "as_scale": Option("the scale for this op alone, instead of the tensor's"),
    "as_zero_point": Option("the zero point for this op alone"),
}
_COLLECTED = {
    "collected": Option("the states that gather a value an iteration and are not read: outputs that the Loop stacks"),
    "collected_last": Option("those of which only the last iteration's value is wanted"),
}
ON_CODES = "on_codes"

BITS_OPS = (
    "ABS", "ADD", "AVERAGE_POOL_2D", "BATCH_MATMUL", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED", "L2_NORMALIZATION", "LSTM", "MEAN", "MUL", "PRELU", "QUANTIZE", "RELU", "RELU6",
    "RESIZE_BILINEAR", "SOFTMAX", "SQUARED_DIFFERENCE", "SUB", "SUM",
)  # fmt: skip
"""The ops that `exact="bits"` computes on their codes, with the integers of LiteRT's reference kernels."""

_BITS = {ON_CODES: Option("whether its handler computes on codes what LiteRT's reference kernel does", 0)}
_TABLE = {"table_id": Option("which of the model's hash tables it reads")}

_ADDED: Mapping[str, Mapping[str, Option]] = {
    "DEQUANTIZE": _AS_CODES,
    "QUANTIZE": _AS_CODES,
    "WHILE": _COLLECTED,
    "STABLEHLO_WHILE": _COLLECTED,
    "HASHTABLE_FIND": _TABLE,
    "HASHTABLE_SIZE": _TABLE,
    "RESIZE_BILINEAR": {
        "factor_h": Option("how many rows one becomes, where the sizes are not known"),
        "factor_w": Option("how many columns one becomes"),
    },
}

ADDED: Mapping[str, Mapping[str, Option]] = {
    op: {**_ADDED.get(op, {}), **(_BITS if op in BITS_OPS else {})} for op in (*_ADDED, *BITS_OPS)
}
"""Builtin op => the options that rewriters add to those of the schema."""
