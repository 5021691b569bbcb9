"""STABLEHLO ops that LiteRT has kernels for, and REDUCE_WINDOW."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from . import Graph, Limit, Model, case, cases
from .simple import either, fixed, given, one, out, steps

BINARY = {"STABLEHLO_ADD": ["float32", "int32", "int8", "int16", "int64"], "STABLEHLO_MULTIPLY": ["float32", "int32"],
          "STABLEHLO_MAXIMUM": ["float32", "int32", "int64"], "STABLEHLO_MINIMUM": ["float32", "int32", "int64"],
          "STABLEHLO_AND": ["bool", "int32", "int8", "int16", "int64"]}  # fmt: skip


@cases(*[case(op=o, dtype=d) for o, ds in BINARY.items() for d in ds])
def test_binary(op: str, dtype: str) -> Model:
    q = steps(dtype) if dtype == "int8" and op == "STABLEHLO_ADD" else None
    return one(op, given([2, 3, 4], dtype, q), given([2, 3, 4], dtype, q), out=out(dtype, q))


@cases(dtype=["int8", "int16", "int32"], shape=[[2, 3], [4]])
def test_shift_left(dtype: str, shape: list[int]) -> Model:
    return one("STABLEHLO_SHIFT_LEFT", given(shape, dtype), given(shape, dtype, low=0, high=6), out=out(dtype))


@cases(dtype=["int8", "int16", "int32"], size=[7, 16, 67], constant=[False, True])
def test_shift_left_too_far(dtype: str, size: int, constant: bool) -> Model:
    """By less than 0 and more than 31 bits, which LiteRT's loop does otherwise in blocks of elements than one by
    one."""
    far = (
        np.linspace(-128, 127, size).astype(dtype)
        if dtype == "int8"
        else np.arange(-9, size * 40 - 9, 40).astype(dtype)
    )
    return one("STABLEHLO_SHIFT_LEFT", given([size], dtype), either(far, not constant, dtype), out=out(dtype))


@cases(dtype=["int8", "int32"])
def test_shift_left_dynamic(dtype: str) -> Model:
    x, by = (
        given([1, 9], dtype, signature=[-1, 9], feed=[3, 9], low=low, high=high) for low, high in ((-90, 90), (0, 90))
    )
    return one("STABLEHLO_SHIFT_LEFT", x, by, out=out(dtype))


PADS = [
    case(edge_padding_low=[1, 0], edge_padding_high=[0, 2], interior_padding=[0, 0]),
    case(edge_padding_low=[1, 1], edge_padding_high=[1, 0], interior_padding=[1, 2]),
    case(edge_padding_low=[-1, 0], edge_padding_high=[0, -2], interior_padding=[0, 0]),
    case(edge_padding_low=[-1, 2], edge_padding_high=[2, -1], interior_padding=[2, 1]),
    case(
        edge_padding_low=[-1, 2],
        edge_padding_high=[-2, 0],
        interior_padding=[0, 0],
        unknown_dims=Limit("differs", "shape (0, 6), LiteRT has (0, 0)"),
    ),
]


@cases(*PADS, dtype=["float32", "int32", "int8", "int64"])
def test_pad(dtype: str, **pads: Any) -> Model:
    return one("STABLEHLO_PAD", given([3, 4], dtype), fixed(7, dtype), out=out(dtype), **pads)


def body(m: Model, op: str, dtype: str) -> Graph:
    """A subgraph of two scalars: their sum, product ..., or the second one."""
    g = m.subgraph("body")
    a, b = g.input([], dtype), g.input([], dtype)
    g.outputs(b if op == "UPDATE" else g.op(op, [a, b], [g.tensor(dtype, [])]))
    return g


SCATTERS: list[Any] = [
    case(shape=[6, 3], indices=[4, 1], updates=[4, 3], update_window_dims=[1], inserted_window_dims=[0],
         scatter_dims_to_operand_dims=[0], index_vector_dim=1, values=[4, 1, 0, 5]),
    case(shape=[3, 4, 2], indices=[2, 3, 2], updates=[2, 3, 2, 2], update_window_dims=[2, 3], inserted_window_dims=[0],
         scatter_dims_to_operand_dims=[1, 0], index_vector_dim=2, values=[0, 2, 1, 0, 2, 1, 0, 1, 1, 0, 0, 9]),
    case(shape=[4, 5], indices=[3, 2], updates=[3], update_window_dims=[], inserted_window_dims=[0, 1],
         scatter_dims_to_operand_dims=[0, 1], index_vector_dim=1, values=[0, 1, 3, 4, 2, 2]),
]  # fmt: skip


@cases(*SCATTERS, op=["STABLEHLO_ADD", "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM", "STABLEHLO_MINIMUM", "UPDATE"],
       dtype=["float32", "int32"], index=["int64", "int32"],
       unknown_dims=Limit("refused", "the shapes of its operand and updates are not known"))  # fmt: skip
def test_scatter(shape: list[int], indices: list[int], updates: list[int], op: str, dtype: str, index: str,
                 values: list[int], **dims: Any) -> Model:  # fmt: skip
    """What falls outside is left out."""
    m = Model()
    inputs = [m.input(shape, dtype), m.input(indices, index, values=values), m.input(updates, dtype)]
    return m.outputs(m.op("STABLEHLO_SCATTER", inputs, [m.tensor(dtype)], update_computation_subgraph_index=body(m, op,
    dtype),
                          **dims))  # fmt: skip


@cases(op=["STABLEHLO_ADD", "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM", "STABLEHLO_MINIMUM", "UPDATE"],
       dtype=["float16", "int8", "uint8", "int16", "int64", "uint32", "bool"],
       unknown_dims=Limit("refused", "the shapes of its operand and updates are not known"))  # fmt: skip
def test_scatter_dtypes(op: str, dtype: str) -> Model:
    """The same place twice."""
    args = {k: v for k, v in SCATTERS[0].args.items() if k != "values"}
    return inspect.unwrap(test_scatter)(**args, op=op, dtype=dtype, index="int32", values=[4, 1, 4, 5])


@cases(op=["STABLEHLO_ADD", "UPDATE"], start=[[-1, 1], [2, 4]],
       unknown_dims=Limit("refused", "the shapes of its operand and updates are not known"))  # fmt: skip
def test_scatter_windows_half_outside(op: str, start: list[int]) -> Model:
    """Of a window that reaches over the edge, the elements inside are placed."""
    args = {
        "update_window_dims": [1, 2],
        "inserted_window_dims": [],
        "scatter_dims_to_operand_dims": [0, 1],
        "index_vector_dim": 1,
    }
    return inspect.unwrap(test_scatter)(shape=[4, 5], indices=[1, 2], updates=[1, 2, 3], op=op, dtype="float32",
                                    index="int32", values=start, **args)  # fmt: skip


GATHERS = [
    case(shape=[3, 4, 2], indices=[2, 3, 2], offset_dims=[2, 3], collapsed_slice_dims=[0], start_index_map=[1, 0],
         index_vector_dim=2, slice_sizes=[1, 2, 2], values=[0, 0, 1, 0, 2, 1, 0, 1, 1, 1, 0, 9], result=[2, 3, 2, 2]),
    case(shape=[5, 3], indices=[4, 1], offset_dims=[1], collapsed_slice_dims=[0], start_index_map=[0],
    index_vector_dim=1,
         slice_sizes=[1, 3], values=[4, 0, 2, 2], result=[4, 3]),
    case(shape=[4, 5], indices=[3, 2], offset_dims=[1, 2], collapsed_slice_dims=[], start_index_map=[0, 1],
         index_vector_dim=1, slice_sizes=[2, 3], values=[0, 0, 2, 2, 9, 9], result=[3, 2, 3]),
]  # fmt: skip


@cases(*GATHERS, dtype=["float32", "int32"], index=["int64", "int32"])
def test_gather(shape: list[int], indices: list[int], dtype: str, index: str, values: list[int], result: list[int],
                **dims: Any) -> Model:  # fmt: skip
    """A start that would leave the operand is moved back into it."""
    starts = given(indices, index, values=values)
    return one("STABLEHLO_GATHER", given(shape, dtype), starts, out=out(dtype, shape=result), **dims)


WINDOWS: list[Any] = [
    case(
        window_dimensions=[2, 2],
        window_strides=[1, 1],
        base_dilations=[1, 1],
        window_dilations=[1, 1],
        padding=[0, 0, 0, 0],
    ),
    case(
        window_dimensions=[2, 3],
        window_strides=[2, 1],
        base_dilations=[1, 1],
        window_dilations=[1, 2],
        padding=[1, 0, 1, 2],
    ),
    case(
        window_dimensions=[3, 2],
        window_strides=[1, 2],
        base_dilations=[2, 1],
        window_dilations=[1, 1],
        padding=[0, 1, 0, 0],
    ),
    case(
        window_dimensions=[2, 2],
        window_strides=[1, 1],
        base_dilations=[1, 1],
        window_dilations=[1, 1],
        padding=[-1, 0, 0, -1],
    ),
]


@cases(*WINDOWS, op=["STABLEHLO_ADD", "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM", "STABLEHLO_MINIMUM"],
       dtype=["float32", "int32"])  # fmt: skip
def test_reduce_window_stablehlo(op: str, dtype: str, **window: Any) -> Model:
    m = Model()
    start = {"STABLEHLO_ADD": 0, "STABLEHLO_MULTIPLY": 1, "STABLEHLO_MAXIMUM": -50, "STABLEHLO_MINIMUM": 50}[op]
    inputs = [m.input([5, 6], dtype, low=-5, high=5), m.const(start, dtype)]
    return m.outputs(
        m.op("STABLEHLO_REDUCE_WINDOW", inputs, [m.tensor(dtype)], body_subgraph_index=body(m, op, dtype), **window)
    )


@cases(op=["STABLEHLO_AND"], dtype=["bool", "int32", "int8", "int64"])
def test_reduce_window_logic(op: str, dtype: str) -> Model:
    """Numbers count as true where they are not zero."""
    m = Model()
    small: Any = {} if dtype == "bool" else {"low": 0, "high": 2}
    inputs = [m.input([4, 5], dtype, **small), m.const(op == "STABLEHLO_AND", dtype)]
    return m.outputs(m.op("STABLEHLO_REDUCE_WINDOW", inputs, [m.tensor(dtype)], body_subgraph_index=body(m, op, dtype),
                          window_dimensions=[2, 2], window_strides=[1, 1], base_dilations=[1, 1], window_dilations=[1,
                          1],
                          padding=[0, 0, 0, 0]))  # fmt: skip


@cases(*[case(function=f, dtype=d) for f in ("ALL", "ANY") for d in ("float32", "int8", "int32", "int64")],
       *[case(function=f, dtype=d) for f in ("ADD", "MUL", "MINIMUM", "MAXIMUM") for d in ("float32", "int32", "int64",
       "int8")],
       case(function="ALL", dtype="bool"), case(function="ANY", dtype="bool"),
       window=[([2, 2], [1, 1], [1, 1]), ([2, 3], [2, 1], [1, 2]), ([1, 1], [2, 2], [1, 1]), ([6, 1], [1, 1], [1,
       1])])  # fmt: skip
def test_reduce_window(function: str, dtype: str, window: Any) -> Model:
    start = {"ADD": 1, "MUL": 1, "MINIMUM": 3, "MAXIMUM": 0, "ALL": 1, "ANY": 0}[function]
    small: Any = (
        {}
        if dtype == "bool"
        else {"low": -2, "high": 2}
        if function not in ("ALL", "ANY")
        else {"values": [0, 1, 3, 0, 2]}
    )
    return one("REDUCE_WINDOW", given([5, 6], dtype, **small), fixed(start, dtype), *(either(v, False,
    "int64") for v in window),
               out=out(dtype), reduce_function=function)  # fmt: skip
