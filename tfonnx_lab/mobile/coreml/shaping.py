"""CoreML rows of the ops that give elements another shape or place, join, repeat or count them."""

from __future__ import annotations

from tfonnx_lab.mobile.coreml.rules import (
    DYNAMIC,
    FLOAT,
    NETWORK,
    PROGRAM,
    Ask,
    Row,
    both,
    network_only,
    program_only,
    rule,
)

RESHAPE = "impl/reshape_op_builder.cc"
SQUEEZE = "impl/squeeze_op_builder.cc"
SHAPE = "impl/shape_op_builder.cc"
TILE = "impl/tile_op_builder.cc"

MOST = 5
"""The highest rank that CoreML knows."""


@rule("make the shape an initializer")
def reshape_shape(ask: Ask) -> str:
    """the new shape is a constant initializer of 1 to 5 numbers."""
    if not ask.is_constant(1):
        return f"the new shape {ask.name(1)!r} is no constant initializer"
    size = ask.data(1).size
    return "" if 1 <= size <= MOST else f"the new rank is {size}, not 1 to {MOST}"


@rule("fix the dynamic dimensions")
def reshape_input(ask: Ask) -> str:
    """the input has a static shape of rank 1 or more."""
    shape = ask.shape(0)
    if DYNAMIC in shape:
        return f"the input's shape {ask.view.shape(ask.name(0))} is not static"
    return "" if shape else "the input is a scalar"


@rule()
def reshape_zero(ask: Ask) -> str:
    """with allowzero the new shape has no 0."""
    zero = ask.get("allowzero", 0) == 1 and 0 in ask.data(1)
    return "allowzero is 1 and the new shape has a 0" if zero else ""


@rule("make the axes an initializer")
def axes_constant(ask: Ask) -> str:
    """from opset 13 on, the axes, where given, are a constant initializer."""
    if ask.node.version < 13 or ask.count < 2 or ask.is_constant(1):
        return ""
    return f"the axes {ask.name(1)!r} are no constant initializer"


@rule()
def unsqueeze_rank(ask: Ask) -> str:
    """the result has rank 5 or less."""
    new = (ask.shape(1) or (0,))[0] if ask.node.version > 12 else len(ask.get("axes", ()))
    rank = len(ask.shape(0)) + new
    return "" if rank <= MOST else f"the result has rank {rank}, above {MOST}"


@rule()
def flatten_rank(ask: Ask) -> str:
    """the input is no scalar."""
    return "" if ask.shape(0) else "the input is a scalar"


@rule()
def concat_inputs(ask: Ask) -> str:
    """there are two inputs or more."""
    return "" if ask.count > 1 else "there is one input only"


@rule('format="MLProgram"')
def concat_channels(ask: Ask) -> str:
    """the inputs have rank 4 and are joined at axis 1."""
    rank = len(ask.shape(0))
    if rank != 4:
        return f"the inputs have rank {rank}, not 4"
    axis = ask.axis(ask.get("axis", 1), rank)
    return "" if axis == 1 else f"they are joined at axis {axis}, not 1"


@rule('format="MLProgram"')
def shape_whole(ask: Ask) -> str:
    """there is no attribute end, and start is 0."""
    if ask.get("end", None) is not None:
        return "the attribute end is given"
    return "" if ask.get("start", 0) == 0 else "start is not 0"


@rule()
def shape_part(ask: Ask) -> str:
    """the part from start to end is not empty.

    Both are axes, so that neither may be the rank itself: the check throws.
    """
    rank = len(ask.shape(0))
    end = ask.get("end", None)
    size = rank if end is None else ask.axis(end, rank)
    return "" if size != ask.axis(ask.get("start", 0), rank) else "the part is empty"


@rule("make the repeats an initializer")
def tile_constant(ask: Ask) -> str:
    """the repeats are a constant initializer."""
    return "" if ask.is_constant(1) else f"the repeats {ask.name(1)!r} are no constant initializer"


@rule()
def tile_repeats(ask: Ask) -> str:
    """constant repeats are one a dimension, each 1 or more."""
    if not ask.is_constant(1):
        return ""
    repeats, rank = ask.data(1).reshape(-1).tolist(), len(ask.shape(0))
    if len(repeats) != rank:
        return f"there are {len(repeats)} repeats for rank {rank}"
    return "" if all(r >= 1 for r in repeats) else f"the repeats {repeats} are not all positive"


@rule('format="MLProgram"')
def space_dcr(ask: Ask) -> str:
    """mode is DCR."""
    mode = ask.get("mode", "DCR")
    return "" if mode == "DCR" else f"mode is {mode}"


@rule()
def space_crd(ask: Ask) -> str:
    """in mode CRD the input's shape is static."""
    moving = ask.get("mode", "DCR") == "CRD" and DYNAMIC in ask.shape(0)
    return "mode is CRD and the input's shape not static" if moving else ""


@rule("CoreML 7")
def space_half(ask: Ask) -> str:
    """in mode DCR float16 needs CoreML 7."""
    old = ask.version < 7 and ask.get("mode", "DCR") == "DCR" and ask.dtype(0) == "float16"
    return f"mode is DCR and float16 needs CoreML 7, not {ask.version}" if old else ""


_TILED = {"float": 5, "int32": 5, "int64": 5, "bool": 5}
_COUNTED = {"float": 5, "float16": 5, "int32": 5, "int64": 5}
_SPACE = "impl/depthtospace_op_builder.cc"

ROWS: tuple[Row, ...] = (
    *both("Reshape", RESHAPE, reshape_shape, reshape_input, reshape_zero, first=5, trivial=True),
    *both("Squeeze", SQUEEZE, axes_constant, trivial=True),
    *program_only("Unsqueeze", SQUEEZE, axes_constant, unsqueeze_rank, trivial=True),
    *both("Transpose", "impl/transpose_op_builder.cc", trivial=True),
    *network_only("Flatten", "impl/flatten_op_builder.cc", flatten_rank, trivial=True),
    *both("Concat", "impl/concat_op_builder.cc", concat_inputs, network=(concat_channels,)),
    Row("Shape", PROGRAM, SHAPE, _COUNTED, (shape_part,)),
    Row("Shape", NETWORK, SHAPE, FLOAT, (shape_whole,)),
    Row("Tile", PROGRAM, TILE, {**_TILED, "float16": 6}, (tile_repeats,), trivial=True),
    Row("Tile", NETWORK, TILE, _TILED, (tile_constant, tile_repeats), trivial=True),
    *both("DepthToSpace", _SPACE, program=(space_crd, space_half), network=(space_dcr,)),
)
