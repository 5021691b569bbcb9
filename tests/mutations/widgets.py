"""Of the widgets."""

from __future__ import annotations

from .mutation import Mutation

MUTATIONS = [
    Mutation(
        "widgets/onnx_lab.py",
        "if not row.nrmse <= _ROUNDING]",
        "if row.nrmse > _ROUNDING]",
        "NaN on one side is far",
        "tests/widgets/test_onnx_lab.py",
    ),
    Mutation(
        "widgets/onnx_lab.py",
        '"ok": not far, "origin": None',
        '"ok": True, "origin": None',
        "the overview tells that outputs differ",
        "tests/widgets/test_onnx_lab.py",
    ),
    Mutation(
        "widgets/_listing.py",
        'f"after step {index + 1} of',
        'f"after step {index} of',
        "the step that a listing is of",
        "tests/widgets/test_traits.py",
    ),
]
