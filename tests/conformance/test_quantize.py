"""Into, between and out of quantized tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Model, Sparse, case, cases
from .simple import fixed, given, made, one, out, steps

SCALES = np.array([0.01, 0.1, 0.03], np.float32)


@cases(dtype=["int8", "uint8", "int16"], shape=[[3, 40], []])
def test_quantize(dtype: str, shape: list[int]) -> Model:
    return one("QUANTIZE", given(shape, low=-9, high=9), out=out(dtype, steps(dtype, 0.05, 11)))


@cases(dtype=["int8", "uint8", "int16"])
def test_quantize_half_way(dtype: str) -> Model:
    """Halves go away from zero; too much saturates."""
    values = [0.25, 0.75, 1.25, -0.25, -0.75, -1.25, 1e9, -1e9, 0.0]
    return one("QUANTIZE", given([9], values=values), out=out(dtype, (0.5, 0)))


@cases(
    *[
        case(source=s, target=t)
        for s in ("int8", "uint8", "int16")
        for t in ("int8", "uint8", "int16")
        if (s, t) != ("int16", "uint8")
    ],
    same=[True, False],
)
def test_requantize(source: str, target: str, same: bool) -> Model:
    first = steps(source, 0.05, -4)
    second = steps(target, 0.05 if same else 0.08, -4 if same else 9)
    if source == "int16" and target != "int16":
        first = (0.05 / 16, 0)
    return one("QUANTIZE", given([200], source, first), out=out(target, second))


@cases(*[case(source="int32", target=t) for t in ("int8", "int16")])
def test_requantize_int32(source: str, target: str) -> Model:
    return one("QUANTIZE", given([50], source, (0.01, 0), low=-3000, high=3000), out=out(target, (0.25, 0)))


@cases(dtype=["int8", "uint8", "int16"], axis=[0, 1, 3])
def test_quantize_per_channel(dtype: str, axis: int) -> Model:
    zero = [0, 5, -7] if dtype != "int16" else [0, 0, 0]
    zero = [128 + z for z in zero] if dtype == "uint8" else zero
    shape = [2, 2, 2, 2]
    shape[axis] = 3
    return one("QUANTIZE", given(shape), out=out(dtype, (SCALES, zero, axis)))


@cases(dtype=["int8", "uint8", "int16"], shape=[[3, 40], []])
def test_dequantize(dtype: str, shape: list[int]) -> Model:
    return one("DEQUANTIZE", given(shape, dtype, steps(dtype, 0.05, 11)))


@cases(dtype=["int8", "uint8"], axis=[0, 1, 3])
def test_dequantize_per_channel(dtype: str, axis: int) -> Model:
    zero = [0, 5, -7] if dtype == "int8" else [128, 133, 120]
    shape = [2, 2, 2, 2]
    shape[axis] = 3
    return one("DEQUANTIZE", given(shape, dtype, (SCALES, zero, axis)))


@cases(dtype=["float16", "int4", "int2", "uint4", "int8"])
def test_dequantize_constant(dtype: str) -> Model:
    values = (
        made([3, 5], "float32") if "float" in dtype else np.abs(made([3, 5], "int2" if dtype == "int2" else "int4"))
    )
    if dtype == "int2":
        values = values * -1
    m = Model()
    w = m.op("DEQUANTIZE", [m.const(values, dtype, None if "float" in dtype else (0.1, 0))], [m.tensor(shape=[3, 5])])
    return m.outputs(m.op("ADD", [m.input([3, 5]), w], [m.tensor()]))


@cases(dtype=["float16"])
def test_dequantize_half_input(dtype: str) -> Model:
    return one("DEQUANTIZE", given([3, 5], dtype))


@cases(bits=[8, 4, 16, 2], limits=[(-1.0, 2.0), (0.0, 6.0), (-3.0, 0.0), (-0.1, 2.9)])
def test_fake_quant(bits: int, limits: tuple[float, float]) -> Model:
    return one("FAKE_QUANT", given([5, 40], low=-4, high=7), min=limits[0], max=limits[1], num_bits=bits)


SPARSE: Any = [
    ([0, 1], [("dense", 2), ("csr", [0, 2, 3], [0, 2, 1])], [], [2, 3], 3),
    ([0, 1, 2, 3], [("dense", 2), ("csr", [0, 1, 2], [1, 0]), ("dense", 1), ("dense", 4)], [0, 1], [2, 8], 8),
    ([1, 0], [("dense", 3), ("csr", [0, 1, 2, 3], [0, 1, 1])], [], [2, 3], 3),
]


@cases(*[case(which=i) for i in range(2)], dtype=["float32", "int8", "float16"])
def test_densify(which: int, dtype: str) -> Model:
    order, levels, block_map, shape, count = SPARSE[which]
    m = Model()
    q = (0.1, 0) if dtype == "int8" else None
    stored = m.const(np.arange(1, count + 1), dtype, q, shape=shape, sparse=Sparse(order, levels, block_map))
    dense = m.op("DENSIFY", [stored], [m.tensor(dtype, shape, q)])
    if dtype != "float32":
        dense = m.op("DEQUANTIZE", [dense], [m.tensor(shape=shape)])
    return m.outputs(m.op("ADD", [m.input(shape), dense], [m.tensor()]))


@cases(dtype=["int8", "uint8"])
def test_network(dtype: str) -> Model:
    """Float in, float out, quantized between: what the converters make."""
    m = Model()
    q = steps(dtype, 0.02, 1)
    x = m.op("QUANTIZE", [m.input([1, 6, 6, 2])], [m.tensor(dtype, quant=q)])
    kind = "int8" if dtype == "int8" else "uint8"
    w = m.const(made([4, 3, 3, 2], kind), kind, steps(kind, 0.01))
    y = m.op("CONV_2D", [x, w, m.const([1, 2, 3, 4], "int32", (0.0002, 0))], [m.tensor(dtype, quant=steps(dtype, 0.05,
    -128))],
             padding="SAME", fused_activation_function="RELU6")  # fmt: skip
    y = m.op("MAX_POOL_2D", [y], [m.tensor(dtype, quant=steps(dtype, 0.05, -128))], filter_height=2, filter_width=2,
             stride_h=2, stride_w=2)  # fmt: skip
    y = m.op("RESHAPE", [y, m.const([1, 36])], [m.tensor(dtype, quant=steps(dtype, 0.05, -128))], new_shape=[1, 36])
    return m.outputs(m.op("DEQUANTIZE", [y], [m.tensor()]))


@cases(outside=[True, False], named=[True, False])
def test_where_constants_are(outside: bool, named: bool) -> Model:
    """Bytes after the flatbuffer, and tensors without names."""
    m = Model()
    name = None if named else ""
    w = m.const(made([3, 4]), outside=outside, name=name)
    y = m.op("ADD", [m.input([3, 4]), w], [m.tensor(name=name)])
    return m.outputs(m.op("MUL", [y, m.const(made([4]), outside=outside, name=name)], [m.tensor()]))


@cases(dtype=["int8"])
def test_computed_weight(dtype: str) -> Model:
    """fixed() and given() tensors with the same parameters through one op."""
    return one("FULLY_CONNECTED", given([2, 4], dtype, (0.1, 0)), fixed(made([3, 4], dtype), dtype, (0.1, 0)), None,
               out=out(dtype, (0.2, 3)))  # fmt: skip


@cases(op=["POW", "LOG", "SQRT", "RSQRT", "EXP", "DIV"], dtype=["int8", "uint8", "int16"], zero=[-5, 9])
def test_quantize_of_what_overflows(op: str, dtype: str, zero: int) -> Model:
    """NaN, infinity and what is far too large: the lowest code, or with a zero point below zero the highest."""
    m = Model()
    inputs = [m.input([6], values=[-2.5, 0.0, 95.0, 3.0, -91.0, 1e20])]
    if op in ("POW", "DIV"):
        inputs.append(m.input([6], values=[-3.5, 0.0, 30.0, -2.0, 2.5, 0.0]))
    real = m.op(op, inputs, [m.tensor()])
    quant = (0.05, 0 if dtype == "int16" else zero + 20 if dtype == "uint8" else zero)
    return m.outputs(m.op("QUANTIZE", [real], [m.tensor(dtype, quant=quant)]))
