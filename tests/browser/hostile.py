"""Models whose every name tries to be more than text."""

from __future__ import annotations

import numpy as np

from conformance.models import Model

IMAGE = "<img src=x onerror=window.hacked=1>"
NAMES = [
    IMAGE,
    '"></script><script>window.hacked=1</script>',
    "../../../../../../tmp/hacked",
    "'\"`${window.hacked=1}`{{7*7}}%s\\",
    "long/" + "x" * 3000,
    "\u202e\u05e9\u05dc\u05d5\u05dd\u202d \u0645\u0631\u062d\u0628\u0627\u2066",
    "$\\frac{a$ _^{ \n\t\r $$",
    "&lt;b&gt;&#x27;&amp;",
]


def hostile(custom: bool = False) -> bytes:
    """A chain of quantized convolutions with such names; with an op whose code is one, that no handler knows."""
    model = Model()
    model.name = IMAGE
    quant = (0.05, -3)
    x = model.input([1, 4, 4, 2], "int8", quant, name=NAMES[0])
    if custom:
        x = model.op(IMAGE, [x], [model.tensor("int8", [1, 4, 4, 2], quant, name=NAMES[2])], custom={IMAGE: IMAGE})
    rng = np.random.default_rng(0)
    for number, name in enumerate(NAMES):
        w = model.const(rng.integers(-9, 9, (2, 1, 1, 2)), "int8", (0.1, 0), name=f"w{number}{name}")
        b = model.const(np.zeros(2, np.int32), "int32", (0.005, 0), name=f"b{number}{name}")
        x = model.op(
            "CONV_2D",
            [x, w, b],
            [model.tensor("int8", [1, 4, 4, 2], quant, name=f"{name}{number}")],
            padding="SAME",
            fused_activation_function="RELU6" if number % 2 else "NONE",
        )
    return model.outputs(x).bytes()
