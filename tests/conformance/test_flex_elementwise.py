"""Flex ops that compute element by element."""

from __future__ import annotations

import numpy as np
import pytest

from .flex_models import Case, ints, name_of, run, x
from .simple import made

UNARY = ["Softplus", "Softsign", "Selu", "Erf", "Erfc", "Tan", "Atan", "Sinh", "Cosh", "Asinh", "Expm1", "Reciprocal",
"Inv",
         "IsNan", "IsInf", "IsFinite", "Rint", "Identity", "Lgamma", "StopGradient", "Relu", "Exp", "Sign",
         "Sigmoid"]  # fmt: skip
IN_RANGE = {"Asin": (-1, 1), "Acos": (-1, 1), "Atanh": (-0.9, 0.9), "Acosh": (1, 4), "Log1p": (-0.9, 3)}
BINARY = ["Xdivy", "DivNoNan", "MulNoNan", "AddV2", "RealDiv", "Atan2", "SquaredDifference", "TruncateMod", "FloorMod"]
BITS = ["BitwiseAnd", "BitwiseOr", "BitwiseXor", "LeftShift", "RightShift", "TruncateDiv"]


def cases() -> list[Case]:
    """Every op, in the ways that are lowered differently."""
    found: list[Case] = [
        (n, [("x", np.r_[x(12), 0, 0.25].astype("f"))], {}) for n in UNARY if n not in ("Sigmoid", "Relu")
    ]
    found += [(n, [("x", x(3, 4, dtype="float64"))], {}) for n in UNARY if n not in ("Identity", "StopGradient")]
    found += [(n, [("x", x(3, 4, low=a, high=b))], {}) for n, (a, b) in IN_RANGE.items()]
    a, b = np.r_[x(6), 0, 0].astype("f"), np.r_[made([6], low=0.1), 0, 2].astype("f")
    found += [(n, [("x", a), ("y", b)], {}) for n in BINARY if n not in ("RealDiv", "TruncateMod", "FloorMod", "Atan2")]
    found += [(n, [("x", a), ("y", b + 3)], {}) for n in ("RealDiv", "TruncateMod", "FloorMod", "Xlogy", "Xlog1py")]
    found += [
        (n, [("x", x(3, 4, dtype="float64")), ("y", x(4, low=1, dtype="float64"))], {})
        for n in ("AddV2", "Maximum", "Pow")
    ]
    found += [(n, [("x", ints(5, -7, 100, 3, -1)), ("y", ints(3, 2, 4, 31, 1))], {}) for n in BITS]
    found += [
        ("Atan2", [("y", a), ("x", b)], {}),
        ("Invert", [("x", ints(0, 5, -3))], {}),
        ("Invert", [("x", ints(0, 5, dtype="uint8"))], {}),
        ("ApproximateEqual", [("x", x(5)), ("y", x(5) + np.array([0, 0, 1, 0, 1], "f"))], {"tolerance": 0.1}),
        ("ClipByValue", [("t", x(3, 4)), ("clip_value_min", np.float32(-1)), ("clip_value_max", np.float32(0.5))], {}),
        ("Bucketize", [("input", x(3, 4))], {"boundaries": [-1.0, 0.0, 0.7]}),
    ]
    return found  # fmt: skip


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_op(case: Case) -> None:
    run(case)
