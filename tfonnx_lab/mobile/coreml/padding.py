"""CoreML rows of Pad."""

from __future__ import annotations

from collections.abc import Sequence

from tfonnx_lab.mobile.coreml.rules import DYNAMIC, FLOAT, HALF, NETWORK, PROGRAM, Ask, CheckDies, Row, rule

PAD = "impl/pad_op_builder.cc"


@rule()
def pad_mode(ask: Ask) -> str:
    """mode is constant or reflect."""
    mode = ask.get("mode", "constant")
    return "" if mode in ("constant", "reflect") else f"mode is {mode}"


@rule('format="MLProgram"')
def pad_mode_network(ask: Ask) -> str:
    """mode is constant."""
    mode = ask.get("mode", "constant")
    return "" if mode == "constant" else f"mode is {mode}"


@rule('format="MLProgram"')
def pad_rank_network(ask: Ask) -> str:
    """the input has rank 2 or more."""
    rank = len(ask.shape(0))
    return "" if rank >= 2 else f"the input has rank {rank}"


@rule()
def pad_rank(ask: Ask) -> str:
    """the input is no scalar."""
    return "" if ask.shape(0) else "the input is a scalar"


@rule("make constant_value an initializer")
def pad_value(ask: Ask) -> str:
    """in mode constant, constant_value is an initializer where it is given."""
    free = ask.get("mode", "constant") == "constant" and ask.has(2) and not ask.is_initializer(2)
    return f"constant_value {ask.name(2)!r} is no initializer" if free else ""


@rule("give constant_value as a float initializer")
def pad_value_given(ask: Ask) -> str:
    """constant_value is given, an initializer and float."""
    if not ask.has(2):
        return "constant_value is not given"
    if not ask.is_initializer(2):
        return f"constant_value {ask.name(2)!r} is no initializer"
    return "" if ask.dtype(2) == "float" else f"constant_value is {ask.dtype(2)}, not float"


@rule("make them initializers")
def pad_amounts(ask: Ask) -> str:
    """pads, and axes where given, are initializers; no pad is negative.

    The check reads the axes as int64 even where they are int32 or left out as "", and throws.
    """
    if not ask.is_initializer(1):
        return f"pads {ask.name(1)!r} is no initializer"
    pads = ask.data(1).reshape(-1).tolist()
    if any(p < 0 for p in pads):
        return f"pads {pads} are negative in part"
    if ask.has(3) and not ask.is_initializer(3):
        return f"axes {ask.name(3)!r} is no initializer"
    if ask.count > 3 and not (ask.has(3) and ask.dtype(3) == "int64"):
        raise CheckDies("the check of Pad reads the input axes as int64, which it is not")
    return ""


@rule('format="MLProgram" (mode constant)')
def pad_last_two(ask: Ask) -> str:
    """only the last two dimensions are padded."""
    rank = len(ask.shape(0))
    for axis, begin, end in _pads(ask):
        if axis < rank - 2 and (begin or end):
            return f"axis {axis} of rank {rank} is padded"
    return ""


@rule()
def pad_reflect(ask: Ask) -> str:
    """in mode reflect only the last two dimensions are padded, each by less than its size, which is known."""
    if ask.get("mode", "constant") != "reflect":
        return ""
    shape = ask.shape(0)
    for axis, begin, end in _pads(ask):
        if axis < len(shape) - 2 and (begin or end):
            return f"mode is reflect and axis {axis} of rank {len(shape)} is padded"
    for axis, begin, end in _pads(ask):
        if max(begin, end) >= shape[axis]:
            size = "unknown size" if shape[axis] == DYNAMIC else f"size {shape[axis]}"
            return f"mode is reflect and axis {axis} of {size} is padded by {begin} and {end}"
    return ""


def _pads(ask: Ask) -> Sequence[tuple[int, int, int]]:
    """(axis, pad before, pad after) of each padded axis."""
    rank = len(ask.shape(0))
    axes = [ask.axis(a, rank) for a in ask.data(3).reshape(-1).tolist()] if ask.count > 3 else list(range(rank))
    pads = ask.data(1).reshape(-1).tolist()
    return [(axis, pads[i], pads[i + len(axes)]) for i, axis in enumerate(axes)]


ROWS: tuple[Row, ...] = (
    Row("Pad", PROGRAM, PAD, HALF, (pad_rank, pad_mode, pad_value, pad_amounts, pad_reflect), first=11),
    Row(
        "Pad",
        NETWORK,
        PAD,
        FLOAT,
        (pad_rank_network, pad_mode_network, pad_value_given, pad_amounts, pad_last_two),
        first=11,
    ),
)
