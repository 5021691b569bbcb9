"""Variables, by resource and by variable tensor: the first run."""

from __future__ import annotations

import numpy as np
import pytest

import tfonnx_lab as lab

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


def counter(m: Model) -> tuple[Graph, Tensor]:
    """A loop's condition: fewer than three turns; and the first count."""
    cond = m.subgraph("cond")
    i = cond.input([1], "int32")
    cond.outputs(cond.op("LESS", [i, cond.const([3])], [cond.tensor("bool", [1])]))
    return cond, m.const(np.array([0], np.int32))


@cases(pick=[True, False], handed=[True, False])
def test_written_in_a_branch(pick: bool, handed: bool) -> Model:
    """IF: one branch adds to the variable, the other leaves it; its handle made there or handed in."""
    m = Model()
    initialized(m, "float32")
    h, cond, x = handle(m), m.input([], "bool", values=[pick]), m.input([3])
    then, other = m.subgraph("then"), m.subgraph("else")
    for g in (then, other):
        inner = g.input([1], "resource") if handed else None
        v = g.input([3])
        at = inner or handle(g)
        y = g.op("ADD", [g.op("READ_VARIABLE", [at], [g.tensor(shape=[3])]), v], [g.tensor(shape=[3])])
        if g is then:
            g.op("ASSIGN_VARIABLE", [at, y], [])
        g.outputs(y)
    y = m.op("IF", [cond, *([h] if handed else []), x], [m.tensor(shape=[3])], then_subgraph_index=then,
             else_subgraph_index=other)  # fmt: skip
    return m.outputs(y, m.op("READ_VARIABLE", [h], [m.tensor(shape=[3])]))


@cases()
def test_written_in_a_loop() -> Model:
    m = Model()
    initialized(m, "float32")
    h = handle(m)
    cond, first = counter(m)
    body = m.subgraph("body")
    i = body.input([1], "int32")
    inner = handle(body)
    v = body.op("READ_VARIABLE", [inner], [body.tensor(shape=[3])])
    body.op("ASSIGN_VARIABLE", [inner, body.op("ADD", [v, v], [body.tensor(shape=[3])])], [])
    body.outputs(body.op("ADD", [i, body.const([1])], [body.tensor("int32", [1])]))
    count = m.op("WHILE", [first], [m.tensor("int32", [1])], cond_subgraph_index=cond, body_subgraph_index=body)
    x = m.op("ADD", [m.op("READ_VARIABLE", [h], [m.tensor(shape=[3])]), m.input([3])], [m.tensor(shape=[3])])
    return m.outputs(x, count)


@cases()
def test_read_in_nested_subgraphs() -> Model:
    """IF in WHILE, both of which read a variable that is written between."""
    m = Model()
    initialized(m, "float32")
    h = handle(m)
    m.op("ASSIGN_VARIABLE", [h, m.input([3])], [])
    cond = m.subgraph("cond")
    i, _ = cond.input([1], "int32"), cond.input([3])
    cond.outputs(cond.op("LESS", [i, cond.const([3])], [cond.tensor("bool", [1])]))
    then, other = m.subgraph("then"), m.subgraph("else")
    for g, op in ((then, "ADD"), (other, "MUL")):
        a = g.input([3])
        g.outputs(g.op(op, [a, g.op("READ_VARIABLE", [handle(g)], [g.tensor(shape=[3])])], [g.tensor(shape=[3])]))
    body = m.subgraph("body")
    i, x = body.input([1], "int32"), body.input([3])
    early = body.op("LESS", [i, body.const([1])], [body.tensor("bool", [1])])
    y = body.op("IF", [early, x], [body.tensor(shape=[3])], then_subgraph_index=then, else_subgraph_index=other)
    body.outputs(body.op("ADD", [i, body.const([1])], [body.tensor("int32", [1])]), y)
    outs = [m.tensor("int32", [1]), m.tensor(shape=[3])]
    m.op(
        "WHILE",
        [m.const(np.array([0], np.int32)), m.input([3])],
        outs,
        cond_subgraph_index=cond,
        body_subgraph_index=body,
    )
    return m.outputs(outs[1])


@cases(pick=[True, False])
def test_table_in_a_branch(pick: bool) -> Model:
    """HASHTABLE_FIND in IF, of a table that is handed in."""
    m = Model()
    init = m.subgraph("init")
    keys, values = init.const(np.array([3, 5], np.int64), "int64"), init.const(["a", "b"])
    init.op("HASHTABLE_IMPORT", [table(init), keys, values], [])
    m.op("CALL_ONCE", [], [], init_subgraph_index=init)
    cond, wanted = m.input([], "bool", values=[pick]), m.input([3], "int64", values=[5, 3, 4])
    then, other = m.subgraph("then"), m.subgraph("else")
    for g, default in ((then, "none"), (other, "other")):
        resource, at = g.input([1], "resource"), g.input([3], "int64")
        found = g.op("HASHTABLE_FIND", [resource, at, g.const(default)], [g.tensor("string", [3])])
        g.outputs(found)
    return m.outputs(m.op("IF", [cond, table(m), wanted], [m.tensor("string", [3])], then_subgraph_index=then,
                          else_subgraph_index=other))  # fmt: skip


def table(g: Graph) -> Tensor:
    """The resource of a table of int64 to strings."""
    return g.op("HASHTABLE", [], [g.tensor("resource", [1])], table_id=7, key_dtype="INT64", value_dtype="STRING")


def _unset(body: bool) -> Model:
    """A variable that is read, in the main graph or in a loop's body, and that nothing sets."""
    m = Model()
    h = handle(m)
    if not body:
        v = m.op("READ_VARIABLE", [h], [m.tensor(shape=[3])])
        return m.outputs(m.op("ADD", [m.input([3]), v], [m.tensor(shape=[3])]))
    cond, inner = m.subgraph("cond"), m.subgraph("body")
    i, x, _ = cond.input([], "int32"), cond.input([3]), cond.input([1], "resource")
    cond.outputs(cond.op("LESS", [i, cond.const(2, "int32")], [cond.tensor("bool", [])]))
    i, x, at = inner.input([], "int32"), inner.input([3]), inner.input([1], "resource")
    v = inner.op("READ_VARIABLE", [at], [inner.tensor(shape=[3])])
    inner.outputs(
        inner.op("ADD", [i, inner.const(1, "int32")], [inner.tensor("int32", [])]),
        inner.op("ADD", [x, v], [inner.tensor(shape=[3])]),
        at,
    )
    outputs = [m.tensor("int32", []), m.tensor(shape=[3]), m.tensor("resource", [1])]
    start = [m.input([], "int32"), m.input([3]), h]
    m.op("WHILE", start, outputs, cond_subgraph_index=cond, body_subgraph_index=inner)
    return m.outputs(outputs[1])


@pytest.mark.parametrize("body", [False, True], ids=["main", "body"])
def test_a_variable_that_nothing_sets_is_an_error(body: bool) -> None:
    """LiteRT refuses to run it; zeros would be a guess."""
    with pytest.raises(
        lab.ConversionError, match=r"variable 'v' is read by op . of subgraph . before anything sets it"
    ):
        lab.convert(_unset(body).bytes())


def test_a_variable_that_is_only_read_is_a_constant() -> None:
    m = Model()
    initialized(m, "float32")
    v = m.op("READ_VARIABLE", [handle(m)], [m.tensor(shape=[3])])
    result = lab.convert(m.outputs(m.op("ADD", [m.input([3]), v], [m.tensor(shape=[3])])).bytes())
    assert result.states == [] and len(result.model.graph.input) == 1
