"""Variables, by resource and by variable tensor: the first run."""

from __future__ import annotations

from . import Graph, Model, Tensor, cases
from .simple import made


def handle(g: Graph, name: str = "v") -> Tensor:
    """The resource of a variable."""
    return g.op("VAR_HANDLE", [], [g.tensor("resource", [1])], container="", shared_name=name)


def initialized(m: Model, dtype: str) -> None:
    """CALL_ONCE of a subgraph that gives the variable its first value."""
    init = m.subgraph("init")
    init.op("ASSIGN_VARIABLE", [handle(init), init.const(made([3], dtype, 1, 5), dtype)], [])
    m.op("CALL_ONCE", [], [], init_subgraph_index=init)


@cases(dtype=["float32", "int32", "int8", "int64", "bool"])
def test_read(dtype: str) -> Model:
    m = Model()
    initialized(m, dtype)
    v = m.op("READ_VARIABLE", [handle(m)], [m.tensor(dtype, [3])])
    x = m.input([2, 3], dtype)
    op = {"bool": "LOGICAL_AND", "int8": "MAXIMUM"}.get(dtype, "ADD")
    return m.outputs(m.op(op, [x, v], [m.tensor(dtype)]))


@cases(dtype=["float32", "int32"])
def test_accumulate(dtype: str) -> Model:
    """v += x, of which the sum is the output."""
    m = Model()
    initialized(m, dtype)
    h = handle(m)
    v = m.op("READ_VARIABLE", [h], [m.tensor(dtype, [3])])
    y = m.op("ADD", [v, m.input([3], dtype)], [m.tensor(dtype, [3])])
    m.op("ASSIGN_VARIABLE", [h, y], [])
    return m.outputs(y)


@cases()
def test_read_after_write() -> Model:
    m = Model()
    initialized(m, "float32")
    h = handle(m)
    before = m.op("READ_VARIABLE", [h], [m.tensor(shape=[3])])
    m.op("ASSIGN_VARIABLE", [h, m.input([3])], [])
    after = m.op("READ_VARIABLE", [h], [m.tensor(shape=[3])])
    return m.outputs(before, after)


@cases()
def test_two_variables() -> Model:
    m = Model()
    init = m.subgraph("init")
    for n in ("a", "b"):
        init.op("ASSIGN_VARIABLE", [handle(init, n), init.const(made([2]) if n == "a" else made([3]))], [])
    m.op("CALL_ONCE", [], [], init_subgraph_index=init)
    a, b = (m.op("READ_VARIABLE", [handle(m, n)], [m.tensor(shape=[k])]) for n, k in (("a", 2), ("b", 3)))
    return m.outputs(m.op("CONCATENATION", [a, b, m.input([4])], [m.tensor(shape=[9])], axis=0))
