"""IF, WHILE, CALL, CALL_ONCE, composites, and several signatures."""

from __future__ import annotations

from typing import Any

from . import Graph, Model, cases
from .simple import made


def branch(m: Model, name: str, op: str, shape: list[int], captured: bool = True) -> Graph:
    """A subgraph of two inputs and one output."""
    g = m.subgraph(name)
    a, b = g.input(shape), g.input(shape)
    g.outputs(g.op(op, [a, b if captured else g.const(made(shape))], [g.tensor(shape=shape)]))
    return g


@cases(pick=[True, False], captured=[True, False])
def test_if(pick: bool, captured: bool) -> Model:
    m = Model()
    cond, a, b = m.input([], "bool", values=[pick]), m.input([2, 3]), m.input([2, 3])
    then, other = (branch(m, n, o, [2, 3], captured) for n, o in (("then", "ADD"), ("else", "MUL")))
    return m.outputs(
        m.op("IF", [cond, a, b], [m.tensor(shape=[2, 3])], then_subgraph_index=then, else_subgraph_index=other)
    )


@cases(pick=[True, False])
def test_if_passes_through(pick: bool) -> Model:
    """Branches that hand on an input, or a constant, and have two outputs."""
    m = Model()
    cond, a = m.input([1], "bool", values=[pick]), m.input([3])
    then, other = m.subgraph("then"), m.subgraph("else")
    x = then.input([3])
    then.outputs(x, then.op("NEG", [x], [then.tensor(shape=[3])]))
    x = other.input([3])
    other.outputs(other.const(made([3])), x)
    outs = [m.tensor(shape=[3]), m.tensor(shape=[3])]
    m.op("IF", [cond, a], outs, then_subgraph_index=then, else_subgraph_index=other)
    return m.outputs(*outs)


@cases(pick=[True, False])
def test_if_dynamic(pick: bool) -> Model:
    """Branches whose results have other shapes."""
    m = Model()
    cond, a = m.input([], "bool", values=[pick]), m.input([2, 3])
    then, other = m.subgraph("then"), m.subgraph("else")
    x = then.input([2, 3])
    then.outputs(then.op("CONCATENATION", [x, x], [then.tensor(shape=[4, 3])], axis=0))
    x = other.input([2, 3])
    other.outputs(other.op("ABS", [x], [other.tensor(shape=[2, 3])]))
    y = m.tensor(shape=[1, 3], shapeSignature=[-1, 3])
    return m.outputs(m.op("IF", [cond, a], [y], then_subgraph_index=then, else_subgraph_index=other))


def loop(m: Model, limit: int, extra: list[int]) -> tuple[Graph, Graph]:
    """cond: i < limit; body: i + 1, x * 2."""
    cond, body = m.subgraph("cond"), m.subgraph("body")
    i, _ = cond.input([1], "int32"), cond.input(extra)
    cond.outputs(cond.op("LESS", [i, cond.const([limit])], [cond.tensor("bool", [1])]))
    i, x = body.input([1], "int32"), body.input(extra)
    body.outputs(body.op("ADD", [i, body.const([1])], [body.tensor("int32", [1])]),
                 body.op("MUL", [x, body.const([2.0])], [body.tensor(shape=extra)]))  # fmt: skip
    return cond, body


@cases(limit=[0, 1, 5])
def test_while(limit: int) -> Model:
    m = Model()
    i, x = m.input([1], "int32", values=[0]), m.input([2, 3])
    cond, body = loop(m, limit, [2, 3])
    outs = [m.tensor("int32", [1]), m.tensor(shape=[2, 3])]
    m.op("WHILE", [i, x], outs, cond_subgraph_index=cond, body_subgraph_index=body)
    return m.outputs(*outs)


@cases(limit=[0, 3])
def test_while_grows(limit: int) -> Model:
    """A state whose shape changes with every turn."""
    m = Model()
    i, x = m.const([0]), m.input([1, 3])
    cond, body = m.subgraph("cond"), m.subgraph("body")
    c, _ = cond.input([1], "int32"), cond.input([1, 3], signature=[-1, 3])
    cond.outputs(cond.op("LESS", [c, cond.const([limit])], [cond.tensor("bool", [1])]))
    c, v = body.input([1], "int32"), body.input([1, 3], signature=[-1, 3])
    body.outputs(body.op("ADD", [c, body.const([1])], [body.tensor("int32", [1])]),
                 body.op("CONCATENATION", [v, v], [body.tensor(shape=[1, 3], shapeSignature=[-1, 3])],
                 axis=0))  # fmt: skip
    outs = [m.tensor("int32", [1]), m.tensor(shape=[1, 3], shapeSignature=[-1, 3])]
    m.op("WHILE", [i, x], outs, cond_subgraph_index=cond, body_subgraph_index=body)
    return m.outputs(outs[1])


@cases(limit=[2])
def test_while_in_if(limit: int) -> Model:
    m = Model()
    pick, x = m.input([], "bool", values=[True]), m.input([2])
    cond, body = loop(m, limit, [2])
    then, other = m.subgraph("then"), m.subgraph("else")
    t = then.input([2])
    outs = [then.tensor("int32", [1]), then.tensor(shape=[2])]
    then.op("WHILE", [then.const([0]), t], outs, cond_subgraph_index=cond, body_subgraph_index=body)
    then.outputs(outs[1])
    other.outputs(other.op("NEG", [other.input([2])], [other.tensor(shape=[2])]))
    return m.outputs(m.op("IF", [pick, x], [m.tensor(shape=[2])], then_subgraph_index=then, else_subgraph_index=other))


@cases(which=[0, 1, 2, -1, 9])
def test_case(which: int) -> Model:
    """An index out of range runs the last branch."""
    m = Model()
    i, a, b = m.input([], "int32", values=[which]), m.input([2, 3]), m.input([2, 3])
    branches = [branch(m, f"b{k}", op, [2, 3]) for k, op in enumerate(("ADD", "SUB", "MUL"))]
    return m.outputs(m.op("STABLEHLO_CASE", [i, a, b], [m.tensor(shape=[2, 3])], branch_subgraph_indices=branches))


@cases(op=["ADD", "MUL"])
def test_composite(op: str) -> Model:
    """Run by its decomposition."""
    m = Model()
    a, b = m.input([2, 3]), m.input([2, 3])
    body = branch(m, "decomposition", op, [2, 3])
    return m.outputs(m.op("STABLEHLO_COMPOSITE", [a, b], [m.tensor(shape=[2, 3])], name="my.op",
                          composite_attributes={"alpha": 1}, decomposition_subgraph_index=body))  # fmt: skip


@cases()
def test_signatures() -> Model:
    """Two signatures of one subgraph each; the first graph is what is run."""
    m = Model()
    x = m.input([2, 3], name="x")
    y = m.op("ABS", [x], [m.tensor(shape=[2, 3], name="y")])
    g = m.subgraph("other")
    u = g.input([2], name="u")
    g.outputs(g.op("NEG", [u], [g.tensor(shape=[2], name="v")]))
    m.signature("serving_default", {"input": x}, {"output": y})
    m.signature("second", {"input": u}, {"output": g.tensors[-1]}, g)
    return m.outputs(y)


@cases(times=[1, 3])
def test_constant_and_input_outputs(times: Any) -> Model:
    """Outputs that are an input, a constant, and one tensor several times."""
    m = Model()
    x, c = m.input([2, 3]), m.const(made([4]))
    y = m.op("ABS", [x], [m.tensor()])
    return m.outputs(x, c, *[y] * times)
