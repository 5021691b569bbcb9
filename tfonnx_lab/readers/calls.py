"""Which subgraphs a file's ops run: each exists, none runs itself, none is nested too deep."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.readers.flatbuffer import Damaged, Rows, Tables
from tfonnx_lab.readers.op_options import names_of, op_options, subgraph_option

DEPTH = 32
"""How deep subgraphs may be nested."""

_UNIONS = ((schema.BuiltinOptions, 3), (schema.BuiltinOptions2, 11))
"""The unions of options, and the field of an operator that tells which one of a union it has."""


def check_calls(model: Any, ops: Tables, graph: Rows, number: Rows, graphs: int) -> None:
    """Raise Damaged where an op runs a subgraph that does not exist, or subgraphs run each other without end or over
    `DEPTH` deep.

    ops: of all subgraphs, with the subgraph and the number there of each.
    """
    marks = np.zeros(len(ops), bool)
    for union, slot in _UNIONS:
        marks |= np.isin(ops.numbers(slot, "<u1"), _kinds(union))
    edges: dict[int, list[tuple[int, int]]] = {}
    for row in np.flatnonzero(marks):
        where, position = int(graph[row]), int(number[row])
        for target in _targets(model.Subgraphs(where).Operators(position)):
            if not -1 <= target < graphs:
                raise Damaged(f"{ops.named(int(row))} runs subgraph {target}; the file has {graphs}")
            if target >= 0:
                edges.setdefault(where, []).append((position, target))
    _walk(edges)


@cache
def _kinds(union: Any) -> tuple[int, ...]:
    """The kinds of options that name subgraphs."""
    names = {v: k for v, k in names_of(union).items() if v}
    return tuple(
        v
        for v, k in names.items()
        if any(subgraph_option(_snake(name)) for name in vars(getattr(schema, f"{k}T")()) if "ubgraph" in name)
    )


def _snake(name: str) -> str:
    from tfonnx_lab.readers.op_options import snake_case

    return snake_case(name)


def _targets(op: Any) -> Iterator[int]:
    for name, value in op_options(op).items():
        if subgraph_option(name):
            yield from (int(v) for v in (value if isinstance(value, list) else [value]))


def _walk(edges: dict[int, list[tuple[int, int]]]) -> None:
    """Follow the calls from every subgraph on, each subgraph once.

    edges: subgraph => (op, the subgraph it runs).
    """
    depth: dict[int, int] = {}
    for start in edges:
        path, waiting = [start], [iter(edges[start])]
        while path:
            op, target = next(waiting[-1], (-1, -1))
            if target < 0:
                done = path.pop()
                waiting.pop()
                depth[done] = 1 + max((depth[t] for _, t in edges.get(done, ())), default=-1)
                if depth[done] > DEPTH:
                    raise Damaged(f"its subgraphs run each other {depth[done]} deep; {DEPTH} are the most")
            elif target in path:
                circle = " > ".join(map(str, [*path[path.index(target) :], target]))
                raise Damaged(
                    f"its subgraphs refer to each other without end: op {op} of subgraph {path[-1]} runs subgraph "
                    f"{target} ({circle})"
                )
            elif target not in depth:
                path.append(target)
                waiting.append(iter(edges.get(target, ())))
