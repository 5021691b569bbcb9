"""Hashes of integers; those of strings are refused (`handlers/refused.py`), since ONNX sees no characters.

Source: TensorFlow's sparse_cross_op.cc (HashCrosser, ProductIterator) and string_to_hash_bucket_op.h.

Ops: DECIMAL_HASH_BUCKET, FlexSparseCross.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.custom.kept import domain_for, keep_custom_op
from tfonnx_lab.handlers.lowering.hashing import bucket, constant, farmhash_of_decimals, fingerprint_cat, require_bits
from tfonnx_lab.handlers.lowering.numeric import cast
from tfonnx_lab.handlers.lowering.shape import dims, rank_of
from tfonnx_lab.handlers.refused import no_hash
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import handler

_D = ir.DataType
_INTEGERS = frozenset((_D.INT64, _D.INT32))


@handler("DECIMAL_HASH_BUCKET")
def decimal_hash_bucket(op: OpBuilder, node: ir.Node, x: ir.Value, *, buckets: int) -> ir.Value:
    """DECIMAL_HASH_BUCKET{buckets}(x) => FarmHash of x's decimals, in integers, modulo the buckets."""
    require_bits(op)
    return bucket(op, farmhash_of_decimals(op, cast(op, x, _D.INT64)), buckets)


@handler("FlexSparseCross")
def sparse_cross(op: OpBuilder, node: ir.Node, *columns: ir.Value) -> list[ir.Value]:
    """FlexSparseCross{hashed_output}(dense integers [rows, places], ...) => FingerprintCat64 of every choice of one
    number of each, as a sparse tensor [rows, choices]; the last column's place changes fastest."""
    definition = NodeDef(node)
    hashes = bool(definition.get("hashed_output", False))
    dense = not definition.get("N", 0) and all(c.dtype in _INTEGERS and rank_of(c) == 2 for c in columns)
    if not hashes or not dense or not columns:
        if domain_for(node, op.options) is not None:
            return keep_custom_op(op, node, *columns)
        raise Unsupported(no_hash())
    require_bits(op)
    rows = dims(op, columns[0], [0])
    made: ir.Value = op.const(constant(int(definition.get("hash_key", 0))).reshape(1, 1))
    for column in columns:
        own = op.Unsqueeze(cast(op, column, _D.INT64), op.const([1]))  # [rows, 1, places]
        both = fingerprint_cat(op, op.Unsqueeze(made, op.const([2])), own)
        made = op.Reshape(both, op.Concat(rows, op.const([-1]), axis=0))
    buckets = int(definition.get("num_buckets", 0)) or 2**63 - 1
    made = bucket(op, made, buckets)
    flat, width = op.Reshape(made, op.const([-1])), dims(op, made, [1])
    count = op.Reshape(op.Shape(flat), op.const(np.zeros(0, np.int64)))
    number = op.Unsqueeze(op.Range(op.const(0), count, op.const(1)), op.const([1]))
    places = op.Concat(op.Div(number, width), op.Mod(number, width), axis=1)
    return [places, flat, op.Shape(made)]
