"""Windows, resampling and sequences (`handlers/flex/windows.py`, `image.py`, `ctc.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .flex_cases import tried
from .flex_models import Case, ints, name_of, x

WIDE = x(2, 6, 7, 3)


def pooled() -> list[Case]:
    found: list[Case] = []
    for padding in ("SAME", "VALID"):
        for batch in (False, True):
            attrs = {
                "ksize": [1, 3, 2, 1],
                "strides": [1, 2, 2, 1],
                "padding": padding,
                "include_batch_in_index": batch,
            }
            found += [("MaxPoolWithArgmax", [("input", WIDE)], attrs)]
            found += [("MaxPoolWithArgmax", [("input", WIDE.astype("f8"))], {**attrs, "Targmax": "int32"})]
    return found


def undone() -> list[Case]:
    """Transposed convolutions."""
    found: list[Case] = []
    for padding, rate, stride in (("VALID", 2, 1), ("SAME", 2, 1), ("SAME", 1, 2), ("VALID", 1, 2)):
        size = 9 if padding == "SAME" else 9 * stride + 2 * rate + (stride - 1)
        rows = -(-size // stride) if padding == "SAME" else (size - 2 * rate - 1) // stride + 1
        attrs = {"strides": [1, stride, stride, 1], "padding": padding, "dilations": [1, rate, rate, 1]}
        given: list[Any] = [
            ("input_sizes=", ints(2, size, size, 4)),
            ("filter", x(3, 3, 4, 5)),
            ("out_backprop", x(2, rows, rows, 5)),
        ]
        found += [("Conv2DBackpropInput", given, attrs)]
    sizes = [("input_sizes=", ints(1, 6, 6, 6, 2)), ("filter", x(2, 3, 3, 2, 4)), ("out_backprop", x(1, 3, 3, 3, 4))]
    found += [("Conv3DBackpropInputV2", sizes, {"strides": [1, 2, 2, 2, 1], "padding": "SAME"})]
    depth = [("input_sizes=", ints(1, 6, 6, 3)), ("filter", x(3, 3, 3, 2)), ("out_backprop", x(1, 4, 4, 6))]
    found += [("DepthwiseConv2dNativeBackpropInput", depth, {"strides": [1, 1, 1, 1], "padding": "VALID"})]
    return found  # fmt: skip


def dilated() -> list[Case]:
    attrs = [(p, s, r) for p in ("SAME", "VALID") for s in (1, 2) for r in (1, 2)]
    return [
        ("Dilation2D", [("input", WIDE), ("filter=", x(2, 3, 3))],
         {"padding": p, "strides": [1, s, s, 1], "rates": [1, r, r, 1]})
        for p, s, r in attrs
    ]  # fmt: skip


KERNELS = ["lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle", "keyscubic", "mitchellcubic"]


def scaled() -> list[Case]:
    found: list[Case] = []
    for kernel in KERNELS:
        for antialias in (True, False):
            for size in ((4, 9), (9, 3)):
                scale = np.array([size[0] / 6, size[1] / 7], "f")
                given = [
                    ("images", WIDE),
                    ("size=", ints(*size)),
                    ("scale=", scale),
                    ("translation=", np.array([0, 0.4], "f")),
                ]
                found += [("ScaleAndTranslate", given, {"kernel_type": kernel, "antialias": antialias})]
    return found  # fmt: skip


def sequences() -> list[Case]:
    scores = np.random.RandomState(2).rand(6, 3, 4).astype("f")
    given = [("inputs", scores), ("sequence_length", ints(6, 4, 2))]
    found: list[Case] = [("CTCGreedyDecoder", given, {"merge_repeated": m}) for m in (False, True)]
    return [*found, ("CTCGreedyDecoder", given, {"merge_repeated": True, "blank_index": 1})]


@pytest.mark.parametrize("case", pooled(), ids=name_of)
def test_pooled(case: Case) -> None:
    tried(case, unknown=[False])


@pytest.mark.parametrize("case", [*undone(), *dilated(), *scaled()], ids=name_of)
def test_windows(case: Case) -> None:
    tried(case, unknown=[False])


@pytest.mark.parametrize("case", sequences(), ids=name_of)
def test_sequences(case: Case) -> None:
    tried(case)


@pytest.mark.parametrize("op", ["Digamma", "Erfinv", "Ndtri"])
def test_special_functions(op: str) -> None:
    values = np.linspace(-0.999, 0.999, 41) if op == "Erfinv" else np.linspace(0.001, 0.999, 41)
    values = np.r_[np.linspace(-3.3, 9, 60)] if op == "Digamma" else values
    for dtype in ("float32", "float64"):
        tried((op, [("x", values.astype(dtype))], {}))
