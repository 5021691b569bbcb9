"""Strings.

Source: TensorFlow's op definitions (string_ops.cc, parsing_ops.cc). ONNX splits, joins and matches strings from opset
20 on.

Ops: FlexAsString, FlexReduceJoin, FlexRegexFullMatch, FlexRegexReplace, FlexStaticRegexFullMatch,
FlexStaticRegexReplace, FlexStringJoin, FlexStringLower, FlexStringSplit, FlexStringSplitV2, FlexStringToNumber,
FlexStringUpper.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.extensions import DOMAIN, is_asked_for
from tfonnx_lab.graph import OpBuilder, constant_array
from tfonnx_lab.handlers.lowering.loop import repeated
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.handlers.lowering.regex import pieces_of
from tfonnx_lab.handlers.lowering.shape import dims, ints, rank_of
from tfonnx_lab.handlers.lowering.sparse import listed
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType
_STRING = ir.TensorType(_D.STRING)
_SINCE = 20


def _needs(op: OpBuilder, what: str) -> None:
    if op.opset < _SINCE:
        raise Unsupported(f"ONNX {what} strings from opset {_SINCE} on; convert with opset={_SINCE} or newer")


def _text(value: ir.Value | None, what: str) -> str:
    """A constant string."""
    array = constant_array(value)
    if array is None or array.size != 1:
        raise Unsupported(f"{what} is computed; ONNX needs it to be constant")
    found = array.ravel()[0]
    return found.decode() if isinstance(found, bytes) else str(found)


@handler("FlexStringLower", "FlexStringUpper")
def change_case(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexStringLower(x) => StringNormalizer of all strings in a row, in the locale C where only ASCII letters are
    meant."""
    unicode = str(NodeDef(node).get("encoding", "")).lower() == "utf-8"
    action = node.op_type.removeprefix("FlexString").upper()
    row = op.Reshape(x, op.const([-1]))
    made = op.StringNormalizer(row, case_change_action=action, is_case_sensitive=1, locale="" if unicode else "C")
    made.type = _STRING
    return op.Reshape(made, op.Shape(x))


@handler("FlexStringToNumber")
def string_to_number(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexStringToNumber(x) => Cast."""
    return op.Cast(x, to=node.outputs[0].dtype or _D.FLOAT)


@handler("FlexAsString")
def as_string(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
    """FlexAsString(x) => Cast of integers; "true" and "false"; of floats, the digits before and behind the point."""
    definition = NodeDef(node)
    if definition.get("width", -1) > 0 or definition.get("shortest", False) or definition.get("scientific", False):
        raise Unsupported("with a width, or as the shortest or scientific text, which ONNX cannot write")
    if x.dtype == _D.BOOL:
        return op.Where(x, "true", "false")
    if x.dtype not in (_D.FLOAT, _D.DOUBLE, _D.FLOAT16, _D.BFLOAT16):
        return op.Cast(x, to=_D.STRING)
    _needs(op, "joins")
    precision = int(definition.get("precision", -1))
    return _fixed(op, op.Cast(x, to=_D.DOUBLE), 6 if precision < 0 else precision)


def _fixed(op: OpBuilder, x: ir.Value, digits: int) -> ir.Value:
    """A number with this many digits behind the point, as C writes it with %f; numbers up to 9e18 / 10^digits."""
    scale = 10**digits
    size = op.Where(op.Or(op.IsNaN(_single(op, x)), op.IsInf(_single(op, x))), np.float64(0), op.Abs(x))
    whole = op.Cast(op.Round(op.Mul(size, np.float64(scale))), to=_D.INT64)
    text: ir.Value = op.Cast(op.Div(whole, op.const(scale)), to=_D.STRING)
    if digits:
        rest = op.Mod(whole, op.const(scale))
        zeros = [op.const("0" * k) for k in range(digits)]
        filled = op.const("")
        for k in range(1, digits):
            filled = op.Where(op.Less(rest, op.const(10 ** (digits - k))), zeros[k], filled)
        text = op.StringConcat(text, op.StringConcat(op.StringConcat(".", filled), op.Cast(rest, to=_D.STRING)))
    negative = op.Less(op.Where(op.Equal(x, np.float64(0)), op.Reciprocal(x), x), np.float64(0))
    text = op.StringConcat(op.Where(negative, "-", ""), text)
    text = op.Where(op.IsInf(_single(op, x)), op.Where(op.Less(x, np.float64(0)), "-inf", "inf"), text)
    return op.Where(op.IsNaN(_single(op, x)), "nan", text)


def _single(op: OpBuilder, x: ir.Value) -> ir.Value:
    return cast(op, x, _D.FLOAT)


@handler("FlexStringJoin")
def string_join(op: OpBuilder, node: ir.Node, *xs: ir.Value) -> ir.Value:
    """FlexStringJoin{separator}(a, b) => StringConcat(StringConcat(a, separator), b)."""
    _needs(op, "joins")
    separator, made = str(NodeDef(node).get("separator", "")), xs[0]
    for x in xs[1:]:
        made = op.StringConcat(op.StringConcat(made, separator) if separator else made, x)
    return made


@handler("FlexReduceJoin")
def reduce_join(op: OpBuilder, node: ir.Node, x: ir.Value, axes: ir.Value) -> ir.Value:
    """FlexReduceJoin(x, axes) => a Loop that joins what stands along the axes, the last one being the slowest."""
    _needs(op, "joins")
    known, size = ints(axes), rank_of(x)
    if known is None:
        raise Unsupported("its axes are computed; ONNX needs them to be constant")
    definition = NodeDef(node)
    gone = [a % size for a in reversed(known)] if size else []
    left = [a for a in range(size) if a not in gone]
    if not gone:
        return op.Identity(x)
    turned = op.Transpose(x, perm=[*left, *gone])
    lead = dims(op, x, left)
    row = op.Reshape(turned, op.Concat(lead, op.const([-1]), axis=0))
    made = joined(op, row, str(definition.get("separator", "")))
    if not definition.get("keep_dims", False):
        return made
    return op.Unsqueeze(made, op.const(sorted(gone)))


def joined(op: OpBuilder, x: ir.Value, separator: str, counts: ir.Value | None = None) -> ir.Value:
    """The strings along the last axis joined to one, with a separator between.

    counts: how many of them there are, where not all.
    """
    shape = op.Slice(op.Shape(x), op.const([0]), op.const([-1]), op.const([0]))
    count = op.Gather(op.Shape(x), op.const(-1), axis=0)
    start = op.Expand(op.const([""]) if rank_of(x) > 1 else op.const(""), shape)
    start.type = _STRING

    def step(inner: OpBuilder, turn: ir.Value, so_far: ir.Value) -> list[ir.Value]:
        part = inner.Gather(x, turn, axis=-1)
        if separator:
            part = inner.StringConcat(inner.Where(inner.Greater(turn, inner.const(0)), separator, ""), part)
        longer = inner.StringConcat(so_far, part)
        longer.type = _STRING
        return [longer if counts is None else inner.Where(inner.Less(turn, counts), longer, so_far)]

    return repeated(op, count, [start], step, name="join")[0]


def _split(
    op: OpBuilder, x: ir.Value, separator: str, most: int | None = None, *, empty: int = 1
) -> tuple[ir.Value, ir.Value]:
    """The parts of each string along a new last axis, filled up with empty ones, and their counts; "" splits at spaces.

    empty: how many parts an empty string has, of which ONNX Runtime finds none.
    """
    options = {"delimiter": separator} if separator else {}
    made = op.node("StringSplit", [x], {**options, "maxsplit": most}, outputs=2)
    made.outputs[0].type, made.outputs[1].type = _STRING, ir.TensorType(_D.INT64)
    if x.shape is not None:
        made.outputs[0].shape, made.outputs[1].shape = ir.Shape([*x.shape, None]), x.shape.copy()
    if not separator or not empty:
        return made.outputs[0], made.outputs[1]
    behind = op.Expand(op.const(""), op.Concat(op.Shape(x), op.const([1]), axis=0))
    behind.type = _STRING
    return op.Concat(made.outputs[0], behind, axis=-1), op.Max(made.outputs[1], op.const(empty))


@handler("FlexStringSplitV2")
def string_split_v2(op: OpBuilder, node: ir.Node, x: ir.Value, separator: ir.Value) -> list[ir.Value]:
    """FlexStringSplitV2(x, separator) => StringSplit, and where in the parts there is one, as a sparse tensor."""
    most, by = int(NodeDef(node).get("maxsplit", -1)), _text(separator, "its separator")
    if most > 0 and not by:
        raise Unsupported("a limited number of times at spaces: TensorFlow keeps those of the rest, ONNX does not")
    return _sparse(op, *_split(op, x, by, most if most > 0 else None))


@handler("FlexStringSplit")
def string_split(op: OpBuilder, node: ir.Node, x: ir.Value, separator: ir.Value) -> list[ir.Value]:
    """FlexStringSplit{skip_empty}(x, one character) => StringSplit, empty parts left out where that is asked for."""
    by = _text(separator, "its separator")
    if len(by) != 1:
        raise Unsupported("at each of several characters, or between all of them; ONNX splits at one string")
    skip = bool(NodeDef(node).get("skip_empty", True))
    return _sparse(op, *_split(op, x, by, empty=0), skip_empty=skip)


def _sparse(op: OpBuilder, parts: ir.Value, counts: ir.Value, *, skip_empty: bool = False) -> list[ir.Value]:
    """Strings [rows, places] of which each row has `counts`: indices, strings and shape of a sparse tensor."""
    _needs(op, "splits")
    width = op.Gather(op.Shape(parts), op.const(-1), axis=0)
    kept = op.Less(op.Range(op.const(0), width, op.const(1)), op.Unsqueeze(counts, op.const([-1])))
    if skip_empty:
        kept = op.And(kept, op.Not(op.Equal(parts, "")))
    return listed(op, parts, kept)


@handler("FlexStaticRegexFullMatch", "FlexRegexFullMatch")
def regex_full_match(op: OpBuilder, node: ir.Node, x: ir.Value, pattern: ir.Value | None) -> ir.Value:
    """FlexStaticRegexFullMatch{pattern}(x) => RegexFullMatch: both match by RE2."""
    _needs(op, "matches")
    wanted = str(NodeDef(node).get("pattern", "")) if pattern is None else _text(pattern, "its pattern")
    made = op.RegexFullMatch(x, pattern=wanted)
    made.type = ir.TensorType(_D.BOOL)
    return made


@handler("FlexStaticRegexReplace", "FlexRegexReplace")
def regex_replace(
    op: OpBuilder, node: ir.Node, x: ir.Value, pattern: ir.Value | None, rewrite: ir.Value | None
) -> ir.Value:
    """FlexStaticRegexReplace{pattern, rewrite}(x) => for each string that the pattern stands for, StringSplit and a
    joining Loop; on request StringRegexReplace of ai.onnx.contrib.

    Without that, patterns are converted that stand for a few fixed texts: a text, a class of characters, several.
    """
    if not is_asked_for(op.options):
        _needs(op, "splits")
    definition = NodeDef(node)
    wanted = str(definition.get("pattern", "")) if pattern is None else _text(pattern, "its pattern")
    new = str(definition.get("rewrite", "")) if rewrite is None else _text(rewrite, "its rewrite")
    everywhere = bool(definition.get("replace_global", True))
    if is_asked_for(op.options):
        given = [x, op.const([wanted or "(?:)"]), op.const([new])]  # the kernel takes no empty pattern
        made = op.node("StringRegexReplace", given, {"global_replace": int(everywhere)}, domain=DOMAIN).outputs[0]
        op.note("a kernel of onnxruntime-extensions, which who runs the model has to load")
        return op.like(made, node.outputs[0])
    texts = pieces_of(wanted, new)
    if not everywhere and len(texts) > 1:
        raise Unsupported(f"the first match alone of {wanted!r}, which stands for several strings")
    for text in texts:
        parts, counts = _split(op, x, text, None if everywhere else 1)
        made = joined(op, parts, new, counts if new else None)
        made.shape = None if x.shape is None else x.shape.copy()
        x = made
    return x
