"""The CoreML provider's table: which row judges a node, and what every node must meet before its row is read."""

from __future__ import annotations

from dataclasses import dataclass

from tfonnx_lab.mobile.coreml import convolution, elementwise, matrix, padding, picking, pooling, resize, shaping
from tfonnx_lab.mobile.coreml.rules import FOLDER, Ask, CheckDies, Format, Release, Row

ROWS: tuple[Row, ...] = (
    *elementwise.ROWS,
    *convolution.ROWS,
    *pooling.ROWS,
    *matrix.ROWS,
    *shaping.ROWS,
    *picking.ROWS,
    *padding.ROWS,
    *resize.ROWS,
)
"""The rows of ONNX Runtime 1.27."""

LATER: tuple[Row, ...] = (*elementwise.LATER, *matrix.LATER, *picking.LATER)
"""The rows that later releases added or changed."""

NEWEST_OPSET: dict[Release, int] = {"1.27": 25, "1.32": 27}
"""The highest since-version that the provider takes (impl/base_op_builder.h)."""

HIGHEST_RANK = 5

DEQUANTIZE = "convert with dequantize=True"
CODED = (
    "DequantizeLinear",
    "QuantizeLinear",
    "DynamicQuantizeLinear",
    "ConvInteger",
    "MatMulInteger",
    "MatMulNBits",
    "QLinearAdd",
    "QLinearConv",
    "QLinearMatMul",
    "QLinearMul",
)
"""Ops of quantized models, which the provider does not know."""

GENERAL: tuple[tuple[str, str], ...] = (
    ("the op has a builder for the format; the node's domain is not looked at", "op_builder_factory.cc"),
    ("the since-version of the op's schema is within the row's limits, at most 25 (27 in 1.32)", "base_op_builder.cc"),
    ("every input's shape is known, of rank 5 or less and without a dimension of 0 (0 may be in Resize)", "helper.cc"),
    ("input 0 has a type of the row; NeuralNetwork: float unless the row says more", "base_op_builder.cc"),
    ("then the row's own rules, in the order of the table", "the row's file"),
)
"""What is asked of every node, in this order, with the file that asks it."""


@dataclass(frozen=True)
class Refusal:
    """Why a node stays on the CPU: the reason, the rule with its file, what would help."""

    reason: str
    rule: str
    advice: str = ""


def row_of(op: str, form: Format, release: Release) -> Row | None:
    """The row that judges an op; None where the provider has no builder for it."""
    found = _TABLE.get((op, form, release))
    return found if found is not None else _TABLE.get((op, form, "1.27"))


def ops(release: Release = "1.27") -> tuple[str, ...]:
    """All ops that have a row, in alphabetical order."""
    return tuple(sorted({op for op, _, r in _TABLE if r == "1.27" or release != "1.27"}))


def refusal(ask: Ask) -> Refusal | None:
    """Why the provider does not take the node; None where it does. Raises CheckDies where its check does not return."""
    row = row_of(ask.node.op, ask.format, ask.release)
    if row is None:
        op = ask.node.op
        return Refusal(
            f"the provider has no builder for {op}", _cited(op, GENERAL[0]), DEQUANTIZE if op in CODED else ""
        )
    return _format(ask, row) or _opset(ask, row) or _inputs(ask, row) or _type(ask, row) or _own(ask, row)


def citation(row: Row, text: str) -> str:
    """`Conv: W is a constant initializer (…/impl/conv_op_builder.cc)`."""
    return f"{row.op}: {text} ({FOLDER}/{row.source})"


def _cited(op: str, general: tuple[str, str]) -> str:
    text, file = general
    return f"{op}: {text} ({FOLDER}/{'impl/' if file.startswith('base') else ''}{file})"


def _format(ask: Ask, row: Row) -> Refusal | None:
    """The first rule alone, where it is that the op is written for the other format only."""
    return _met(ask, row, 0) if row.never else None


def _opset(ask: Ask, row: Row) -> Refusal | None:
    newest = NEWEST_OPSET[ask.release]
    if row.first <= ask.node.version <= newest:
        return None
    reason = f"the op's since-version {ask.node.version} is not from {row.first} to {newest}"
    return Refusal(reason, _cited(row.op, GENERAL[1]), "convert with another opset")


def _inputs(ask: Ask, row: Row) -> Refusal | None:
    for name in ask.node.inputs:
        if name and (reason := _unknown(ask, name, row.zero)):
            return Refusal(reason, _cited(row.op, GENERAL[2]))
    return None


def _unknown(ask: Ask, name: str, zero: bool) -> str:
    shape = ask.dims(name)
    if shape is None:
        return f"the shape of {name!r} is not known"
    if ask.static and min(shape, default=0) < 0:
        return f"the shape of {name!r} is not static, and only static shapes are allowed"
    if 0 in shape and not zero:
        return f"{name!r} has a dimension of 0"
    return f"{name!r} has rank {len(shape)}, above {HIGHEST_RANK}" if len(shape) > HIGHEST_RANK else ""


def _type(ask: Ask, row: Row) -> Refusal | None:
    if not row.types:
        return None
    given = ask.dtype(0)
    if given not in row.types:
        allowed = ", ".join(row.types)
        text = f"input 0 is {allowed}"
        return Refusal(f"{ask.name(0)!r} is {given}, not {allowed}", citation(row, text), _type_advice(given))
    if ask.version < row.types[given]:
        reason = f"{given} needs CoreML {row.types[given]}, not {ask.version}"
        return Refusal(reason, citation(row, f"{given} from CoreML {row.types[given]}"), f"CoreML {row.types[given]}")
    return None


def _type_advice(given: str) -> str:
    if given == "float16":
        return 'format="MLProgram"'
    return DEQUANTIZE if given in ("int8", "uint8", "int16") else ""


def _own(ask: Ask, row: Row) -> Refusal | None:
    return next((found for i in range(len(row.rules)) if (found := _met(ask, row, i))), None)


def _met(ask: Ask, row: Row, position: int) -> Refusal | None:
    rule = row.rules[position]
    try:
        reason = rule.refuses(ask)
    except CheckDies as death:
        death.rule, death.advice = citation(row, rule.text), rule.advice
        raise
    return Refusal(reason, citation(row, rule.text), rule.advice) if reason else None


_TABLE: dict[tuple[str, Format, Release], Row] = {(r.op, r.format, r.release): r for r in (*ROWS, *LATER)}
