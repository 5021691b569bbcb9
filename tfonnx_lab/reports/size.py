"""The size of the ONNX file against that of the TFLite file, and what makes it larger where it is."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import onnx_ir as ir
from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.graph import ORIGIN, all_nodes
from tfonnx_lab.graph.meta import SIGNATURE
from tfonnx_lab.readers.signatures import ints, signatures_of
from tfonnx_lab.readers.source import open_source
from tfonnx_lab.texts import human

LARGER = 1.25
"""From how many times the TFLite file on a reason is due."""

_WORTH_TELLING = 0.1
"""Of what the file is larger by: smaller reasons are left out."""
_TABLE = 256
_FEW_BITS = (schema.TensorType.INT4, schema.TensorType.UINT4, schema.TensorType.INT2)

_TOLD = {
    "table": "tables in the place of integer functions, of an entry for each code",
    "sparse": "sparse weights, stored whole: ONNX Runtime computes with no sparse ones",
    "bits": "weights of fewer than 8 bits, stored in 8: ONNX Runtime's integer kernels take no fewer",
    "constants": "constants that take more bytes than in the file",
    "graph": "the graph itself, its nodes and names",
}


def source_size(source: Any) -> int | None:
    """Bytes of what was converted; None where it is no file and no bytes."""
    if isinstance(source, (str, os.PathLike)) and os.path.isfile(source):
        return os.path.getsize(source)
    return len(source) if isinstance(source, (bytes, bytearray, memoryview)) else None


def reasons(result: Conversion, size: int) -> list[str]:
    """What makes an ONNX file of this many bytes more than 1.25 times as large as the TFLite file, the most first."""
    have = source_size(result.source)
    if have is None or size <= LARGER * have:
        return []
    stored = _Stored(open_source(result.source)[0], result.ir_model.meta.get(SIGNATURE))
    more: Counter[str] = Counter()
    ops: dict[str, set[int]] = {}
    ours = 0
    for value, origins in _constants(result.ir_model.graph):
        bytes_ = value.const_value.nbytes if value.const_value is not None else 0
        ours += bytes_
        kind = "table" if _is_table(value) else stored.kind(origins)
        more[kind] += bytes_
        ops.setdefault(kind, set()).update(origins)
    for kind in set(more) - {"table"}:
        more[kind] -= stored.of_ops(ops[kind])
    more["graph"] = (size - ours) - (have - stored.total)
    worth = _WORTH_TELLING * (size - have)
    return [
        f"{human(n)} more: {_TOLD[kind]}{_of(result, ops.get(kind, ()))}" for kind, n in more.most_common() if n > worth
    ]


class _Stored:
    """What constants take in the TFLite file. Ops are numbers of the converted subgraph."""

    def __init__(self, data: memoryview, signature: str | None) -> None:
        self.model = schema.Model.GetRootAs(data, 0)
        self.total = sum(self._size(i) for i in range(self.model.BuffersLength()))
        index = 0 if signature is None else signatures_of(self.model)[signature]["subgraph"]
        graph = self.model.Subgraphs(index)
        self.tensors = [graph.Tensors(i) for i in range(graph.TensorsLength())]
        self.reads: list[set[int]] = []
        made: dict[int, set[int]] = {}
        for op in map(graph.Operators, range(graph.OperatorsLength())):
            inputs = [i for i in ints(op.InputsAsNumpy()) if i >= 0]
            read = {i for i in inputs if self._size(self.tensors[i].Buffer())}.union(*(made.get(i, ()) for i in inputs))
            self.reads.append(read)
            if all(i in made or i in read for i in inputs):  # computed of constants: DENSIFY, DEQUANTIZE
                made.update(dict.fromkeys(ints(op.OutputsAsNumpy()), read))

    def kind(self, origins: Iterable[int]) -> str:
        """What is special about the constants that these ops read."""
        read = [self.tensors[i] for op in origins if op < len(self.reads) for i in self.reads[op]]
        if any(tensor.Sparsity() is not None for tensor in read):
            return "sparse"
        if any(tensor.Type() in _FEW_BITS and self._size(tensor.Buffer()) for tensor in read):
            return "bits"
        return "constants"

    def of_ops(self, origins: Iterable[int]) -> int:
        """Bytes of the buffers that these ops read, each once."""
        read = {self.tensors[i].Buffer() for op in origins if op < len(self.reads) for i in self.reads[op]}
        return sum(map(self._size, read))

    def _size(self, index: int) -> int:
        buffer = self.model.Buffers(index)
        return int(buffer.Size() if buffer.Offset() > 1 else buffer.DataLength())


def _constants(graph: ir.Graph) -> Iterator[tuple[ir.Value, frozenset[int]]]:
    """The constants in use, with the TFLite ops behind their readers."""
    found: dict[int, tuple[ir.Value, frozenset[int]]] = {}
    for node in all_nodes(graph):
        for value in node.inputs:
            if value is not None and value.is_initializer():
                known = found.get(id(value), (value, frozenset()))[1]
                found[id(value)] = value, known | node.meta.get(ORIGIN, frozenset())
    yield from found.values()


def _is_table(value: ir.Value) -> bool:
    tensor = value.const_value
    return (
        tensor is not None
        and tensor.dtype.is_integer()
        and tensor.size >= _TABLE
        and len(tensor.shape) == 1
        and all(node.op_type == "Gather" and index == 0 for node, index in value.uses())
    )


def _of(result: Conversion, origins: Iterable[int]) -> str:
    """The ops, by type."""
    types = {int(n["origin"][0]): str(n["op"]) for n in result.trace.start["nodes"] if n["origin"]}
    counts = Counter(types[o] for o in origins if o in types)
    told = ", ".join(f"{n} {op}" if n > 1 else op for op, n in counts.most_common(3))
    return f" ({told})" if told else ""
