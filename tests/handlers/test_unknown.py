"""What is taken for granted where a size is not known is noted in the trace, at the step that does it."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from conformance.simple import Make, fixed, given, made, one
from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import Editor, OpBuilder
from tfonnx_lab.handlers.lowering.shape import known_size, rank_of
from tfonnx_lab.handlers.select import select

BATCH = "a batch of unknown size shares one range: exact=True gives each its own"
CHANNELS = "the number of channels is not known before it runs: weights of all groups; fix the input's shape for less"


def notes(model: Model, **options: object) -> list[str]:
    """The notes of all steps."""
    return [step.note for step in lab.convert(model.bytes(), **options).trace if step.note]  # type: ignore[arg-type]


def image(signature: list[int], last: int = 4) -> Make:
    return given([1, 5, 5, last], signature=signature, feed=[2, 5, 5, last])


def hybrid(signature: list[int]) -> Model:
    return one(
        "CONV_2D",
        image(signature),
        fixed(made([4, 3, 3, 4], "int8"), "int8", (0.01, 0)),
        fixed(made([4])),
        padding="SAME",
    )


def test_a_batch_that_shares_a_range() -> None:
    assert BATCH in "; ".join(notes(hybrid([-1, 5, 5, 4])))
    assert BATCH not in "; ".join(notes(hybrid([-1, 5, 5, 4]), exact=True))
    assert BATCH not in "; ".join(notes(hybrid([1, 5, 5, 4])))


def test_the_verdict_says_why_rows_that_share_a_range_are_off() -> None:
    rows = np.random.default_rng(0).normal(size=[2, 5, 5, 4]).astype(np.float32) * np.reshape([1, 99], [2, 1, 1, 1])
    data = hybrid([-1, 5, 5, 4]).bytes()
    found = lab.compare(lab.convert(data), rows.astype(np.float32)).verdict
    assert found.op == 0 and BATCH in found.sentence, str(found)
    assert lab.compare(lab.convert(data, exact=True), rows.astype(np.float32)).verdict.ok


def test_channels_that_come_with_the_input() -> None:
    def conv(signature: list[int]) -> Model:
        return one("CONV_2D", image(signature), fixed(made([4, 3, 3, 2])), fixed(made([4])), padding="SAME")

    assert CHANNELS in notes(conv([-1, 5, 5, -1]))
    assert CHANNELS not in notes(conv([-1, 5, 5, 4]))
    assert "Tile" in {n.op_type for n in lab.convert(conv([-1, 5, 5, -1]).bytes()).model.graph.node}
    assert "Tile" not in {n.op_type for n in lab.convert(conv([-1, 5, 5, 4]).bytes()).model.graph.node}


def test_the_range_of_unknown_channels() -> None:
    words = "the number of channels is not known: the range is taken as for one group"
    assert any(words in note for note in notes(hybrid([-1, 5, 5, -1])))
    assert not any(words in note for note in notes(hybrid([-1, 5, 5, 4])))


def test_a_state_of_unknown_sizes() -> None:
    def state(signature: list[int]) -> Model:
        m = Model()
        x = m.input([1, 3], signature=signature, feed=[2, 3])
        handle = m.op("VAR_HANDLE", [], [m.tensor("resource", [])], shared_name="v", container="")
        m.op("ASSIGN_VARIABLE", [handle, x], [])
        kept = m.op("READ_VARIABLE", [handle], [m.tensor("float32", [1, 3], shapeSignature=signature)])
        return m.outputs(m.op("ADD", [x, kept], [m.tensor("float32", [1, 3], shapeSignature=signature)]))

    words = "v has sizes that are not known: its first value is taken to have one element along each"
    assert any(words in note for note in notes(state([-1, 3])))
    assert not any(words in note for note in notes(state([1, 3])))


def unknown(rank: int | None = None) -> ir.Value:
    shape = None if rank is None else ir.Shape([None] * rank)
    return ir.Value(name="x", type=ir.TensorType(ir.DataType.FLOAT), shape=shape)


def test_an_unknown_rank_is_refused() -> None:
    with pytest.raises(Unsupported, match="the number of dimensions of x is not known"):
        rank_of(unknown())
    with pytest.raises(Unsupported, match="dimension -1 of x is not known"):
        known_size(unknown(2), -1)
    assert rank_of(unknown(3)) == 3
    model = ir.from_onnx_text(
        '<ir_version: 10, opset_import: ["" : 18]> g (float[1] x) => (float[1] y) { y = Relu(x) }'
    )
    op = OpBuilder(Editor(model), 18)
    node = ir.Node("tflite", "SELECT", [])
    condition = ir.Value(name="c", type=ir.TensorType(ir.DataType.BOOL), shape=ir.Shape([2]))
    with pytest.raises(Unsupported, match="the number of dimensions of x is not known"):
        select(op, node, condition, unknown(), unknown())
    chosen = select(op, node, condition, unknown(2), unknown(2))
    assert chosen.producer().inputs[0].producer().op_type == "Reshape"  # type: ignore[union-attr]
    assert np.array_equal(chosen.producer().inputs[0].producer().inputs[1].const_value.numpy(), [-1, 1])  # type: ignore[union-attr]
