"""HASHTABLE HASHTABLE_FIND HASHTABLE_SIZE, and VAR_HANDLE: lookups in tables that a rewriter has made constant."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder, constant_array, static_shape
from tfonnx_lab.graph.meta import TABLES
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.rules import handler

_ML = "ai.onnx.ml"


@handler("HASHTABLE")
def hashtable(op: OpBuilder, node: ir.Node) -> ir.Value:
    """HASHTABLE => a constant that nothing reads: the table's contents are known. Source: hashtable.cc."""
    return op.const(np.zeros([1], np.int32))


@handler("VAR_HANDLE")
def var_handle(op: OpBuilder, node: ir.Node) -> ir.Value:
    """VAR_HANDLE => a constant that nothing reads: a rewriter has made the variable a state. Source: var_handle.cc."""
    return op.const(np.zeros(static_shape(node.outputs[0]) or [], np.int32))


@handler("HASHTABLE_FIND")
def hashtable_find(
    op: OpBuilder, node: ir.Node, handle: ir.Value, keys: ir.Value, default: ir.Value, *, table_id: int | None = None
) -> ir.Value:
    """HASHTABLE_FIND(table, k, default) => Gather(values + default, LabelEncoder(k)).

    Source: hashtable_lookup in hashtable.cc.
    """
    known, values = (_contents(v) for v in _table(op, table_id))
    if known.size != values.size:
        raise Unsupported(f"a hash table of {known.size} keys and {values.size} values")
    positions = np.arange(len(known), dtype=np.int64)
    if keys.dtype == ir.DataType.STRING:
        coding: dict[str, Any] = {"keys_strings": [str(k) for k in known]}
        query = keys
    elif keys.dtype is not None and keys.dtype.is_floating_point():
        raise Unsupported("a hash table whose keys are floating-point numbers")
    else:
        coding = {"keys_int64s": [int(k) for k in known]}
        query = cast(op, keys, ir.DataType.INT64)
    found = op.node(
        "LabelEncoder", [query], {**coding, "values_int64s": positions, "default_int64": len(known)}, domain=_ML
    )
    found.outputs[0].type = ir.TensorType(ir.DataType.INT64)
    table = op.const([str(v) for v in values]) if values.dtype.kind in "OSU" else op.const(values)
    last = op.Reshape(default, op.const([1]))
    return op.Gather(op.Concat(table, last, axis=0), found.outputs[0], axis=0)


@handler("HASHTABLE_SIZE")
def hashtable_size(op: OpBuilder, node: ir.Node, handle: ir.Value, *, table_id: int | None = None) -> ir.Value:
    """HASHTABLE_SIZE(table) => a constant. Source: hashtable_size.cc."""
    return op.const(np.array([len(_contents(_table(op, table_id)[0]))], np.int64))


def _table(op: OpBuilder, number: int | None) -> tuple[ir.Value, ir.Value]:
    """Keys and values; a rewriter has written the table's number on the op."""
    tables: dict[int, tuple[ir.Value, ir.Value]] = op.editor.model.meta.get(TABLES, {})
    if number is not None and number in tables:
        return tables[number]
    raise Unsupported("a hash table that is not filled with constants when the model starts")


def _contents(value: ir.Value) -> np.ndarray:
    array = constant_array(value)
    if array is None:
        raise Unsupported("a hash table whose contents are computed")
    flat = array.ravel()
    return np.array(
        [x.decode() if isinstance(x, bytes) else x for x in flat], object if flat.dtype.kind in "OS" else flat.dtype
    )
