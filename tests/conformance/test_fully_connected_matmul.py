"""FULLY_CONNECTED, BATCH_MATMUL and lookups of embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Blockwise, Limit, Model, Sparse, case, cases
from .simple import fixed, given, made, one, out, steps

SCALES = np.array([0.01, 0.02, 0.005, 0.004], np.float32)


@cases(activation=["NONE", "RELU", "RELU_N1_TO_1", "RELU6"], with_bias=[True, False])
def test_float(activation: str, with_bias: bool) -> Model:
    b = fixed(made([4])) if with_bias else None
    return one("FULLY_CONNECTED", given([3, 6]), fixed(made([4, 6])), b, fused_activation_function=activation)


@cases(shape=[[2, 3, 6], [6], [2, 2, 3, 6], [1, 6], [2, 2, 3]], keep=[True, False])
def test_ranks(shape: list[int], keep: bool) -> Model:
    """The bias stays whatever the rank; without keep_num_dims the input is flattened to rows of the weights' depth."""
    depth = 6 if not keep or shape[-1] == 6 else 3
    return one("FULLY_CONNECTED", given(shape), fixed(made([4, depth])), fixed(made([4])), keep_num_dims=keep)


@cases(signature=[[-1, 3, 6], [-1, -1, 6]], dtype=["float32", "int8"])
def test_dynamic_rows(signature: list[int], dtype: str) -> Model:
    """With float inputs; int8 weights are those of dynamic range."""
    w = fixed(made([4, 6], dtype), dtype, (0.02, 0) if dtype == "int8" else None)
    x = given([1, 3, 6], signature=signature, feed=[2, 5 if signature[1] < 0 else 3, 6])
    return one("FULLY_CONNECTED", x, w, fixed(made([4])), keep_num_dims=True)


@cases(
    case(computed="bias"),
    *[
        case(computed=c, unknown_dims=Limit("refused", "the shape of its weights is not known"))
        for c in ("weights", "both")
    ],
)
def test_computed(computed: str) -> Model:
    w = given([4, 6]) if computed != "bias" else fixed(made([4, 6]))
    b = given([4]) if computed != "weights" else fixed(made([4]))
    return one("FULLY_CONNECTED", given([3, 6]), w, b)


@cases(batch=[1, 5])
def test_dynamic(batch: int) -> Model:
    x = given([1, 6], signature=[-1, 6], feed=[batch, 6])
    return one("FULLY_CONNECTED", x, fixed(made([4, 6])), fixed(made([4])))


@cases(dtype=["int8", "uint8", "int16"], activation=["NONE", "RELU", "RELU6"], with_bias=[True, False])
def test_per_tensor(dtype: str, activation: str, with_bias: bool) -> Model:
    kind = "uint8" if dtype == "uint8" else "int8"
    q = steps(dtype, 0.02, 3)
    w = fixed(made([4, 9], kind), kind, steps(kind, 0.01, -8 if kind == "uint8" else 0))
    values = [0, 300, -1000, 2000]
    b = fixed(values, "int64" if dtype == "int16" else "int32", (q[0] * 0.01, 0)) if with_bias else None
    return one("FULLY_CONNECTED", given([3, 9], dtype, q), w, b, out=out(dtype, steps(dtype, 0.04, -20)),
               fused_activation_function=activation)  # fmt: skip


@cases(dtype=["int8", "int16"], keep=[True, False])
def test_per_channel(dtype: str, keep: bool) -> Model:
    q = steps(dtype, 0.02, 3)
    w = fixed(made([4, 9], "int8"), "int8", (SCALES, [0] * 4, 0))
    b = fixed([0, 300, -1000, 2000], "int64" if dtype == "int16" else "int32", (SCALES * q[0], [0] * 4, 0))
    return one("FULLY_CONNECTED", given([2, 3, 9], dtype, q), w, b, out=out(dtype, steps(dtype, 0.04, -20)),
               keep_num_dims=keep)  # fmt: skip


@cases(asymmetric=[True, False], per_channel=[True, False], batch=[1, 3])
def test_hybrid(asymmetric: bool, per_channel: bool, batch: int) -> Model:
    q: Any = (SCALES, [0] * 4, 0) if per_channel else (0.01, 0)
    w = fixed(made([4, 9], "int8"), "int8", q)
    return one("FULLY_CONNECTED", given([batch, 9]), w, fixed(made([4])), asymmetric_quantize_inputs=asymmetric)


@cases(asymmetric=[True, False])
def test_hybrid_unsigned(asymmetric: bool) -> Model:
    """The first dynamic-range models: signed bytes in tensors called uint8."""
    w = fixed(made([4, 9], "int8").view(np.uint8), "uint8", (0.01, 128))
    return one("FULLY_CONNECTED", given([3, 9]), w, fixed(made([4])), asymmetric_quantize_inputs=asymmetric)


@cases(dtype=["float32", "int8"], bits=["int4", "int2"], per_channel=[True, False])
def test_few_bits(dtype: str, bits: str, per_channel: bool) -> Model:
    q: Any = (SCALES * 10, [0] * 4, 0) if per_channel else (0.1, 0)
    w = fixed(made([4, 12], bits), bits, q)
    if dtype == "float32":
        return one("FULLY_CONNECTED", given([3, 12]), w, fixed(made([4])))
    scale = (SCALES * 10 if per_channel else np.float32(0.1)) * np.float32(0.02)
    b = fixed([0, 300, -100, 200], "int32", (scale, np.zeros_like(scale, int), 0) if per_channel else (scale, 0))
    return one("FULLY_CONNECTED", given([3, 12], dtype, (0.02, 3)), w, b, out=out(dtype, (0.1, 5)))


@cases(block=[32, 64])
def test_blockwise(block: int) -> Model:
    m = Model()
    scales = m.const(made([4, 64 // block], "float16", 0.01, 0.1), "float16")
    w = m.const(made([4, 64], "int4"), "int4", Blockwise(scales, block))
    return m.outputs(m.op("FULLY_CONNECTED", [m.input([3, 64]), w, m.const(made([4]))], [m.tensor()]))


@cases()
def test_half_weights() -> Model:
    m = Model()
    w = m.op("DEQUANTIZE", [m.const(made([4, 6]), "float16")], [m.tensor(shape=[4, 6])])
    return m.outputs(m.op("FULLY_CONNECTED", [m.input([3, 6]), w, None], [m.tensor()]))


@cases(dtype=["float32", "int8"])
def test_sparse(dtype: str) -> Model:
    """Weights kept as rows of (segments, indices): 3 x 4 with five values."""
    sparse = Sparse([0, 1], [("dense", 3), ("csr", [0, 2, 3, 5], [0, 2, 1, 0, 3])])
    stored = [1.0, 2.0, 3.0, 4.0, 5.0] if dtype == "float32" else [10, -20, 30, 40, -50]
    m = Model()
    x = m.input([2, 4])
    q = None if dtype == "float32" else (0.1, 0)
    w = m.op("DENSIFY", [m.const(stored, dtype, q, shape=[3, 4], sparse=sparse)], [m.tensor(dtype, [3, 4], q)])
    return m.outputs(m.op("FULLY_CONNECTED", [x, w, m.const([0.5, 1.0, 2.0])], [m.tensor()]))


MATMUL: list[Any] = [([2, 3], [3, 4]), ([5, 2, 3], [5, 3, 4]), ([2, 3], [5, 3, 4]), ([5, 2, 3], [3, 4]),
                     ([2, 1, 2, 3], [3, 3, 4]), ([2, 3, 2, 3], [2, 1, 3, 4])]  # fmt: skip


@cases(shapes=MATMUL, adj_x=[False, True], adj_y=[False, True])
def test_batch_matmul(shapes: Any, adj_x: bool, adj_y: bool) -> Model:
    a, b = ([*s[:-2], s[-1], s[-2]] if t else s for s, t in zip(shapes, (adj_x, adj_y), strict=True))
    return one("BATCH_MATMUL", given(a), given(b), adj_x=adj_x, adj_y=adj_y)


@cases(adj_y=[False, True], hybrid=[False, True])
def test_batch_matmul_constant(adj_y: bool, hybrid: bool) -> Model:
    shape = [4, 3] if adj_y else [3, 4]
    w = fixed(made(shape, "int8"), "int8", (0.01, 0)) if hybrid else fixed(made(shape))
    return one("BATCH_MATMUL", given([2, 5, 3]), w, adj_y=adj_y)


@cases(dtype=["int8", "int16"], adj_x=[False, True], adj_y=[False, True], constant=[False, True])
def test_batch_matmul_quantized(dtype: str, adj_x: bool, adj_y: bool, constant: bool) -> Model:
    a, b = [2, 3, 5] if not adj_x else [2, 5, 3], [2, 5, 4] if not adj_y else [2, 4, 5]
    q = steps(dtype, 0.02, 4)
    y = fixed(made(b, dtype), dtype, q) if constant else given(b, dtype, q)
    return one("BATCH_MATMUL", given(a, dtype, q), y, out=out(dtype, steps(dtype, 0.1, -7)), adj_x=adj_x, adj_y=adj_y)


@cases(scale=[1.0, 0.02], zero=[0, 3])
def test_batch_matmul_int32_result(scale: float, zero: int) -> Model:
    """The product of the codes themselves."""
    a, b = given([2, 3, 5], "int8", (scale, zero)), given([2, 5, 4], "int8", (scale, 0))
    return one("BATCH_MATMUL", a, b, out=out("int32"))


@cases(
    case(dtype="float32"), case(dtype="int8"), case(dtype="int8", result="float32"), case(dtype="uint8",
    result="float32"),
    case(dtype="int4", result="float32"), case(dtype="int8", result="float32", axis=True), case(dtype="float16"),
    shape=[[6, 4], [6, 2, 3]],
)  # fmt: skip
def test_embedding_lookup(dtype: str, shape: list[int], result: str | None = None, axis: bool = False) -> Model:
    q: Any = None if dtype.startswith("float") else (0.1, 0)
    if axis:
        q = (np.linspace(0.01, 0.2, shape[0]).astype(np.float32), [0] * shape[0], 0)
    final = result or dtype
    table = fixed(made(shape, dtype), dtype, q)
    return one("EMBEDDING_LOOKUP", given([5], "int32", values=[0, 5, 2, 2, 1]), table,
               out=out(final, q if final == dtype else None))  # fmt: skip


@cases(combiner=["SUM", "MEAN", "SQRTN"])
def test_embedding_lookup_sparse(combiner: str) -> Model:
    """Rows 0 and 2 of the result come from one and two lookups, row 1 from none."""
    ids, indices = given([3], "int32", values=[1, 3, 0]), given([3, 2], "int32", values=[0, 0, 2, 0, 2, 1])
    weights = given([3], values=[1.0, 2.0, 4.0])
    return one("EMBEDDING_LOOKUP_SPARSE", ids, indices, given([2], "int32", values=[3, 2]), weights, fixed(made([4, 3,
    2])),
               combiner=combiner)  # fmt: skip
