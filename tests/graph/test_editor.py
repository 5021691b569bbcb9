"""The Editor: names that are unique, sizes that stay known when a value takes another's place."""

from __future__ import annotations

import onnx_ir as ir
import pytest

from tfonnx_lab.graph import Editor
from tfonnx_lab.graph.names import Names

TEXT = '<ir_version: 10, opset_import: ["" : 18]> g (float[2, n] x) => (float[2, 3] y) { y = Relu(x) }'


def editor() -> Editor:
    return Editor(ir.from_onnx_text(TEXT))


def test_names_are_counted() -> None:
    names = Names.of(ir.from_onnx_text(TEXT))
    assert [names.value("y"), names.value("y"), names.value("y_2"), names.value("z")] == ["y_2", "y_3", "y_2_2", "z"]
    nodes = [names.node("y"), names.node("y")]
    assert nodes[0] == "y" != nodes[1], "nodes have names of their own"
    names.reserve(values=["kept"])
    assert names.value("kept") == "kept_2"
    names.reserve(values=["w", "w_2", "w_3"])
    assert names.value("w") == "w_4", "all names that are taken are passed over"


@pytest.mark.parametrize(
    ("new", "kept"),
    [([2, None], [2, 3]), ([None, 3], [2, 3]), (None, [2, 3]), ([2, 5], [2, 5]), ([6], [6])],
)
def test_sizes_that_the_old_value_knows(new: list[int | None] | None, kept: list[int]) -> None:
    it = editor()
    (x,), (y,) = it.graph.inputs, it.graph.outputs
    node = ir.Node("", "Neg", [x], num_outputs=1, name="neg")
    node.outputs[0].shape = None if new is None else ir.Shape(new)
    it.insert(node, before=y.producer())
    it.replace(y, node.outputs[0])
    (made,) = it.graph.outputs
    assert made is node.outputs[0] and made.name == "y"
    assert made.dtype == ir.DataType.FLOAT
    assert made.shape is not None and [d if isinstance(d, int) else None for d in made.shape] == kept


def test_a_constant_is_shared_by_contents_and_dtype() -> None:
    it = editor()
    a, b, c = (
        it.constant(ir.tensor([1.0, 2.0], dtype=d), "c")
        for d in (ir.DataType.FLOAT, ir.DataType.FLOAT, ir.DataType.DOUBLE)
    )
    assert a is b and a is not c and a.name != c.name
