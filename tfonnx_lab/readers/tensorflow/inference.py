"""A frozen graph as inference needs it: tables with their contents, and no state that nothing reads.

`for_inference` changes a GraphDef in place. TFLite's converter would make a placeholder of a table that the function
captured, and refuse what sets a variable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.readers.tensorflow.branches import write_cases
from tfonnx_lab.readers.tensorflow.written_out import write_out

_LOOKUPS = frozenset(("LookupTableFindV2", "LookupTableSizeV2"))
_SETTING = frozenset(("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"))


def for_inference(graph: Any, concrete: Any) -> None:
    """Put the tables' contents into the graph, and take out what sets variables where no output needs it.

    graph: the GraphDef of the concrete function, its variables constants already.
    concrete: the function, which holds the tables.
    """
    _fill_tables(graph, concrete)
    write_cases(graph)
    write_out(graph)
    _drop_unread(graph, [str(tensor.name) for tensor in concrete.outputs])


def _fill_tables(graph: Any, concrete: Any) -> None:
    """Placeholder of a table => HashTableV2, and an import of its keys and values before each lookup."""
    for outside, inside in concrete.graph.captures:
        name = inside.op.name
        users = [n for n in graph.node if n.op in _LOOKUPS and n.input and n.input[0].split(":")[0] == name]
        node = next((n for n in graph.node if n.name == name and n.op == "Placeholder"), None)
        kinds = next((k for k in map(_kinds, users) if k is not None), None)
        if node is not None and users:
            _fill(graph, node, users, outside, kinds or _tried(outside))


def _kinds(user: Any) -> tuple[int, int] | None:
    """The dtypes of a table's keys and values, which only a lookup says."""
    return (user.attr["Tin"].type, user.attr["Tout"].type) if user.op == "LookupTableFindV2" else None


def _tried(handle: Any) -> tuple[int, int]:
    """The dtypes of a table that is only counted: those with which its contents can be had."""
    import tensorflow as tf

    kinds = (tf.string, tf.int64, tf.int32, tf.float32, tf.float64, tf.bool)
    for keys, values in product(kinds, kinds):
        try:
            tf.raw_ops.LookupTableExportV2(table_handle=handle, Tkeys=keys, Tvalues=values)
        except tf.errors.InvalidArgumentError:
            continue
        return keys.as_datatype_enum, values.as_datatype_enum
    raise ConversionError(f"the contents of the lookup table {handle} cannot be had")


def _fill(graph: Any, node: Any, users: list[Any], handle: Any, kinds: tuple[int, int]) -> None:
    import tensorflow as tf

    keys, values = tf.raw_ops.LookupTableExportV2(table_handle=handle, Tkeys=kinds[0], Tvalues=kinds[1])
    parts = []
    for part, tensor in (("keys", keys), ("values", values)):
        made = graph.node.add(name=f"{node.name}/{part}", op="Const")
        made.attr["dtype"].type = tensor.dtype.as_datatype_enum
        made.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(tensor.numpy(), dtype=tensor.dtype))
        parts.append(made.name)
    node.op = "HashTableV2"
    node.attr.clear()
    for key, kind in zip(("key_dtype", "value_dtype"), kinds, strict=True):
        node.attr[key].type = kind
    node.attr["shared_name"].s = node.name.encode()
    filled = graph.node.add(name=f"{node.name}/import", op="LookupTableImportV2", input=[node.name, *parts])
    for key, kind in zip(("Tin", "Tout"), kinds, strict=True):
        filled.attr[key].type = kind
    for user in users:
        user.input.append(f"^{filled.name}")


def _drop_unread(graph: Any, outputs: list[str]) -> None:
    """Take out assignments of variables, and what waits for them, where the outputs read none of those variables after it."""
    nodes = {node.name: node for node in graph.node}
    setting = {node.name for node in graph.node if node.op in _SETTING}
    if not setting or any(node.op in _SETTING for f in graph.library.function for node in f.node_def):
        return
    needed = set(_behind(nodes, [name.split(":")[0] for name in outputs]))
    if setting & needed:
        return
    gone = {name for name in nodes if name not in needed and nodes[name].op != "Placeholder"}
    kept = [node for node in graph.node if node.name not in gone]
    for node in kept:
        inputs = [i for i in node.input if i.lstrip("^") not in gone]
        del node.input[:]
        node.input.extend(inputs)
    del graph.node[:]
    graph.node.extend(kept)


def _behind(nodes: Mapping[str, Any], names: list[str]) -> Iterator[str]:
    """What these nodes are computed of, by data alone; but a table is imported by a node that is only waited for."""
    waiting, seen = list(names), set(names)
    while waiting:
        name = waiting.pop()
        yield name
        if name not in nodes:
            continue
        for source in nodes[name].input:
            other = source.lstrip("^").split(":")[0]
            filled = source.startswith("^") and other in nodes and nodes[other].op == "LookupTableImportV2"
            if other not in seen and (filled or not source.startswith("^")):
                seen.add(other)
                waiting.append(other)
