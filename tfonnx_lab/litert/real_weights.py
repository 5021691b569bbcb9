"""Float ops with integer weights, computed in float: LiteRT rounds their inputs to 8 bits, an option does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.litert.cutting import Model, ints

HYBRID = frozenset((
    "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "BATCH_MATMUL", "TRANSPOSE_CONV", "CONV_3D",
    "LSTM", "SVDF", "RNN",
    "UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN",
    "BIDIRECTIONAL_SEQUENCE_RNN",
))  # fmt: skip
"""Ops whose kernels take float inputs with integer weights."""

_INTEGERS = {schema.TensorType.INT8: np.int8, schema.TensorType.UINT8: np.uint8}


def hybrid_ops(model: Model, graph: int = 0) -> set[int]:
    """The positions of the ops of a subgraph that compute with float inputs and integer weights, or run ops that do."""
    table = model.graphs[graph]
    found = set()
    for position in range(table.OperatorsLength()):
        op = table.Operators(position)
        types = [table.Tensors(i).Type() for i in ints(op.InputsAsNumpy()) if i >= 0]
        own = model.type_of(op) in HYBRID and types[:1] == [schema.TensorType.FLOAT32]
        if (own and set(types) & set(_INTEGERS)) or any(hybrid_ops(model, inner) for _, inner in model.called_by(op)):
            found.add(position)
    return found


def make_real(graphs: Sequence[Any], buffers: list[Any], codes: Sequence[Any]) -> None:
    """Give hybrid ops of copied tables the real numbers that their integer weights mean."""
    numbers = {getattr(schema.BuiltinOperator, name) for name in HYBRID}
    for graph in graphs:
        made: dict[int, int] = {}
        for op in graph.operators:
            code = codes[op.opcodeIndex]
            if max(code.builtinCode, code.deprecatedBuiltinCode) not in numbers or not len(op.inputs):
                continue
            if graph.tensors[op.inputs[0]].type == schema.TensorType.FLOAT32:
                op.inputs = [_as_real(graph, buffers, made, int(i)) for i in op.inputs]


def _as_real(graph: Any, buffers: list[Any], made: dict[int, int], index: int) -> int:
    """Where the real numbers of a tensor stand; the tensor itself where it holds no integer weights."""
    if index < 0:
        return index
    tensor = graph.tensors[index]
    data = buffers[tensor.buffer].data
    quant = tensor.quantization
    if tensor.type not in _INTEGERS or data is None or not len(data) or quant is None or quant.scale is None:
        return index
    if index not in made:
        shape = [1] * len(tensor.shape)
        if len(quant.scale) > 1:
            shape[quant.quantizedDimension] = len(quant.scale)
        codes = np.asarray(data, np.uint8).view(_INTEGERS[tensor.type]).reshape(tensor.shape).astype(np.float32)
        zero = np.zeros(len(quant.scale)) if quant.zeroPoint is None else np.asarray(quant.zeroPoint)
        real = (codes - zero.reshape(shape)) * np.asarray(quant.scale, np.float32).reshape(shape)
        buffers.append(schema.BufferT(data=np.ascontiguousarray(real, np.float32).view(np.uint8).ravel()))
        made[index] = len(graph.tensors)
        graph.tensors.append(
            schema.TensorT(shape=tensor.shape, type=schema.TensorType.FLOAT32, buffer=len(buffers) - 1,
                           name=(tensor.name or b"") + b"/real", hasRank=True)
        )  # fmt: skip
    return made[index]
