"""Variables that a function sets and reads afterwards: a frozen graph has lost which of the two comes first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

SETTING = frozenset(("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"))
_RESOURCE = 20  # DT_RESOURCE
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


def is_read_after_set(concrete: Any) -> bool:
    """Whether the results of a concrete function come of a variable that the function has set before it reads it.

    TensorFlow writes that order down as control inputs, in the graph and in the functions that it calls.
    """
    graph = concrete.graph.as_graph_def()
    functions = {function.signature.name: function for function in graph.library.function}
    setting = _setting(functions)
    variables = {node.name for node in graph.node if node.op == "Placeholder" and node.attr["dtype"].type == _RESOURCE}
    if _is_read(graph.node, [tensor.op.name for tensor in concrete.outputs], variables, setting):
        return True
    for function in functions.values():
        variables = {given.name for given in function.signature.input_arg if given.type == _RESOURCE}
        if _is_read(function.node_def, function.ret.values(), variables, setting):
            return True
    return False


def _setting(functions: Mapping[str, Any]) -> set[str]:
    """The functions that set variables, or call one that does."""
    found: set[str] = set()
    while added := {n for n, f in functions.items() if any(_sets(node, found) for node in f.node_def)} - found:
        found |= added
    return found


def _sets(node: Any, setting: Collection[str]) -> bool:
    return node.op in SETTING or (node.op in _CALLS and node.attr["f"].func.name in setting)


def _is_read(nodes: Iterable[Any], results: Iterable[str], variables: set[str], setting: Collection[str]) -> bool:
    """Whether the results of a graph or a function come of a variable that was set before. setting: of `_setting`."""
    known = {node.name: node for node in nodes}
    setters = {name for name, node in known.items() if _sets(node, setting)}
    if not setters:
        return False
    for name in _before(known, results, lambda source: not source.startswith("^")) - setters:
        waits = [source for source in known[name].input if source.startswith("^")]
        earlier = setters & _before(known, waits, lambda source: True) if waits else set()
        read = variables.intersection(map(_node, known[name].input))
        if any(read.intersection(map(_node, known[setter].input)) for setter in earlier):
            return True
    return False


def _before(known: Mapping[str, Any], sources: Iterable[str], follows: Callable[[str], bool]) -> set[str]:
    """These nodes and all that come before them by the inputs that are followed."""
    waiting, found = [_node(source) for source in sources], set()
    while waiting:
        name = waiting.pop()
        if name in known and name not in found:
            found.add(name)
            waiting += [_node(source) for source in known[name].input if follows(source)]
    return found


def _node(source: str) -> str:
    return source.lstrip("^").split(":")[0]
