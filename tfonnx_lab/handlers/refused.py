"""Ops that ONNX cannot express: each says why, and what to do instead.

Ops: CONCAT_EMBEDDINGS, DELEGATE, STABLEHLO_CUSTOM_CALL; of TensorFlow FlexBetainc, FlexCTCBeamSearchDecoder,
FlexDecodeBase64, FlexEncodeBase64, FlexFingerprint, FlexIgamma, FlexIgammac, FlexPolygamma, FlexPyFunc,
FlexSelfAdjointEigV2, FlexSparseCross, FlexSparseCrossHashed, FlexSparseCrossV2, FlexStringLength, FlexStringStrip,
FlexStringToHashBucket, FlexStringToHashBucketFast, FlexStringToHashBucketStrong, FlexSubstr, FlexSvd, FlexZeta.
"""

from __future__ import annotations

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.handlers.custom.kept import domain_for, keep_custom_op
from tfonnx_lab.rules import handler

REASONS = {
    "CONCAT_EMBEDDINGS": "LiteRT has no kernel for it either",
    "DELEGATE": "it stands for a hardware delegate's own program; convert the model from before it was delegated",
    "STABLEHLO_CUSTOM_CALL": "its target is known to one runtime only; export the model without custom calls",
}


@handler(*REASONS)
def refused(op: OpBuilder, node: ir.Node, *inputs: ir.Value) -> ir.Value:
    """CONCAT_EMBEDDINGS, DELEGATE ... => an error that says why."""
    raise Unsupported(REASONS[node.op_type])


_HASH = "ONNX hashes no texts: look the words up in a vocabulary (StringLookup, IntegerLookup) instead"
_CHARACTERS = "ONNX knows nothing of the characters in a text"
_ENDLESS = "it is computed by steps until it is exact, and ONNX has no op for it"
FLEX_REASONS = {
    **dict.fromkeys(("StringToHashBucket", "StringToHashBucketFast", "StringToHashBucketStrong", "Fingerprint"), _HASH),
    **dict.fromkeys(("SparseCross", "SparseCrossV2", "SparseCrossHashed"), _HASH),
    **dict.fromkeys(("StringLength", "Substr", "StringStrip", "EncodeBase64", "DecodeBase64"), _CHARACTERS),
    **dict.fromkeys(("Betainc", "Igamma", "Igammac", "Polygamma", "Zeta", "Svd", "SelfAdjointEigV2"), _ENDLESS),
    "CTCBeamSearchDecoder": "it keeps a tree of beams, which ONNX cannot; CTC's greedy decoder is converted",
    "PyFunc": "it calls Python, which is not in the file",
}
"""TensorFlow's op => why it is not converted."""


@handler(*(f"Flex{name}" for name in FLEX_REASONS))
def refused_flex(op: OpBuilder, node: ir.Node, *inputs: ir.Value | None) -> list[ir.Value]:
    """FlexStringToHashBucketFast ... => an error that says why; with `custom_ops` the op in the domain of that name."""
    if domain_for(node, op.options) is not None:
        return keep_custom_op(op, node, *inputs)
    raise Unsupported(f"{FLEX_REASONS[node.op_type.removeprefix('Flex')]}; to keep the op, name a domain: custom_ops=")
