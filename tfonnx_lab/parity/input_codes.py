"""Ops with float inputs and integer weights: LiteRT rounds the inputs to 8 bits at run time, and multiplies integers.

That product is exact, and so is the judgement of it: two right answers that round the inputs in the same way differ by
nothing but an input that lies between two codes.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from tfonnx_lab.litert.cutting import ints
from tfonnx_lab.parity.reference import Reference
from tfonnx_lab.parity.tensors import LEAST_SCALE

ROUNDS_OTHERWISE = frozenset(("xnnpack",))
"""Kernels that round these inputs to other codes than the reference does (a zero point of their own): how far they are
from it is the size of that rounding, in which a fault of the same size would hide."""

_PRODUCTS = frozenset(("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "BATCH_MATMUL", "CONV_3D"))
"""Ops whose result is one sum of products of inputs and weights."""

_CODES = 127.0
"""Codes from zero to the largest input."""


def one_code(reference: Reference, tensor: int, positions: Collection[int]) -> float | None:
    """How much of a tensor's scale one input decides, at most, that is rounded to the code beside its own.

    positions: the ops that the converted model computes the tensor by, of LiteRT's own tensors.
    None where they are not one such product (and ops that hand it on).
    """
    rounding = reference.hybrid & set(positions)
    if len(rounding) != 1:
        return None
    (position,) = rounding
    if reference.type_of(position) not in _PRODUCTS:
        return None
    inputs, outputs = _held(reference, position), [known[tensor] for known in reference.known]
    if inputs is None or outputs[0].dtype.kind != "f":
        return None
    steps = (_largest(x) / _CODES * _largest_weight(reference, position) for x in inputs)
    return max(step / max(_largest(y), LEAST_SCALE) for step, y in zip(steps, outputs, strict=True))


def _held(reference: Reference, position: int) -> list[np.ndarray] | None:
    """What flows into an op, run by run; None where that is not known."""
    (tensor, *_) = ints(reference.model.op(0, position).InputsAsNumpy())
    if tensor in reference.known[0]:
        return [known[tensor] for known in reference.known]
    graph_inputs = ints(reference.model.graphs[0].InputsAsNumpy())
    return [own[graph_inputs.index(tensor)] for own in reference.runs] if tensor in graph_inputs else None


def _largest_weight(reference: Reference, position: int) -> float:
    """The largest magnitude that the codes of an op's weights can stand for."""
    _, weights, *_ = ints(reference.model.op(0, position).InputsAsNumpy())
    scales = reference.model.graphs[0].Tensors(weights).Quantization().ScaleAsNumpy()
    return float(np.max(scales)) * (_CODES + 1)


def _largest(array: np.ndarray) -> float:
    """The largest finite magnitude."""
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))
