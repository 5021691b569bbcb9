"""Ops that ONNX cannot express: each says why, and what to do instead.

Ops: CONCAT_EMBEDDINGS, DELEGATE, FlexBetainc, FlexCTCBeamSearchDecoder, FlexDecodeAndCropJpeg, FlexDecodeBase64,
FlexDecodeBmp, FlexDecodeCSV, FlexDecodeGif, FlexDecodeImage, FlexDecodeJpeg, FlexDecodePng, FlexDecodeRaw,
FlexDecodeWav, FlexEig, FlexEncodeBase64, FlexEncodeJpeg, FlexEncodePng, FlexFingerprint, FlexIgamma, FlexIgammac,
FlexParseExample, FlexParseExampleV2, FlexParseSingleExample, FlexParseTensor, FlexPolygamma, FlexPyFunc, FlexQr,
FlexRaggedTensorFromVariant, FlexRaggedTensorToVariant, FlexReadFile, FlexSampleDistortedBoundingBox,
FlexSampleDistortedBoundingBoxV2, FlexSelfAdjointEigV2, FlexSparseCrossHashed, FlexSparseCrossV2, FlexStringLength,
FlexStringStrip, FlexStringToHashBucket, FlexStringToHashBucketFast, FlexStringToHashBucketStrong, FlexSubstr, FlexSvd,
FlexUnicodeDecode, FlexUnicodeDecodeWithOffsets, FlexUnicodeEncode, FlexUnicodeTranscode, FlexWriteFile, FlexZeta,
STABLEHLO_CUSTOM_CALL, XlaCallModule.
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
    "XlaCallModule": (
        "it is a function of JAX with an op that TensorFlow's converter does not take apart (jax.lax.top_k and "
        "jnp.sort, say): leave that op out of the function, and do its work behind the model"
    ),
}


@handler(*REASONS)
def refused(op: OpBuilder, node: ir.Node, *inputs: ir.Value | None) -> list[ir.Value]:
    """CONCAT_EMBEDDINGS, DELEGATE ... => an error that says why; with `custom_ops` XlaCallModule in that domain."""
    if domain_for(node, op.options) is not None:
        return keep_custom_op(op, node, *inputs)
    raise Unsupported(REASONS[node.op_type])


_HASH = (
    "{} hashes strings, whose characters ONNX cannot read: look the words up in a vocabulary (StringLookup with "
    "num_oov_indices of 0 or 1), or hash integers (Hashing and HashedCrossing without a salt)"
)
_HASHES = {
    "FarmHash": ("StringToHashBucket", "StringToHashBucketFast", "Fingerprint", "SparseCrossV2", "SparseCrossHashed"),
    "SipHash": ("StringToHashBucketStrong",),
}
"""What hashes => the ops."""
_CHARACTERS = (
    "ONNX cannot read the characters of a string: work on them before the model, or split at white space "
    "(TextVectorization's split)"
)
_ENDLESS = "it is computed by steps until it is exact, and ONNX has no op for it"
_DRAWN = (
    "it draws boxes until one fits, which belongs to training; crop with tf.image.crop_to_bounding_box or "
    "tf.image.central_crop for inference"
)
_ROWS = (
    "it makes a list of rows of different lengths, as tf.map_fn over a ragged tensor does; use "
    "tf.ragged.map_flat_values, or map over rows.to_tensor()"
)
_FILES = (
    "DecodeAndCropJpeg", "DecodeBmp", "DecodeCSV", "DecodeGif", "DecodeImage", "DecodeJpeg", "DecodePng",
    "DecodeRaw", "DecodeWav", "EncodeJpeg", "EncodePng", "ParseExample", "ParseExampleV2", "ParseSingleExample",
    "ParseTensor", "ReadFile", "WriteFile",
)  # fmt: skip
FLEX_REASONS = {
    **{name: _HASH.format(f"TensorFlow's {kind}") for kind, names in _HASHES.items() for name in names},
    **dict.fromkeys(("StringLength", "Substr", "StringStrip", "EncodeBase64", "DecodeBase64"), _CHARACTERS),
    **dict.fromkeys(("Betainc", "Igamma", "Igammac", "Polygamma", "Zeta", "Svd", "SelfAdjointEigV2"), _ENDLESS),
    **dict.fromkeys(("UnicodeDecode", "UnicodeDecodeWithOffsets", "UnicodeEncode", "UnicodeTranscode"), _CHARACTERS),
    **dict.fromkeys(("Qr", "Eig"), f"{_ENDLESS}; MatrixSolve, MatrixInverse and Cholesky are converted"),
    **dict.fromkeys(("SampleDistortedBoundingBox", "SampleDistortedBoundingBoxV2"), _DRAWN),
    **dict.fromkeys(("RaggedTensorToVariant", "RaggedTensorFromVariant"), _ROWS),
    **dict.fromkeys(_FILES, "it reads a file's format, for which ONNX has no op; feed the decoded tensors instead"),
    "CTCBeamSearchDecoder": "it keeps a tree of beams, which ONNX cannot; CTC's greedy decoder is converted",
    "PyFunc": "it calls Python, which is not in the file",
}
"""TensorFlow's op => why it is not converted."""


def no_hash() -> str:
    """Why strings are not hashed."""
    return f"{FLEX_REASONS['Fingerprint']}; to keep the op, name a domain: custom_ops="


@handler(*(f"Flex{name}" for name in FLEX_REASONS))
def refused_flex(op: OpBuilder, node: ir.Node, *inputs: ir.Value | None) -> list[ir.Value]:
    """FlexStringToHashBucketFast ... => an error that says why; with `custom_ops` the op in the domain of that name."""
    if domain_for(node, op.options) is not None:
        return keep_custom_op(op, node, *inputs)
    raise Unsupported(f"{FLEX_REASONS[node.op_type.removeprefix('Flex')]}; to keep the op, name a domain: custom_ops=")
