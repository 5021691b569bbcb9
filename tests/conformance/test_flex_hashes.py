"""Hashes of integers (`handlers/flex/hashes.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from . import Model, check
from .against import given_reference, newest_opset
from .cases import refusal
from .flex_cases import computed, tried
from .flex_models import packed

SINCE_18 = (18, newest_opset())
NUMBERS = np.array(
    [0, 7, -7, 12, 123, -123, 1234, 99999, -654321, 1234567, 12345678, -1234567890, 10**14, 10**15, -(10**15),
     10**16 + 7, -(10**17) - 3, 10**18, 2**63 - 1, -(2**63)]
).reshape(4, 5)  # fmt: skip
"""Decimals of 1 to 20 characters."""


def hashing(numbers: Any, buckets: int) -> Model:
    """AsString and StringToHashBucketFast, with TensorFlow's answer."""
    [texts], written = computed("AsString", [("input", numbers)], {})
    [want], definition = computed("StringToHashBucketFast", [("input", texts)], {"num_buckets": buckets})
    m = Model()
    given = m.input(list(numbers.shape), numbers.dtype.name, values=numbers)
    shape = list(numbers.shape)
    text = m.op("FlexAsString", [given], [m.tensor("string", shape)], custom=packed("AsString", written))
    options = packed("StringToHashBucketFast", definition)
    m.outputs(m.op("FlexStringToHashBucketFast", [text], [m.tensor("int64", shape)], custom=options))
    m.want = [want]  # type: ignore[attr-defined]
    return m


@pytest.mark.parametrize("opset", SINCE_18)
@pytest.mark.parametrize("buckets", [7, 1000, 2**40 + 9])
@pytest.mark.parametrize("dtype", ["int64", "int32"])
def test_decimals(dtype: str, buckets: int, opset: int) -> None:
    numbers = NUMBERS if dtype == "int64" else NUMBERS.ravel()[:11].astype(dtype)
    m = hashing(numbers, buckets)
    check(m, opset=opset, ref=given_reference(m, m.want, "TensorFlow"))  # type: ignore[attr-defined]


def test_no_bits_before_opset_18() -> None:
    with refusal("from opset 18 on"):
        m = hashing(NUMBERS, 7)
        check(m, opset=17, ref=given_reference(m, m.want, "TensorFlow"))  # type: ignore[attr-defined]


@pytest.mark.parametrize("buckets", [7, 0, 2**50])
def test_sparse_cross(buckets: int) -> None:
    a, b, c = NUMBERS[:, :2], NUMBERS[:, 2:], NUMBERS[:, 1:2]
    for columns in ((a, b), (a, b, c), (b,)):
        given = [("dense_inputs*", column) for column in columns]
        attrs = {
            "indices": [], "values": [], "shapes": [], "hashed_output": True, "num_buckets": buckets,
            "hash_key": 0xDECAFCAFFE, "out_type": "int64", "internal_type": "int64",
        }  # fmt: skip
        tried(("SparseCross", given, attrs), SINCE_18)


def test_a_cross_of_texts_is_refused() -> None:
    words = np.array([["a"], ["b"]], object)
    attrs = {"indices": [], "values": [], "shapes": [], "hashed_output": True, "num_buckets": 7, "hash_key": 1,
             "out_type": "int64", "internal_type": "string"}  # fmt: skip
    with refusal("FarmHash"):
        tried(("SparseCross", [("dense_inputs*", words), ("dense_inputs*", words)], attrs), (20,))
