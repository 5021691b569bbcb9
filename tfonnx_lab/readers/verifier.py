"""A check of a whole .tflite file before anything of it is used, as TFLite has one: what it says is possible.

Checked, for all subgraphs at once: offsets, indices of tensors, buffers and subgraphs, what is read before it is
written or written twice, shapes against buffers, scales against shapes, subgraphs that run each other without end. Each
error names the op or tensor and its number. What an op makes of its inputs is not checked here.
Source: flatbuffers' verifier, core/tools/verifier.cc and interpreter_builder.cc.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfonnx_lab.errors import printable
from tfonnx_lab.readers.calls import check_calls
from tfonnx_lab.readers.flatbuffer import Damaged, Named, Rows, Tables, numbers_at
from tfonnx_lab.readers.op_options import names_of

MAX_RANK = 32
"""More dimensions than any kernel takes."""

_BITS = {"INT2": 2, "INT4": 4, "UINT4": 4, "BOOL": 8, "FLOAT8_E4M3FN": 8, "FLOAT8_E5M2": 8, "BFLOAT16": 16,
         "COMPLEX64": 64, "COMPLEX128": 128, "RESOURCE": 0, "VARIANT": 0, "STRING": 0}  # fmt: skip
"""Bits of an element; of other types the number in their name; 0: no array of fixed size."""


def verify(data: memoryview) -> None:
    """Check a .tflite file. Raises Damaged for the first impossible thing; nothing is changed."""
    held = np.frombuffer(data, np.uint8)
    if len(held) < 8:
        raise Damaged(f"it has {len(held)} bytes")
    model = Tables(held, numbers_at(held, np.zeros(1, np.int64), "<u4"), lambda i: "the model")
    codes = model.children(1, lambda _, i: f"operator code {i}")[0]
    codes.vectors(1, 1)
    buffers = model.children(4, lambda _, i: f"buffer {i}")[0]
    graphs = model.children(2, lambda _, i: f"subgraph {i}")[0]
    graphs.vectors(4, 1)
    signatures = model.children(7, lambda _, i: f"signature {i}")[0]
    main = signatures.numbers(4, "<u4")
    signatures.check(main < len(graphs), lambda i: f"is of subgraph {main[i]}; the file has {len(graphs)}")
    sizes = _bytes_of(buffers, len(held))
    tensors = _Tensors(graphs, sizes)
    ops = _Ops(graphs, len(codes))
    flow = _Flow(graphs, tensors, ops)
    tensors.check(flow.constants, flow.met)
    check_calls(schema.Model.GetRootAs(data, 0), ops.tables, ops.graph, ops.number, len(graphs))


def _bytes_of(buffers: Tables, size: int) -> Rows:
    """How many bytes each buffer has, in the flatbuffer or after it."""
    counts = buffers.vectors(0, 1)[1]
    start, length = buffers.numbers(1, "<u8"), buffers.numbers(2, "<u8")
    outside = start > 1
    right = ~outside | ((length <= size) & (start <= size - np.minimum(length, size)))
    buffers.check(right, lambda i: f"lies outside the file (offset {start[i]}, size {length[i]})")
    return np.where(outside, length, counts)


class _Tensors:
    """The tensors of all subgraphs.

    first: the number of each subgraph's first one among them.
    """

    def __init__(self, graphs: Tables, sizes: Rows) -> None:
        found = graphs.children(0, lambda graph, i: f"tensor {i} of subgraph {graph}")
        self.tables, owners, _ = found
        self.counts = np.bincount(owners, minlength=len(graphs))
        self.first = np.cumsum(self.counts) - self.counts
        self.names = self.tables.vectors(3, 1)
        self.ranks = self.tables.vectors(0, 4)[1]
        self.tables.check(self.ranks <= MAX_RANK, lambda i: f"has {self.ranks[i]} dimensions; {MAX_RANK} are the most")
        self.dims, self.dim_of = self.tables.ints(0)
        self.variable = self.tables.numbers(5, "<u1") > 0
        index = self.tables.numbers(2, "<u4")
        inside = (index > 0) & (index < len(sizes))
        self.bytes = np.where(inside, sizes[np.where(inside, index, 0)] if len(sizes) else 0, 0)
        empty = np.zeros(len(self.tables), bool)
        empty[self.dim_of[self.dims == 0]] = True
        self.has_contents = (self.bytes > 0) | empty
        self._looked_at = _WHOLE[self.tables.numbers(1, "<u1")] & ~self.variable  # nobody reads the scales of others
        self.external = self.tables.numbers(10, "<u4") > 0

    def check(self, constants: np.ndarray, met: np.ndarray) -> None:
        """Shapes of constants against their buffers, scales against shapes.

        constants: the numbers of those read.
        met: the numbers of those that an op or a subgraph reads or writes; what other tensors say concerns nobody.
        """
        self._sizes(constants)
        self._scales(met)

    def called(self, number: int) -> str:
        """` 'weights'`: the tensor's name for messages; empty where it has none."""
        start, count = (int(x[number]) for x in self.names)
        text = bytes(self.tables.data[start : start + min(count, 4000)]).decode("utf-8", "replace") if count else ""
        return f" ({printable(text)})" if text else ""

    def _sizes(self, constants: np.ndarray) -> None:
        bits = _ALL_BITS[self.tables.numbers(1, "<u1")]
        sparse = np.zeros(len(self.tables), bool)
        sparse[self.tables.child(6, "the sparsity of ")[1]] = True
        looked = np.zeros(len(self.tables), bool)
        looked[constants] = True
        negative = np.zeros(len(self.tables), bool)
        negative[self.dim_of[self.dims < 0]] = True
        self.tables.check(
            ~(looked & negative), lambda i: f"is a constant{self.called(i)} of the shape {self._shape(i)}"
        )
        logs = np.zeros(len(self.tables))
        np.add.at(logs, self.dim_of, np.log2(np.maximum(self.dims, 1)))
        need = np.ceil(np.exp2(np.minimum(logs, 62)) * bits / 8 - 1e-3)
        exact = looked & ~sparse & (bits > 0) & (self.bytes > 0)
        for number in np.flatnonzero(exact & (need * (1 - 1e-9) > self.bytes)):
            shape = self._shape(int(number))
            many = -(-int(np.prod(np.array(shape, object))) * int(bits[number]) // 8)
            if many > self.bytes[number]:
                said = f"{self.tables.named(int(number))}{self.called(int(number))} has {self.bytes[number]:,} bytes"
                raise Damaged(f"{said}, its shape {shape} needs {many:,}")

    def _scales(self, met: np.ndarray) -> None:
        """Source: ParseQuantization in interpreter_builder.cc; a dimension that is left open fits any number."""
        quants, owners = self.tables.child(4, "the quantization of ")
        (starts, counts), (zero_starts, zeros) = quants.vectors(2, 4), quants.vectors(3, 8)
        quants.vectors(0, 4), quants.vectors(1, 4)
        quants.check(
            (counts == 0) | (zeros <= 1) | (zeros == counts),
            lambda i: f"has {zeros[i]} zero points and {counts[i]} scales",
        )
        rows = np.flatnonzero(np.isin(owners, met) & (counts > 0))
        for row in rows[_CODES[self.tables.numbers(1, "<u1")[owners[rows]]] & ~self.variable[owners[rows]]]:
            scales = np.frombuffer(self.tables.data, "<f4", int(counts[row]), int(starts[row]))
            points = np.frombuffer(self.tables.data, "<i8", int(zeros[row]), int(zero_starts[row]))
            self._values(int(owners[row]), scales, points)
        axes = quants.numbers(6, "<i4")
        open_dims, open_of = self.tables.ints(7)
        for row in np.flatnonzero((counts > 1) & self._looked_at[owners]):
            number, axis, count = int(owners[row]), int(axes[row]), int(counts[row])
            shape = self._shape(number)
            start, end = np.searchsorted(open_of, (number, number + 1))
            known = open_dims[start:end] if end - start == len(shape) else shape
            if shape and not (0 <= axis < len(shape) and (count == shape[axis] or known[axis] < 0)):
                what = f"{self.tables.named(number)}{self.called(number)} of shape {shape}"
                raise Damaged(f"{what} has {count} scales along dimension {axis}")

    def _values(self, number: int, scales: np.ndarray, points: np.ndarray) -> None:
        """Scales of codes are numbers from 0 on; zero points are of int32, as LiteRT's kernels keep them."""
        far = points[(points < -(2**31)) | (points >= 2**31)]
        bad = scales[~(np.isfinite(scales) & (scales >= 0))]
        if len(bad) or len(far):
            what = f"the scale {bad[0]:g}" if len(bad) else f"the zero point {far[0]:,}"
            raise Damaged(f"{self.tables.named(number)}{self.called(number)} has {what}")

    def _shape(self, number: int) -> list[int]:
        start = int(np.searchsorted(self.dim_of, number))
        return [int(d) for d in self.dims[start : start + int(self.ranks[number])]]


class _Ops:
    """The ops of all subgraphs.

    graph, number: which subgraph's, and which of it.
    """

    def __init__(self, graphs: Tables, codes: int) -> None:
        self.tables, self.graph, self.number = graphs.children(3, lambda graph, i: f"op {i} of subgraph {graph}")
        code = self.tables.numbers(0, "<u4")
        self.tables.check(code < codes, lambda i: f"has the operator code {code[i]}; there are {codes}")
        self.inputs, self.outputs, self.inner = (self.tables.ints(slot) for slot in (1, 2, 8))
        self.tables.vectors(5, 1)
        for slot in (4, 12):
            self.tables.child(slot, "the options of ")


_NEVER = np.iinfo(np.int64).max


class _Flow:
    """What flows from op to op: indices of tensors, and what is read before it is written, or written twice.

    met: the numbers of the tensors that something reads or writes.
    constants: of those that are read and never written.
    """

    def __init__(self, graphs: Tables, tensors: _Tensors, ops: _Ops) -> None:
        self.tensors, op = tensors, ops.tables.named
        given, given_to = graphs.ints(1)
        told, told_by = graphs.ints(2)
        read, reader = ops.inputs
        made, maker = ops.outputs
        inner, around = ops.inner
        takes: Named = lambda i: f"subgraph {given_to[i]} has as its input"  # noqa: E731
        reads: Named = lambda i: f"{op(int(reader[i]))} reads"  # noqa: E731
        writes: Named = lambda i: f"{op(int(maker[i]))} writes"  # noqa: E731
        returns: Named = lambda i: f"subgraph {told_by[i]} returns"  # noqa: E731
        inputs = self._ids(given, given_to, takes, 0)
        used = self._ids(read, ops.graph[reader], reads)
        written = self._ids(made, ops.graph[maker], writes)
        outputs = self._ids(told, told_by, returns)
        self._ids(inner, ops.graph[around], lambda i: f"{op(int(around[i]))} has as an intermediate", 0)
        self._when = np.full(len(tensors.tables) + 1, _NEVER)  # the last is for those that are left out
        self._write(inputs, np.full(len(inputs), -1), lambda i: f"{takes(i)}, twice,", "")
        self._write(written, ops.number[maker], writes, ", which has its contents already")
        self._read(used, ops.number[reader], reads)
        self._read(outputs, np.full(len(outputs), _NEVER), returns)
        all_used = np.r_[used[used >= 0], outputs[outputs >= 0]]
        self.met = self._in_order(np.r_[all_used, inputs, written[written >= 0]])
        self.constants = self._in_order(all_used[(self._when[all_used] == _NEVER) & tensors.has_contents[all_used]])

    def _in_order(self, numbers: Rows) -> Rows:
        """Each of these tensors once (`np.unique` takes longer, and imports numpy's masked arrays)."""
        there = np.zeros(len(self._when), bool)
        there[numbers] = True
        return np.flatnonzero(there)

    def _ids(self, index: Rows, graph: Rows, does: Named, lowest: int = -1) -> Rows:
        """Numbers among all tensors; -1 where the file leaves one out."""
        counts = self.tensors.counts
        right = (index >= lowest) & (index < counts[graph])
        if not right.all():
            bad = int(np.argmin(right))
            raise Damaged(f"{does(bad)} tensor {index[bad]}; its subgraph has {counts[graph[bad]]}")
        return np.where(index < 0, -1, index + self.tensors.first[graph])

    def _write(self, number: Rows, position: Rows, does: Named, more: str) -> None:
        """Note when tensors get their contents; none gets them twice."""
        kept = np.flatnonzero(number >= 0)
        first = np.zeros(len(self._when), np.int64)
        first[number[kept][::-1]] = np.arange(len(kept))[::-1]  # of those of one number, the last that is written stays
        again = first[number[kept]] != np.arange(len(kept))
        again |= self._when[number[kept]] < _NEVER
        if again.any():
            bad = int(kept[np.argmax(again)])
            raise Damaged(f"{does(bad)} {self._called(number[bad])}{more}")
        self._when[number[kept]] = position[kept]

    def _read(self, number: Rows, position: Rows, does: Named) -> None:
        """Nothing is read that has no contents yet."""
        tensors, when = self.tensors, self._when[number]
        constant = np.r_[tensors.has_contents | tensors.variable, True][number]
        late = (number >= 0) & ~constant & ((when >= position) | (when == _NEVER))
        if late.any():
            bad = int(np.argmax(late))
            why = "nothing writes" if when[bad] == _NEVER else f"op {when[bad]} writes only later, or itself"
            if tensors.external[number[bad]]:
                why = "lies in another file (an external buffer), which is not read"
            raise Damaged(f"{does(bad)} {self._called(number[bad])}, which {why}")

    def _called(self, number: int) -> str:
        return f"{self.tensors.tables.named(int(number))}{self.tensors.called(int(number))}"


def _bits(number: int) -> int:
    """The bits of an element of a TensorType; 0 where they are not fixed, or the type is none."""
    name = _name(number)
    digits = "".join(c for c in name if c.isdigit())
    return _BITS.get(name, int(digits or 0))


def _name(number: int) -> str:
    return _TYPES.get(number, "")


_TYPES = names_of(schema.TensorType)
_ALL_BITS = np.array([*map(_bits, range(256))])
"""By the number of the type, which is a byte of the file."""
_WHOLE = np.array([name.lstrip("U").startswith("INT") for name in map(_name, range(256))])
"""Which of them are whole numbers."""
_CODES = _WHOLE & np.isin(_ALL_BITS, (2, 4, 8, 16))
"""Which of them hold the codes of quantized tensors."""
