"""What other libraries do not promise and the package uses all the same: a release that changes it turns this red
first.

pyproject.toml bounds these libraries from above (ai-edge-litert, onnx-ir) or pins them (netron, whose viewer is
bundled).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

import tfonnx_lab as lab
from tfonnx_lab.validity.kernels import kernels
from tfonnx_lab.validity.schemas import schema_of

TOP = Path(lab.__file__).parents[1]


def test_the_schema_of_tflite_has_its_classes_and_enums() -> None:
    data = lab.samples.path("digits_int8").read_bytes()
    model = schema.Model.GetRootAs(data, 0)
    assert model.SubgraphsLength() == 1 and model.Subgraphs(0).OperatorsLength() > 5
    record = schema.ModelT.InitFromPackedBuf(data, 0)
    assert len(record.subgraphs[0].tensors) == model.Subgraphs(0).TensorsLength()
    assert schema.BuiltinOperator.CONV_2D == 3 and schema.TensorType.INT8 == 9


def test_the_interpreter_tells_its_tensors_and_ops() -> None:
    loaded = Interpreter(model_path=str(lab.samples.path("digits_float")))
    loaded.allocate_tensors()
    assert {"op_name", "inputs", "outputs", "index"} <= set(loaded._get_ops_details()[0])
    assert {"shape", "dtype", "name"} <= set(loaded._get_tensor_details(0, 0))


def test_mappings_of_onnx_ir_have_their_dicts_inside() -> None:
    node = ir.Node("", "Relu", [ir.Value(name="x")], [ir.AttrInt64("a", 1)])
    assert isinstance(node.attributes.data, dict) and node.attributes.data["a"].value == 1
    assert isinstance(node.meta.data, dict) and isinstance(node.outputs[0].meta.data, dict)


def test_onnx_runtime_tells_its_kernels_and_schemas() -> None:
    types = {t for k in kernels()["", "Softmax"] for allowed in k.types.values() for t in allowed}
    assert types == {"tensor(float)", "tensor(double)"}
    added = schema_of("com.microsoft", "QLinearAdd", 1)
    assert added is not None and [f.kind for f in added.inputs[:3]] == ["T", "tensor(float)", "T"]


def test_onnx_names_the_node_that_its_inference_refuses() -> None:
    x = onnx.helper.make_tensor_value_info("x", 1, [2])
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"], name="here")
    weights = onnx.numpy_helper.from_array(np.ones((3, 3), np.float32), "w")
    graph = onnx.helper.make_graph([node], "g", [x], [onnx.ValueInfoProto(name="y")], [weights])
    with pytest.raises(onnx.shape_inference.InferenceError, match=r"\(op_type:MatMul, node name: here\): "):
        onnx.shape_inference.infer_shapes(onnx.helper.make_model(graph), strict_mode=True)


@pytest.mark.parametrize(
    ("name", "bound"), [("ai-edge-litert", r">=[\d.]+,<\d"), ("onnx-ir", r">=[\d.]+,<\d"), ("netron", r"==\d")]
)
def test_libraries_whose_internals_are_used_are_bounded_from_above(name: str, bound: str) -> None:
    assert re.search(rf'"{name}{bound}', (TOP / "pyproject.toml").read_text("utf-8"))


def test_an_enum_s_own_attributes_are_no_names_of_it() -> None:
    """Python 3.13 gives each class a number: no model could be read there."""
    from tfonnx_lab.readers.calls import _kinds
    from tfonnx_lab.readers.op_options import names_of
    from tfonnx_lab.readers.verifier import _TYPES

    numbered = type("BuiltinOptions", (), {"NONE": 0, "WhileOptions": 92, "__firstlineno__": 7})
    assert names_of(numbered) == {0: "NONE", 92: "WhileOptions"} and _kinds(numbered) == (92,)
    assert not any(name.startswith("_") for name in _TYPES.values())
