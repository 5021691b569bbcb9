"""What users ask of a model's interface and file: signatures, shapes, layouts, external weights, several at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest

import tfonnx_lab as lab
from tfonnx_lab.commands.cli import main

from . import Model
from .against import check, reference
from .encoding import Array
from .simple import made


def run(result: Any, **inputs: Array) -> list[Array]:
    """ONNX Runtime's outputs, of a Conversion or a file."""
    source = str(result) if isinstance(result, Path) else result.model.SerializeToString()
    session = ort.InferenceSession(source, providers=["CPUExecutionProvider"])
    return [np.asarray(v) for v in session.run(None, inputs)]


def heavy() -> Model:
    """A model whose weights lie behind the flatbuffer, as those of files over 2 GB do."""
    m = Model()
    x = m.input([2, 64], name="x")
    y = m.op("FULLY_CONNECTED", [x, m.const(made([80, 64]), outside=True), None], [m.tensor(shape=[2, 80])])
    return m.outputs(
        m.op("FULLY_CONNECTED", [y, m.const(made([3, 80]), outside=True), m.const(made([3]))], [m.tensor()])
    )


def test_weights_beside_the_model(tmp_path: Path) -> None:
    m, path = heavy(), tmp_path / "m.tflite"
    path.write_bytes(m.bytes())
    result = lab.convert(path)
    saved = result.save(tmp_path / "m.onnx", external_over=1000)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.onnx", "m.onnx.data", "m.tflite"]
    assert (tmp_path / "m.onnx.data").stat().st_size >= 80 * 64 * 4 > saved.stat().st_size
    onnx.checker.check_model(str(saved))
    want = reference(m.bytes(), m.feeds()).outputs[0]
    np.testing.assert_allclose(run(saved, x=m.feeds()[0])[0], want, rtol=1e-4)
    np.testing.assert_allclose(run(result, x=m.feeds()[0])[0], want, rtol=1e-4)


def test_no_weights_stay_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = lab.convert(heavy().bytes())

    def broken(_: Any, path: Path, external_data: str, **options: Any) -> None:
        (path.parent / external_data).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tfonnx_lab.conversion.result.ir.save", broken)
    with pytest.raises(lab.ConversionError, match="No space left"):
        result.save(tmp_path / "m.onnx", external_over=10)
    assert list(tmp_path.iterdir()) == []


def signatures() -> Model:
    """Two subgraphs under three names."""
    m = Model()
    x = m.input([2, 3], name="x")
    y = m.op("ABS", [x], [m.tensor(shape=[2, 3], name="y")])
    g = m.subgraph("other")
    u = g.input([2], name="u")
    v = g.op("ADD", [u, g.const(made([2]))], [g.tensor(shape=[2], name="v")])
    m.signature("serving_default", {"input": x}, {"output": y})
    m.signature("same", {"input": x}, {"output": y})
    m.signature("second", {"input": u}, {"output": v}, g)
    g.outputs(v)
    return m.outputs(y)


@pytest.mark.parametrize(
    ("key", "tensors"), [(None, "xy"), ("serving_default", "xy"), ("same", "xy"), ("second", "uv")]
)
def test_signatures(key: str | None, tensors: str, tmp_path: Path) -> None:
    data = signatures().bytes()
    result = lab.convert(data, signature=key)
    model = result.model
    assert (model.graph.input[0].name, model.graph.output[0].name) == ("input", "output")
    ports = (*result.signature.inputs, *result.signature.outputs)
    assert "".join(port.tflite for port in ports) == tensors and result.signature.key == (key or "serving_default")
    (told,) = [json.loads(p.value) for p in model.metadata_props if p.key == "tfonnx_lab.signature"]
    assert [told[side][0]["name"] for side in ("inputs", "outputs")] == ["input", "output"]
    (tmp_path / "m.tflite").write_bytes(data)
    given = ["convert", "--tflite", str(tmp_path / "m.tflite"), "--output", str(tmp_path / "m.onnx")]
    with pytest.raises(SystemExit) as end:
        main([*given, *(["--signature", key] if key else [])])
    assert not end.value.code and onnx.load(tmp_path / "m.onnx") == model


def image(rank: int, dtype: str = "float32", quant: Any = None) -> Model:
    """Something with channels last, of several ranks."""
    m = Model()
    shape = [*range(2, rank + 1), 7]
    x = m.input(shape, dtype, quant, name="x")
    y = m.op("ADD", [x, m.const(made([7], dtype), dtype, quant)], [m.tensor(dtype, shape, quant, name="y")])
    return m.outputs(y)


@pytest.mark.parametrize("rank", [3, 4, 5])
@pytest.mark.parametrize("opset", [13, 18, 21])
def test_channels_first(rank: int, opset: int) -> None:
    m = image(rank)
    (x,) = m.feeds()
    (want,) = reference(m.bytes(), [x]).outputs
    result = lab.convert(m.bytes(), opset=opset, inputs_as_nchw=("x",), outputs_as_nchw=("y",))
    (got,) = run(result, x=np.moveaxis(x, -1, 1))
    np.testing.assert_allclose(got, np.moveaxis(want, -1, 1), rtol=1e-6)


def test_channels_first_of_codes() -> None:
    m = image(4, "int8", (0.1, 3))
    (x,) = m.feeds()
    (want,) = reference(m.bytes(), [x]).outputs
    result = lab.convert(m.bytes(), inputs_as_nchw=("x",), outputs_as_nchw=("y",))
    (got,) = run(result, x=np.moveaxis(x, -1, 1))
    assert np.abs(got.astype(int) - np.moveaxis(want, -1, 1)).max() <= 1


def test_a_matrix_has_no_layout() -> None:
    m = Model()
    data = m.outputs(m.op("ABS", [m.input([2, 3], name="x")], [m.tensor(shape=[2, 3])])).bytes()
    with pytest.raises(lab.ConversionError, match="inputs_as_nchw: x has no channels"):
        lab.convert(data, inputs_as_nchw=("x",))


def convolution(signature: list[int]) -> Model:
    m = Model()
    x = m.input([1, 6, 6, 2], name="x", signature=signature)
    w, b = m.const(made([3, 3, 3, 2])), m.const(made([3]))
    y = m.op("CONV_2D", [x, w, b], [m.tensor(shape=[1, 6, 6, 3], shapeSignature=[*signature[:3], 3])],
             padding="SAME", stride_h=1, stride_w=1)  # fmt: skip
    return m.outputs(
        m.op(
            "MEAN", [y, m.const(np.array([1, 2], np.int32))], [m.tensor(shape=[1, 3], shapeSignature=[signature[0], 3])]
        )
    )


def dims(result: Any, value: Any = None) -> list[int | str]:
    value = value or result.model.graph.input[0]
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


@pytest.mark.parametrize("opset", [13, 18, 28])
def test_a_dynamic_batch_stays_dynamic(opset: int) -> None:
    m = convolution([-1, 6, 6, 2])
    result = lab.convert(m.bytes(), opset=opset)
    assert dims(result) == ["batch", 6, 6, 2]
    assert dims(result, result.model.graph.output[0]) == ["batch", 3]
    for batch in (1, 4):
        x = made([batch, 6, 6, 2])
        (want,) = reference(m.bytes(), [x]).outputs
        np.testing.assert_allclose(run(result, x=x)[0], want, atol=1e-5)


def test_outputs_take_the_names_of_dimensions() -> None:
    """Where an input's dimension reaches an output, as a size that is computed, too; a new one has no name."""
    m = Model()
    x = m.input([1, 8, 3], name="x", signature=[-1, 8, 3])
    size = m.op("SHAPE", [x], [m.tensor("int32", shape=[3])], out_type="int32")
    edges = [m.const(np.array([v], np.int32)) for v in (0, 1, 1)]
    batch = m.op("STRIDED_SLICE", [size, *edges], [m.tensor("int32", shape=[])], shrink_axis_mask=1)
    rest = [m.const(np.array(v, np.int32)) for v in (4, 6)]
    wanted = m.op("PACK", [batch, *rest], [m.tensor("int32", shape=[3])], values_count=3)
    y = m.op("RESHAPE", [x, wanted], [m.tensor(shape=[1, 4, 6], shapeSignature=[-1, 4, 6])])
    twice = m.op("CONCATENATION", [x, x], [m.tensor(shape=[2, 8, 3], shapeSignature=[-1, 8, 3])], axis=0)
    result = lab.convert(m.outputs(y, twice).bytes())
    assert [dims(result, v) for v in result.model.graph.output] == [["batch", 4, 6], [0, 8, 3]]


@pytest.mark.parametrize(
    ("given", "want", "fed"),
    [
        ((3, 6, 6, 2), [3, 6, 6, 2], (3, 6, 6, 2)),
        (("n", 6, 6, 2), ["n", 6, 6, 2], (2, 6, 6, 2)),
        ((1, 9, 7, 2), [1, 9, 7, 2], (1, 9, 7, 2)),
        ((1, "h", "w", 2), [1, "h", "w", 2], (1, 5, 8, 2)),
    ],
)
def test_new_shapes(given: tuple[int | str, ...], want: list[int | str], fed: tuple[int, ...]) -> None:
    m = convolution([1, 6, 6, 2])
    result = lab.convert(m.bytes(), inputs={"x": given})
    assert dims(result) == want
    x = made(list(fed))
    np.testing.assert_allclose(run(result, x=x)[0], reference(m.bytes(), [x]).outputs[0], atol=1e-5)


def test_everything_at_once(tmp_path: Path) -> None:
    """On the command line: a new shape, channels first, other names, and an intermediate output."""
    m = convolution([1, 6, 6, 2])
    (tmp_path / "m.tflite").write_bytes(m.bytes())
    middle = m.tensors[3].name
    options = [
        "--inputs",
        "x[2,8,6,2]",
        "--outputs",
        str(middle),
        "--inputs-as-nchw",
        "x",
        "--outputs-as-nchw",
        str(middle),
    ]
    names = ["--rename-inputs", "image", "--rename-outputs", "features"]
    given = ["convert", "--tflite", str(tmp_path / "m.tflite"), "--output", str(tmp_path / "m.onnx")]
    with pytest.raises(SystemExit) as end:
        main([*given, *options, *names])
    assert not end.value.code
    (got,) = run(tmp_path / "m.onnx", image=made([2, 2, 8, 6]))
    assert got.shape == (2, 3, 8, 6)


def test_no_unused_weights_stay() -> None:
    """Those of a loop's body that was copied or recognised are not in the file twice."""
    m = Model()
    i, x = m.const(np.array([0], np.int32)), m.input([1, 50])
    cond, body = m.subgraph("cond"), m.subgraph("body")
    n, _ = cond.input([1], "int32"), cond.input([1, 50])
    cond.outputs(cond.op("LESS", [n, cond.const([3])], [cond.tensor("bool", [1])]))
    n, v = body.input([1], "int32"), body.input([1, 50])
    y = body.op("FULLY_CONNECTED", [v, body.const(made([50, 50])), None], [body.tensor(shape=[1, 50])])
    body.outputs(body.op("ADD", [n, body.const([1])], [body.tensor("int32", [1])]), y)
    outs = [m.tensor("int32", [1]), m.tensor(shape=[1, 50])]
    m.op("WHILE", [i, x], outs, cond_subgraph_index=cond, body_subgraph_index=body)
    model = lab.convert(m.outputs(outs[1]).bytes()).model
    held = sum(len(t.raw_data) for t in model.graph.initializer)
    assert 50 * 50 * 4 <= held < 1.5 * 50 * 50 * 4
    used = {i for node in model.graph.node for i in node.input}
    used |= {i for node in model.graph.node for a in node.attribute for inner in a.g.node for i in inner.input}
    assert {t.name for t in model.graph.initializer} <= used


@pytest.mark.parametrize("weights", ["float32", "int8"])
def test_unknown_shapes_written_as_scalars(weights: str) -> None:
    """Files of before 2022 have no dimensions where the number of dimensions is not known."""
    m = Model()
    x = m.input([1, 3, 4, 2])
    sizes = m.op("SHAPE", [x], [m.tensor("int32", [4])], out_type="INT32")
    taken = [m.const([k], "int32") for k in (1, 3, 1)]
    spatial = m.op("STRIDED_SLICE", [sizes, *taken], [m.tensor("int32", [2])])
    doubled = m.op("MUL", [spatial, m.const(2, "int32")], [m.tensor("int32", [2])])
    y = m.op("RESIZE_NEAREST_NEIGHBOR", [x, doubled], [m.tensor(shape=[])])
    y = m.op(
        "MIRROR_PAD", [y, m.const([[0, 0], [1, 1], [1, 1], [0, 0]], "int32")], [m.tensor(shape=[])], mode="REFLECT"
    )
    w = m.const(made([3, 3, 3, 2], weights), weights, (0.02, 0) if weights == "int8" else None)
    y = m.op("CONV_2D", [y, w, m.const(made([3]))], [m.tensor(shape=[])], padding="VALID")
    mean = m.op("MEAN", [y, m.const([1, 2], "int32")], [m.tensor(shape=[])], keep_dims=True)
    total = m.op("SUM", [mean, m.const([0, 1, 2, 3], "int32")], [m.tensor(shape=[])])
    y = m.op("SUB", [y, mean], [m.tensor(shape=[])])
    check(m.outputs(m.op("RELU", [y], [m.tensor(shape=[])]), total))


def test_a_tensor_s_own_name_goes_before_what_another_is_called_without_its_number() -> None:
    m = Model()
    x = m.input([3], name="in")
    y = m.op("ABS", [x], [m.tensor(shape=[3], name="x")])
    z = m.op("NEG", [y], [m.tensor(shape=[3], name="x:1")])
    data = m.outputs(z).bytes()
    for asked, op in (("x", "Abs"), ("x:1", "Neg")):
        model = lab.convert(data, outputs=(asked,)).model
        assert model.graph.output[0].name == asked and model.graph.node[-1].op_type == op


def test_a_new_shape_goes_to_the_input_of_that_name_alone() -> None:
    m = Model()
    a = m.input([1, 3], name="x", signature=[-1, 3], feed=[1, 3])
    b = m.input([1, 3], name="x:1", signature=[-1, 3], feed=[1, 3])
    data = m.outputs(m.op("CONCATENATION", [a, b], [m.tensor(shape=[2, 3])], axis=0)).bytes()
    shapes = [port.shape for port in lab.convert(data, inputs={"x": (5, 3)}).signature.inputs]
    assert shapes[0] == (5, 3) and shapes[1] is not None and shapes[1][0] != 5
