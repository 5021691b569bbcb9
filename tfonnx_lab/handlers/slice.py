"""SLICE and STRIDED_SLICE."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array, rank, static_shape
from tfonnx_lab.handlers.lowering.shape import dims, ints, rank_of, vector
from tfonnx_lab.handlers.lowering.sizes import size_of, sizes_in
from tfonnx_lab.rules import handler

_END = 2**31 - 1
_START = -(2**31)


@handler("SLICE")
def slice_(op: OpBuilder, node: ir.Node, x: ir.Value, begin: ir.Value, size: ir.Value) -> ir.Value:
    """SLICE(x, begin, size) => Slice from begin to begin + size; a size of -1 is all that is left. Source: slice.h."""
    starts, sizes = ints(begin), ints(size)
    if starts is not None and sizes is not None:
        _check_inside(x, starts, sizes)
        ends = [_END if n == -1 else s + n for s, n in zip(starts, sizes, strict=True)]
        return op.Slice(x, op.const(starts), op.const(ends), op.const(list(range(len(starts)))))
    if starts is not None and not op.options.exact and (stops := _ends_known(x, starts, size)) is not None:
        if any(not isinstance(n, int) for n in x.shape or ()):
            op.note(
                "an x so short that a computed size is -1 gives nothing; LiteRT gives all that is left, and so does "
                "exact=True"
            )
        return op.Slice(x, op.const(starts), op.const(stops), op.const(list(range(len(starts)))))
    first, count = vector(op, begin), vector(op, size)
    ends_ = op.Where(op.Equal(count, op.const(-1)), op.const(_END), op.Add(first, count))
    axes = None if rank(x) is None else op.const(list(range(rank_of(x))))
    return op.Slice(x, first, ends_, axes)


def _check_inside(x: ir.Value, starts: list[int], sizes: list[int]) -> None:
    """Refuse a slice that reaches beyond a known size: ONNX would make a shorter one.

    Source: CalculateOutputShapeVector in slice.cc.
    """
    for axis, (size, start, count) in enumerate(zip(x.shape or (), starts, sizes, strict=False)):
        known = size if isinstance(size, int) else _END
        if start < 0 or count < -1 or start + max(count, 0) > known:
            told = "all" if count == -1 else str(count)
            raise Unsupported(f"it takes {told} from place {start} on of the {size} along dimension {axis}")


def _ends_known(x: ir.Value, starts: list[int], size: ir.Value) -> list[int] | None:
    """Where a slice ends whose sizes are computed of x's own: counted from the end, where x is open. None where that
    cannot be told.

    A size that comes out as -1, of an x that is too short, would mean all that is left: that is for `exact`.
    """
    sizes = sizes_in(size)
    if sizes is None or len(sizes) != len(starts):
        return None
    ends = []
    for axis, (start, wanted) in enumerate(zip(starts, sizes, strict=True)):
        over = size_of(x, axis).less(wanted.scaled(1, start))
        if wanted.root is None:
            ends.append(_END if wanted.more == -1 else start + wanted.more)
        elif over is None or over < 0:
            return None
        else:
            ends.append(-over or _END)
    return ends


@handler("STRIDED_SLICE")
def strided_slice(
    op: OpBuilder, node: ir.Node, x: ir.Value, begin: ir.Value, end: ir.Value, strides: ir.Value, *,
    begin_mask: int = 0,
    end_mask: int = 0, ellipsis_mask: int = 0, new_axis_mask: int = 0, shrink_axis_mask: int = 0, offset: bool = False,
) -> ir.Value:  # fmt: skip
    """STRIDED_SLICE{masks} => Slice, Unsqueeze for new axes, Squeeze for shrunk ones. Source: strided_slice.cc."""
    masks = {"begin": begin_mask, "end": end_mask, "ellipsis": ellipsis_mask, "new_axis": new_axis_mask}
    masks["shrink_axis"] = shrink_axis_mask
    steps = _steps(op, strides, begin, end)
    plan = _plan(masks, len(steps), rank_of(x) if masks["ellipsis"] else 0)
    starts, ends = vector(op, begin), vector(op, end)
    if offset:
        ends = op.Add(starts, ends)
    return _sliced(op, x, plan, masks, starts, ends, steps)


def _steps(op: OpBuilder, strides: ir.Value, *alike: ir.Value) -> list[int | ir.Value]:
    """The strides: numbers where they are constants, else lists of one.

    alike: lists of the same length.
    """
    known = ints(strides)
    if known is not None:
        return list(known)
    count = next(filter(None, map(static_shape, (strides, *alike))), None)
    if count is None:
        raise Unsupported("the number of its strides is not known")
    values = vector(op, strides)
    return [op.Slice(values, op.const([i]), op.const([i + 1]), op.const([0])) for i in range(count[0])]


def _plan(masks: dict[str, int], count: int, size: int) -> list[tuple[str, int, int]]:
    """(kind, axis of x, index in begin) for each entry; kinds: slice, shrink, new.

    Dimensions of an ellipsis are left out.
    """
    real = sum(1 for i in range(count) if not (masks["new_axis"] | masks["ellipsis"]) >> i & 1)
    plan, axis = [], 0
    for i in range(count):
        bit = 1 << i
        if masks["ellipsis"] & bit:
            axis += size - real
        elif masks["new_axis"] & bit:
            plan.append(("new", axis, i))
        else:
            plan.append(("shrink" if masks["shrink_axis"] & bit else "slice", axis, i))
            axis += 1
    return plan


def _sliced(
    op: OpBuilder,
    x: ir.Value,
    plan: list[tuple[str, int, int]],
    masks: dict[str, int],
    starts: ir.Value,
    ends: ir.Value,
    steps: list[int | ir.Value],
) -> ir.Value:
    cut = [(kind, axis, i) for kind, axis, i in plan if kind != "new"]
    first = [_bound(op, starts, i, kind, masks["begin"], steps[i], start=True) for kind, _, i in cut]
    last = [_end(op, starts, ends, i, kind, masks, steps[i]) for kind, _, i in cut]
    for n, (kind, axis, i) in enumerate(cut):
        if kind == "slice":
            first[n], last[n] = _none_before_the_first(op, x, axis, first[n], last[n], steps[i])
    axes = [axis for _, axis, _ in cut]
    if cut:
        strides: list[int | ir.Value] = [1 if kind == "shrink" else steps[i] for kind, _, i in cut]
        x = op.Slice(x, _joined(op, first), _joined(op, last), op.const(axes), _joined(op, strides))
    shrunk = [axis for kind, axis, _ in cut if kind == "shrink"]
    if shrunk:
        x = op.Squeeze(x, op.const(shrunk))
    new = []
    place = 0
    axis = 0
    for kind, at, _ in plan:
        place += at - axis  # dimensions that an ellipsis passes over
        axis = at
        if kind == "new":
            new.append(place)
            place += 1
        else:
            place += kind == "slice"
            axis = at + 1
    return op.Unsqueeze(x, op.const(new)) if new else x


def _none_before_the_first(
    op: OpBuilder, x: ir.Value, axis: int, first: int | ir.Value, last: int | ir.Value, step: int | ir.Value
) -> tuple[int | ir.Value, int | ir.Value]:
    """A slice that goes back from before the first element has none in LiteRT; ONNX would start at the first."""
    if (isinstance(step, int) and step > 0) or (isinstance(first, int) and first >= 0):
        return first, last
    size = None if x.shape is None else list(x.shape)[axis]
    if isinstance(size, int) and isinstance(first, int) and first >= -size:
        return first, last
    if isinstance(size, int) and isinstance(first, int) and isinstance(step, int):
        return 0, 0
    start, end, by = (op.const([v]) if isinstance(v, int) else v for v in (first, last, step))
    before = op.And(op.Less(start, op.Neg(dims(op, x, [axis]))), op.Less(by, op.const([0])))
    return op.Where(before, op.const([0]), start), op.Where(before, op.const([0]), end)


def _bound(
    op: OpBuilder, values: ir.Value, i: int, kind: str, mask: int, step: int | ir.Value, start: bool
) -> int | ir.Value:
    """One entry of begin: a number where it is known, else a list of one.

    LiteRT's begin mask counts for a shrunk axis, too.
    """
    if mask >> i & 1 and kind == "shrink":
        return 0
    if mask >> i & 1:
        up, down = (0, _END) if start else (_END, _START)
        if isinstance(step, int):
            return up if step > 0 else down
        return op.Where(op.Greater(step, op.const([0])), op.const([up]), op.const([down]))
    known = constant_array(values)
    if known is not None:
        return int(known[i])
    return op.Slice(values, op.const([i]), op.const([i + 1]), op.const([0]))


def _end(
    op: OpBuilder, starts: ir.Value, ends: ir.Value, i: int, kind: str, masks: dict[str, int], step: int | ir.Value
) -> int | ir.Value:
    """One entry of end; a shrunk axis ends behind its one element, which for -1 is the end."""
    if kind != "shrink":
        return _bound(op, ends, i, kind, masks["end"], step, start=False)
    first = _bound(op, starts, i, kind, masks["begin"], step, start=True)
    if isinstance(first, int):
        return _END if first == -1 else first + 1
    return op.Where(op.Equal(first, op.const(-1)), op.const([_END]), op.Add(first, op.const(1)))


def _joined(op: OpBuilder, parts: list[int | ir.Value]) -> ir.Value:
    if all(isinstance(p, int) for p in parts):
        return op.const(np.array(parts, np.int64))
    return op.Concat(*(op.const([p]) if isinstance(p, int) else p for p in parts), axis=0)
