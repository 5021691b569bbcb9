"""A frozen graph as inference needs it: tables with their contents, and no state that nothing reads.

`for_inference` changes a GraphDef in place. TFLite's converter would make a placeholder of a table that the function
captured, and refuse what sets a variable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.readers.tensorflow.assigned import SETTING, is_read_after_set
from tfonnx_lab.readers.tensorflow.branches import write_cases
from tfonnx_lab.readers.tensorflow.dilated import write_dilated
from tfonnx_lab.readers.tensorflow.written_out import write_out

_LOOKUPS = frozenset(("LookupTableFindV2", "LookupTableSizeV2"))


def for_inference(graph: Any, concrete: Any) -> None:
    """Put the tables' contents into the graph, and take out what sets variables where no output needs it.

    graph: the GraphDef of the concrete function, its variables constants already.
    concrete: the function, which holds the tables.
    """
    _fill_tables(graph, concrete)
    write_cases(graph)
    write_out(graph, concrete)
    write_dilated(graph)
    _drop_unread(graph, concrete)


def _fill_tables(graph: Any, concrete: Any) -> None:
    """Placeholder of a table => HashTableV2, and an import of its keys and values before each lookup."""
    for outside, inside in concrete.graph.captures:
        node = next((n for n in graph.node if n.name == inside.op.name and n.op == "Placeholder"), None)
        names = _handed_on(graph, inside.op.name) if node is not None else set()
        users = [n for n in graph.node if n.op in _LOOKUPS and n.input and n.input[0].split(":")[0] in names]
        for user in users:
            user.input[0] = inside.op.name
        if users:
            _fill(graph, node, users, outside)


def _handed_on(graph: Any, name: str) -> set[str]:
    """The node and what only hands its value on: calls that were inlined leave an Identity for each argument."""
    found = {name}
    more = [n for n in graph.node if n.op == "Identity"]
    while added := {n.name for n in more if n.input[0].split(":")[0] in found} - found:
        found |= added
    return found


def _fill(graph: Any, node: Any, users: list[Any], handle: Any) -> None:
    import tensorflow as tf

    _initialized(graph, node, handle)
    size = int(tf.raw_ops.LookupTableSizeV2(table_handle=handle))
    for user in users:
        if user.op == "LookupTableSizeV2":
            _constant(user, size, tf.int64)
    finds = [user for user in users if user.op == "LookupTableFindV2"]
    if not finds:
        graph.node.remove(node)
        return
    kinds = [finds[0].attr[key].type for key in ("Tin", "Tout")]
    contents = tf.raw_ops.LookupTableExportV2(table_handle=handle, Tkeys=kinds[0], Tvalues=kinds[1])
    parts = []
    for part, tensor in zip(("keys", "values"), contents, strict=True):
        made = graph.node.add(name=f"{node.name}/{part}")
        _constant(made, tensor.numpy(), tensor.dtype)
        parts.append(made.name)
    node.op = "HashTableV2"
    node.attr.clear()
    for key, kind in zip(("key_dtype", "value_dtype"), kinds, strict=True):
        node.attr[key].type = kind
    node.attr["shared_name"].s = node.name.encode()
    filled = graph.node.add(name=f"{node.name}/import", op="LookupTableImportV2", input=[node.name, *parts])
    for key, kind in zip(("Tin", "Tout"), kinds, strict=True):
        filled.attr[key].type = kind
    for user in finds:
        user.input.append(f"^{filled.name}")


_INITIALIZERS = ("InitializeTableFromTextFileV2", "InitializeTableV2", "LookupTableImportV2")


def _initialized(graph: Any, node: Any, handle: Any) -> None:
    """Do what the graph itself does to fill the table, where a function made the table and was not called yet, and
    take it out of the graph."""
    import tensorflow as tf

    known = {n.name: n for n in graph.node}
    for made in [n for n in graph.node if n.op in _INITIALIZERS and n.input[0].split(":")[0] == node.name]:
        given = [known.get(name.split(":")[0]) for name in made.input[1:] if not name.startswith("^")]
        if any(n is None or n.op != "Const" for n in given):
            raise ConversionError(f"its table {node.name} is filled with what the function computes")
        values = [tf.constant(tf.make_ndarray(n.attr["value"].tensor)) for n in given if n is not None]
        if made.op == "InitializeTableFromTextFileV2":
            tf.raw_ops.InitializeTableFromTextFileV2(
                table_handle=handle,
                filename=values[0],
                **{key: made.attr[key].i for key in ("key_index", "value_index", "vocab_size")},
                delimiter=made.attr["delimiter"].s.decode() or "\t",
            )
        else:
            tf.raw_ops.LookupTableImportV2(table_handle=handle, keys=values[0], values=values[1])
        graph.node.remove(made)
        for other in graph.node:
            if f"^{made.name}" in other.input:
                other.input.remove(f"^{made.name}")


def _constant(node: Any, value: Any, dtype: Any) -> None:
    """Make the node a constant."""
    import tensorflow as tf

    node.op = "Const"
    del node.input[:]
    node.attr.clear()
    node.attr["dtype"].type = dtype.as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value, dtype=dtype))


def _drop_unread(graph: Any, concrete: Any) -> None:
    """Take out assignments of variables, and what waits for them, where the outputs read none of those after it."""
    nodes = {node.name: node for node in graph.node}
    setting = {node.name for node in graph.node if node.op in SETTING}
    if not setting or any(node.op in SETTING for f in graph.library.function for node in f.node_def):
        return
    needed = set(_behind(nodes, [str(tensor.name).split(":")[0] for tensor in concrete.outputs]))
    if setting & needed or is_read_after_set(concrete):
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
