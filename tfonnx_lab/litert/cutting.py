"""Cutting a TFLite model: one op, one subgraph, or the ops up to one, as a flatbuffer of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.readers.op_options import enum_name

HANDLES = (schema.TensorType.RESOURCE, schema.TensorType.VARIANT)
"""Tensors that nobody can feed: the ops that make them are cut out along with their users."""


class Model:
    """A TFLite model to cut from."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.tables: Any = schema.Model.GetRootAs(data, 0)
        self.graphs: list[Any] = [self.tables.Subgraphs(i) for i in range(self.tables.SubgraphsLength())]

    def op(self, graph: int, position: int) -> Any:
        """The table of an operator."""
        return self.graphs[graph].Operators(position)

    def type_of(self, op: Any) -> str:
        """The op's type, or a custom op's code."""
        code = self.tables.OperatorCodes(op.OpcodeIndex())
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        if number == schema.BuiltinOperator.CUSTOM:
            return _text(code.CustomCode()) or "custom"
        return enum_name(schema.BuiltinOperator, number)

    def name_of(self, graph: int, tensor: int) -> str:
        """A tensor's name."""
        return _text(self.graphs[graph].Tensors(tensor).Name())

    def is_fed(self, graph: int, tensor: int) -> bool:
        """Whether the tensor is neither a constant, nor kept from run to run, nor a handle."""
        table = self.graphs[graph].Tensors(tensor)
        buffer = self.tables.Buffers(table.Buffer())
        constant = buffer.DataLength() or buffer.Offset() > 1
        return not (constant or table.IsVariable() or table.Type() in HANDLES)

    def fed(self, graph: int, op: Any) -> list[int]:
        """The tensors that flow into an op, each once."""
        return [i for i in dict.fromkeys(ints(op.InputsAsNumpy())) if i >= 0 and self.is_fed(graph, i)]

    def called_by(self, op: Any) -> list[tuple[str, int]]:
        """The subgraphs that an op runs, with the name of the option that says so."""
        return list(_references(schema.OperatorT.InitFromObj(op)))

    def caller_of(self, graph: int) -> tuple[int, int, str] | None:
        """The first op that runs the subgraph: its subgraph, position, and the option that names it."""
        for outer, table in enumerate(self.graphs):
            for position in range(table.OperatorsLength()):
                for option, index in self.called_by(table.Operators(position)):
                    if index == graph and outer != graph:
                        return outer, position, option
        return None

    def one_op(self, graph: int, position: int) -> bytes:
        """The op, with what makes its handles and the subgraphs that it runs; its inputs are `fed`, each once."""
        op = self.op(graph, position)
        setup = self._setup(graph, op)
        outputs = [i for i in ints(op.OutputsAsNumpy()) if i >= 0]
        shown = [i for i in outputs if self.graphs[graph].Tensors(i).Type() not in HANDLES]
        return Cut(self).model(graph, self.fed(graph, op), shown, [*setup, position])

    def up_to(self, graph: int, position: int, wanted: Sequence[int]) -> bytes:
        """The subgraph with its own inputs, the ops before `position` that `wanted` needs, and `wanted` as outputs."""
        table = self.graphs[graph]
        needed, kept = set(wanted), []
        for number in reversed(range(min(position, table.OperatorsLength()))):
            op = table.Operators(number)
            made = ints(op.OutputsAsNumpy())
            if needed & set(made) or not made:
                kept.append(number)
                needed |= set(ints(op.InputsAsNumpy()))
        return Cut(self).model(graph, ints(table.InputsAsNumpy()), list(wanted), kept[::-1])

    def tensor(self, graph: int, tensor: int) -> bytes:
        """A model that returns a constant."""
        return Cut(self).model(graph, [], [tensor], [])

    def subgraph(self, graph: int) -> tuple[bytes, dict[int, int]]:
        """A subgraph as a model, and which subgraph of the original each of its subgraphs is."""
        table = self.graphs[graph]
        every = range(table.OperatorsLength())
        cut = Cut(self)
        made = cut.model(graph, ints(table.InputsAsNumpy()), ints(table.OutputsAsNumpy()), every)
        return made, {0: graph} | {new: old for old, new in cut.graph_numbers.items()}

    def _setup(self, graph: int, op: Any) -> list[int]:
        """The ops that make the handles that the op takes, and what fills them, in order."""
        table = self.graphs[graph]
        wanted = {i for i in ints(op.InputsAsNumpy()) if i >= 0 and table.Tensors(i).Type() in HANDLES}
        if not wanted:
            return []
        makers = []
        for number in range(table.OperatorsLength()):
            made = ints(table.Operators(number).OutputsAsNumpy())
            if self.type_of(table.Operators(number)) == "CALL_ONCE" or wanted & set(made):
                makers.append(number)
        return makers


class Cut:
    """Copies the tables that a cut needs; a buffer that tensors share is shared in the copy, too."""

    def __init__(self, model: Model) -> None:
        self.source = model
        self.buffers: list[Any] = [schema.BufferT()]
        self.shared: dict[int, int] = {}
        self.codes: list[Any] = []
        self.code_numbers: dict[int, int] = {}
        self.graphs: list[Any] = []
        self.graph_numbers: dict[int, int] = {}

    def model(self, graph: int, inputs: Sequence[int], outputs: Sequence[int], ops: Iterable[int]) -> bytes:
        """The flatbuffer; its first subgraph has these inputs, outputs and ops."""
        self.main(graph, inputs, outputs, ops)
        return self.packed()

    def packed(self) -> bytes:
        """The flatbuffer of what was copied."""
        made = schema.ModelT(version=3, operatorCodes=self.codes, subgraphs=self.graphs, buffers=self.buffers)
        builder = flatbuffers.Builder(1024)
        builder.Finish(made.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    def whole(self) -> list[Any]:
        """Copy all subgraphs with all that is in them, each tensor at its own number; returns the copies."""
        self.graph_numbers = {number: number for number in range(len(self.source.graphs))}
        for number, table in enumerate(self.source.graphs):
            inputs, outputs = ints(table.InputsAsNumpy()), ints(table.OutputsAsNumpy())
            self.main(number, inputs, outputs, range(table.OperatorsLength()), every=True)
        return self.graphs

    def main(
        self, graph: int, inputs: Sequence[int], outputs: Sequence[int], ops: Iterable[int], *, every: bool = False
    ) -> tuple[Any, dict[int, int]]:
        """Copy a subgraph; returns the copy and where in it each tensor is.

        every: copy tensors that nobody needs as well, so that all keep their numbers.
        """
        table = self.source.graphs[graph]
        made = schema.SubGraphT(name=table.Name() or b"main", tensors=[], operators=[])
        self.graphs.append(made)
        numbers: dict[int, int] = {-1: -1}
        if every:
            numbers |= {i: i for i in range(table.TensorsLength())}
            made.tensors = [self._tensor(table.Tensors(i)) for i in range(table.TensorsLength())]

        def tensor(index: int) -> int:
            if index not in numbers:
                numbers[index] = len(made.tensors)
                copy = self._tensor(table.Tensors(index))
                made.tensors.append(copy)
                if isinstance(details := getattr(copy.quantization, "details", None), schema.BlockwiseQuantizationT):
                    details.scales, details.zeroPoints = tensor(details.scales), tensor(details.zeroPoints)
            return numbers[index]

        made.inputs = [tensor(i) for i in inputs]
        for position in ops:
            old = table.Operators(position)
            op = schema.OperatorT.InitFromObj(old)
            op.opcodeIndex = self._code(op.opcodeIndex)
            op.inputs = [tensor(i) for i in ints(old.InputsAsNumpy())]
            op.outputs = [tensor(i) for i in ints(old.OutputsAsNumpy())]
            op.intermediates = [tensor(i) for i in ints(old.IntermediatesAsNumpy())] or None
            op.largeCustomOptionsOffset = op.largeCustomOptionsSize = 0
            if start := old.LargeCustomOptionsOffset():
                op.customOptions = np.frombuffer(
                    self.source.data[start : start + old.LargeCustomOptionsSize()], np.uint8
                )
            self._renumber(op)
            made.operators.append(op)
        made.outputs = [tensor(i) for i in outputs]
        return made, numbers

    def _renumber(self, op: Any) -> None:
        """Copy the subgraphs that the op runs and say where they are now."""
        for options in (op.builtinOptions, op.builtinOptions2):
            for field, value in list(vars(options).items()) if options is not None else ():
                if "ubgraph" in field and isinstance(value, (int, np.integer)):
                    setattr(options, field, self._inner(int(value)))
                elif "ubgraph" in field and value is not None:
                    setattr(options, field, [self._inner(int(i)) for i in value])

    def _inner(self, graph: int) -> int:
        if graph < 0:
            return graph
        if graph not in self.graph_numbers:
            self.graph_numbers[graph] = len(self.graphs)
            table = self.source.graphs[graph]
            inputs, outputs = ints(table.InputsAsNumpy()), ints(table.OutputsAsNumpy())
            self.main(graph, inputs, outputs, range(table.OperatorsLength()))
        return self.graph_numbers[graph]

    def _code(self, index: int) -> int:
        if index not in self.code_numbers:
            self.code_numbers[index] = len(self.codes)
            self.codes.append(schema.OperatorCodeT.InitFromObj(self.source.tables.OperatorCodes(index)))
        return self.code_numbers[index]

    def _tensor(self, table: Any) -> Any:
        tensor = schema.TensorT.InitFromObj(table)
        tensor.buffer = self._buffer(tensor.buffer)
        return tensor

    def _buffer(self, index: int) -> int:
        if index in self.shared:
            return self.shared[index]
        buffer = self.source.tables.Buffers(index)
        if buffer.Offset() > 1:
            end = buffer.Offset() + buffer.Size()
            contents = np.frombuffer(self.source.data[buffer.Offset() : end], np.uint8)
        elif buffer.DataLength():
            contents = buffer.DataAsNumpy()
        else:
            return 0
        self.buffers.append(schema.BufferT(data=contents))
        self.shared[index] = len(self.buffers) - 1
        return self.shared[index]


def _references(op: Any) -> Iterator[tuple[str, int]]:
    for options in (op.builtinOptions, op.builtinOptions2):
        for field, value in vars(options).items() if options is not None else ():
            if "ubgraph" in field and isinstance(value, (int, np.integer)):
                if value >= 0:
                    yield field, int(value)
            elif "ubgraph" in field and value is not None:
                yield from ((field, int(i)) for i in value)


def ints(array: Any) -> list[int]:
    """A vector of the flatbuffer as a list; one that is left out is empty."""
    return [] if isinstance(array, int) else [int(i) for i in array]


def _text(raw: bytes | None) -> str:
    return bytes(raw).decode("utf-8", "replace") if raw else ""
