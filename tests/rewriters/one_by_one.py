"""A batch of three, held against LiteRT, which is given one example at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import tfonnx_lab as lab
from conformance import Model
from conformance.models import Tensor
from conformance.simple import made
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.runtime import OnnxRuntime

EXAMPLE = (4, 6)
"""What a network is given one of: its file's input is [1, 4, 6]."""


def follows(network: Callable[[Model, Tensor], Tensor], batch: int | str) -> None:
    """Assert that three at once, in a file of this batch, give what LiteRT gives of each of the three."""
    m = Model()
    data = m.outputs(network(m, m.input([1, *EXAMPLE], name="x"))).bytes()
    x = made([3, *EXAMPLE])
    litert = LiteRT(data)
    want = np.concatenate([litert.run([x[k : k + 1]])[0] for k in range(3)])
    [got] = OnnxRuntime(lab.convert(data, inputs={"x": (batch, *EXAMPLE)}).model).run([x])
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
