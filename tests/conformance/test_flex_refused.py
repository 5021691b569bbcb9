"""Flex ops that ONNX cannot express (`handlers/refused.py`): each is refused with its reason."""

from __future__ import annotations

import numpy as np

from tfonnx_lab.handlers.refused import FLEX_REASONS

from .cases import case, cases
from .flex_models import packed
from .models import Model

REASONS = {
    "FarmHash": "StringToHashBucket StringToHashBucketFast Fingerprint SparseCrossV2 SparseCrossHashed",
    "SipHash": "StringToHashBucketStrong",
    "character": "StringLength Substr StringStrip EncodeBase64 DecodeBase64 UnicodeDecode UnicodeDecodeWithOffsets "
    "UnicodeEncode UnicodeTranscode",
    "steps": "Betainc Igamma Igammac Polygamma Zeta Svd SelfAdjointEigV2 Qr Eig",
    "belongs to training": "SampleDistortedBoundingBox SampleDistortedBoundingBoxV2",
    "map_flat_values": "RaggedTensorToVariant RaggedTensorFromVariant",
    "file's format": "DecodeAndCropJpeg DecodeBmp DecodeCSV DecodeGif DecodeImage DecodeJpeg DecodePng DecodeRaw "
    "DecodeWav EncodeJpeg EncodePng ParseExample ParseExampleV2 ParseSingleExample ParseTensor ReadFile WriteFile",
    "tree of beams": "CTCBeamSearchDecoder",
    "calls Python": "PyFunc",
}
"""A word of the reason => the ops; what stands here is what the package refuses, no more and no less."""


@cases(
    *(case(op=op, unsupported=word) for word, ops in REASONS.items() for op in ops.split()),
    expected=lambda x, op: [np.zeros_like(x)],
)
def test_refused(op: str) -> Model:
    from tensorflow.core.framework import node_def_pb2

    m = Model()
    definition = node_def_pb2.NodeDef(name="node", op=op).SerializeToString()
    return m.outputs(m.op(f"Flex{op}", [m.input([3])], [m.tensor(shape=[3])], custom=packed(op, definition)))


def test_all_of_them_are_tried() -> None:
    assert {op for ops in REASONS.values() for op in ops.split()} == set(FLEX_REASONS)


@cases(op=["XlaCallModule"], unsupported="a function of JAX", expected=lambda x, **_: [x])
def test_a_function_of_jax(op: str) -> Model:
    m = Model()
    return m.outputs(m.op(op, [m.input([3])], [m.tensor(shape=[3])], custom=b""))
