"""CoreML rows of pooling and normalization."""

from __future__ import annotations

from tfonnx_lab.mobile.coreml.rules import ANY, HALF, Ask, Row, both, network_only, program_only, rule

POOL = "impl/pool_op_builder.cc"
NORM = "impl/normalization_op_builder.cc"


@rule()
def pool_rank(ask: Ask) -> str:
    """the input has rank 4."""
    rank = len(ask.shape(0))
    return "" if rank == 4 else f"the input has rank {rank}, not 4"


@rule()
def pool_kernel(ask: Ask) -> str:
    """storage_order is 0 and the kernel 2-D."""
    if ask.get("storage_order", 0) == 1:
        return "storage_order is 1"
    kernel = list(ask.get("kernel_shape", (1, 1)))
    return "" if len(kernel) == 2 else f"the kernel {kernel} is not 2-D"


@rule('format="MLProgram"')
def pool_floor(ask: Ask) -> str:
    """ceil_mode is 0."""
    return "ceil_mode is 1" if ask.get("ceil_mode", 0) == 1 else ""


@rule()
def pool_dense(ask: Ask) -> str:
    """dilations are 1 and there is one output."""
    dilations = list(ask.get("dilations", (1, 1)))
    if dilations != [1, 1]:
        return f"dilations are {dilations}"
    return "" if len(ask.node.outputs) == 1 else "the indices are asked for, too"


@rule()
def one_output(ask: Ask) -> str:
    """there is one output: the op is not in training mode."""
    return "" if len(ask.node.outputs) == 1 else f"there are {len(ask.node.outputs)} outputs, as in training"


@rule()
def batch_rank(ask: Ask) -> str:
    """the input has rank 4 and spatial is 1."""
    rank = len(ask.shape(0))
    if rank != 4:
        return f"the input has rank {rank}, not 4"
    return "" if ask.get("spatial", 1) == 1 else "spatial is 0"


@rule("make them initializers")
def batch_constants(ask: Ask) -> str:
    """scale, B, mean and var are initializers."""
    words = {1: "scale", 2: "B", 3: "mean", 4: "var"}
    return next((f"{w} {ask.name(i)!r} is no initializer" for i, w in words.items() if not ask.is_initializer(i)), "")


@rule()
def norm_types(ask: Ask) -> str:
    """the input, the scale and the bias have one element type, float or float16."""
    types = [ask.dtype(i) for i in range(min(ask.count, 3))]
    if len(set(types)) > 1:
        return f"the inputs are {', '.join(types)}"
    return "" if types[0] in HALF else f"the inputs are {types[0]}, not float or float16"


@rule()
def norm_stash(ask: Ask) -> str:
    """stash_type is 1 (InstanceNormalization has none)."""
    stash = 1 if ask.node.op == "InstanceNormalization" else ask.get("stash_type", 1)
    return "" if stash == 1 else f"stash_type is {stash}"


@rule("make scale and bias initializers")
def norm_constants(ask: Ask) -> str:
    """the scale and the bias, where there is one, are constant initializers."""
    positions = (1, 2) if ask.count > 2 else (1,)
    return next((f"{ask.name(i)!r} is no constant initializer" for i in positions if not ask.is_constant(i)), "")


@rule()
def lrn_rank(ask: Ask) -> str:
    """the input has rank 3 or 4."""
    rank = len(ask.shape(0))
    return "" if rank in (3, 4) else f"the input has rank {rank}, not 3 or 4"


_POOL = (pool_rank, pool_kernel)

ROWS: tuple[Row, ...] = (
    *both("AveragePool MaxPool", POOL, *_POOL, program=(pool_dense,), network=(pool_floor, pool_dense)),
    *both("GlobalAveragePool GlobalMaxPool", POOL, pool_rank),
    *both("BatchNormalization", "impl/batch_norm_op_builder.cc", one_output, batch_rank, batch_constants, first=7),
    *program_only(
        "InstanceNormalization LayerNormalization GroupNormalization",
        NORM,
        norm_types,
        one_output,
        norm_stash,
        norm_constants,
        types=ANY,
    ),
    *network_only("LRN", "impl/LRN_op_builder.cc", lrn_rank),
)
