"""Nodes that no runtime takes are named with what to do; the finished graph is inferred strictly;

`verify=` loads and runs it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort
import pytest

import tfonnx_lab as lab
from conformance import Model
from tfonnx_lab import samples
from tfonnx_lab.commands.cli import main
from tfonnx_lab.graph import Editor, OpBuilder, Quantization
from tfonnx_lab.graph.meta import QUANTIZATION, describe
from tfonnx_lab.validity import check_model, node_problem

D = ir.DataType


def value(dtype: D | None, *shape: int, codes: bool = False) -> ir.Value:
    made = ir.Value(name="x", type=None if dtype is None else ir.TensorType(dtype), shape=ir.Shape(shape))
    if codes:
        describe(made, QUANTIZATION, Quantization(np.array([0.1], np.float32), np.array([3])))
    return made


def node(op_type: str, *inputs: ir.Value | None, domain: str = "", **attributes: Any) -> ir.Node:
    return ir.Node(
        domain, op_type, list(inputs), [ir.convenience.convert_attribute(k, v) for k, v in attributes.items()]
    )


F, U8, I32 = value(D.FLOAT, 2), value(D.UINT8, 2, codes=True), value(D.INT32, 2)

WRONG = [
    (node("Softmax", U8), 18, "Softmax takes no uint8; dequantize first"),
    (node("Softmax", I32), 18, "Softmax takes no int32; cast it to float32 first"),
    (
        node("Reshape", value(D.INT4, 2), value(D.INT64, 1)),
        18,
        "takes no int4 as its input 'data' at opset 18; opset 21 does",
    ),
    (
        node("ReduceMax", value(D.BOOL, 2)),
        18,
        "takes no bool as its input 'data' at opset 18; opset 20 does",
    ),
    (node("Add", F, I32), 18, r"inputs of one dtype, not float32 \(A\) and int32 \(B\); cast one of them"),
    (node("Sofmax", F), 18, "ONNX has no op Sofmax at opset 18; did you mean Softmax?"),
    (node("Gelu", F), 18, "ONNX has Gelu from opset 20 on, not at opset 18: convert with opset=20"),
    (node("Relu"), 18, "Relu takes 1 inputs, not 0"),
    (node("Conv", F, None), 18, "Conv needs its input 'W'"),
    (node("Softmax", F, axes=1), 18, "Softmax has no attribute 'axes' at this opset; did you mean 'axis'?"),
    (node("Softmax", F, axis=1.5), 18, "the attribute 'axis' of Softmax is of type INT, not FLOAT"),
    (node("Concat", F, F), 18, "Concat needs the attribute 'axis'"),
    (node("Gather", F, F), 18, "Gather takes no float32 as its input 'indices'; cast it to int32, int64 first"),
    (node("Cos", value(D.FLOAT16, 2)), 18, ""),  # computed in float32
    (node("Tan", value(D.DOUBLE, 2)), 18, "no kernel for Tan of float64, only of float32"),
    (node("Softmax", value(None, 2)), 18, ""),  # not known yet
    (node("Anything", U8, domain="my.domain"), 18, ""),
    (
        node("QLinearAd", U8, domain="com.microsoft"),
        18,
        "com.microsoft has no op QLinearAd at opset 1; did you mean QLinearAdd?",
    ),
]


@pytest.mark.parametrize(
    ("made", "opset", "said"), WRONG, ids=[f"{n.op_type}-{i}" for i, (n, _, _) in enumerate(WRONG)]
)
def test_what_is_wrong_with_a_node_and_what_to_do(made: ir.Node, opset: int, said: str) -> None:
    import re

    found = node_problem(made, opset)
    assert re.search(said, found) if said else found == ""


def test_what_the_kernels_take_is_what_onnx_runtime_runs() -> None:
    """For each unary op and dtype: a node is called right exactly where a session of it can be made."""
    ops = [
        "Abs",
        "Ceil",
        "Cos",
        "Erf",
        "Exp",
        "Floor",
        "Log",
        "Neg",
        "Not",
        "Relu",
        "Round",
        "Sign",
        "Sin",
        "Softmax",
        "Sqrt",
        "Tan",
    ]
    seen = set()
    for op in ops:
        for dtype in (D.FLOAT, D.DOUBLE, D.FLOAT16, D.INT8, D.UINT8, D.INT16, D.INT32, D.INT64, D.BOOL):
            x, y = (onnx.helper.make_tensor_value_info(n, int(dtype), [2]) for n in "xy")
            graph = onnx.helper.make_graph([onnx.helper.make_node(op, ["x"], ["y"])], "g", [x], [y])
            model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=8)
            options = ort.SessionOptions()
            options.log_severity_level = 4
            try:
                ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
                loads = True
            except Exception:
                loads = False
            assert (node_problem(node(op, value(dtype, 2)), 18) == "") == loads, (op, dtype)
            seen.add(loads)
    assert seen == {True, False}


def graph_of(*build: Callable[[OpBuilder, ir.Value], ir.Value]) -> ir.Model:
    x = ir.Value(name="x", type=ir.TensorType(D.FLOAT), shape=ir.Shape([4, 8]))
    graph = ir.Graph([x], [], nodes=[], opset_imports={"": 18}, name="g")
    model = ir.Model(graph, ir_version=8)
    op = OpBuilder(Editor(model), 18)
    out = x
    for step in build:
        out = step(op, out)
    for made in op.tape:
        op.editor.insert(made)
    graph.outputs.append(out)
    return model


def test_reshapes_that_cannot_hold_their_elements() -> None:
    right = graph_of(lambda op, x: op.Reshape(x, op.const([2, 16])))
    wrong = graph_of(lambda op, x: op.Reshape(x, op.const([1, 8])), lambda op, x: op.Relu(x))
    assert check_model(right).problems == ()
    [problem] = check_model(wrong).problems
    assert problem.node is not None and problem.node.op_type == "Reshape"
    assert problem.reason == "its input [4, 8] has another number of elements than [1, 8]"


def test_shapes_that_do_not_fit_and_shapes_that_are_told_wrongly() -> None:
    wrong = graph_of(lambda op, x: op.Relu(x), lambda op, x: op.Add(x, op.const(np.ones(5, np.float32))))
    [problem] = check_model(wrong).problems
    assert problem.node is not None and problem.node.op_type == "Add" and "Incompatible dimensions" in problem.reason
    stale = graph_of(lambda op, x: op.Relu(x), lambda op, x: op.Neg(x))
    inner = stale.graph[0].outputs[0]
    inner.shape = ir.Shape([4, 9])
    found = check_model(stale)
    assert found.problems == () and [(v is inner, shape) for v, shape in found.stale] == [(True, (4, 8))]
    inner.shape = ir.Shape([4])
    assert [shape for _, shape in check_model(stale).stale] == [(4, 8)], "a shape of another rank is another shape"


def test_kernels_count_where_the_installed_runtime_is_to_run_it() -> None:
    model = graph_of(lambda op, x: op.Tan(op.Cast(x, to=D.DOUBLE)))
    [problem] = check_model(model).problems
    assert problem.node is not None and problem.node.op_type == "Tan" and "no kernel" in problem.reason
    assert check_model(model, kernels=False).problems == ()


def test_a_model_without_outputs_is_none() -> None:
    m = Model()
    m.op("RELU", [m.input([2, 2])], [m.tensor("float32", [2, 2])])
    m.outputs()
    with pytest.raises(lab.ConversionError, match="the model has no outputs: nothing of it can be computed"):
        lab.convert(m.bytes())


def wrong_dimensions() -> bytes:
    m = Model()
    x = m.input([1, 4])
    m.outputs(
        m.op(
            "ADD",
            [x, m.const(np.arange(3, dtype=np.float32))],
            [m.tensor("float32", [1, 4])],
            fused_activation_function="NONE",
        )
    )
    return m.bytes()


def test_an_invalid_result_is_an_error_that_names_the_op_its_place_and_the_remedy() -> None:
    with pytest.raises(lab.ConversionError) as caught:
        lab.convert(wrong_dimensions())
    [failure] = caught.value.failures
    assert (failure.op, failure.place) == ("ADD", "op 0 of subgraph 0")
    assert "its ONNX node Add is not valid: Incompatible dimensions" in failure.reason
    assert "no valid ONNX model" in str(caught.value) and "what next" in str(caught.value)
    kept = lab.convert(wrong_dimensions(), on_error="keep")
    assert kept.failures == (failure,)
    with pytest.raises(lab.ConversionError, match="not saved"):
        kept.save("never.onnx")


def reshaped(at_run_time: bool) -> bytes:
    """To [3], or to what an input says: to nothing, if that is zero."""
    m = Model()
    shape = m.input([1], "int32") if at_run_time else m.const(np.array([3], np.int32))
    m.outputs(m.op("RESHAPE", [m.input([3]), shape], [m.tensor("float32", [3])]))
    return m.bytes()


def test_verify_loads_and_runs_the_result() -> None:
    assert lab.convert(reshaped(False)).verified == ""
    assert lab.convert(reshaped(False), verify="load").verified == f"loads in ONNX Runtime {ort.__version__}"
    assert lab.convert(reshaped(False), verify="run").verified == f"runs in ONNX Runtime {ort.__version__}"
    with pytest.raises(
        lab.ConversionError, match=r"ONNX Runtime cannot load or run the converted model: .*annot be reshaped"
    ) as caught:
        lab.convert(reshaped(True), verify="run")
    assert caught.value.trace is not None
    kept = lab.convert(reshaped(True), verify="run", on_error="keep")
    assert "annot be reshaped" in kept.failures[0].reason


def test_a_model_with_ops_of_ones_own_says_that_it_was_not_loaded() -> None:
    result = lab.convert(samples.path("digits_unsupported"), custom_ops="my.domain", verify="load")
    assert result.verified == "not loaded in ONNX Runtime, which needs a library for LabSharpen of my.domain"


def test_the_command_line_loads_what_it_converted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for flags, said in (([], "loads in ONNX Runtime"), (["--verify", "graph"], "ms)\n")):
        with pytest.raises(SystemExit) as end:
            main(["convert", str(samples.path("digits_float")), "--output", str(tmp_path / "m.onnx"), *flags])
        assert end.value.code == 0 and said in capsys.readouterr().out
