"""TFLite ops of one kind: what readers and rewriters know of their results' dimensions alike."""

from __future__ import annotations

BROADCASTING = frozenset(
    [
        "ADD",
        "ADD_N",
        "ATAN2",
        "BITWISE_XOR",
        "DIV",
        "EQUAL",
        "FLOOR_DIV",
        "FLOOR_MOD",
        "GREATER",
        "GREATER_EQUAL",
        "LESS",
        "LESS_EQUAL",
        "LOGICAL_AND",
        "LOGICAL_OR",
        "MAXIMUM",
        "MINIMUM",
        "MUL",
        "NOT_EQUAL",
        "POW",
        "PRELU",
        "RIGHT_SHIFT",
        "SELECT",
        "SELECT_V2",
        "SQUARED_DIFFERENCE",
        "SUB",
    ]
)
"""Entry by entry of inputs that are stretched to one shape. (SELECT's condition may be a vector for whole rows: it has
fewer dimensions than the rest then, and never more.)"""

REDUCING = frozenset(["MEAN", "REDUCE_ALL", "REDUCE_ANY", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "SUM"])
"""Over the dimensions that the second input names."""
