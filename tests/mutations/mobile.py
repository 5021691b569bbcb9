"""Of the rules of accelerators."""

from __future__ import annotations

from .mutation import Mutation

MUTATIONS = [
    Mutation(
        "mobile/coreml/picking.py",
        "and named == made and named <= size",
        "and named == made",
        "more parts than the dimension has entries",
        "tests/mobile/test_coreml.py -k Split",
    ),
    Mutation(
        "mobile/coreml/padding.py",
        "if axis < rank - 2 and (begin or end):",
        "if axis < rank - 3 and (begin or end):",
        "the third dimension from the end is padded",
        "tests/mobile/test_coreml.py -k Pad",
    ),
]
