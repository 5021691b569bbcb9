"""Small models for the tests of kernels, configs and sizes, written in the ORT format by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

F, I64, I32, U8, STR = TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32, TensorProto.UINT8, TensorProto.STRING


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, tuple[int, list[int]]],
    outputs: Mapping[str, int],
    constants: Mapping[str, np.ndarray] | None = None,
    tensors: Sequence[TensorProto] = (),
    opset: int = 18,
) -> onnx.ModelProto:
    """A model. inputs: name => type and shape; outputs: name => type; constants, tensors: initializers."""
    weights = [numpy_helper.from_array(a, name) for name, a in (constants or {}).items()]
    graph = helper.make_graph(
        list(nodes), "g",
        [helper.make_tensor_value_info(n, t, s) for n, (t, s) in inputs.items()],
        [helper.make_tensor_value_info(n, t, None) for n, t in outputs.items()],
        [*weights, *tensors],
    )  # fmt: skip
    imports = [
        helper.make_opsetid("", opset),
        helper.make_opsetid("ai.onnx.ml", 3),
        helper.make_opsetid("com.microsoft", 1),
    ]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def written(made: onnx.ModelProto, path: Path, level: str = "ORT_DISABLE_ALL") -> Path:
    """The model in the ORT format, as ONNX Runtime writes it."""
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(path)
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    options.add_session_config_entry("session.save_model_format", "ORT")
    options.log_severity_level = 3
    ort.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return path


def small_net() -> onnx.ModelProto:
    """Conv, Relu, MaxPool, Reshape, Softmax of float."""
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], "conv", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"], "relu"),
        helper.make_node("MaxPool", ["r"], ["p"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Reshape", ["p", "shape"], ["f"], "flat"),
        helper.make_node("Softmax", ["f"], ["y"], "softmax"),
    ]
    constants = {"w": np.ones((2, 1, 3, 3), np.float32), "b": np.zeros(2, np.float32), "shape": np.array([1, -1])}
    return model(nodes, {"x": (F, [1, 1, 4, 4])}, {"y": F}, constants)


def branches() -> onnx.ModelProto:
    """An If whose bodies hold ops that the main graph does not have, and read a value of the graph around them."""
    then = helper.make_graph([helper.make_node("Sin", ["x"], ["t"], "inner_sin")], "then", [],
                             [helper.make_tensor_value_info("t", F, None)])  # fmt: skip
    other = helper.make_graph([helper.make_node("Clip", ["x", "", "top"], ["e"], "inner_clip")], "else", [],
                              [helper.make_tensor_value_info("e", F, None)])  # fmt: skip
    nodes = [helper.make_node("If", ["c"], ["y"], "if", then_branch=then, else_branch=other)]
    inputs = {"x": (F, [2]), "c": (TensorProto.BOOL, [])}
    return model(nodes, inputs, {"y": F}, {"top": np.array(1, np.float32)})


def many_types() -> onnx.ModelProto:
    """Ops with type control by other arguments than input 0: Cast, Gather, Where, OneHot, Slice, ConstantOfShape,
    Pow."""
    nodes = [
        helper.make_node("Cast", ["x"], ["i"], to=I64),
        helper.make_node("Gather", ["x", "at"], ["g"]),
        helper.make_node("Where", ["mask", "x", "x"], ["w"]),
        helper.make_node("OneHot", ["at", "depth", "values"], ["o"]),
        helper.make_node("Slice", ["x", "at", "ends"], ["s"]),
        helper.make_node("ConstantOfShape", ["ends"], ["z"], value=helper.make_tensor("v", I32, [1], [7])),
        helper.make_node("Pow", ["x", "e"], ["p"]),
        helper.make_node("SequenceConstruct", ["x", "w"], ["q"]),
        helper.make_node("ConcatFromSequence", ["q"], ["k"], axis=0),
    ]
    constants: dict[str, np.ndarray] = {"at": np.array([0], np.int64), "ends": np.array([2], np.int64),
    "mask": np.array([True]),
                 "depth": np.array(3, np.int64), "values": np.array([0, 1], np.float32), "e": np.array(2,
                 np.int64)}  # fmt: skip
    outputs = {"i": I64, "g": F, "w": F, "o": F, "s": F, "z": I32, "p": F, "k": F}
    return model(nodes, {"x": (F, [4])}, outputs, constants)


def strings_to_numbers() -> onnx.ModelProto:
    """A traditional ML operator, whose registrations name two types each."""
    node = helper.make_node("LabelEncoder", ["x"], ["y"], "labels", domain="ai.onnx.ml", keys_strings=["a", "b"],
                            values_int64s=[1, 2])  # fmt: skip
    return model([node], {"x": (STR, [2])}, {"y": I64})


def four_bits() -> onnx.ModelProto:
    """A 4-bit tensor, which the stock tools cannot name."""
    codes = helper.make_tensor("codes", TensorProto.INT4, [4], bytes(2), raw=True)
    nodes = [
        helper.make_node("DequantizeLinear", ["codes", "scale"], ["w"]),
        helper.make_node("Add", ["x", "w"], ["y"]),
    ]
    return model(nodes, {"x": (F, [4])}, {"y": F}, {"scale": np.array(0.5, np.float32)}, [codes], opset=21)
