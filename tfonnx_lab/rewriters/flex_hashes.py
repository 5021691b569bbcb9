"""Hashes of integers' decimals, which need no strings.

Ops: FlexStringToHashBucketFast.
"""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.patterns import custom, var
from tfonnx_lab.readers.nodedef import NodeDef
from tfonnx_lab.rules import Miss, rewriter

_D = ir.DataType


@rewriter(
    custom.FlexStringToHashBucketFast(custom.FlexAsString(var("x"), name="text"), name="node"),
    phase="prepare",
)
def hash_of_decimals(op: OpBuilder, x: ir.Value, text: ir.Node, node: ir.Node) -> ir.Value:
    """FlexStringToHashBucketFast(FlexAsString(x)) => DECIMAL_HASH_BUCKET(x), of integers without a width."""
    if x.dtype not in (_D.INT8, _D.INT16, _D.INT32, _D.INT64, _D.UINT8, _D.UINT16, _D.UINT32):
        raise Miss("it hashes no integers")
    if NodeDef(text).get("width", -1) > 0:
        raise Miss("its text has a width")
    made = op.intermediate.DECIMAL_HASH_BUCKET(x, buckets=int(NodeDef(node).get("num_buckets", 1)))
    return op.like(made, node.outputs[0])
