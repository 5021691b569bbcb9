"""The look at a whole file before it is read: each thing that cannot be is named, with the op or tensor and its
number."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import Builder

import tfonnx_lab as lab
from conformance import Model
from tfonnx_lab import samples
from tfonnx_lab.readers.flatbuffer import Damaged
from tfonnx_lab.readers.verifier import verify

GOOD = samples.path("digits_int8").read_bytes()


def changed(change: Callable[[Any], None]) -> bytes:
    """The sample with something else in its tables."""
    model = schema.ModelT.InitFromPackedBuf(GOOD, 0)
    change(model)
    builder = Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def put(what: str, value: Any, index: int = 0) -> Callable[[Any], None]:
    """A field of an op or tensor (`operators.inputs`) that holds something else."""
    kind, field = what.split(".")

    def change(model: Any) -> None:
        setattr(getattr(model.subgraphs[0], kind)[index], field, value)

    return change


def constant(model: Any) -> tuple[int, Any]:
    """The weights of the first op: their number and their tensor."""
    graph = model.subgraphs[0]
    number = int(graph.operators[0].inputs[1])
    return number, graph.tensors[number]


def larger(model: Any) -> None:
    tensor = constant(model)[1]
    tensor.shape = tensor.shape * 3


def negative(model: Any) -> None:
    tensor = constant(model)[1]
    tensor.shape = np.r_[-4, tensor.shape[1:]].astype(np.int32)


def scales(model: Any) -> None:
    constant(model)[1].quantization.quantizedDimension = 9


def zero_points(model: Any) -> None:
    constant(model)[1].quantization.zeroPoint = np.zeros(3, np.int64)


def later(model: Any) -> None:
    first, second = model.subgraphs[0].operators[:2]
    first.inputs = np.r_[second.outputs, first.inputs[1:]]


def itself(model: Any) -> None:
    op = model.subgraphs[0].operators[1]
    op.inputs = np.r_[op.outputs, op.inputs[1:]]


def twice(model: Any) -> None:
    first, second = model.subgraphs[0].operators[:2]
    second.outputs = first.outputs


def without_contents(model: Any) -> None:
    constant(model)[1].buffer = 0


def elsewhere(model: Any) -> None:
    tensor = constant(model)[1]
    tensor.buffer, tensor.externalBuffer = 0, 3


def outside(model: Any) -> None:
    buffer = model.buffers[constant(model)[1].buffer]
    buffer.data, buffer.offset, buffer.size = None, 2**40, 2**63 + 5


CANNOT_BE: list[tuple[Callable[[Any], None], str]] = [
    (put("operators.inputs", [99]), r"op 0 of subgraph 0 reads tensor 99; its subgraph has \d+"),
    (put("operators.inputs", [-2]), "op 0 of subgraph 0 reads tensor -2;"),
    (put("operators.outputs", [2**31 - 1]), "op 0 of subgraph 0 writes tensor 2147483647;"),
    (put("operators.intermediates", [-1]), "op 0 of subgraph 0 has as an intermediate tensor -1;"),
    (put("operators.opcodeIndex", 77, 3), "op 3 of subgraph 0 has the operator code 77; there are"),
    (put("tensors.shape", np.ones(40, np.int32)), "tensor 0 of subgraph 0 has 40 dimensions; 32 are the most"),
    (lambda m: setattr(m.subgraphs[0], "inputs", [0, 0]), "subgraph 0 has as its input, twice, tensor 0 of"),
    (lambda m: setattr(m.subgraphs[0], "inputs", [-1]), "subgraph 0 has as its input tensor -1;"),
    (lambda m: setattr(m.subgraphs[0], "outputs", [500]), "subgraph 0 returns tensor 500;"),
    (lambda m: setattr(m.signatureDefs[0], "subgraphIndex", 4), "signature 0 is of subgraph 4; the file has 1"),
    (larger, r"tensor \d+ of subgraph 0 \(\S+\) has \d+ bytes, its shape \[.*\] needs [\d,]+"),
    (negative, r"tensor \d+ of subgraph 0 \(\S+\) has the shape|is a constant .* of the shape \[-4"),
    (scales, r"tensor \d+ of subgraph 0 .* has \d+ scales along dimension 9"),
    (zero_points, r"the quantization of tensor \d+ of subgraph 0 has 3 zero points and \d+ scales"),
    (later, r"op 0 of subgraph 0 reads tensor \d+ .*, which op 1 writes only later"),
    (itself, r"op 1 of subgraph 0 reads tensor \d+ .*, which op 1 writes only later, or itself"),
    (twice, r"op 1 of subgraph 0 writes tensor \d+ .*, which has its contents already"),
    (without_contents, r"op 0 of subgraph 0 reads tensor \d+ .*, which nothing writes"),
    (elsewhere, r"op 0 of subgraph 0 reads tensor \d+ .*, which lies in another file"),
    (outside, r"buffer \d+ lies outside the file \(offset 1099511627776"),
]


@pytest.mark.parametrize(("change", "why"), CANNOT_BE)
def test_what_cannot_be_is_named(change: Callable[[Any], None], why: str) -> None:
    data = changed(change)
    with pytest.raises(Damaged, match=why):
        verify(memoryview(data))
    with pytest.raises(lab.ConversionError, match=f"(?s)not a valid TensorFlow Lite model .*{why}"):
        lab.convert(data)


def test_every_sample_passes_and_no_cut_of_it_does() -> None:
    for path in samples.path("digits_float").parent.glob("*.tflite"):
        verify(memoryview(path.read_bytes()))
    for end in range(8, len(GOOD), 97):
        with pytest.raises(Damaged, match=r"byte -?[\d,]+; the file has [\d,]+: it is cut off"):
            verify(memoryview(GOOD[:end]))


def test_damaged_bytes_end_in_nothing_else() -> None:
    rng = np.random.default_rng(0)
    kinds = set()
    for _ in range(300):
        data = bytearray(GOOD)
        at = int(rng.integers(len(data) - 4)) if rng.random() < 0.5 else int(rng.integers(600))
        data[at : at + 4] = int(rng.integers(2**32)).to_bytes(4, "little")
        try:
            verify(memoryview(bytes(data)))
        except Damaged as error:
            kinds.add(re.sub(r"[-\d,]+", "#", str(error))[:24])
    assert len(kinds) > 5


def runs(targets: list[int]) -> bytes:
    """A chain of subgraphs, each of which runs the next of the list in both branches of an IF."""
    m = Model()
    graphs = [m, *(m.subgraph(f"g{i}") for i in range(1, len(targets) + 1))]
    for g, target in zip(graphs, [*targets, -1], strict=True):
        c, x, y = g.input([], "bool"), g.input([2]), g.tensor(shape=[2])
        if target < 0:
            g.op("RELU", [x], [y])
        else:
            g.op("IF", [c, c, x], [y], then_subgraph_index=graphs[target], else_subgraph_index=graphs[target])
        g.outputs(y)
    return m.bytes()


def test_calls() -> None:
    verify(memoryview(runs([1, 2, 3])))
    verify(memoryview(runs([*range(1, 33)])))
    with pytest.raises(Damaged, match=r"run each other 33 deep; 32 are the most"):
        verify(memoryview(runs([*range(1, 34)])))
    with pytest.raises(Damaged, match=r"without end: op 0 of subgraph 2 runs subgraph 1 \(1 > 2 > 1\)"):
        verify(memoryview(runs([1, 2, 1])))


def test_vectors_that_many_tables_share_are_counted() -> None:
    """Thousands of ops whose inputs are one long vector of the file would be billions of numbers."""
    builder = Builder(1024)
    inputs = builder.CreateNumpyVector(np.zeros(60_000, np.int32))

    def listed(tables: list[int]) -> int:
        builder.StartVector(4, len(tables), 4)
        for table in reversed(tables):
            builder.PrependUOffsetTRelative(table)
        return int(builder.EndVector())

    ops = []
    for _ in range(5_000):
        schema.OperatorStart(builder)
        schema.OperatorAddInputs(builder, inputs)
        ops.append(schema.OperatorEnd(builder))
    all_ops = listed(ops)
    schema.SubGraphStart(builder)
    schema.SubGraphAddOperators(builder, all_ops)
    graphs = listed([schema.SubGraphEnd(builder)])
    schema.OperatorCodeStart(builder)
    codes = listed([schema.OperatorCodeEnd(builder)])
    schema.ModelStart(builder)
    schema.ModelAddOperatorCodes(builder, codes)
    schema.ModelAddSubgraphs(builder, graphs)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    with pytest.raises(
        lab.ConversionError, match=r"what vectors of the file list of shape .* would take 2,400,000,000"
    ):
        lab.convert(bytes(builder.Output()))


def test_what_tensors_that_nobody_reads_say_concerns_nobody() -> None:
    def unread(model: Any) -> None:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = b"unread", [2], schema.TensorType.INT8
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = [float("nan")], [2**40]
        model.subgraphs[0].tensors.append(tensor)

    verify(memoryview(changed(unread)))
