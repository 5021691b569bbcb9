"""Random numbers: dtypes and shapes, not values."""

from __future__ import annotations

from . import Model, cases
from .simple import either, given, one, out


@cases(
    op=["RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL"],
    shape=[[3, 4], [5]],
    computed=[True, False],
    seed=[0, 42],
    values=False,
)
def test_random(op: str, shape: list[int], computed: bool, seed: int) -> Model:
    return one(op, either(shape, computed), seed=seed, seed2=seed)


@cases(result=["int32", "int64"], computed=[True, False], values=False)
def test_multinomial(result: str, computed: bool) -> Model:
    return one("MULTINOMIAL", given([2, 5]), either(6, computed), out=out(result), seed=1, seed2=2)


@cases(algorithm=["DEFAULT", "PHILOX", "THREEFRY"], dtype=["int32", "uint32", "int64", "uint64"], values=False)
def test_rng_bit_generator(algorithm: str, dtype: str) -> Model:
    state = given([2], "uint64", values=[3, 5])
    return one(
        "STABLEHLO_RNG_BIT_GENERATOR",
        state,
        out=[out("uint64", shape=[2]), out(dtype, shape=[3, 4])],
        algorithm=algorithm,
    )
