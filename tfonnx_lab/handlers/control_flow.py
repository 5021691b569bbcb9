"""Control flow: IF WHILE CALL STABLEHLO_COMPOSITE STABLEHLO_WHILE STABLEHLO_CASE."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import Editor, OpBuilder, rank
from tfonnx_lab.graph.inline import copy_nodes
from tfonnx_lab.graph.meta import KEYS
from tfonnx_lab.rules import handler

_BOOL = ir.TensorType(ir.DataType.BOOL)


@handler("CALL")
def call(op: OpBuilder, node: ir.Node, *inputs: ir.Value, subgraph: ir.Graph | None = None) -> list[ir.Value]:
    """CALL(subgraph) => the subgraph's ops. Source: call.cc."""
    return inlined(op, subgraph, inputs)


@handler("STABLEHLO_COMPOSITE")
def composite(
    op: OpBuilder, node: ir.Node, *inputs: ir.Value, decomposition_subgraph: ir.Graph | None = None
) -> list[ir.Value]:
    """STABLEHLO_COMPOSITE(decomposition) => the decomposition's ops. Source: stablehlo_composite.cc."""
    return inlined(op, decomposition_subgraph, inputs)


@handler("IF")
def if_(
    op: OpBuilder,
    node: ir.Node,
    condition: ir.Value,
    *inputs: ir.Value,
    then_subgraph: ir.Graph,
    else_subgraph: ir.Graph,
) -> list[ir.Value]:
    """IF(c, subgraphs) => If, whose branches read the inputs from outside. Source: if.cc."""
    branches = [_branch(op, then_subgraph, inputs, "then"), _branch(op, else_subgraph, inputs, "else")]
    return _if(op, node, one_element(op, condition), *branches)


@handler("STABLEHLO_CASE")
def case(
    op: OpBuilder, node: ir.Node, index: ir.Value, *inputs: ir.Value, branch_subgraphs: Sequence[ir.Graph]
) -> list[ir.Value]:
    """STABLEHLO_CASE(i, branches) => nested If; an index out of range takes the last branch.

    Source: stablehlo_case.cc.
    """
    graphs = branch_subgraphs
    if len(graphs) == 1:
        return inlined(op, graphs[0], inputs)
    branch = _branch(op, graphs[-1], inputs, "case")
    for number in range(len(graphs) - 2, 0, -1):
        branch = _nested(op, node, index, number, _branch(op, graphs[number], inputs, "case"), branch)
    return _if(
        op,
        node,
        op.Equal(one_element(op, index), op.const(np.int32(0))),
        _branch(op, graphs[0], inputs, "case"),
        branch,
    )


@handler("WHILE", "STABLEHLO_WHILE")
def while_(
    op: OpBuilder, node: ir.Node, *inputs: ir.Value | None, cond_subgraph: ir.Graph, body_subgraph: ir.Graph,
    collected: Sequence[int] = (), collected_last: Sequence[int] = (),
) -> list[ir.Value]:  # fmt: skip
    """WHILE(cond, body) => Loop: cond is computed before it and at the end of its body. Source: while.cc.

    States that a rewriter found to be collected are the Loop's scan outputs.
    """
    cond, body, last = cond_subgraph, body_subgraph, collected_last
    collected = [*collected, *last]
    kept = [k for k in range(len(inputs)) if k not in collected]
    first = one_element(op, inlined(op, cond, inputs)[0])
    changing = {k: _changes(inputs[k], body.outputs[k]) for k in kept}
    states = {k: _state(body.inputs[k], changing[k]) for k in kept}
    graph = op.editor.subgraph(f"{node.name}/body", [*_turn(), *states.values()])
    results = _fill(op, graph, body, [states.get(k) for k in range(len(inputs))])
    again = _scalar_in(
        op, graph, _fill(op, graph, cond, [results[k] if k in kept else None for k in range(len(inputs))])[0]
    )
    gathered = _own(op, graph, [results[k] for k in collected]) if collected else []
    op.editor.set_outputs(graph, [again, *(results[k] for k in kept), *gathered])
    made = op.node("Loop", [None, first, *(inputs[k] for k in kept)], {"body": graph}, outputs=len(inputs))
    found = dict(zip([*kept, *collected], made.outputs, strict=True))
    for k, value in found.items():
        old = node.outputs[k]
        value.type = old.type
        if k not in last:
            value.shape = None if changing.get(k, True) or old.shape is None else old.shape.copy()
    for k in last:
        found[k] = op.Slice(found[k], op.const([-1]), op.const([2**31]), op.const([0]))
    return [found[k] for k in range(len(inputs))]


def _turn() -> list[ir.Value]:
    """The first two inputs of a Loop's body."""
    count = ir.Value(name="iteration", type=ir.TensorType(ir.DataType.INT64), shape=ir.Shape([]))
    return [count, ir.Value(name="going", type=_BOOL, shape=ir.Shape([]))]


def inlined(op: OpBuilder, graph: ir.Graph | None, inputs: Sequence[ir.Value | None]) -> list[ir.Value]:
    """The graph's ops in the place of the op; returns its outputs."""
    if graph is None:
        raise Unsupported("its subgraph is missing")
    nodes, outputs = copy_nodes(op.editor, graph, inputs)
    op.tape.extend(nodes)
    return outputs


def one_element(op: OpBuilder, x: ir.Value) -> ir.Value:
    """A scalar of a value with one element."""
    return x if rank(x) == 0 else op.Reshape(x, op.const(np.zeros(0, np.int64)))


def _if(op: OpBuilder, node: ir.Node, condition: ir.Value, then: ir.Graph, otherwise: ir.Graph) -> list[ir.Value]:
    made = op.node("If", [condition], {"then_branch": then, "else_branch": otherwise}, outputs=len(node.outputs))
    for value, old in zip(made.outputs, node.outputs, strict=True):
        value.type = old.type
    return list(made.outputs)


def _branch(op: OpBuilder, graph: ir.Graph, inputs: Sequence[ir.Value], name: str) -> ir.Graph:
    made = op.editor.subgraph(name)
    op.editor.set_outputs(made, _own(op, made, _fill(op, made, graph, inputs)))
    return made


def _nested(
    op: OpBuilder, node: ir.Node, index: ir.Value, number: int, then: ir.Graph, otherwise: ir.Graph
) -> ir.Graph:
    """A branch that holds an If: index == number."""
    made = op.editor.subgraph("case")
    equal = op.node("Equal", [one_element(op, index), np.int32(number)], {})
    inner = op.node(
        "If", [equal.outputs[0]], {"then_branch": then, "else_branch": otherwise}, outputs=len(node.outputs)
    )
    for value, old in zip(inner.outputs, node.outputs, strict=True):
        value.type = old.type
    for item in (equal, inner):
        op.tape.remove(item)
        op.editor.insert(item, graph=made)
    op.editor.set_outputs(made, list(inner.outputs))
    return made


def _fill(op: OpBuilder, target: ir.Graph, graph: ir.Graph, inputs: Sequence[ir.Value | None]) -> list[ir.Value]:
    nodes, outputs = copy_nodes(op.editor, graph, inputs)
    for made in nodes:
        op.editor.insert(made, graph=target)
    return outputs


def _own(op: OpBuilder, graph: ir.Graph, values: Sequence[ir.Value]) -> list[ir.Value]:
    """Values that a node of the graph makes: others, and a second use of one, go through an Identity."""
    found: list[ir.Value] = []
    for value in values:
        producer = value.producer()
        if producer is None or producer.graph is not graph or value in found:
            identity = ir.Node("", "Identity", [value], num_outputs=1)
            identity.outputs[0].type, identity.outputs[0].shape = value.type, value.shape
            op.editor.insert(identity, graph=graph)
            value = identity.outputs[0]
        found.append(value)
    return found


def _scalar_in(op: OpBuilder, graph: ir.Graph, condition: ir.Value) -> ir.Value:
    """The condition as a scalar that a node of the loop's body makes."""
    shape = op.const(np.zeros(0, np.int64))
    made = ir.Node("", "Reshape", [condition, shape], num_outputs=1)
    made.outputs[0].type = _BOOL
    op.editor.insert(made, graph=graph)
    return made.outputs[0]


def _changes(first: ir.Value | None, later: ir.Value) -> bool:
    """Whether a state's shape is another after an iteration."""
    if first is None or first.shape is None or later.shape is None:
        return True
    return list(first.shape) != list(later.shape) or not all(isinstance(d, int) for d in first.shape)


def _state(value: ir.Value, changes: bool) -> ir.Value:
    made = ir.Value(name=value.name, type=value.type)
    Editor.inherit(made, value, *KEYS)
    if value.shape is not None:
        made.shape = ir.Shape([None] * len(value.shape)) if changes else value.shape.copy()
    return made
