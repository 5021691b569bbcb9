"""A custom op of a TensorFlow op's own name is that op; a handler for the name as it stands goes before."""

import numpy as np
import onnx_ir as ir
import onnxruntime as ort

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab.graph import OpBuilder


def _model() -> bytes:
    m = Model()
    x = m.input([4])
    m.outputs(m.op("Asinh", [x], [m.tensor("float32", [4])], custom={}))
    return m.bytes()


def _run(model: bytes) -> np.ndarray:
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    x = np.array([-3, -0.5, 0, 20], np.float32)
    (result,) = session.run(None, {session.get_inputs()[0].name: x})
    return np.asarray(result)


def test_a_custom_op_of_a_tensorflow_ops_name() -> None:
    result = lab.convert(_model())
    x = np.array([-3, -0.5, 0, 20], np.float32)
    np.testing.assert_allclose(_run(result.model.SerializeToString()), np.arcsinh(x), rtol=1e-6)


def test_a_handler_of_the_name_as_it_stands_goes_before() -> None:
    @lab.handler("Asinh")
    def mine(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
        """Asinh => Neg."""
        return op.Neg(x)

    try:
        result = lab.convert(_model())
    finally:
        lab.restore()
    np.testing.assert_array_equal(_run(result.model.SerializeToString()), np.array([3, 0.5, 0, -20], np.float32))
