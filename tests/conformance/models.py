"""Small TFLite models, written directly: `Model`, its graphs and their tensors.

    m = Model()
    x = m.input([1, 5, 5, 3], "int8", quant=(0.05, -3))
    w = m.const(weights, "int8", quant=(scales, zeros, 0))
    y = m.op("CONV_2D", [x, w, None], [m.tensor("int8", quant=(0.1, 4))], padding="SAME")
    data = m.outputs(y).bytes()

A tensor without a shape gets the one that LiteRT computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from . import encoding, values
from .encoding import Array, Blockwise, Sparse
from .options import set_options

__all__ = ["Blockwise", "Graph", "Model", "Sparse", "Tensor"]

Bytes = bytes

VERSIONS = {"BROADCAST_TO": 2}
"""Ops whose first version LiteRT no longer knows; all others run as version 1."""


@dataclass
class Tensor:
    """A tensor of a graph: what a test hands from one op to the next."""

    index: int
    dtype: str
    shape: list[int] | None
    name: str | None
    quant: Any = None
    constant: bool = False
    spec: dict[str, Any] = field(default_factory=dict)


class Graph:
    """One subgraph under construction."""

    def __init__(self, model: Model, name: str, position: int) -> None:
        self.model, self.name, self.position = model, name, position
        self.table = schema.SubGraphT()
        self.table.name = name
        self.table.tensors, self.table.operators, self.table.inputs, self.table.outputs = [], [], [], []
        self.tensors: list[Tensor] = []
        self.fed: list[Tensor] = []

    def _new(self, dtype: str, shape: Sequence[int] | None, name: str | None, quant: Any, prefix: str,
             **extra: Any) -> Tensor:  # fmt: skip
        t = schema.TensorT()
        index = len(self.tensors)
        t.type, t.shape = encoding.DTYPES[dtype], [int(n) for n in shape or ()]
        t.name = f"{prefix}{index}" if name is None else name or None
        t.quantization = encoding.quantization(quant)
        for key, value in extra.items():
            setattr(t, key, value)
        self.table.tensors.append(t)
        self.tensors.append(Tensor(index, dtype, None if shape is None else list(t.shape), t.name, quant))
        return self.tensors[-1]

    def input(self, shape: Sequence[int], dtype: str = "float32", quant: Any = None, *, name: str | None = None,
              signature: Sequence[int] | None = None, feed: Sequence[int] | None = None,
              **how: Any) -> Tensor:  # fmt: skip
        """A graph input. `signature` has -1 for unknown dimensions, `feed` the shape that the test gives it.

        `how` says what values it is fed: see `values.generate`.
        """
        signed = {} if signature is None else {"shapeSignature": list(signature)}
        tensor = self._new(dtype, shape, name, quant, "in", **signed)
        tensor.spec = {"shape": list(shape if feed is None else feed), **how}
        self.table.inputs.append(tensor.index)
        self.fed.append(tensor)
        return tensor

    def tensor(self, dtype: str = "float32", shape: Sequence[int] | None = None, quant: Any = None, *,
               name: str | None = None, variable: bool = False, **extra: Any) -> Tensor:  # fmt: skip
        """An intermediate or output tensor;

        `variable` keeps its value between runs, name "" is a tensor without one.
        """
        return self._new(dtype, shape, name, quant, "t", isVariable=variable, **extra)

    def const(self, value: Any, dtype: str | None = None, quant: Any = None, *, name: str | None = None,
              shape: Sequence[int] | None = None, sparse: Sparse | None = None,
              outside: bool = False) -> Tensor:  # fmt: skip
        """A constant. `sparse` values are what is stored, of a tensor of `shape`;

        `outside` puts them after the file.
        """
        array: Array = np.asarray(value)
        if dtype is None:
            dtype = {"float64": "float32", "int64": "int32"}.get(array.dtype.name, array.dtype.name)
            dtype = "string" if array.dtype.kind in "USO" else dtype
        buffer = self.model.buffer(encoding.packed(array, dtype), outside)
        tensor = self._new(dtype, array.shape if shape is None else shape, name, quant, "c", buffer=buffer,
                           sparsity=encoding.sparsity(sparse))  # fmt: skip
        tensor.constant = True
        return tensor

    def op(self, name: str, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor], /, *,
    version: int | None = None,
           custom: Any = None, intermediates: Sequence[Tensor] = (), **options: Any) -> Tensor:  # fmt: skip
        """Append an op (a builtin's name, or a custom op's code with `custom` options) and return its first output."""
        operator = schema.OperatorT()
        builtin = getattr(schema.BuiltinOperator, name, None) if custom is None else None
        operator.opcodeIndex = self.model.opcode(name, builtin, version or VERSIONS.get(name, 1))
        operator.inputs = [-1 if t is None else t.index for t in inputs]
        operator.outputs = [t.index for t in outputs]
        if intermediates:
            operator.intermediates = [t.index for t in intermediates]
        if builtin is None:
            raw = custom if isinstance(custom, bytes) else encoding.flex(custom or {})
            operator.customOptions = np.frombuffer(raw, np.uint8)
        else:
            set_options(operator, name, options)
        self.table.operators.append(operator)
        self.model.note(self, name, inputs, outputs)
        return outputs[0] if outputs else Tensor(-1, "none", [], None)

    def outputs(self, *tensors: Tensor) -> Model:
        """Name the graph's outputs, and return the model."""
        self.table.outputs = [t.index for t in tensors]
        return self.model


class Model(Graph):
    """A model; itself its main graph."""

    def __init__(self, name: str = "main") -> None:
        self.table_of_codes: dict[tuple[str, int], int] = {}
        self.graphs: list[Graph] = [self]
        self.facts: list[dict[str, Any]] = []
        self._codes: list[Any] = []
        self._buffers: list[tuple[bytes, bool]] = [(b"", False)]
        self._signatures: list[Any] = []
        self._data: bytes | None = None
        super().__init__(self, name, 0)

    def subgraph(self, name: str) -> Graph:
        """Another graph of the model: give it as the `cond_subgraph_index=` ... of the op that runs it."""
        self.graphs.append(Graph(self, name, len(self.graphs)))
        return self.graphs[-1]

    def signature(
        self, key: str, inputs: dict[str, Tensor], outputs: dict[str, Tensor], graph: Graph | None = None
    ) -> None:
        """Add a signature of the main graph, or of another one."""
        s = schema.SignatureDefT()
        s.signatureKey, s.subgraphIndex = key, graph.position if graph else 0
        s.inputs, s.outputs = _maps(inputs), _maps(outputs)
        self._signatures.append(s)

    def buffer(self, data: bytes, outside: bool = False) -> int:
        """Keep bytes, return their buffer's index."""
        self._buffers.append((data, outside))
        return len(self._buffers) - 1

    def opcode(self, name: str, builtin: int | None, version: int) -> int:
        """The index of an operator code, added when new."""
        if (name, version) not in self.table_of_codes:
            code = schema.OperatorCodeT()
            code.builtinCode = schema.BuiltinOperator.CUSTOM if builtin is None else builtin
            code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), version
            code.customCode = name if builtin is None else None
            self.table_of_codes[name, version] = len(self._codes)
            self._codes.append(code)
        return self.table_of_codes[name, version]

    def note(self, graph: Graph, name: str, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]) -> None:
        """Remember what an op was exercised with: for the support table."""
        from .record import scheme

        tensors = [t for t in inputs if t is not None] or list(outputs)
        moving = next((t for t in tensors if not t.constant), tensors[0] if tensors else None)
        dtype = moving.dtype if moving else "none"
        fact = {"op": name, "dtype": dtype, "scheme": scheme(tensors, list(outputs))}
        self.facts.append({**fact, "inputs": [None if t is None else t.dtype for t in inputs]})

    def feeds(self) -> list[Array]:
        """The values of the inputs, in order; the same in every run."""
        return [values.generate(t.dtype, seed=i, **t.spec) for i, t in enumerate(self.fed)]

    def bytes(self) -> Bytes:
        """The model file, with the shapes that LiteRT computes where none were given."""
        if self._data is None:
            if any(t.shape is None for t in self.tensors):
                from .against import computed_shapes

                for t, (shape, dynamic) in zip(self.tensors, computed_shapes(self._pack(), self.feeds()), strict=False):
                    if t.shape is None:
                        table = self.table.tensors[t.index]
                        table.shape = t.shape = [1 if dynamic else n for n in shape]
                        table.shapeSignature = [-1] * len(shape) if dynamic else None
            self._data = self._pack()
        return self._data

    def _pack(self) -> Bytes:
        model = packed(self)
        outer = [(b, data) for b, (data, outside) in zip(model.buffers, self._buffers, strict=True) if outside]
        file = finished(model)
        at = len(file) + -len(file) % 16
        for buffer, data in outer:
            buffer.offset, buffer.size = at, len(data)
            at += len(data) + -len(data) % 16
        if outer:
            file = finished(model)
            for buffer, data in outer:
                file = file.ljust(buffer.offset, b"\0") + data
        return file


class _Buffer(schema.BufferT):  # type: ignore[misc]
    """A buffer packed in one copy, aligned as LiteRT wants it; one `outside` has an offset, known after packing."""

    def __init__(self, data: bytes, outside: bool) -> None:
        super().__init__(data or None, *((1 << 40, 1 << 40) if outside else ()))

    def Pack(self, builder: Any) -> int:
        vector = 0
        if self.data is not None:
            builder.StartVector(1, len(self.data), 16)
            builder.head -= len(self.data)
            builder.Bytes[builder.head : builder.head + len(self.data)] = self.data
            vector = builder.EndVector()
        schema.BufferStart(builder)
        if self.data is not None:
            schema.BufferAddData(builder, vector)
        schema.BufferAddOffset(builder, self.offset)
        schema.BufferAddSize(builder, self.size)
        return int(schema.BufferEnd(builder))


def packed(made: Model) -> Any:
    """The schema's object of a model; what stands outside has no place yet."""
    model = schema.ModelT()
    model.version, model.description = 3, "conformance"
    model.operatorCodes, model.signatureDefs = made._codes, made._signatures or None
    model.subgraphs = [g.table for g in made.graphs]
    model.buffers = [_Buffer(b"" if outside else data, outside) for data, outside in made._buffers]
    return model


def finished(model: Any) -> bytes:
    """The file of a schema's object, without what stands outside of it."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _maps(named: dict[str, Tensor]) -> list[Any]:
    maps = []
    for name, tensor in named.items():
        m = schema.TensorMapT()
        m.name, m.tensorIndex = name, tensor.index
        maps.append(m)
    return maps
