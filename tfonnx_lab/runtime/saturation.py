"""Which integer products overflow on x86 CPUs without VNNI, and whether this is one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

WEIGHTS = {
    "ConvInteger": 1, "DynamicQuantizeMatMul": 1, "MatMulInteger": 1, "MatMulIntegerToFloat": 1, "QGemm": 3,
    "QLinearConv": 3, "QLinearMatMul": 3,
}  # fmt: skip
"""Kernel => which of its inputs holds the weights."""

_LIMIT = 2**15 - 1


def saturation(model: onnx.ModelProto) -> str:
    """How many kernels of the optimized model may saturate, as a sentence; empty where none does.

    AVX2 multiplies uint8 by int8 and adds two neighbours in 16 bits. With weights a and b that overflows where
    255 (|a| + |b|) is more than 32767. VNNI and AMX, and weights as uint8 (`exact=True`), add in 32 bits.
    """
    constants = {t.name: t for t in model.graph.initializer}
    kernels = [n for n in model.graph.node if n.op_type in WEIGHTS and len(n.input) > WEIGHTS[n.op_type]]
    weights = [constants.get(n.input[WEIGHTS[n.op_type]]) for n in kernels]
    count = sum(w is not None and may_saturate(onnx.numpy_helper.to_array(w)) for w in weights)
    if not count:
        return ""
    here = "this CPU has VNNI, so it does not happen here" if has_vnni() else "this CPU has no VNNI"
    return (
        f"on x86 without VNNI, sums of two products in {count} of {len(kernels)} kernels can exceed 16 bits, where "
        f"ONNX Runtime's uint8 x int8 kernels saturate ({here}); exact=True avoids it"
    )


def may_saturate(weights: np.ndarray) -> bool:
    """Whether the two largest int8 weights of a row could meet in one sum and overflow it."""
    if weights.dtype != np.int8 or weights.size < 2:
        return False
    rows = np.abs(weights.astype(np.int32)).reshape(weights.shape[0], -1)
    if rows.shape[1] < 4:
        return False  # too short for the kernels that add pairs
    largest = np.sort(rows, axis=1)[:, -2:].sum(axis=1)
    return bool((255 * largest > _LIMIT).any())


def has_vnni() -> bool:
    """Whether this CPU adds products of 8 bits in 32; assumed where it cannot be told."""
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return True
    return any(flag in flags for flag in ("avx_vnni", "avx512_vnni", "amx_int8", "asimddp", "sve"))
