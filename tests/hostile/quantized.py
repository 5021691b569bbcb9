"""Hostile constants: quantization, sparsity, texts, nibbles."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance import Model
from conformance.models import Blockwise, Sparse

from .catalogue import hostile

CODES = (0.5, 0)


def dense(m: Model, scales: Any, zeros: Any, axis: int = 0, **more: Any) -> None:
    """A FULLY_CONNECTED of int8 whose weights are quantized so."""
    quant = {"scale": scales, "zeroPoint": zeros, "quantizedDimension": axis, **more}
    w = m.const(np.ones([3, 4]), "int8", quant)
    m.outputs(m.op("FULLY_CONNECTED", [m.input([1, 4], "int8", CODES), w, None], [m.tensor("int8", [1, 3], CODES)]))


@hostile("tensor 0 of subgraph 0 (c0) of shape [3, 4] has 2 scales along dimension 0")
def scales_of_another_number(m: Model) -> None:
    dense(m, [0.1, 0.2], [0, 0])


@hostile("the quantization of tensor 0 of subgraph 0 has 2 zero points and 3 scales")
def zero_points_of_another_number(m: Model) -> None:
    dense(m, [0.1] * 3, [0, 0])


@hostile("tensor 0 of subgraph 0 (c0) of shape [3, 4] has 100000 scales along dimension 0")
def a_hundred_thousand_scales(m: Model) -> None:
    dense(m, [0.1] * 100_000, [0])


@hostile("tensor 0 of subgraph 0 (c0) of shape [3, 4] has 3 scales along dimension 2147483647")
def scales_along_no_dimension(m: Model) -> None:
    dense(m, [0.1] * 3, [0] * 3, 2**31 - 1)


@hostile("tensor 0 of subgraph 0 (c0) of shape [3, 4] has 3 scales along dimension -2147483648")
def scales_along_a_dimension_below_zero(m: Model) -> None:
    dense(m, [0.1] * 3, [0] * 3, -(2**31))


@hostile("tensor 0 of subgraph 0 (c0) has the scale nan")
def a_scale_that_is_no_number(m: Model) -> None:
    dense(m, [float("nan")], [0])


@hostile("tensor 0 of subgraph 0 (c0) has the scale inf")
def a_scale_without_end(m: Model) -> None:
    dense(m, [float("inf")], [0])


@hostile(judged=False)
def a_scale_of_nothing(m: Model) -> None:
    dense(m, [0.0], [0])


@hostile("tensor 0 of subgraph 0 (c0) has the scale -0.1")
def a_scale_below_zero(m: Model) -> None:
    dense(m, [-0.1], [0])


@hostile(judged=False)
def a_scale_that_vanishes(m: Model) -> None:
    dense(m, [1e-45], [0])


@hostile("tensor 0 of subgraph 0 (c0) has the zero point 4,611,686,018,427,387,904")
def a_zero_point_beyond_the_codes(m: Model) -> None:
    dense(m, [0.1], [2**62])


@hostile("tensor 0 of subgraph 0 (in0) has the zero point -1,099,511,627,776")
def a_zero_point_beyond_the_codes_of_an_input(m: Model) -> None:
    m.outputs(m.op("RELU", [m.input([2], "int8", (0.1, -(2**40)))], [m.tensor("int8", [2], CODES)]))


@hostile("FULLY_CONNECTED (op 0 of subgraph 0): Gemm takes no int8 as its input 'B'; dequantize first")
def zero_points_without_scales(m: Model) -> None:
    dense(m, [], [0] * 3)


@hostile("QUANTIZE (op 0 of subgraph 0): its int32 input has no scale, so it stands for no real values")
def integers_quantized_without_a_scale(m: Model) -> None:
    m.outputs(m.op("QUANTIZE", [m.input([2], "int32")], [m.tensor("uint8", [2], CODES)]))


def blocks(m: Model, size: int, columns: int = 64, scales: Any = None) -> None:
    """A FULLY_CONNECTED whose 4-bit weights have a scale a block."""
    kept = m.const(np.ones([2, 2]) if scales is None else scales, "float16")
    w = m.const(np.ones([2, columns]), "int4", Blockwise(kept, size))
    m.outputs(m.op("FULLY_CONNECTED", [m.input([1, columns]), w, None], [m.tensor(shape=[1, 2])]))


@hostile("4 scales for blocks of 0 in a tensor of shape [2, 64]")
def blocks_of_no_size(m: Model) -> None:
    blocks(m, 0)


@hostile("4 scales for blocks of -32 in a tensor of shape [2, 64]")
def blocks_below_zero(m: Model) -> None:
    blocks(m, -32)


@hostile("4 scales for blocks of 31 in a tensor of shape [2, 64]")
def blocks_that_do_not_fit(m: Model) -> None:
    blocks(m, 31)


@hostile("21 scales for blocks of 32 in a tensor of shape [2, 64]")
def blocks_with_other_scales(m: Model) -> None:
    blocks(m, 32, scales=np.ones([3, 7]))


@hostile("the scales are in tensor 2147483647; the subgraph has 4")
def blocks_whose_scales_are_no_tensor(m: Model) -> None:
    blocks(m, 32)
    m.table.tensors[1].quantization.details.scales = 2**31 - 1


@hostile()
def an_odd_number_of_nibbles(m: Model) -> None:
    w = m.const(np.arange(15).reshape(3, 5) - 8, "int4", (2.0, 0))
    m.outputs(m.op("FULLY_CONNECTED", [m.input([1, 5], "int8", CODES), w, None], [m.tensor("int8", [1, 3], CODES)]))


@hostile("tensor 0 of subgraph 0 (c0) has 7 bytes, its shape [3, 5] needs 8")
def nibbles_one_byte_short(m: Model) -> None:
    w = m.const(np.arange(14).reshape(2, 7) - 8, "int4", (0.5, 0), shape=[3, 5])
    m.outputs(m.op("FULLY_CONNECTED", [m.input([1, 5], "int8", CODES), w, None], [m.tensor("int8", [1, 3], CODES)]))


def sparse(m: Model, order: Any, levels: Any, shape: Any = (4, 4), block_map: Any = ()) -> None:
    """A FULLY_CONNECTED of weights that are kept so."""
    w = m.const(np.ones(4, np.float32), shape=list(shape), sparse=Sparse(order, levels, block_map))
    m.outputs(m.op("FULLY_CONNECTED", [m.input([1, 4]), w, None], [m.tensor(shape=[1, 4])]))


ONE_EACH = ("csr", np.arange(5), np.arange(4))


@hostile()
def a_diagonal(m: Model) -> None:
    sparse(m, [0, 1], [("dense", 4), ONE_EACH])


@hostile("the segments of a sparse dimension do not fit its indices")
def segments_that_run_backwards(m: Model) -> None:
    sparse(m, [0, 1], [("dense", 4), ("csr", np.array([0, 4, 1, 0, 4]), np.arange(4))])


@hostile("the segments of a sparse dimension do not fit its indices")
def segments_below_zero(m: Model) -> None:
    sparse(m, [0, 1], [("dense", 4), ("csr", np.array([-5, 0, 1, 2, 4]), np.arange(4))])


@hostile("the sparse constant c0 lists elements outside of its shape [4, 4]")
def places_outside_of_the_weights(m: Model) -> None:
    sparse(m, [0, 1], [("dense", 4), ("csr", np.arange(5), np.array([0, 1, 2, 2**31 - 1]))])


@hostile("the segments of a sparse dimension do not fit its indices")
def too_few_segments(m: Model) -> None:
    sparse(m, [0, 1], [("dense", 4), ("csr", np.array([0, 4]), np.arange(4))])


@hostile("the coordinates of the sparse constant c0 of shape [1, 2147483647, 1] would take 51,539,607,528 byte")
def a_dense_level_of_two_thousand_millions(m: Model) -> None:
    sparse(m, [0, 1], [("dense", 2**31 - 1), ONE_EACH], (2**31 - 1, 4))


@hostile("op 0 (FULLY_CONNECTED) of subgraph 0 cannot be read")
def levels_in_an_impossible_order(m: Model) -> None:
    sparse(m, [5, -1], [("dense", 4), ONE_EACH])


@hostile("the sparse constant c0 lists elements outside of its shape [4, 4]")
def one_level_twice(m: Model) -> None:
    sparse(m, [0, 0], [("dense", 4), ONE_EACH])


@hostile("the blocks of the sparse constant c0, [1] of dimensions [7], do not fit [4, 4]")
def a_block_of_a_dimension_that_is_not_there(m: Model) -> None:
    sparse(m, [0, 1, 2], [("dense", 4), ONE_EACH, ("dense", 1)], block_map=[7])


def texts(m: Model, data: bytes, shape: Any = (2,)) -> None:
    """A GATHER in texts that are kept as these bytes."""
    t = m.const(["a", "b"], "string")
    m._buffers[-1] = data, False
    m.table.tensors[t.index].shape = list(shape)
    m.outputs(m.op("GATHER", [t, m.input([1], "int32", high=1)], [m.tensor("string", [1])]))


@hostile("a string tensor of shape [2] holds 0 strings")
def texts_without_their_number(m: Model) -> None:
    texts(m, b"\1\0")


@hostile("a string tensor of shape [2] holds 0 strings")
def texts_below_zero(m: Model) -> None:
    texts(m, np.array([-1, 8, 8], "<i4").tobytes())


@hostile("a string tensor says that it holds 2,147,483,647 strings, in 12 bytes")
def texts_two_thousand_millions(m: Model) -> None:
    texts(m, np.array([2**31 - 1, 8, 8], "<i4").tobytes(), (2**31 - 1,))


@hostile("the offsets of a string tensor of shape [2] leave its 18 bytes")
def texts_outside_of_their_buffer(m: Model) -> None:
    texts(m, np.array([2, 16, 2**31 - 1, 2**31 - 1], "<i4").tobytes() + b"ab")


@hostile("the offsets of a string tensor of shape [2] leave its 18 bytes")
def texts_that_run_backwards(m: Model) -> None:
    texts(m, np.array([2, 18, 17, 16], "<i4").tobytes() + b"ab")


@hostile("a string tensor of shape [5] holds 1 strings")
def fewer_texts_than_the_shape_says(m: Model) -> None:
    texts(m, np.array([1, 12, 13], "<i4").tobytes() + b"a", (5,))
