"""Patterns find what they say and nothing else."""

from __future__ import annotations

import onnx_ir as ir
import pytest

from tfonnx_lab.patterns import NodePattern, const, not_, one_of, onnx, tfl, var

GRAPH = """
<ir_version: 10, opset_import: ["" : 18, "tflite" : 1]>
g (float[2, 3] x, float[2, 3] z) => (float[3, 2] y)
<float[2, 3] c = {1, 2, 3, 4, 5, 6}>
{
    a = Add(x, c)
    b = tflite.CONV_2D <fused_activation_function = "RELU6", stride_h = 2> (a, z)
    t = Transpose <perm = [1, 0]> (b)
    u = Transpose <perm = [1, 0]> (t)
    y = Transpose <perm = [1, 0]> (u)
}
"""


@pytest.fixture
def nodes() -> list[ir.Node]:
    return list(ir.from_onnx_text(GRAPH).graph)


def matches(pattern: NodePattern, node: ir.Node) -> dict[str, object] | None:
    bound: dict[str, object] = {}
    return bound if pattern.match_node(node, bound) else None  # type: ignore[arg-type]


def test_root_and_attributes(nodes: list[ir.Node]) -> None:
    assert matches(tfl.CONV_2D(..., fused_activation_function="RELU6", name="conv"), nodes[1]) == {"conv": nodes[1]}
    assert matches(tfl.CONV_2D(..., fused_activation_function="RELU"), nodes[1]) is None
    assert matches(tfl["ADD", "CONV_2D"](..., fused_activation_function=not_("NONE")), nodes[1]) == {}
    assert matches(tfl.CONV_2D(..., fused_activation_function=one_of("RELU", "RELU6")), nodes[1]) == {}
    assert matches(tfl.CONV_2D(..., padding=not_("SAME")), nodes[1]) is None, (
        "an attribute that is not set is not another one"
    )
    assert matches(onnx.CONV_2D(...), nodes[1]) is None, "the domain counts"


def test_nested(nodes: list[ir.Node]) -> None:
    pattern = onnx.Transpose(onnx.Transpose(var("x"), name="inner"), name="outer")
    found = matches(pattern, nodes[3])
    assert found is not None and found["inner"] is nodes[2] and found["outer"] is nodes[3]
    assert found["x"] is nodes[1].outputs[0]
    assert matches(pattern, nodes[2]) is None, "CONV_2D is no Transpose"


def test_constants_and_order(nodes: list[ir.Node]) -> None:
    assert matches(onnx.Add(var("x"), const("c")), nodes[0]) is not None
    assert matches(onnx.Add(const("c"), var("x")), nodes[0]) is None
    assert matches(onnx.Add(const("c"), var("x"), commutative=True), nodes[0]) is not None
    x, c = nodes[0].inputs
    found = matches(onnx.Add(var("x"), const("c"), commutative=True), ir.Node("", "Add", [c, x]))
    assert found == {"x": x, "c": c}, "what the first order bound before it failed is forgotten"


def test_one_name_is_one_value(nodes: list[ir.Node]) -> None:
    assert matches(onnx.Add(var("x"), var("x")), nodes[0]) is None


def test_number_of_inputs(nodes: list[ir.Node]) -> None:
    assert matches(tfl.CONV_2D(var("x")), nodes[1]) is None
    assert matches(tfl.CONV_2D(var("x"), ...), nodes[1]) is not None
    assert matches(tfl.CONV_2D(var("x"), var("w"), var("b")), nodes[1]) is not None, "a missing input is an omitted one"


def test_tree_is_json() -> None:
    pattern = onnx.Transpose(tfl.CONV_2D(..., padding=not_("SAME")), name="t")
    assert pattern.tree() == {
        "op": "onnx::Transpose",
        "name": "t",
        "attrs": {},
        "in": [{"op": "tflite::CONV_2D", "name": "", "attrs": {"padding": "not SAME"}, "in": None}],
    }


def test_what_does_not_match_binds_nothing(nodes: list[ir.Node]) -> None:
    bound: dict[str, object] = {}
    assert not onnx.Add(var("k"), tfl.CONV_2D(...)).match_node(nodes[0], bound)  # type: ignore[arg-type]
    assert bound == {}
