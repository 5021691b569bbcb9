"""What LiteRT's float kernel makes of what flows into an op: the judge of a conversion that leaves out roundings on
purpose."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import Quantization
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.litert.cutting import ints
from tfonnx_lab.litert.variants import in_float
from tfonnx_lab.parity.arrays import real
from tfonnx_lab.parity.reference import Arrays, Reference


def alone_in_real_numbers(reference: Reference, tensor: int, positions: Collection[int]) -> list[np.ndarray] | None:
    """What LiteRT's float kernel makes of the real numbers that flow into the op of a tensor, run by run.

    positions: the ops that the converted model computes the tensor by, of LiteRT's own tensors.
    None where they are more than an op and roundings around it, or LiteRT has no such kernel.
    """
    tensor, past = _computed(reference, tensor, positions)
    if any(reference.type_of(position) != "QUANTIZE" for position in past):
        return None
    model, position = reference.model, reference.order[tensor]
    op = model.op(0, position)
    fed, made = model.fed(0, op), [i for i in ints(op.OutputsAsNumpy()) if i >= 0]
    graph_inputs = ints(model.graphs[0].InputsAsNumpy())
    data, variant, given = model.one_op(0, position), None, []
    try:
        for own, known in zip(reference.runs, reference.known, strict=True):
            held = {**known, **dict(zip(graph_inputs, own, strict=True))}
            variant = in_float(data, [_unrounded(reference, i, held, past) for i in fed])
            if variant is None:
                return None
            given.append(variant[1])
        assert variant is not None
        runs = LiteRT(variant[0], keep=False, kernels="builtin").rounds(given)
    except (ConversionError, KeyError):
        return None
    return [run[made.index(tensor)] for run in runs]


_NEAR = 0.52
"""Steps: from a real number to the code that is nearest to it, at most; the rest is float32's own rounding."""


def are_nearest(codes: np.ndarray, quant: Quantization, wanted: np.ndarray) -> bool:
    """Whether codes are those nearest to real numbers, as far as they reach; of two that are as near either one."""
    if codes.shape != wanted.shape or codes.dtype.kind not in "iu" or not quant.per_tensor:
        return False
    info = np.iinfo(codes.dtype)
    exact = wanted.astype(np.float64) / float(quant.scale.flat[0]) + int(quant.zero_point.flat[0])
    return bool((np.abs(codes - np.clip(exact, info.min, info.max)) <= _NEAR).all())


def _computed(reference: Reference, tensor: int, positions: Collection[int]) -> tuple[int, set[int]]:
    """The tensor that the last of these ops computed which does more than to put it into codes or out of them, and the
    ops before that one."""
    left = set(positions) - {reference.order[tensor]}
    while reference.type_of(reference.order[tensor]) in ("QUANTIZE", "DEQUANTIZE"):
        (source, *_) = ints(reference.model.op(0, reference.order[tensor]).InputsAsNumpy())
        if reference.order.get(source) not in left:
            break
        tensor = source
        left.discard(reference.order[tensor])
    return tensor, left


def _unrounded(reference: Reference, tensor: int, held: Arrays, past: Collection[int]) -> np.ndarray:
    """What a tensor holds; of one that a QUANTIZE makes which is left out the real numbers before that rounded them."""
    source = tensor
    while reference.order.get(source) in past:
        (source, *_) = ints(reference.model.op(0, reference.order[source]).InputsAsNumpy())
    return held[tensor] if source == tensor else real(held[source], reference.quants.get(source)).astype(np.float32)
