"""CoreML rows of matrix products, reductions, ArgMax, Softmax, logic and Where."""

from __future__ import annotations

from onnx import TensorProto

from tfonnx_lab.mobile.coreml.rules import (
    ANY,
    DYNAMIC,
    Ask,
    Row,
    both,
    program_only,
    rule,
)

GEMM = "impl/gemm_op_builder.cc"
REDUCTION = "impl/reduction_op_builder.cc"


@rule("make B an initializer")
def b_constant(ask: Ask) -> str:
    """B is a constant initializer."""
    return "" if ask.is_constant(1) else f"B {ask.name(1)!r} is no constant initializer"


@rule()
def matmul_ranks(ask: Ask) -> str:
    """not one of A and B alone is 1-D (coremltools issue 2263)."""
    a, b = len(ask.shape(0)), len(ask.shape(1))
    return f"A has rank {a} and B rank {b}: one alone is 1-D" if (a == 1) != (b == 1) and a and b else ""


@rule('format="MLProgram"')
def matmul_2d(ask: Ask) -> str:
    """A and B are 2-D."""
    a, b = len(ask.shape(0)), len(ask.shape(1))
    return "" if a == b == 2 else f"A has rank {a} and B rank {b}, not 2"


@rule("fold transA, alpha and beta into the constants")
def gemm_factors(ask: Ask) -> str:
    """transA is 0, alpha and beta are 1."""
    found = {"transA": ask.get("transA", 0), "alpha": ask.get("alpha", 1.0), "beta": ask.get("beta", 1.0)}
    wanted = {"transA": 0, "alpha": 1.0, "beta": 1.0}
    other = [f"{k} is {v:g}" for k, v in found.items() if v != wanted[k]]
    return " and ".join(other)


@rule("make C an initializer of shape (N,)")
def gemm_c(ask: Ask) -> str:
    """C, where there is one, is a constant initializer of shape (), (1,), (N,) or (1, N)."""
    if ask.count < 3:
        return ""
    if not ask.is_constant(2):
        return f"C {ask.name(2)!r} is no constant initializer"
    n, shape = ask.shape(1)[0 if ask.get("transB", 0) else 1], ask.shape(2)
    return "" if shape in ((), (1,), (n,), (1, n)) else f"C has shape {shape}; N is {n}"


@rule("make the axes an initializer")
def reduced_axes(ask: Ask) -> str:
    """the axes, where given as an input, are a constant initializer."""
    return f"the axes {ask.name(1)!r} are no constant initializer" if ask.has(1) and not ask.is_constant(1) else ""


@rule('noop_with_empty_axes=0, or format="MLProgram"')
def reduced_something(ask: Ask) -> str:
    """noop_with_empty_axes is 0, or there are axes, stored as int64_data: the check does not see those in raw_data."""
    tensor = ask.view.initializers.get(ask.name(1)) if ask.has(1) else None
    empty = tensor is None or not len(tensor.int64_data)
    return (
        "noop_with_empty_axes is 1 and the check sees no axes" if empty and ask.get("noop_with_empty_axes", 0) else ""
    )


@rule()
def argmax_first(ask: Ask) -> str:
    """select_last_index is 0."""
    return "select_last_index is 1" if ask.get("select_last_index", 0) != 0 else ""


@rule('format="MLProgram"')
def argmax_readers(ask: Ask) -> str:
    """no Cast to int32 is one of several readers of the result."""
    readers = [e.node for e in ask.view.output_edges[ask.node.index]]
    cast = any(n.op == "Cast" and n.attribute("to", 0) == TensorProto.INT32 for n in readers)
    return "a Cast to int32 and other nodes read the result" if cast and len(readers) > 1 else ""


@rule("opset 13 or later, or fix the dynamic dimensions")
def softmax_static(ask: Ask) -> str:
    """below opset 13 the input's shape is static."""
    loose = ask.node.version < 13 and DYNAMIC in ask.shape(0)
    return "the op is of an opset below 13 and the shape not static" if loose else ""


@rule()
def both_bool(ask: Ask) -> str:
    """both inputs are bool."""
    types = ask.dtype(0), ask.dtype(1)
    return "" if types == ("bool", "bool") else f"the inputs are {types[0]} and {types[1]}"


@rule()
def where_types(ask: Ask) -> str:
    """X and Y are float, float16 or int64; a bool condition is not looked at."""
    wrong = [ask.dtype(i) for i in (1, 2) if ask.dtype(i) not in ("float", "float16", "int64")]
    return f"X or Y is {wrong[0]}" if wrong else ""


ROWS: tuple[Row, ...] = (
    *both("Gemm", GEMM, b_constant, gemm_factors, gemm_c),
    *both("MatMul", GEMM, program=(matmul_ranks,), network=(b_constant, matmul_2d)),
    *both("ReduceSum ReduceMean", REDUCTION, reduced_axes, network=(reduced_something,)),
    *program_only("ReduceMax ReduceMin ReduceProd", REDUCTION, reduced_axes),
    *both("ArgMax", "impl/argmax_op_builder.cc", argmax_first, network=(argmax_readers,)),
    *both("Softmax", "impl/softmax_op_builder.cc", softmax_static),
)

LATER: tuple[Row, ...] = (
    *program_only("And", "impl/logical_op_builder.cc", both_bool, types=ANY, release="1.32"),
    *program_only("Where", "impl/where_op_builder.cc", where_types, types=ANY, release="1.32"),
)
