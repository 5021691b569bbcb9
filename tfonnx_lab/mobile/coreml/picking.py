"""CoreML rows of the ops that pick elements: Gather, GatherND, Slice, Split."""

from __future__ import annotations

from tfonnx_lab.mobile.coreml.rules import (
    DYNAMIC,
    NETWORK,
    PROGRAM,
    Ask,
    Row,
    both,
    program_only,
    rule,
)

GATHER = "impl/gather_op_builder.cc"
SLICE = "impl/slice_op_builder.cc"
MOST = 5
INT32_MAX, INT64_MAX = 2**31 - 1, 2**63 - 1


@rule()
def gather_indices(ask: Ask) -> str:
    """the indices are int32 or int64."""
    return "" if ask.dtype(1) in ("int32", "int64") else f"the indices are {ask.dtype(1)}"


@rule("gather with indices of shape (1,) and squeeze")
def gather_scalar(ask: Ask) -> str:
    """with a scalar index the data has a static shape of rank 4 or less."""
    data = ask.shape(0)
    if ask.shape(1):
        return ""
    if DYNAMIC in data:
        return "the index is a scalar and the data's shape not static"
    return "" if len(data) <= 4 else f"the index is a scalar and the data has rank {len(data)}, above 4"


@rule()
def gather_rank(ask: Ask) -> str:
    """the result has rank 5 or less."""
    rank = len(ask.shape(0)) + len(ask.shape(1)) - 1
    return "" if 0 <= rank <= MOST else f"the result has rank {rank}"


@rule()
def split_parts(ask: Ask) -> str:
    """there are two parts or more: sizes that are constant, not 0 and add up to a known dimension, or num_outputs.

    Without either, before opset 18, the dimension divides evenly.
    """
    shape = ask.shape(0)
    size = shape[ask.axis(ask.get("axis", 0), len(shape))]
    if ask.has(1):
        return (
            _sizes(ask.data(1).reshape(-1).tolist(), size, 0)
            if ask.is_constant(1)
            else (f"the sizes {ask.name(1)!r} are no constant initializer")
        )
    if ask.get("split", None) is not None:
        return _sizes(list(ask.get("split", ())), size, None)
    made, named = len(ask.node.outputs), ask.get("num_outputs", None)
    if ask.node.version >= 18:
        good = named is not None and named >= 2 and named == made and named <= size
        return "" if good else f"num_outputs is {named} for {made} outputs of a dimension of {_dim(size)}"
    if made < 2:
        return "there is one output only"
    return "" if size != DYNAMIC and size % made == 0 else f"a dimension of {_dim(size)} does not divide by {made}"


def _sizes(sizes: list[int], size: int, wrong: int | None) -> str:
    """wrong: the one size that is refused; None for every size below 1."""
    if len(sizes) < 2:
        return "there is one part only"
    if size == DYNAMIC:
        return "the dimension to split is not known"
    if sum(sizes) != size:
        return f"the sizes {sizes} do not add up to {size}"
    bad = any(s <= 0 for s in sizes) if wrong is None else wrong in sizes
    return f"the sizes {sizes} are not all positive" if bad else ""


def _dim(size: int) -> str:
    return "unknown size" if size == DYNAMIC else str(size)


@rule()
def nd_indices(ask: Ask) -> str:
    """batch_dims is 0; the indices are a constant initializer, int32 or int64, of rank 1 or more."""
    if ask.get("batch_dims", 0) != 0:
        return f"batch_dims is {ask.get('batch_dims', 0)}"
    if not ask.is_constant(1):
        return f"the indices {ask.name(1)!r} are no constant initializer"
    if ask.dtype(1) not in ("int32", "int64"):
        return f"the indices are {ask.dtype(1)}"
    return "" if ask.shape(1) else "the indices are a scalar"


@rule()
def nd_data(ask: Ask) -> str:
    """the dimensions that the indices address are known."""
    data, depth = ask.shape(0), ask.shape(1)[-1]
    if depth > len(data):
        return f"the indices address {depth} dimensions of {len(data)}"
    return "an indexed dimension is not known" if DYNAMIC in data[:depth] else ""


@rule("make them initializers")
def slice_constants(ask: Ask) -> str:
    """starts and ends, and axes and steps where given, are constant initializers."""
    words = {1: "starts", 2: "ends", 3: "axes", 4: "steps"}
    for position, word in words.items():
        if (position < 3 or ask.has(position)) and not ask.is_constant(position):
            return f"{word} {ask.name(position)!r} is no constant initializer"
    return ""


@rule("fix the dynamic dimensions")
def slice_input(ask: Ask) -> str:
    """the input's shape is static."""
    return f"the input's shape {ask.view.shape(ask.name(0))} is not static" if DYNAMIC in ask.shape(0) else ""


@rule()
def slice_range(ask: Ask) -> str:
    """the axes are in range and differ, no step is 0, and no range is empty (SliceOp::PrepareForComputeHelper)."""
    shape = ask.shape(0)
    starts, ends, axes, steps = (ask.data(i).reshape(-1).tolist() if ask.has(i) else [] for i in (1, 2, 3, 4))
    axes = axes or list(range(len(starts)))
    seen: set[int] = set()
    for i, given in enumerate(axes):
        axis = given + len(shape) if given < 0 else given
        if not 0 <= axis < len(shape) or axis in seen:
            return f"the axes {axes} are out of range or repeat"
        seen.add(axis)
        step = steps[i] if i < len(steps) else 1
        if step == 0:
            return "a step is 0"
        begin, end = _range(starts[i], ends[i], step, shape[axis])
        if (begin >= end) if step > 0 else (begin <= end):
            return f"the range from {begin} to {end} of axis {axis} is empty"
    return ""


def _range(start: int, end: int, step: int, size: int) -> tuple[int, int]:
    """start and end of an axis, counted from the front and kept inside; the largest ints stand for the end."""
    start += size if start < 0 else 0
    start = min(max(start, 0), size - 1 if step < 0 else size)
    if end in (INT32_MAX, INT64_MAX):
        return start, -1 if step < 0 else size
    end += size if end < 0 else 0
    return start, min(max(end, -1 if step < 0 else 0), size)


_GATHERED = {"float": 5, "int64": 5, "float16": 6}
_GATHER = (gather_indices, gather_scalar, gather_rank)
_SLICE = (slice_input, slice_constants, slice_range)
_WHOLE = {"float": 5, "int64": 5}
_ALL = {"float": 5, "float16": 5, "int32": 5, "int64": 5, "bool": 5}

ROWS: tuple[Row, ...] = (
    Row("Gather", PROGRAM, GATHER, _GATHERED, _GATHER),
    Row("Gather", NETWORK, GATHER, _WHOLE, _GATHER),
    Row("Slice", PROGRAM, SLICE, _GATHERED, _SLICE, first=10),
    Row("Slice", NETWORK, SLICE, _WHOLE, _SLICE, first=10),
    *both("Split", "impl/split_op_builder.cc", split_parts),
)

LATER: tuple[Row, ...] = program_only(
    "GatherND", "impl/gather_nd_op_builder.cc", nd_indices, nd_data, types=_ALL, release="1.32"
)
