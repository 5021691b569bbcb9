"""An op that knows nothing of complex numbers is refused where it is given some."""

import pytest

import tfonnx_lab as lab
from conformance.models import Model


def test_an_op_that_would_compute_with_two_numbers() -> None:
    m = Model()
    x = m.input([3], "complex64")
    m.outputs(m.op("TANH", [x], [m.tensor("complex64", [3])]))
    with pytest.raises(lab.ConversionError, match=r"TANH \(op 0 of subgraph 0\): of complex numbers"):
        lab.convert(m.bytes())
