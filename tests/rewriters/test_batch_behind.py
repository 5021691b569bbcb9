"""A new batch behind ops that join, take apart, choose and loop: each example is what it is alone, or an error says
which op cannot follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance import Model
from conformance.models import Graph, Tensor
from conformance.simple import made
from tfonnx_lab.runtime import OnnxRuntime

from .one_by_one import follows


def ints(m: Graph, *numbers: int) -> Tensor:
    return m.const(np.array(numbers, np.int32))


def number(m: Graph, value: int) -> Tensor:
    return m.const(np.array(value, np.int32))


def flat(m: Model, x: Tensor, size: int) -> Tensor:
    """A RESHAPE behind it, which has to follow."""
    return m.op("RESHAPE", [x, ints(m, 1, size)], [m.tensor(x.dtype, shape=[1, size])])


def joined(m: Model, x: Tensor) -> Tensor:
    """A constant of one example, as a class token is."""
    return flat(m, m.op("CONCATENATION", [m.const(made([1, 2, 6])), x], [m.tensor(shape=[1, 6, 6])], axis=1), 36)


def joined_last(m: Model, x: Tensor) -> Tensor:
    return m.op("CONCATENATION", [x, m.const(made([1, 4, 2]))], [m.tensor(shape=[1, 4, 8])], axis=-1)


def joined_codes(m: Model, x: Tensor) -> Tensor:
    quant = (0.05, 3)
    y = m.op("QUANTIZE", [x], [m.tensor("int8", [1, 4, 6], quant)])
    codes = m.const(np.arange(6, dtype=np.int8).reshape(1, 1, 6), "int8", quant)
    y = m.op("CONCATENATION", [y, codes], [m.tensor("int8", [1, 5, 6], quant)], axis=1)
    return m.op("DEQUANTIZE", [y], [m.tensor(shape=[1, 5, 6])])


def packed(m: Model, x: Tensor) -> Tensor:
    y = m.op("PACK", [x, m.const(made([1, 4, 6]))], [m.tensor(shape=[1, 2, 4, 6])], axis=1, values_count=2)
    return flat(m, y, 48)


def unpacked(m: Model, x: Tensor) -> Tensor:
    parts = [m.tensor(shape=[1, 6]) for _ in range(4)]
    return flat(m, m.op("UNPACK", [x], parts, axis=1, num=4), 6)


def tiled(m: Model, x: Tensor) -> Tensor:
    return flat(m, m.op("TILE", [x, ints(m, 1, 2, 1)], [m.tensor(shape=[1, 8, 6])]), 48)


def gathered(m: Model, x: Tensor) -> Tensor:
    return flat(m, m.op("GATHER", [x, ints(m, 3, 1)], [m.tensor(shape=[1, 2, 6])], axis=1), 12)


def gathered_before(m: Model, x: Tensor) -> Tensor:
    """The batch stands behind the dimension in whose place the two of the indices come."""
    y = m.op("TRANSPOSE", [x, ints(m, 1, 0, 2)], [m.tensor(shape=[4, 1, 6])])
    places = m.const(np.array([[3, 1, 0], [2, 2, 1]], np.int32))
    y = m.op("GATHER", [y, places], [m.tensor(shape=[2, 3, 1, 6])], axis=0)
    return flat(m, m.op("TRANSPOSE", [y, ints(m, 2, 0, 1, 3)], [m.tensor(shape=[1, 2, 3, 6])]), 36)


def best(m: Model, x: Tensor) -> Tensor:
    return flat(m, m.op("ARG_MAX", [x, number(m, 2)], [m.tensor("int32", [1, 4])], output_type="int32"), 4)


def highest(m: Model, x: Tensor) -> Tensor:
    return flat(m, m.op("TOPK_V2", [x, number(m, 2)], [m.tensor(shape=[1, 4, 2]), m.tensor("int32", [1, 4, 2])]), 8)


def summed(m: Model, x: Tensor) -> Tensor:
    return flat(m, m.op("CUMSUM", [x, number(m, 1)], [m.tensor(shape=[1, 4, 6])]), 24)


def turned(m: Model, x: Tensor) -> Tensor:
    return flat(m, m.op("REVERSE_V2", [x, ints(m, 1)], [m.tensor(shape=[1, 4, 6])]), 24)


def table(m: Model, x: Tensor) -> Tensor:
    y = m.op("CAST", [x], [m.tensor("int32", [1, 4, 6])], in_data_type="float32", out_data_type="int32")
    y = m.op("GATHER", [m.const(made([9, 2])), m.op("ABS", [y], [m.tensor("int32", [1, 4, 6])])],
             [m.tensor(shape=[1, 4, 6, 2])])  # fmt: skip
    return flat(m, y, 48)


def enlarged(m: Model, x: Tensor) -> Tensor:
    y = m.op("EXPAND_DIMS", [x, number(m, 1)], [m.tensor(shape=[1, 1, 4, 6])])
    size: dict[str, Any] = {"padding": "SAME", "stride_h": 2, "stride_w": 2}
    inputs = [ints(m, 1, 2, 8, 3), m.const(made([3, 3, 3, 6])), y]
    return flat(m, m.op("TRANSPOSE_CONV", inputs, [m.tensor(shape=[1, 2, 8, 3])], **size), 48)


def chosen(m: Model, x: Tensor) -> Tensor:
    """IF by a constant: both branches keep the batch."""
    branches = [m.subgraph("then"), m.subgraph("else")]
    for graph, op in zip(branches, ("NEG", "EXP"), strict=True):
        a = graph.input([1, 4, 6])
        graph.outputs(graph.op(op, [a], [graph.tensor(shape=[1, 4, 6])]))
    y = m.op("IF", [m.const(np.array(True)), x], [m.tensor(shape=[1, 4, 6])],
             then_subgraph_index=branches[0].position, else_subgraph_index=branches[1].position)  # fmt: skip
    return flat(m, y, 24)


def looped(m: Model, x: Tensor, first: Tensor | None = None, last: str = "") -> Tensor:
    """Three times y = y + x."""
    cond, body = m.subgraph("cond"), m.subgraph("body")
    shapes: list[tuple[list[int], str]] = [([], "int32"), ([1, 4, 6], "float32"), ([1, 4, 6], "float32")]
    i, *_ = (cond.input(*of) for of in shapes)
    cond.outputs(cond.op("LESS", [i, number(cond, 3)], [cond.tensor("bool", [])]))
    i, y, z = (body.input(*of) for of in shapes)
    turn = body.op("ADD", [i, number(body, 1)], [body.tensor("int32", [])])
    y = body.op("ADD", [y, z], [body.tensor(shape=[1, 4, 6])])
    if last:
        y = body.op(last, [y, ints(body, 0, 0, 0), ints(body, 1, 4, 6)], [body.tensor(shape=[1, 4, 6])])
    body.outputs(turn, y, z)
    outs = [m.tensor(dtype, shape) for shape, dtype in shapes]
    m.op("WHILE", [number(m, 0), x if first is None else first, x], outs,
         cond_subgraph_index=cond.position, body_subgraph_index=body.position)  # fmt: skip
    return flat(m, outs[1], 24)


def looped_slice(m: Model, x: Tensor) -> Tensor:
    """A constant of the file's batch in the body follows as well."""
    return looped(m, x, last="SLICE")


NETWORKS = [
    joined, joined_last, joined_codes, packed, unpacked, tiled, gathered, gathered_before, best, highest, summed,
    turned, table, enlarged, chosen, looped, looped_slice,
]  # fmt: skip


@pytest.mark.parametrize("batch", ["N", 3])
@pytest.mark.parametrize("network", NETWORKS, ids=lambda f: f.__name__)
def test_each_is_what_it_is_alone(network: Callable[[Model, Tensor], Tensor], batch: int | str) -> None:
    follows(network, batch)


def fixed_state(m: Model, x: Tensor) -> Tensor:
    """A recurrent layer's zeros of one example at first."""
    return looped(m, x, first=m.const(np.zeros((1, 4, 6), np.float32)))


def kept_rows(m: Model, x: Tensor) -> Tensor:
    """The last iteration's state is of the file's batch: what drops the others without a word."""
    cond, body = m.subgraph("cond"), m.subgraph("body")
    i, _ = cond.input([], "int32"), cond.input([1, 4, 6])
    cond.outputs(cond.op("LESS", [i, number(cond, 3)], [cond.tensor("bool", [])]))
    i, _ = body.input([], "int32"), body.input([1, 4, 6])
    y = body.op("FILL", [ints(body, 1, 4, 6), body.const(np.array(2, np.float32))], [body.tensor(shape=[1, 4, 6])])
    body.outputs(body.op("ADD", [i, number(body, 1)], [body.tensor("int32", [])]), y)
    outs = [m.tensor("int32", []), m.tensor(shape=[1, 4, 6])]
    m.op("WHILE", [number(m, 0), x], outs, cond_subgraph_index=cond.position, body_subgraph_index=body.position)
    return outs[1]


def softmax_of_merged(m: Model, x: Tensor) -> Tensor:
    """[1, 4, 6] as [2, 12], along the first."""
    y = m.op("RESHAPE", [x, ints(m, 2, 12)], [m.tensor(shape=[2, 12])])
    y = m.op("TRANSPOSE", [y, ints(m, 1, 0)], [m.tensor(shape=[12, 2])])
    y = m.op("SOFTMAX", [y], [m.tensor(shape=[12, 2])], beta=1.0)
    return m.op("TRANSPOSE", [y, ints(m, 1, 0)], [m.tensor(shape=[2, 12])])


def mean_of_merged(m: Model, x: Tensor) -> Tensor:
    y = m.op("RESHAPE", [x, ints(m, 4, 6)], [m.tensor(shape=[4, 6])])
    return m.op("MEAN", [y, ints(m, 0)], [m.tensor(shape=[6])], keep_dims=False)


def taken_apart(m: Model, x: Tensor) -> Tensor:
    return m.op("UNPACK", [x], [m.tensor(shape=[4, 6])], axis=0, num=1)


def taken_out(m: Model, x: Tensor) -> Tensor:
    return m.op("SQUEEZE", [x], [m.tensor(shape=[4, 6])], squeeze_dims=[0])


def first_of_all(m: Model, x: Tensor) -> Tensor:
    return m.op("GATHER", [x, number(m, 0)], [m.tensor(shape=[4, 6])], axis=0)


def boxes(m: Model, x: Tensor) -> Tensor:
    y = m.op("RESHAPE", [x, ints(m, 6, 4)], [m.tensor(shape=[6, 4])])
    scores = m.const(np.linspace(0, 1, 6).astype(np.float32))
    limits = [number(m, 3), m.const(np.array(0.5, np.float32)), m.const(np.array(0.1, np.float32))]
    outs = [m.tensor("int32", [3]), m.tensor("int32", [])]
    return m.op("NON_MAX_SUPPRESSION_V4", [y, scores, *limits], outs)


def scattered(m: Model, x: Tensor) -> Tensor:
    """An output of the file's batch behind an op of which nothing is known."""
    return m.op("SCATTER_ND", [m.const(np.zeros((1, 1), np.int32)), x, ints(m, 1, 4, 6)], [m.tensor(shape=[1, 4, 6])])


def told(m: Model, x: Tensor) -> Tensor:
    return m.op("BROADCAST_TO", [x, ints(m, 2, 1, 4, 6)], [m.tensor(shape=[2, 1, 4, 6])])


REFUSED = [
    (fixed_state, "WHILE (op 0 of subgraph 0) begins with"), (kept_rows, "WHILE (op 0 of subgraph 0)"),
    (softmax_of_merged, "SOFTMAX (op 2 of subgraph 0) mixes it with others"),
    (mean_of_merged, "MEAN (op 1 of subgraph 0) mixes it with others"), (taken_apart, "UNPACK (op 0 of subgraph 0)"),
    (taken_out, "SQUEEZE (op 0 of subgraph 0)"), (first_of_all, "GATHER (op 0 of subgraph 0)"),
    (boxes, "NON_MAX_SUPPRESSION_V4 (op 1 of subgraph 0)"), (scattered, "SCATTER_ND (op 0 of subgraph 0)"),
    (told, "BROADCAST_TO (op 0 of subgraph 0)"),
]  # fmt: skip


@pytest.mark.parametrize("batch", ["N", 4])
@pytest.mark.parametrize(("network", "said"), REFUSED, ids=[f.__name__ for f, _ in REFUSED])
def test_what_cannot_follow_is_an_error(network: Callable[[Model, Tensor], Tensor], said: str, batch: Any) -> None:
    m = Model()
    data = m.outputs(network(m, m.input([1, 4, 6], name="x"))).bytes()
    assert lab.convert(data).model.graph.output
    with pytest.raises(lab.ConversionError) as caught:
        lab.convert(data, inputs={"x": (batch, 4, 6)})
    assert said in str(caught.value) and "Convert with the file's own shapes" in str(caught.value)


def test_a_loop_is_not_followed_where_more_changes() -> None:
    m = Model()
    data = m.outputs(looped(m, m.input([1, 4, 6], name="x"))).bytes()
    with pytest.raises(lab.ConversionError, match=r"WHILE \(op 0 of subgraph 0\) may keep what belongs to the file's"):
        lab.convert(data, inputs={"x": ("N", 5, 6)})


@pytest.mark.parametrize("kept", [False, True])
def test_a_mean_over_the_batch_has_it_no_more(kept: bool) -> None:
    """What is reduced is as long as it was: LiteRT's, of the new batch."""
    m = Model()
    y = m.op("MEAN", [m.input([1, 4, 6], name="x"), ints(m, 0)], [m.tensor(shape=[1, 4, 6] if kept else [4, 6])],
             keep_dims=kept)  # fmt: skip
    data = m.outputs(m.op("RESHAPE", [y, ints(m, 2, 12)], [m.tensor(shape=[2, 12])])).bytes()
    x = made([3, 4, 6])
    [got] = OnnxRuntime(lab.convert(data, inputs={"x": ("N", 4, 6)}).model).run([x])
    np.testing.assert_allclose(got, x.mean(0).reshape(2, 12), rtol=1e-5, atol=1e-6)
