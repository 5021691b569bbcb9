"""A convolution between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND becomes a dilated one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from conformance.against import check
from conformance.models import Model


def network(dtype: str, pads: list[list[int]], crops: list[list[int]], kind: str = "CONV_2D", joined: int = 2) -> Model:
    """The three ops on an image of 9 x 8 with blocks of 2."""
    rng = np.random.default_rng(0)
    codes = dtype != "float32"
    q = [(0.05, 3), (0.02, 0), (0.001, 0), (0.1, -4)] if codes else [None] * 4
    m = Model()
    kernel = [4, 3, 3, 3] if kind == "CONV_2D" else [1, 3, 3, 3]
    w = rng.integers(-90, 90, kernel).astype(dtype) if codes else rng.normal(size=kernel).astype(dtype)
    bias = rng.integers(-900, 900, [kernel[0] if kind == "CONV_2D" else 3]).astype("int32" if codes else dtype)
    x = m.input([1, 9, 8, 3], dtype, q[0])
    ints = [m.const(np.array(v, np.int32)) for v in ([2, 2], pads, [joined, 2], crops)]
    spread = m.op("SPACE_TO_BATCH_ND", [x, ints[0], ints[1]], [m.tensor(dtype, quant=q[0])])
    weights = m.const(w, dtype, q[1]), m.const(bias, "int32" if codes else dtype, q[2])
    y = m.op(
        kind, [spread, *weights], [m.tensor(dtype, quant=q[3])], fused_activation_function="RELU6", padding="VALID"
    )
    return m.outputs(m.op("BATCH_TO_SPACE_ND", [y, ints[2], ints[3]], [m.tensor(dtype, quant=q[3])]))


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.parametrize(
    ("pads", "crops"), [([[2, 3], [2, 2]], [[0, 1], [0, 0]]), ([[0, 1], [0, 0]], [[0, 1], [0, 0]])]
)
def test_becomes_one_convolution(dtype: str, kind: str, pads: list[list[int]], crops: list[list[int]]) -> None:
    result = check(network(dtype, pads, crops, kind)).result
    left = Counter(n.op_type for n in result.ir_model.graph)
    assert left["Conv"] == 1 and left["Reshape"] == 0 and left["Pad"] == 0


def test_what_crops_more_than_it_pads_stays() -> None:
    result = check(network("float32", [[1, 0], [2, 2]], [[0, 0], [0, 3]])).result
    assert Counter(n.op_type for n in result.ir_model.graph)["Reshape"] > 0


def sequence(dtype: str, axis: int, readers: int = 1) -> Model:
    """Two dilated convolutions of a sequence of 12 as TensorFlow writes them: an image of one row, or of one column."""
    rng = np.random.default_rng(1)
    codes = dtype != "float32"
    q = [(0.05, 3), (0.02, 0), (0.001, 0), (0.1, -4)] if codes else [None] * 4
    m = Model()
    x = m.input([1, 12, 3], dtype, q[0])
    block, pads, crops = (m.const(np.array(v, np.int32)) for v in ([2], [[2, 2]], [[0, 0]]))
    wide, long, flat = ([2, 1, 8, 3], [2, 6, 4], [4, 1, 3, 3]) if axis == 2 else ([2, 8, 1, 3], [2, 6, 4], [4, 3, 1, 3])
    spread = m.op("SPACE_TO_BATCH_ND", [x, block, pads], [m.tensor(dtype, quant=q[0])])
    image = m.op("RESHAPE", [spread, m.const(np.array(wide, np.int32))], [m.tensor(dtype, quant=q[0])])
    results = []
    for _ in range(readers):
        w = rng.integers(-90, 90, flat).astype(dtype) if codes else rng.normal(size=flat).astype(dtype)
        bias = m.const(rng.integers(-900, 900, [4]).astype("int32" if codes else dtype), None, q[2])
        y = m.op("CONV_2D", [image, m.const(w, dtype, q[1]), bias], [m.tensor(dtype, quant=q[3])], padding="VALID")
        y = m.op("RESHAPE", [y, m.const(np.array(long, np.int32))], [m.tensor(dtype, quant=q[3])])
        results.append(m.op("BATCH_TO_SPACE_ND", [y, block, crops], [m.tensor(dtype, quant=q[3])]))
    return m.outputs(*results)


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("axis", [1, 2])
@pytest.mark.parametrize("readers", [1, 2])
def test_of_a_sequence(dtype: str, axis: int, readers: int) -> None:
    result = check(sequence(dtype, axis, readers)).result
    left = Counter(n.op_type for n in result.ir_model.graph)
    assert left["Conv"] == readers and left["Pad"] == 0 and left["Reshape"] <= 1 + 2 * readers, left
    dilations = [n.attributes["dilations"].value for n in result.ir_model.graph if n.op_type == "Conv"]
    assert all(list(d) == ([1, 2] if axis == 2 else [2, 1]) for d in dilations)


def open_sequence(shared: bool, weights: str = "float32", batch: int = 1, signature: list[int] | None = None) -> Model:
    """A dilated convolution of a sequence as torch's converter writes it, its blocks filled up by a computed number.

    shared: the crops are the same tensor as the pads.
    """
    rng = np.random.default_rng(2)
    m = Model()
    x = m.input([batch, 11, 3], "float32", signature=signature)
    block = m.const(np.array([3], np.int32))
    shape = m.op("SHAPE", [x], [m.tensor("int32")], out_type="INT32")
    ends = [m.const(np.array(v, np.int32)) for v in ([1], [2], [1])]
    length = m.op("STRIDED_SLICE", [shape, *ends], [m.tensor("int32", [1])])
    rest = m.op("FLOOR_MOD", [m.op("SUB", [block, length], [m.tensor("int32", [1])]), block], [m.tensor("int32", [1])])
    zero = m.const(np.array([0], np.int32))
    around = m.op("PACK", [zero, rest], [m.tensor("int32", [2, 1])], axis=0, values_count=2)
    pads = m.op("RESHAPE", [around, m.const(np.array([1, 2], np.int32))], [m.tensor("int32", [1, 2])])
    crops = pads if shared else m.const(np.array([[0, 1]], np.int32))
    axis = m.const(np.array(1, np.int32))
    spread = m.op("SPACE_TO_BATCH_ND", [x, block, pads], [m.tensor("float32", [3 * batch, 4, 3])])
    image = m.op("EXPAND_DIMS", [spread, axis], [m.tensor("float32", [3 * batch, 1, 4, 3])])
    w, bias = m.const(rng.normal(size=[4, 1, 2, 3]).astype("float32")), m.const(np.zeros(4, np.float32))
    if weights == "int8":
        scales = (np.array([0.01, 0.02, 0.005, 0.03], np.float32), [0] * 4, 0)
        w = m.const(rng.integers(-90, 90, [4, 1, 2, 3]).astype("int8"), "int8", scales)
    y = m.op("CONV_2D", [image, w, bias], [m.tensor("float32", [3 * batch, 1, 3, 4])], padding="VALID")
    flat = m.op("SQUEEZE", [y], [m.tensor("float32", [3 * batch, 3, 4])], squeeze_dims=[1])
    return m.outputs(m.op("BATCH_TO_SPACE_ND", [flat, block, crops], [m.tensor("float32", [batch, 8, 4])]))


def test_of_a_sequence_whose_blocks_are_computed() -> None:
    result = check(open_sequence(shared=True)).result
    (conv,) = (n for n in result.ir_model.graph if n.op_type == "Conv")
    assert list(conv.attributes["dilations"].value) == [1, 3]
    assert "Mod" not in {n.op_type for n in result.ir_model.graph}, "what was padded is cropped again"


def test_of_a_sequence_whose_crops_are_others_stays() -> None:
    result = check(open_sequence(shared=False)).result
    (conv,) = (n for n in result.ir_model.graph if n.op_type == "Conv")
    assert list(conv.attributes["dilations"].value) == [1, 1]


@pytest.mark.parametrize("signature", [None, [1, -1, 3]])
def test_of_dynamic_range_each_block_keeps_a_range_of_its_own(signature: list[int] | None) -> None:
    result = check(open_sequence(True, "int8", signature=signature)).result
    (conv,) = (n for n in result.ir_model.graph if n.op_type == "Conv")
    assert list(conv.attributes["dilations"].value) == [1, 3]
    axes = [n.attributes["axis"].value for n in result.ir_model.graph if n.op_type == "QuantizeLinear"]
    assert sorted(axes) == [0, 2], "the zero points, and the times that lie three apart"


@pytest.mark.parametrize(("batch", "exact"), [(2, False), (1, True)])
def test_of_dynamic_range_several_sequences_stay_blocks(batch: int, exact: bool) -> None:
    result = check(open_sequence(True, "int8", batch), exact=exact).result
    (conv,) = (n for n in result.ir_model.graph if n.op_type == "Conv")
    assert list(conv.attributes["dilations"].value) == [1, 1]
