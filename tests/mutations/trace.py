"""Of the trace."""

from __future__ import annotations

from .mutation import Mutation

MUTATIONS = [
    Mutation(
        "trace/edits.py",
        'return Insert(graph, state.after(self.node), node, []), *_owners(state, node["attrs"])',
        'return Insert(graph, None, node, []), *_owners(state, node["attrs"])',
        "going back puts a node at the end",
        "tests/trace",
    ),
    Mutation(
        "trace/edits.py",
        "return (Retype(self.value, {field: value.get(field) for field in self.changed}),)",
        "return (Retype(self.value, dict(self.changed)),)",
        "going back leaves a value's new type",
        "tests/trace",
    ),
    Mutation(
        "trace/edits.py",
        "def erased(self) -> tuple[int, ...]:\n        return (self.node,)",
        "def erased(self) -> tuple[int, ...]:\n        return ()",
        "erased nodes are counted",
        "tests/trace tests/widgets",
    ),
    Mutation(
        "trace/resume.py",
        'describe(made, ORIGIN, frozenset(node["origin"]))',
        "describe(made, ORIGIN, frozenset())",
        "a second try forgets where nodes came from",
        "tests/debug/test_retry.py -k not models",
    ),
    Mutation(
        "trace/recorder.py",
        '"origin": sorted(frozenset().union(*origins))',
        '"origin": []',
        "a step says of which ops it is",
        "tests/trace tests/widgets",
    ),
]
