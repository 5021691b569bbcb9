"""One op of a model as a TFLite model of its own, with the real tensors that flow into it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.conversion import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.parity import LiteRT, random_inputs
from tfonnx_lab.readers.source import open_source


@dataclass(frozen=True)
class Isolated:
    """A one-op model.

    data: the flatbuffer. inputs: what flowed into the op, in the model's order; empty where LiteRT could not run the
    original up to it. expected: what LiteRT's op made of them. op: its type, position: its index in the original.
    """

    data: bytes
    inputs: tuple[np.ndarray, ...]
    expected: tuple[np.ndarray, ...]
    op: str
    position: int

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write `OP_17.tflite` and `OP_17.npz` (in0, in1 ...) into the folder; returns the model's path."""
        target = Path(folder) / f"{self.op}_{self.position}.tflite"
        target.write_bytes(self.data)
        arrays: dict[str, Any] = {f"in{i}": x for i, x in enumerate(self.inputs)}
        np.savez_compressed(target.with_suffix(".npz"), **arrays)
        return target

    def test(self) -> str:
        """A test case to paste: it converts the saved model and compares it with LiteRT."""
        name = f"{self.op.lower()}_{self.position}"
        return (
            f"def test_{name}() -> None:\n"
            f'    """{self.op}, op {self.position} of the model that it was cut out of."""\n'
            f'    path = Path(__file__).parent / "{self.op}_{self.position}.tflite"\n'
            f'    stored = np.load(path.with_suffix(".npz"))\n'
            f'    inputs = [stored[f"in{{i}}"] for i in range(len(stored.files))]\n'
            f"    parity = compare(tfonnx_lab.convert(path), inputs)\n"
            f"    assert max(row.relative for row in parity.outputs) < 1e-3\n"
        )

    def __repr__(self) -> str:
        shapes = ", ".join(f"{x.dtype}{list(x.shape)}" for x in self.inputs)
        return f"Isolated({self.op}, op {self.position}, {len(self.data)} bytes, inputs {shapes or 'unknown'})"


def isolate(result: Conversion, op: int | str, inputs: Sequence[np.ndarray] | None = None) -> Isolated:
    """Cut one op out of the converted model.

    op: its index in the file, or its type or a part of its output's name (the first that fits). inputs: what the whole
    model is run on to find the op's own inputs (default: random ones).
    Raises ConversionError where there is no such op, or where it has subgraphs.
    """
    data, name = open_source(result.source)
    model = schema.Model.GetRootAs(data, 0)
    graph = model.Subgraphs(0)
    position = op if isinstance(op, int) else _find(model, graph, op, name)
    if not 0 <= position < graph.OperatorsLength():
        raise ConversionError(f"{name}: there is no op {position}; it has {graph.OperatorsLength()}")
    table = graph.Operators(position)
    code = model.OperatorCodes(table.OpcodeIndex())
    cut = _Cut(model, graph, data)
    flatbuffer, moving, made = cut.one_op(table, code)
    before, after = _values(result, moving, made, inputs)
    return Isolated(flatbuffer, before, after, _type(code), position)


def _type(code: Any) -> str:
    from tfonnx_lab.readers.options import enum_name

    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    if number == schema.BuiltinOperator.CUSTOM:
        return bytes(code.CustomCode() or b"custom").decode("utf-8", "replace")
    return enum_name(schema.BuiltinOperator, number)


def _find(model: Any, graph: Any, text: str, name: str) -> int:
    for position in range(graph.OperatorsLength()):
        table = graph.Operators(position)
        names = [bytes(graph.Tensors(i).Name() or b"").decode("utf-8", "replace") for i in table.OutputsAsNumpy()]
        if text == _type(model.OperatorCodes(table.OpcodeIndex())) or any(text in n for n in names):
            return position
    raise ConversionError(f"{name}: no op is of type {text!r} or makes a tensor with that name")


class _Cut:
    """Copies the tables that one op needs."""

    def __init__(self, model: Any, graph: Any, data: memoryview) -> None:
        self.model = model
        self.graph = graph
        self.data = data
        self.buffers: list[Any] = [schema.BufferT()]
        self.tensors: list[Any] = []
        self.numbers: dict[int, int] = {-1: -1}

    def one_op(self, table: Any, code: Any) -> tuple[bytes, list[int], list[int]]:
        """The flatbuffer, and the original indices of the tensors that flow in and out."""
        op = schema.OperatorT.InitFromObj(table)
        if any("ubgraph" in field for field in vars(op.builtinOptions or schema.AddOptionsT())):
            raise ConversionError(f"{_type(code)} runs subgraphs; cut out an op inside of them instead")
        old_inputs, old_outputs = [int(i) for i in table.InputsAsNumpy()], [int(i) for i in table.OutputsAsNumpy()]
        moving = [i for i in dict.fromkeys(old_inputs) if i >= 0 and not self._is_constant(i)]
        op.inputs = [self._tensor(i) for i in old_inputs]
        op.outputs = [self._tensor(i) for i in old_outputs]
        op.intermediates = (
            [self._tensor(int(i)) for i in table.IntermediatesAsNumpy()] if table.IntermediatesLength() else None
        )
        op.opcodeIndex = 0
        fed = [i for i in moving if not self.graph.Tensors(i).IsVariable()]
        subgraph = schema.SubGraphT(
            tensors=self.tensors,
            inputs=[self.numbers[i] for i in fed],
            outputs=list(op.outputs),
            operators=[op],
            name=b"main",
        )
        made = schema.ModelT(
            version=3,
            operatorCodes=[schema.OperatorCodeT.InitFromObj(code)],
            subgraphs=[subgraph],
            buffers=self.buffers,
        )
        builder = flatbuffers.Builder(1024)
        builder.Finish(made.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output()), fed, old_outputs

    def _is_constant(self, index: int) -> bool:
        buffer = self.model.Buffers(self.graph.Tensors(index).Buffer())
        return bool(buffer.DataLength() or buffer.Offset() > 1)

    def _tensor(self, index: int) -> int:
        if index not in self.numbers:
            tensor = schema.TensorT.InitFromObj(self.graph.Tensors(index))
            tensor.buffer = self._buffer(tensor.buffer)
            tensor.sparsity = tensor.sparsity or None
            self.numbers[index] = len(self.tensors)
            self.tensors.append(tensor)
        return self.numbers[index]

    def _buffer(self, index: int) -> int:
        buffer = self.model.Buffers(index)
        if buffer.Offset() > 1:
            contents = np.frombuffer(self.data[buffer.Offset() : buffer.Offset() + buffer.Size()], np.uint8)
        elif buffer.DataLength():
            contents = buffer.DataAsNumpy()
        else:
            return 0
        self.buffers.append(schema.BufferT(data=contents))
        return len(self.buffers) - 1


def _values(
    result: Conversion, moving: list[int], made: list[int], inputs: Sequence[np.ndarray] | None
) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """What flowed in and out of the op in LiteRT; nothing where LiteRT cannot run the model (an unknown custom op)."""
    try:
        reference = LiteRT(result.source)
        reference.run(list(inputs) if inputs is not None else random_inputs(reference.inputs))
    except ConversionError:
        return (), ()
    found = reference.tensors({str(i): i for i in (*moving, *made)})
    return tuple(found[str(i)] for i in moving if str(i) in found), tuple(
        found[str(i)] for i in made if str(i) in found
    )
