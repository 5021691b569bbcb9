"""The sizes that ONNX Runtime published in 2021, beside libraries that were linked for this package, and why they
differ."""

from __future__ import annotations

from functools import cache

import numpy as np

from tfonnx_lab.mobile.config import KernelConfig
from tfonnx_lab.mobile.kept import kept
from tfonnx_lab.mobile.shown import Section
from tfonnx_lab.mobile.size_table import links, size_table

PUBLISHED = (("no kernels", 755_000), ("the kernels of a MobileNet", 895_000), ("these with reduced types", 851_000))
"""Android arm64, NDK 21.1 (clang), shared libc++, exceptions and traditional ML off: bytes of the library. Source: the
slides "ONNX Runtime Mobile" of 2021."""

_LINKED = (
    "no kernels",
    "example config (AveragePool, Conv, Reshape, Shape, Softmax, Squeeze, Transpose at opset 11) + FusedConv",
    "example config + FusedConv, types float only",
)


def published() -> Section:
    """The three published figures and the three linked libraries, with what each adds."""
    return Section(
        "Published in 2021 and linked here",
        ("library", "2021: NDK 21.1, shared libc++", "over base", "1.27: GCC -Os, shared libstdc++", "over base"),
        tuple(
            (name, f"{then:,}", f"{then - PUBLISHED[0][1]:,}", f"{now:,}", f"{now - _file(_LINKED[0]):,}")
            for (name, then), now in zip(PUBLISHED, map(_file, _LINKED), strict=True)
        ),
        4,
    )


def explanation() -> tuple[str, ...]:
    """Why the figures differ: sentences."""
    base, kernels, types = (n for _, n in PUBLISHED)
    here_base, here_kernels, here_types = map(_file, _LINKED)
    matrix = size_table("minsize").shared_mlas
    own = here_kernels - here_base - matrix
    saved, saved_here = kernels - types, here_kernels - here_types
    return (
        f"In 2021 reduced types saved {saved // 1000} KB of {(kernels - base) // 1000} KB of kernels "
        f"({saved / (kernels - base):.0%}).",
        f"Here they save {saved_here / 1000:.0f} KB. The kernels add {(here_kernels - here_base) / 1000:.0f} KB, of "
        f"which {matrix / 1000:.0f} KB is matrix code (MLAS): since then all its arm64 variants hang on one table, so "
        "the first kernel that multiplies matrices brings all of them, once, and no list of types takes any out.",
        f"Without it the kernels have {own / 1000:.0f} KB, and reduced types save {saved_here / own:.0%} of them.",
        _by_the_table(),
        f"The base has grown from {base // 1000} KB to {here_base / 1000:.0f} KB.",
    )


def _file(name: str) -> int:
    return int(links()[name]["file"])


_EXAMPLE = "ai.onnx;11;AveragePool,Conv,Reshape,Shape,Softmax,Squeeze,Transpose\ncom.microsoft;1;FusedConv\n"


@cache
def _by_the_table() -> str:
    """What the sums say of the same list of types, and why it is more: FusedConv's float16 kernel.

    That the linked library holds it is inferred: with it the sum is as far off as those of the other libraries.
    """
    table = size_table("minsize")
    whole, _ = kept(KernelConfig.parse(_EXAMPLE), table)
    floats, _ = kept(KernelConfig.parse(_EXAMPLE).with_global_types(["float"]), table)
    half = [(r.op, r.type) == ("FusedConv", "MLFloat16") for r in table.registrations]
    all_types, some, more = (table.total(k) for k in (whole, floats, floats | np.array(half)))
    return (
        f"m.size(types=['float']) says {(all_types - some) / 1000:.0f} KB for the same operators: such a list takes "
        f"out FusedConv's float16 kernel as well, {(more - some) / 1000:.0f} KB by the table, which the library linked "
        f"here seems to hold; with it the sum says {(all_types - more) / 1000:.0f} KB."
    )
