"""Fourier transforms and complex numbers (`handlers/flex/fourier.py`, `handlers/flex/complex.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .flex_cases import tried
from .flex_models import Case, ints, name_of, x


def z(*shape: int) -> Any:
    return (x(*shape) + 1j * x(*shape[::-1]).reshape(shape)).astype(np.complex64)


def transforms() -> list[Case]:
    found: list[Case] = [(n, [("input", z(3, 8))], {}) for n in ("FFT", "IFFT", "FFT2D", "IFFT2D")]
    found += [(n, [("input", z(2, 7))], {}) for n in ("FFT", "IFFT")]
    found += [(n, [("input", z(2, 3, 4, 5))], {}) for n in ("FFT2D", "IFFT2D", "FFT3D", "IFFT3D")]
    for name in ("fft_length=", "fft_length"):
        found += [("RFFT", [("input", x(2, 9)), (name, ints(n))], {}) for n in (9, 8)]
        found += [("IRFFT", [("input", z(2, 6)), (name, ints(n))], {"Treal": "float32"}) for n in (10, 11, 7)]
        found += [
            ("IRFFT2D", [("input", z(2, 4, 5)), (name, ints(4, 8))], {}),
        ]
        found += [
            ("RFFT3D", [("input", x(2, 3, 4, 6)), (name, ints(3, 4, 6))], {}),
            ("IRFFT3D", [("input", z(3, 4, 4)), (name, ints(3, 4, 6))], {}),
        ]
    return found  # fmt: skip


def parts() -> list[Case]:
    found: list[Case] = [("Conj", [("input", z(2, 3))], {}), ("Angle", [("input", z(2, 3))], {})]
    found += [
        ("Complex", [("real", x(2, 3)), ("imag", x(2, 3) + 1)], {}),
        ("Complex", [("real", x(2, 3)), ("imag", x(3))], {}),
    ]
    found += [("ConjugateTranspose", [("x", z(2, 3, 4)), ("perm=", ints(2, 0, 1))], {})]
    found += [("Roll", [("input", z(3, 4)), ("shift", ints(2, -1)), ("axis=", ints(0, -1))], {})]
    few = np.array([0, 4, -4, 3 + 4j, -3 + 4j, -3 - 4j, 2j, -2j, 1e-6 - 1j, -1e4 + 1e-3j], np.complex64)
    found += [
        ("Sqrt", [("x", few)], {}),
        ("Sqrt", [("x", z(2, 3))], {}),
        ("Sqrt", [("x", few.astype("complex128"))], {}),
    ]
    return found


@pytest.mark.parametrize("case", transforms(), ids=name_of)
def test_transforms(case: Case) -> None:
    tried(case)


@pytest.mark.parametrize("case", parts(), ids=name_of)
def test_parts(case: Case) -> None:
    tried(case)
