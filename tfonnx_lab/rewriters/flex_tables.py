"""Lookup tables that TFLite has no ops for, because of their dtypes: as those that it has."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph import ORIGIN, TFLITE_CUSTOM, OpBuilder, all_nodes
from tfonnx_lab.graph.meta import TABLES
from tfonnx_lab.rewriters.resource_variables import handed_in, made_by
from tfonnx_lab.rules import rewriter

_TABLES = ("FlexHashTableV2", "FlexHashTable", "FlexMutableHashTableV2")
_IMPORT = ("FlexLookupTableImportV2", "FlexInitializeTableV2")
_LOOKUPS = {"FlexLookupTableFindV2": "HASHTABLE_FIND", "FlexLookupTableSizeV2": "HASHTABLE_SIZE"}


@rewriter(phase="prepare", after=("flex_names", "lift_tables"))
def flex_tables(op: OpBuilder) -> bool | None:
    """FlexLookupTableImportV2(table, keys, values), FlexLookupTableFindV2(table, k) => HASHTABLE_FIND{table_id}(k)."""
    nodes = [n for n in all_nodes(op.editor.graph) if n.domain == TFLITE_CUSTOM]
    lookups = [n for n in nodes if n.op_type in _LOOKUPS]
    handed = handed_in(op.editor.graph)
    tables: dict[int, tuple[ir.Value, ir.Value]] = dict(op.editor.model.meta.get(TABLES, {}))
    numbers: dict[ir.Node, int] = {}
    for node in nodes:
        made = made_by(node.inputs[0], handed) if node.op_type in _IMPORT else None
        if made is not None and made.op_type in _TABLES:
            numbers[made] = max(tables, default=-1) + 1
            tables[numbers[made]] = node.inputs[1], node.inputs[2]  # type: ignore[assignment]
            op.editor.erase(node)
    found = [(node, numbers.get(made_by(node.inputs[0], handed))) for node in lookups]  # type: ignore[arg-type]
    if not numbers and not any(number is not None for _, number in found):
        return None
    op.editor.describe(op.editor.model, TABLES, tables)
    for node, number in found:
        if number is not None:
            _replace(op, node, number)
    for made in numbers:
        if not made.outputs[0].uses():
            op.editor.erase(made)
    return True


def _replace(op: OpBuilder, node: ir.Node, number: int) -> None:
    op.editor.origin = node.meta.get(ORIGIN, frozenset())
    handle = op.const(np.zeros([1], np.int32))
    inputs = [handle, *node.inputs[1:]]
    made = op.tfl.node(_LOOKUPS[node.op_type], inputs, {"table_id": number}, name=str(node.name))
    op.tape.remove(made)
    op.like(made.outputs[0], node.outputs[0])
    keys = node.inputs[1] if len(node.inputs) > 1 else None
    if made.outputs[0].shape is None and keys is not None and keys.shape is not None:
        made.outputs[0].shape = keys.shape.copy()  # of a table whose values are scalars, which TFLite's are
    op.editor.insert(made, before=node)
    op.editor.replace(node.outputs[0], made.outputs[0])
    op.editor.erase(node)
