"""Ops that move, copy, cut and describe tensors without computing."""

from __future__ import annotations

from typing import Any

from . import Model, case, cases
from .simple import either, fixed, given, one, out, steps

TYPES = ["float32", "int8", "uint8", "int16", "int32", "int64", "bool"]


@cases(dtype=[*TYPES, "string", "float16"], computed=[True, False], new=[[3, 8], [-1], [2, -1, 2], [24, 1]])
def test_reshape(dtype: str, computed: bool, new: list[int]) -> Model:
    q = steps(dtype)
    return one("RESHAPE", given([2, 3, 4], dtype, q), either(new, computed), out=out(dtype, q), new_shape=new)


@cases(
    case(shape=[1, 1], new=[]),
    case(shape=[], new=[1, 1]),
    case(shape=[0, 3], new=[3, 0]),
    case(shape=[2, 3], new=[3, 2]),
)
def test_reshape_by_option(shape: list[int], new: list[int]) -> Model:
    return one("RESHAPE", given(shape), new_shape=new)


@cases(case(shape=[1, 4, 0], new=[2, 0, -1]), case(shape=[0, 4, 6], new=[-1, 0, 3]), case(shape=[0, 6], new=[-1, 3]),
       computed=[True, False])  # fmt: skip
def test_reshape_empty(shape: list[int], new: list[int], computed: bool) -> Model:
    """A 0 and a -1 in one shape: the -1 is what the other dimensions leave."""
    return one("RESHAPE", given(shape), either(new, computed))


@cases(shape=[[1], [1, 1]])
def test_reshape_to_computed_scalar(shape: list[int]) -> Model:
    return one("RESHAPE", given(shape), given([0], "int32"))


@cases(dtype=TYPES, perm=[[2, 0, 1], [0, 1, 2], [1, 0, 2]])
def test_transpose(dtype: str, perm: list[int]) -> Model:
    q = steps(dtype)
    return one("TRANSPOSE", given([2, 3, 4], dtype, q), fixed(perm), out=out(dtype, q))


@cases(case(shape=[2, 3, 4, 5], perm=[0, 3, 1, 2]), case(shape=[2, 3, 2, 3, 2], perm=[4, 2, 0, 1, 3]), case(shape=[3],
perm=[0]),
       case(shape=[2, 1, 2, 1, 3, 2], perm=[5, 4, 3, 2, 1, 0]), case(shape=[0, 3], perm=[1, 0]), case(shape=[1, 0, 3],
       perm=[1, 0, 2]),
       computed=[True, False])  # fmt: skip
def test_transpose_ranks(shape: list[int], perm: list[int], computed: bool) -> Model:
    return one("TRANSPOSE", given(shape), either(perm, computed))


@cases(dtype=[*TYPES, "float16"], axis=[0, 1, -1])
def test_concatenation(dtype: str, axis: int) -> Model:
    q = steps(dtype)
    shapes: Any = {0: [[1, 3, 4], [2, 3, 4]], 1: [[2, 1, 4], [2, 3, 4]], -1: [[2, 3, 4], [2, 3, 1]]}[axis]
    return one("CONCATENATION", *(given(s, dtype, q) for s in shapes), out=out(dtype, q), axis=axis)


@cases(count=[1, 2, 5])
def test_concatenation_counts(count: int) -> Model:
    return one("CONCATENATION", *(given([2, i + 1]) for i in range(count)), axis=1)


@cases()
def test_concatenation_rescales() -> Model:
    """uint8 inputs of other scales than the output."""
    return one("CONCATENATION", given([2, 30], "uint8", (0.02, 100)), given([2, 30], "uint8", (0.05, 128)),
               out=out("uint8", (0.04, 120)), axis=0)  # fmt: skip


@cases(dtype=["int16", "int32"])
def test_concatenation_of_codes(dtype: str) -> Model:
    """Of more than 8 bits the codes are copied, whatever the scales."""
    return one("CONCATENATION", given([2, 30], dtype, (0.02, 0)), given([2, 30], dtype, (0.05, 0)), out=out(dtype,
    (0.04, 0)),
               axis=0)  # fmt: skip


@cases(dtype=[*TYPES[:-1], "uint32"], axis=[0, 1, -1], count=[1, 3])
def test_pack(dtype: str, axis: int, count: int) -> Model:
    q = steps(dtype)
    return one(
        "PACK", *(given([2, 3], dtype, q) for _ in range(count)), out=out(dtype, q), values_count=count, axis=axis
    )


@cases(dtype=["float32", "int8", "uint8", "int16", "int32", "bool"], axis=[0, 1, -1])
def test_unpack(dtype: str, axis: int) -> Model:
    q, shape = steps(dtype), [2, 3, 4]
    return one("UNPACK", given(shape, dtype, q), out=[out(dtype, q)] * shape[axis], num=shape[axis], axis=axis)


@cases(dtype=["float32", "int8", "uint8", "int16", "int32"], axis=[1, -1], count=[2, 4])
def test_split(dtype: str, axis: int, count: int) -> Model:
    q = steps(dtype)
    return one("SPLIT", fixed(axis, "int32"), given([2, 4, 8], dtype, q), out=[out(dtype, q)] * count, num_splits=count)


@cases(dtype=["float32", "int8", "uint8", "int16", "int32", "int64"], sizes=[[1, 3, 2], [2, -1, 1], [6]])
def test_split_v(dtype: str, sizes: list[int]) -> Model:
    q = steps(dtype)
    return one("SPLIT_V", given([2, 6], dtype, q), fixed(sizes), fixed(1, "int32"), out=[out(dtype, q)] * len(sizes),
               num_splits=len(sizes))  # fmt: skip


@cases(dtype=[*TYPES, "string"], dims=[[], [0], [-1], [0, 3]])
def test_squeeze(dtype: str, dims: list[int]) -> Model:
    q = steps(dtype)
    return one("SQUEEZE", given([1, 3, 4, 1], dtype, q), out=out(dtype, q), squeeze_dims=dims)


@cases(dtype=[*TYPES, "string"], axis=[0, 1, -1, -3], computed=[True, False])
def test_expand_dims(dtype: str, axis: int, computed: bool) -> Model:
    q = steps(dtype)
    return one("EXPAND_DIMS", given([2, 3], dtype, q), either(axis, computed), out=out(dtype, q))


@cases(dtype=["float32", "int8", "uint8", "int32", "int64", "bool", "string", "int16"], computed=[True, False])
def test_tile(dtype: str, computed: bool) -> Model:
    q = steps(dtype)
    return one("TILE", given([2, 1, 3], dtype, q), either([2, 3, 1], computed), out=out(dtype, q))


@cases(times=[[0, 2], [1, 1], [3, 1]], index=["int32", "int64"])
def test_tile_counts(times: list[int], index: str) -> Model:
    return one("TILE", given([2, 3]), fixed(times, index))


@cases(*[case(shape=s, to=t) for s, t in [([3], [2, 3]), ([2, 1], [2, 4]), ([1, 3, 1], [5, 2, 3, 4]), ([], [2, 2])]],
       computed=[True, False], index=["int32", "int64"])  # fmt: skip
def test_broadcast_to(shape: list[int], to: list[int], computed: bool, index: str) -> Model:
    return one("BROADCAST_TO", given(shape), either(to, computed, index))


@cases(dtype=TYPES)
def test_broadcast_to_dtypes(dtype: str) -> Model:
    q = steps(dtype)
    return one("BROADCAST_TO", given([2, 1], dtype, q), fixed([2, 2, 3]), out=out(dtype, q))


@cases(
    *[case(a=a, b=b) for a, b in [([2, 3], [3]), ([1, 4], [5, 1]), ([], [2, 1]), ([1], [1])]], index=["int32", "int64"]
)
def test_broadcast_args(a: list[int], b: list[int], index: str) -> Model:
    return one("BROADCAST_ARGS", given([len(a)], index, values=a), given([len(b)], index, values=b), out=out(index))


@cases(dtype=[*TYPES, "string"], result=["int32", "int64"])
def test_shape(dtype: str, result: str) -> Model:
    return one("SHAPE", given([1, 3, 4], dtype, signature=[-1, 3, 4], feed=[2, 3, 4]), out=out(result), out_type=result)


@cases(shape=[[], [3], [2, 3, 4]])
def test_rank(shape: list[int]) -> Model:
    return one("RANK", given(shape), out=out("int32"))


@cases(dtype=["float32", "int32", "int64", "bool", "int8", "int16", "float16"], index=["int32", "int64"],
       computed=[True, False])  # fmt: skip
def test_fill(dtype: str, index: str, computed: bool) -> Model:
    q = steps(dtype)
    return one("FILL", either([2, 3], computed, index), given([], dtype, q), out=out(dtype, q))


@cases(index=["int32", "int64"], computed=[True, False])
def test_fill_string(index: str, computed: bool) -> Model:
    m = Model()
    word = m.op("RESHAPE", [m.input([1], "string", values=["tensor"])], [m.tensor("string", [])], new_shape=[])
    return m.outputs(m.op("FILL", [either([2, 3], computed, index)(m), word], [m.tensor("string")]))


@cases(*[case(dtype=d, start=a, stop=b, step=c) for d in ("int32", "int64", "float32") for a, b, c in
         ((0, 5, 1), (3, 12, 4), (5, -3, -2), (2, 2, 1))], case(dtype="float32", start=0.5, stop=2.0, step=0.3),
       case(dtype="float32", start=-86.993118, stop=913.00688, step=4.0),
       computed=[True, False])  # fmt: skip
def test_range(dtype: str, start: Any, stop: Any, step: Any, computed: bool) -> Model:
    return one("RANGE", *(either(v, computed, dtype) for v in (start, stop, step)), out=out(dtype))


@cases(
    dtype=["float32", "int32", "int64", "uint8", "int8", "int16", "bool", "float16"],
    axis=[[0], [1], [-1], [1, 2], [0, 1, 2]],
)
def test_reverse_v2(dtype: str, axis: list[int]) -> Model:
    return one("REVERSE_V2", given([2, 3, 4], dtype), fixed(axis), out=out(dtype))


@cases(axis=[[1], [-1, 1]])
def test_reverse_v2_computed(axis: list[int]) -> Model:
    return one("REVERSE_V2", given([2, 3, 4]), either(axis, True))


@cases(axis=[0, 2, -2])
def test_split_computed(axis: int) -> Model:
    return one("SPLIT", either(axis, True), given([4, 2, 6]), out=[out()] * 2, num_splits=2)


@cases(axis=[0, 2, -2], sizes=[[1, -1], [2, 4]], computed=[True, False])
def test_split_v_computed(axis: int, sizes: list[int], computed: bool) -> Model:
    return one("SPLIT_V", given([6, 6, 6]), either(sizes, computed), either(axis, True), out=[out()] * 2, num_splits=2)


@cases(dtype=["float32", "int32", "int64", "uint8"], dims=[[1, 0], [0, 1], [2, 1], [1, 2]], index=["int32", "int64"])
def test_reverse_sequence(dtype: str, dims: list[int], index: str) -> Model:
    shape = [3, 4, 3]
    lengths = given([shape[dims[1]]], index, values=[1, 3, 2, 0])
    return one("REVERSE_SEQUENCE", given(shape, dtype), lengths, out=out(dtype), seq_dim=dims[0], batch_dim=dims[1])


@cases(shape=[[3], [2, 3]], dtype=["float32", "int32", "int64", "int8", "uint8", "int16"])
def test_matrix_diag(shape: list[int], dtype: str) -> Model:
    return one("MATRIX_DIAG", given(shape, dtype), out=out(dtype))


@cases(shape=[[3, 3], [2, 3, 4], [2, 4, 3]], dtype=["float32", "int32", "int64", "int8", "uint8", "int16"])
def test_matrix_set_diag(shape: list[int], dtype: str) -> Model:
    diag = [*shape[:-2], min(shape[-2:])]
    return one("MATRIX_SET_DIAG", given(shape, dtype), given(diag, dtype), out=out(dtype))


@cases(dtype=["float32", "int8", "uint8", "int16", "int32", "int64"], result=["int32", "int64"])
def test_unique(dtype: str, result: str) -> Model:
    x = given([9], dtype, values=[4, 1, 1, 0, 4, 7, 0, 2, 1])
    return one("UNIQUE", x, out=[out(dtype), out(result)], idx_out_type=result)


@cases(case(dtype="float32"), case(dtype="int32"), case(dtype="int8"), case(dtype="int64"), case(dtype="uint8"),
axis=[-1, 0, 1],
       computed=[True, False])  # fmt: skip
def test_one_hot(dtype: str, axis: int, computed: bool) -> Model:
    """An index out of range gives a row of the off value."""
    index = given([2, 3], "int32", values=[0, 3, -1, 5, 2, 1])
    return one("ONE_HOT", index, either(4, computed), fixed(5, dtype), fixed(-1 if dtype[0] != "u" else 2, dtype),
               out=out(dtype), axis=axis)  # fmt: skip


@cases(dtype=["float32", "int32", "int8", "int64"], shape=[[3, 4], [4], [2, 1, 3]], computed=[True, False])
def test_dilate(dtype: str, shape: list[int], computed: bool) -> Model:
    return one(
        "DILATE", given(shape, dtype), either([2, 3, 1][: len(shape)], computed), fixed(9, dtype), out=out(dtype)
    )
