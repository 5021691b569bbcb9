"""Strings, and static hash tables that CALL_ONCE fills."""

from __future__ import annotations

from typing import Any

from . import Graph, Limit, Model, Tensor, case, cases
from .simple import given, one, out

KEYS: dict[str, Any] = {"string": ["a", "bb", "", "Ünï"], "int64": [3, -1, 7, 2**40]}
VALUES: dict[str, Any] = {"string": ["one", "two", "", "four"], "int64": [10, 20, 30, 2**41]}


def table(g: Graph, key: str, value: str) -> Tensor:
    """The resource of a table."""
    return g.op("HASHTABLE", [], [g.tensor("resource", [1])], table_id=7, key_dtype=key, value_dtype=value)


def filled(m: Model, key: str, value: str) -> Tensor:
    """The resource of a table which CALL_ONCE has filled."""
    init = m.subgraph("init")
    init.op(
        "HASHTABLE_IMPORT", [table(init, key, value), init.const(KEYS[key], key), init.const(VALUES[value], value)], []
    )
    m.op("CALL_ONCE", [], [], init_subgraph_index=init)
    return table(m, key, value)


@cases(key=["string", "int64"], value=["string", "int64"])
def test_find(key: str, value: str) -> Model:
    """A key that is missing gives the default."""
    if key == value:
        key, value = "string", "int64"
    m = Model()
    resource = filled(m, key, value)
    wanted = m.input([5], key, values=[*KEYS[key][1:], "none" if key == "string" else 99, KEYS[key][0]])
    default = m.const(["?"] if value == "string" else [-1], value)
    return m.outputs(m.op("HASHTABLE_FIND", [resource, wanted, default], [m.tensor(value, [5])]))


@cases(key=["string", "int64"])
def test_size(key: str) -> Model:
    m = Model()
    resource = filled(m, key, "int64" if key == "string" else "string")
    size = m.op("HASHTABLE_SIZE", [resource], [m.tensor("int64", [1])])
    return m.outputs(m.op("ADD", [size, m.input([1], "int64")], [m.tensor("int64", [1])]))


@cases(shape=[[3], [2, 2], [1]])
def test_equal(shape: list[int]) -> Model:
    return one("EQUAL", given(shape, "string", values=["a", "b", "a"]), given(shape, "string", values=["a", "a", "b"]),
               out=out("bool"))  # fmt: skip


TEXTS = ["the quick brown fox  jumps", "", "one", "  two words ", "tab\tand\nline end"]


GRAMS = [case(ngram=n, skip=s, every=e, text=TEXTS[0]) for n in (1, 2, 3) for s in (0, 1, 2) for e in (True, False)]


@cases(*GRAMS, *[case(ngram=2, skip=1, every=True, text=t) for t in TEXTS[1:]], constant=[True, False], min_opset=20)
def test_skip_gram(ngram: int, skip: int, every: bool, text: str, constant: bool) -> Model:
    m = Model()
    s = m.const([text], "string", shape=[1]) if constant else m.input([1], "string", values=[text])
    return m.outputs(m.op("SKIP_GRAM", [s], [m.tensor("string")], ngram_size=ngram, max_skip_size=skip,
                          include_all_ngrams=every))  # fmt: skip


@cases(kind=["SPARSE", "DENSE"], dtype=["int32", "float32", "int64"], shape=[[5], [4, 3], [2, 2]], weighed=[True,
False],
       unknown_dims=Limit("refused", "it hashes items of a known number"))  # fmt: skip
def test_lsh_projection(kind: str, dtype: str, shape: list[int], weighed: bool) -> Model:
    m = Model()
    hashes = m.const([[0.123, 0.456], [-0.321, 1.234], [5.678, -4.321]])
    x = m.input(shape, dtype, low=-(10**9), high=10**9)
    weight = m.const([0.12, 0.34, 0.56, 0.67, 0.78][: shape[0]]) if weighed else None
    return m.outputs(
        m.op("LSH_PROJECTION", [hashes, x, *([weight] if weighed else [])], [m.tensor("int32")], type=kind)
    )
