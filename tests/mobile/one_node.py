"""One-node models for the tests of providers' tables: a graph as a provider sees it, without ONNX Runtime's
optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tfonnx_lab.mobile.graph import View

Input = tuple[str, Sequence[int | str] | None] | np.ndarray | onnx.TensorProto | None
"""A graph input (type, shape), an initializer, or an input that is left out."""


def kind(name: str) -> int:
    return int(TensorProto.DataType.Value(name.upper()))


def model(
    op: str,
    inputs: Sequence[Input],
    *,
    opset: int = 18,
    outputs: int = 1,
    domain: str = "",
    made: str = "",
    **attrs: Any,
) -> onnx.ModelProto:
    """made: element type of the outputs where shape inference does not know it; the shape is then the first input's."""
    names, given, constants = [], [], []
    for i, spec in enumerate(inputs):
        names.append("" if spec is None else f"i{i}")
        if isinstance(spec, tuple):
            given.append(helper.make_tensor_value_info(f"i{i}", kind(spec[0]), spec[1]))
        elif isinstance(spec, onnx.TensorProto):
            spec.name = f"i{i}"
            constants.append(spec)
        elif spec is not None:
            constants.append(numpy_helper.from_array(spec, f"i{i}"))
    results = [f"o{i}" for i in range(outputs)]
    node = helper.make_node(op, names, results, name="n", domain=domain, **attrs)
    infos = [onnx.ValueInfoProto(name=r) for r in results]
    if made:
        shape = inputs[0][1] if isinstance(inputs[0], tuple) else None
        infos = [helper.make_tensor_value_info(r, kind(made), shape) for r in results]
    graph = helper.make_graph([node], "g", given, infos, constants)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def view(op: str, inputs: Sequence[Input], **more: Any) -> View:
    return View.of(model(op, inputs, **more))


def f32(*shape: int | str) -> tuple[str, tuple[int | str, ...]]:
    return "float", shape


def f16(*shape: int | str) -> tuple[str, tuple[int | str, ...]]:
    return "float16", shape


def i32(*shape: int | str) -> tuple[str, tuple[int | str, ...]]:
    return "int32", shape


def i64(*shape: int | str) -> tuple[str, tuple[int | str, ...]]:
    return "int64", shape


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)
