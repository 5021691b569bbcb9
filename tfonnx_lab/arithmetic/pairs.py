"""Sums of two products of 8 bits, which x86 CPUs without VNNI keep in 16."""

from __future__ import annotations

import numpy as np

MIDDLE = 128
"""The code of zero of weights that are kept as unsigned bytes."""

SAID = "on x86 without VNNI ONNX Runtime adds these products up in 16 bits, which can overflow: exact=True avoids it"

_LARGEST = 255
_LIMIT = 2**15 - 1


def overflows(matrix: np.ndarray) -> bool:
    """Whether a product of uint8 codes with this int8 matrix [sums, outputs] can leave 16 bits on the way.

    AVX2's and SSE's instruction multiplies four neighbours of a column with codes of 0 to 255, and adds the first two
    and the last two in 16 bits, which saturate. Odd rows at the end are filled up with zeros.
    """
    rows = np.pad(matrix.astype(np.int32), ((0, len(matrix) % 2), (0, 0)))
    return any(
        bool((_LARGEST * np.maximum(part[0::2] + part[1::2], 0) > _LIMIT).any())
        for part in (np.maximum(rows, 0), np.maximum(-rows, 0))
    )


def unsigned(codes: np.ndarray) -> np.ndarray:
    """int8 codes as uint8 ones, whose zero point is `MIDDLE`: their products are added in 32 bits on every CPU."""
    return (codes.astype(np.int16) + MIDDLE).astype(np.uint8)
