"""Random numbers: dtypes and shapes, not values."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from tfonnx_lab import convert

from . import Limit, Model, case, cases, opsets
from .against import reference, run_onnx
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


STATES = [[3, 5], [2**64 - 1, 2**64 - 2], [7, 2**32 - 1], [1, 2**40 - 1, 9]]


@cases(*[case(algorithm=a, state=s) for a in ("DEFAULT", "PHILOX",
"THREEFRY") for s in STATES if len(s) == 2 or a != "THREEFRY"],
       dtype=["int32", "uint32", "int64", "uint64"], shape=[[3, 5], [1]],
       unknown_dims=Limit("refused", "the shape of its state or output is not known"))  # fmt: skip
def test_rng_bit_generator(algorithm: str, state: list[int], dtype: str, shape: list[int]) -> Model:
    """The same bits as LiteRT's; counters that overflow, a state of three numbers."""
    given_state = given([len(state)], "uint64", values=np.array(state, np.uint64))
    return one("STABLEHLO_RNG_BIT_GENERATOR", given_state, out=[out("uint64", shape=[len(state)]), out(dtype,
    shape=shape)],
               algorithm=algorithm)  # fmt: skip


@pytest.mark.parametrize("opset", opsets())
@pytest.mark.parametrize(
    ("op", "mean", "deviation"), [("RANDOM_UNIFORM", 0.5, 12**-0.5), ("RANDOM_STANDARD_NORMAL", 0, 1)]
)
def test_distribution(op: str, mean: float, deviation: float, opset: int) -> None:
    """No two runs' numbers are the same, and their mean and deviation are the distribution's."""
    made = convert(one(op, either([200, 200], False)).bytes(), opset=opset).model
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    first, second = (session.run(None, {})[0] for _ in range(2))
    assert not np.array_equal(first, second)
    assert abs(first.mean() - mean) < 0.03
    assert abs(first.std() - deviation) < 0.03


@pytest.mark.parametrize("opset", opsets())
def test_multinomial_distribution(opset: int) -> None:
    """Classes come as often as their logits say."""
    logits = np.log(np.array([[0.1, 0.2, 0.7]], np.float32))
    model = one("MULTINOMIAL", given([1, 3], values=logits), either(20000, False), out=out("int32"), seed=1)
    ref = reference(model.bytes(), model.feeds())
    drawn = run_onnx(convert(model.bytes(), opset=opset).model, ref)[0]
    assert np.abs(np.bincount(drawn.ravel(), minlength=3) / drawn.size - [0.1, 0.2, 0.7]).max() < 0.02
