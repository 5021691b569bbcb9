"""STABLEHLO ops that LiteRT has no kernels for: the reference is numpy, as the StableHLO specification has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import Graph, Limit, Model, case, cases
from .encoding import Array
from .simple import given, one, out

UNARY: dict[str, Callable[[Array], Array]] = {
    "ABS": np.abs, "NEGATE": np.negative, "COSINE": np.cos, "EXPONENTIAL": np.exp, "FLOOR": np.floor, "TANH": np.tanh,
    "LOG": lambda x: np.log(np.abs(x) + 1), "LOGISTIC": lambda x: 1 / (1 + np.exp(-x)),
    "RSQRT": lambda x: 1 / np.sqrt(np.abs(x) + 1),
    "CBRT": np.cbrt,
}  # fmt: skip


@cases(op=[*UNARY], expected=lambda x, op: [UNARY[op](x).astype(np.float32)])
def test_unary(op: str) -> Model:
    """Of positive numbers where the function needs them: |x| + 1."""
    m = Model()
    x = m.input([3, 4], low=-4, high=4)
    if op in ("LOG", "RSQRT"):
        x = m.op("STABLEHLO_ABS", [x], [m.tensor(shape=[3, 4])])
        x = m.op("STABLEHLO_ADD", [x, m.const(np.ones((3, 4), np.float32))], [m.tensor(shape=[3, 4])])
    return m.outputs(m.op(f"STABLEHLO_{op}", [x], [m.tensor(shape=[3, 4])]))


@cases(op=["ABS", "NEGATE"], dtype=["int32", "int8"], expected=lambda x, op, dtype: [UNARY[op](x)])
def test_unary_integers(op: str, dtype: str) -> Model:
    return one(f"STABLEHLO_{op}", given([9], dtype, low=-9, high=9), out=out(dtype, shape=[9]))


BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "SUBTRACT": np.subtract, "DIVIDE": lambda a, b: a / b if a.dtype.kind == "f" else np.trunc(a / b),
    "POWER": np.power,
    "REMAINDER": np.fmod,
}  # fmt: skip


@cases(*[case(op=o, dtype="float32") for o in BINARY], *[case(op=o, dtype="int32") for o in ("SUBTRACT", "DIVIDE",
"REMAINDER")],
       expected=lambda a, b, op, dtype: [BINARY[op](a, b).astype(dtype)])  # fmt: skip
def test_binary(op: str, dtype: str) -> Model:
    low: Any = {"low": 1} if op in ("POWER", "DIVIDE", "REMAINDER") else {}
    return one(f"STABLEHLO_{op}", given([3, 4], dtype, high=9, **({"low": 0.5} if op == "POWER" else {"low": -9})),
               given([3, 4], dtype, high=4, **low), out=out(dtype, shape=[3, 4]))  # fmt: skip


@cases(dtype=["bool", "int32", "int64", "uint8"], expected=lambda a, b, dtype: [a | b])
def test_or(dtype: str) -> Model:
    return one("STABLEHLO_OR", given([3, 4], dtype), given([3, 4], dtype), out=out(dtype, shape=[3, 4]))


COMPARE = {
    "EQ": np.equal,
    "NE": np.not_equal,
    "LT": np.less,
    "LE": np.less_equal,
    "GT": np.greater,
    "GE": np.greater_equal,
}


@cases(
    direction=[*COMPARE], dtype=["float32", "int32"], expected=lambda a, b, direction, dtype: [COMPARE[direction](a, b)]
)
def test_compare(direction: str, dtype: str) -> Model:
    values = [1, 2, 3, 2, 1]
    return one("STABLEHLO_COMPARE", given([5], dtype, values=values), given([5], dtype, values=values[1:]),
               out=out("bool", shape=[5]), comparison_direction=direction)  # fmt: skip


@cases(dtype=["float32", "int32"], expected=lambda low, x, high, dtype: [np.clip(x, low, high)])
def test_clamp(dtype: str) -> Model:
    return one("STABLEHLO_CLAMP", given([], dtype, values=-1), given([9], dtype, low=-4, high=4), given([], dtype,
    values=2),
               out=out(dtype, shape=[9]))  # fmt: skip


@cases(expected=lambda c, a, b: [np.where(c, a, b)])
def test_select() -> Model:
    return one("STABLEHLO_SELECT", given([9], "bool"), given([9]), given([9]), out=out(shape=[9]))


@cases(target=["int32", "float16", "bool"], expected=lambda x, target: [x.astype(target)])
def test_convert(target: str) -> Model:
    return one("STABLEHLO_CONVERT", given([9], values=[0.0, 1.0, 2.5, -3.75]), out=out(target, shape=[9]))


@cases(expected=lambda x: [x.reshape(4, 6)], unknown_dims=Limit("refused", "the shape of its output is not known"))
def test_reshape() -> Model:
    return one("STABLEHLO_RESHAPE", given([2, 3, 4]), out=out(shape=[4, 6]))


@cases(permutation=[[2, 0, 1], [1, 0, 2]], expected=lambda x, permutation: [x.transpose(permutation)])
def test_transpose(permutation: list[int]) -> Model:
    shape = [[2, 3, 4][i] for i in permutation]
    return one("STABLEHLO_TRANSPOSE", given([2, 3, 4]), out=out(shape=shape), permutation=permutation)


@cases(dimension=[0, 1], expected=lambda a, b, dimension: [np.concatenate([a, b], dimension)])
def test_concatenate(dimension: int) -> Model:
    return one("STABLEHLO_CONCATENATE", given([2, 3]), given([2, 3]), out=out(shape=[4, 3] if dimension == 0 else [2,
    6]),
               dimension=dimension)  # fmt: skip


@cases(expected=lambda x: [x[1:4:2, 0:3]])
def test_slice() -> Model:
    return one("STABLEHLO_SLICE", given([5, 4]), out=out(shape=[2, 3]), start_indices=[1, 0], limit_indices=[4, 3],
               strides=[2, 1])  # fmt: skip


def sliced(x: Array, i: Array, j: Array, start: Any) -> list[Array]:
    """Three rows and two columns, the starts moved until they fit."""
    top, left = (min(max(int(at), 0), 2) for at in (i, j))
    return [x[top : top + 3, left : left + 2]]


@cases(start=[[1, 2], [9, -9]], expected=sliced)
def test_dynamic_slice(start: list[int]) -> Model:
    """Starts are moved until the slice fits."""
    starts = [given([], "int32", values=s) for s in start]
    return one("STABLEHLO_DYNAMIC_SLICE", given([5, 4]), *starts, out=out(shape=[3, 2]), slice_sizes=[3, 2])


def updated(x: Array, update: Array, *starts: Array, start: Any) -> list[Array]:
    """x with the update at the starts, moved until it fits."""
    at = [min(max(int(s), 0), n - u) for s, n, u in zip(starts, x.shape, update.shape, strict=True)]
    y = x.copy()
    y[tuple(slice(a, a + u) for a, u in zip(at, update.shape, strict=True))] = update
    return [y]


@cases(start=[[1, 2], [9, -9]], expected=updated)
def test_dynamic_update_slice(start: list[int]) -> Model:
    starts = [given([], "int32", values=s) for s in start]
    return one("STABLEHLO_DYNAMIC_UPDATE_SLICE", given([5, 4]), given([2, 3]), *starts, out=out(shape=[5, 4]))


@cases(dims=[[1], [0]], expected=lambda x, dims: [np.broadcast_to(x if dims == [1] else x[:, None], [3, 3])],
       unknown_dims=Limit("refused", "the shape of its operand or its output is not known"))  # fmt: skip
def test_broadcast_in_dim(dims: list[int]) -> Model:
    return one("STABLEHLO_BROADCAST_IN_DIM", given([3]), out=out(shape=[3, 3]), broadcast_dimensions=dims)


@cases(dimension=[0, 1], dtype=["float32", "int32"],
       expected=lambda x, dimension, dtype: [x + np.indices([3, 4])[dimension].astype(dtype)],
       unknown_dims=Limit("refused", "the shape of its output is not known"))  # fmt: skip
def test_iota(dimension: int, dtype: str) -> Model:
    m = Model()
    line = m.op("STABLEHLO_IOTA", [], [m.tensor(dtype, [3, 4])], iota_dimension=dimension)
    return m.outputs(m.op("STABLEHLO_ADD", [m.input([3, 4], dtype), line], [m.tensor(dtype, [3, 4])]))


DOTS = [
    case(a=[2, 3], b=[3, 4], contract=([1], [0]), batch=([], []), equation="ij,jk->ik", shape=[2, 4]),
    case(a=[5, 2, 3], b=[5, 4, 3], contract=([2], [2]), batch=([0], [0]), equation="bij,bkj->bik", shape=[5, 2, 4]),
    case(a=[2, 3, 4], b=[4, 3, 5], contract=([1, 2], [1, 0]), batch=([], []), equation="ijk,kjl->il", shape=[2, 5]),
    case(a=[3, 2], b=[4], contract=([], []), batch=([], []), equation="ij,k->ijk", shape=[3, 2, 4]),
    case(a=[3], b=[3], contract=([0], [0]), batch=([], []), equation="i,i->", shape=[]),
]


@cases(*DOTS, dtype=["float32", "int32", "int8"],
       expected=lambda x, y, equation, dtype, **_: [np.einsum(equation, x, y)],
       unknown_dims=Limit("refused", "the shapes of its operands are not known"))  # fmt: skip
def test_dot_general(
    a: list[int], b: list[int], contract: Any, batch: Any, equation: str, shape: list[int], dtype: str
) -> Model:
    small: Any = {"low": -3, "high": 3}
    return one("STABLEHLO_DOT_GENERAL", given(a, dtype, **small), given(b, dtype, **small), out=out(dtype, shape=shape),
               lhs_contracting_dimensions=contract[0], rhs_contracting_dimensions=contract[1],
               lhs_batching_dimensions=batch[0], rhs_batching_dimensions=batch[1])  # fmt: skip


def convolved(x: Array, w: Array, strides: list[int], padding: list[int], lhs: list[int], rhs: list[int],
reverse: bool, groups: int,
              shape: list[int]) -> list[Array]:  # fmt: skip
    """NHWC times HWIO, place by place."""
    n, h, wide, c = x.shape
    spread = np.zeros([n, (h - 1) * lhs[0] + 1, (wide - 1) * lhs[1] + 1, c], np.float32)
    spread[:, :: lhs[0], :: lhs[1]] = x
    spread = np.pad(spread, [(0, 0), padding[:2], padding[2:], (0, 0)])
    w = w[::-1, ::-1] if reverse else w
    y = np.zeros(shape, np.float32)
    each_in, each_out = c // groups, w.shape[3] // groups
    for i in range(shape[1]):
        for j in range(shape[2]):
            top, left = i * strides[0], j * strides[1]
            window = spread[
                :,
                top : top + (w.shape[0] - 1) * rhs[0] + 1 : rhs[0],
                left : left + (w.shape[1] - 1) * rhs[1] + 1 : rhs[1],
            ]
            for g in range(groups):
                part = window[..., g * each_in : (g + 1) * each_in]
                outs = slice(g * each_out, (g + 1) * each_out)
                y[:, i, j, outs] = np.einsum("nhwc,hwco->no", part, w[..., outs])
    return [y]


CONVOLUTIONS = [
    case(strides=[1, 1], padding=[0, 0, 0, 0], lhs=[1, 1], rhs=[1, 1], reverse=False, groups=1, shape=[2, 4, 5, 4]),
    case(strides=[2, 1], padding=[1, 0, 1, 2], lhs=[1, 1], rhs=[1, 2], reverse=False, groups=2, shape=[2, 3, 7, 4]),
    case(strides=[1, 1], padding=[1, 1, 1, 1], lhs=[2, 2], rhs=[1, 1], reverse=True, groups=1, shape=[2, 10, 12, 4]),
]


@cases(*CONVOLUTIONS, expected=convolved)
def test_convolution(strides: list[int], padding: list[int], lhs: list[int], rhs: list[int], reverse: bool, groups: int,
                     shape: list[int]) -> Model:  # fmt: skip
    return one("STABLEHLO_CONVOLUTION", given([2, 5, 6, 2]), given([2, 2, 2 // groups, 4]), out=out(shape=shape),
               window_strides=strides, padding=padding, lhs_dilation=lhs, rhs_dilation=rhs,
               window_reversal=[reverse] * 2,
               input_batch_dimension=0, input_feature_dimension=3, input_spatial_dimensions=[1, 2],
               kernel_input_feature_dimension=2, kernel_output_feature_dimension=3, kernel_spatial_dimensions=[0, 1],
               output_batch_dimension=0, output_feature_dimension=3, output_spatial_dimensions=[1, 2],
               feature_group_count=groups, batch_group_count=1)  # fmt: skip


def binary_body(m: Model, op: str, dtype: str) -> Graph:
    """A subgraph of two scalars."""
    g = m.subgraph("body")
    a, b = g.input([], dtype), g.input([], dtype)
    g.outputs(g.op(op, [a, b], [g.tensor(dtype, [])]))
    return g


REDUCE: dict[str, Any] = {"ADD": np.add, "MULTIPLY": np.multiply, "MAXIMUM": np.maximum, "MINIMUM": np.minimum}


def reduced(x: Array, op: str, dtype: str, dimensions: list[int]) -> list[Array]:
    """x reduced, and combined with the start, which is 2."""
    return [REDUCE[op](REDUCE[op].reduce(x, tuple(dimensions)), 2).astype(dtype)]


@cases(op=[*REDUCE], dtype=["float32", "int32", "int8"], dimensions=[[0], [2, 1]], expected=reduced)
def test_reduce(op: str, dtype: str, dimensions: list[int]) -> Model:
    m = Model()
    shape = [n for i, n in enumerate([2, 3, 2]) if i not in dimensions]
    inputs = [m.input([2, 3, 2], dtype, low=-2, high=2), m.const(2, dtype)]
    return m.outputs(m.op("STABLEHLO_REDUCE", inputs, [m.tensor(dtype, shape)], dimensions=dimensions,
                          body_subgraph_index=binary_body(m, f"STABLEHLO_{op}", dtype)))  # fmt: skip


@cases(op=["AND", "OR"], expected=lambda x, op: [x.all(1) if op == "AND" else x.any(1)])
def test_reduce_bool(op: str) -> Model:
    m = Model()
    inputs = [m.input([4, 3], "bool"), m.const(op == "AND", "bool")]
    return m.outputs(m.op("STABLEHLO_REDUCE", inputs, [m.tensor("bool", [4])], dimensions=[1],
                          body_subgraph_index=binary_body(m, f"STABLEHLO_{op}", "bool")))  # fmt: skip


def sorted_(x: Array, y: Array, direction: str, dimension: int, dtype: str) -> list[Array]:
    """x in order, and y carried along."""
    order = np.argsort(x if direction == "LT" else -x.astype(np.float64), axis=dimension, kind="stable")
    return [np.take_along_axis(v, order, dimension) for v in (x, y)]


@cases(direction=["LT", "GT"], dimension=[0, 1], dtype=["float32", "int32", "int16"], expected=sorted_)
def test_sort(direction: str, dimension: int, dtype: str) -> Model:
    m = Model()
    g = m.subgraph("comparator")
    a, b, *_ = g.input([], dtype), g.input([], dtype), g.input([]), g.input([])
    g.outputs(g.op("STABLEHLO_COMPARE", [a, b], [g.tensor("bool", [])], comparison_direction=direction))
    inputs = [m.input([4, 5], dtype, values=[3, 1, 3, 0, 2, -1, 3]), m.input([4, 5])]
    outputs = [m.tensor(dtype, [4, 5]), m.tensor(shape=[4, 5])]
    m.op("STABLEHLO_SORT", inputs, outputs, dimension=dimension, is_stable=True, comparator_subgraph_index=g)
    return m.outputs(*outputs)


@cases(expected=lambda x: [x * 8])
def test_while() -> Model:
    """Three times doubled."""
    m = Model()
    cond, body = m.subgraph("cond"), m.subgraph("body")
    i, _ = cond.input([], "int32"), cond.input([3])
    cond.outputs(cond.op("STABLEHLO_COMPARE", [i, cond.const(3, "int32")], [cond.tensor("bool", [])],
                         comparison_direction="LT"))  # fmt: skip
    i, x = body.input([], "int32"), body.input([3])
    j = body.op("STABLEHLO_ADD", [i, body.const(1, "int32")], [body.tensor("int32", [])])
    body.outputs(j, body.op("STABLEHLO_ADD", [x, x], [body.tensor(shape=[3])]))
    count, y = m.tensor("int32", []), m.tensor(shape=[3])
    m.op(
        "STABLEHLO_WHILE",
        [m.const(0, "int32"), m.input([3])],
        [count, y],
        cond_subgraph_index=cond,
        body_subgraph_index=body,
    )
    return m.outputs(y)


@cases(
    case(op="CONCAT_EMBEDDINGS", unsupported="LiteRT has no kernel for it either"),
    case(op="DELEGATE", unsupported="convert the model from before it was delegated"),
    case(op="STABLEHLO_CUSTOM_CALL", unsupported="its target is known to one runtime only"),
    expected=lambda x, op: [x],
)
def test_refused(op: str) -> Model:
    return one(op, given([3]), out=out(shape=[3]))


@cases(expected=lambda x: [x + x])
def test_call() -> Model:
    """CALL has no kernel either."""
    m = Model()
    g = m.subgraph("double")
    x = g.input([3])
    g.outputs(g.op("ADD", [x, x], [g.tensor(shape=[3])]))
    return m.outputs(m.op("CALL", [m.input([3])], [m.tensor(shape=[3])], subgraph=g))
