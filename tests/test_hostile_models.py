"""Models that no converter would write: each converts right, or is one ConversionError that names the op and its
place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest

import tfonnx_lab as lab
from conformance import Model
from tfonnx_lab.graph.outline import outline
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.runtime import OnnxRuntime


def relu(m: Model, x: object, **tensor: object) -> object:
    return m.op("RELU", [x], [m.tensor("float32", [2, 2], **tensor)])  # type: ignore[list-item, arg-type]


def an_input_that_is_an_output(m: Model) -> None:
    m.outputs(m.input([2, 2]))


def outputs_twice(m: Model) -> None:
    x = m.input([2, 2])
    y = relu(m, x)
    m.outputs(y, y, x, x)  # type: ignore[arg-type]


def a_constant_output(m: Model) -> None:
    k = m.const(np.ones(3, np.float32))
    m.outputs(k, k, relu(m, m.input([2, 2])))  # type: ignore[arg-type]


def names_alike(m: Model) -> None:
    y: object = m.input([2, 2], name="same")
    for _ in range(300):
        y = relu(m, y, name="same")
    m.outputs(y)  # type: ignore[arg-type]


def control_characters_in_names(m: Model) -> None:
    m.outputs(relu(m, m.input([2, 2], name="a\0b"), name="\ud7ff\0\n"))  # type: ignore[arg-type]


RIGHT = [an_input_that_is_an_output, outputs_twice, a_constant_output, names_alike, control_characters_in_names]


@pytest.mark.parametrize("make", RIGHT, ids=lambda f: f.__name__)
def test_it_converts_right(make: Callable[[Model], None]) -> None:
    model = Model()
    make(model)
    data = model.bytes()
    result = lab.convert(data)
    onnx.checker.check_model(result.model)
    x = np.array([[-1, 0], [1, 2]], np.float32)
    got = OnnxRuntime(result.model).run([x])
    want = LiteRT(data).run([x])
    assert len(got) == len(want)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


def no_stride(m: Model) -> None:
    w = m.const(np.ones([1, 3, 3, 1], np.float32))
    m.outputs(
        m.op(
            "CONV_2D",
            [m.input([1, 4, 4, 1]), w, None],
            [m.tensor("float32", [1, 4, 4, 1])],
            stride_w=0,
            stride_h=0,
            padding="SAME",
        )
    )


def no_outputs(m: Model) -> None:
    x = m.input([2, 2])
    m.op("RELU", [x], [])
    m.outputs(x)


def no_inputs(m: Model) -> None:
    m.outputs(m.op("RELU", [], [m.tensor("float32", [2, 2])]))


@pytest.mark.parametrize("make", [no_stride, no_outputs, no_inputs], ids=lambda f: f.__name__)
def test_it_is_one_error(make: Callable[[Model], None]) -> None:
    model = Model()
    make(model)
    with pytest.raises(
        lab.ConversionError, match=r"1 op could not be converted\n  \w+ \(op 0 of subgraph 0\)"
    ) as error:
        lab.convert(model.bytes())
    assert len(error.value.failures) == 1


def branches(depth: int, last: int | None) -> bytes:
    """IFs that run the next subgraph in both branches; the last runs that of number `last`, or is a RELU."""
    m = Model()
    graphs = [m.subgraph(f"g{i}") for i in range(depth)]
    for number, g in enumerate([m, *graphs]):
        c, x, y = g.input([], "bool"), g.input([2]), g.tensor(shape=[2])
        index = number if number < depth else last
        if index is None:
            g.op("RELU", [x], [y])
        else:
            g.op("IF", [c, c, x], [y], then_subgraph_index=graphs[index], else_subgraph_index=graphs[index])
        g.outputs(y)
    return m.bytes()


def test_subgraphs_that_run_each_other() -> None:
    assert lab.convert(branches(4, None)).model.graph.output
    with pytest.raises(lab.ConversionError, match="refer to each other without end"):
        lab.convert(branches(4, 1))
    with pytest.raises(lab.ConversionError, match="run each other so often"):
        lab.convert(branches(30, None))


def test_a_subgraph_with_other_inputs() -> None:
    m = Model()
    branch = m.subgraph("branch")
    branch.outputs(branch.op("RELU", [branch.input([2])], [branch.tensor(shape=[2])]))
    c, x = m.input([], "bool"), m.input([2])
    y = m.op("IF", [c, x, x], [m.tensor(shape=[2])], then_subgraph_index=branch, else_subgraph_index=branch)
    with pytest.raises(lab.ConversionError, match="its subgraph branch takes 1 inputs and is given 2"):
        lab.convert(m.outputs(y).bytes())


def test_inference_writes_out_no_range() -> None:
    """ONNX's shape inference would hold the elements of a range in memory, of 2**31 rows as well."""
    m = Model()
    x, size = m.input([-1, 2, 2, 1], "int8", (0.1, 0)), m.const(np.array([63, 63], np.int32))
    y = m.op(
        "RESIZE_BILINEAR",
        [x, size],
        [m.tensor("int8", [-1, 63, 63, 1], (0.1, 0))],
        align_corners=False,
        half_pixel_centers=False,
    )
    result = lab.convert(m.outputs(y).bytes(), exact=True)
    assert "Range" in {n.op_type for n in result.model.graph.node}
    plain = outline(result.ir_model.graph)
    assert "Range" not in {n.op_type for n in plain.node}
    assert [d.dim_param for d in result.model.graph.output[0].type.tensor_type.shape.dim][:1] == ["batch"]
