"""target="nnapi" and target="coreml": what such a provider takes, and the same numbers."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import tfonnx_lab as lab
from conformance.against import run_litert
from conformance.models import Model
from conformance.simple import either, fixed, given, made, one, out
from tfonnx_lab import samples
from tfonnx_lab.mobile.answer import ProviderAnswer
from tfonnx_lab.mobile.nnapi import table
from tfonnx_lab.mobile.qdq_selectors import SELECTORS
from tfonnx_lab.optimizers import nnapi_codes, nnapi_ops, nnapi_partitions
from tfonnx_lab.runtime.sessions import OnnxRuntime

SHARED = Path(__file__).parents[3] / "shared"
ORACLE = Path(os.environ.get("TFONNX_LAB_ORACLE", "/tmp/oracle"))
"""Where the real provider was built with ../shared/mobile/oracle/build.py."""

Q, OTHER, THIRD = (0.05, 120), (0.07, 90), (0.031, 140)
IMAGE, VECTOR = [1, 8, 8, 4], [3, 12]
MOVED = out("uint8", Q)
ARRAY = made([1, 8, 8, 4], "uint8")
POOL: dict[str, Any] = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2, "padding": "VALID"}


def image(quant: Any = Q) -> Any:
    return given(IMAGE, "uint8", quant)


def real(shape: Sequence[int] = (1, 8, 8, 4)) -> Any:
    return given(list(shape), "float32")


def chain() -> Model:
    """RESHAPE moves codes as they are, whatever scale its output has."""
    m = Model()
    a = m.op("ADD", [m.input(IMAGE, "uint8", Q), m.input(IMAGE, "uint8", Q)], [m.tensor("uint8", quant=Q)])
    b = m.op("RESHAPE", [a, m.const([1, 256])], [m.tensor("uint8", [1, 256], OTHER)], new_shape=[1, 256])
    return m.outputs(m.op("LOGISTIC", [b], [m.tensor("uint8", quant=(1 / 256, 0))]))


CODES: dict[str, Model] = {
    "reshape": one("RESHAPE", image(), fixed([1, 256]), out=out("uint8", Q, [1, 256]), new_shape=[1, 256]),
    "squeeze": one("SQUEEZE", image(), out=out("uint8", Q, [8, 8, 4]), squeeze_dims=[0]),
    "expand": one("EXPAND_DIMS", given([8, 8, 4], "uint8", Q), fixed(0), out=out("uint8", Q, IMAGE)),
    "transpose": one("TRANSPOSE", image(), fixed([0, 2, 1, 3]), out=MOVED),
    "concat": one("CONCATENATION", image(), image(), out=MOVED, axis=3),
    "concat rescaled": one("CONCATENATION", image(), image(OTHER), out=out("uint8", THIRD), axis=3),
    "nearest": one("RESIZE_NEAREST_NEIGHBOR", image(), fixed([16, 16]), out=MOVED),
    "slice": one("SLICE", image(), fixed([0, 1, 2, 0]), fixed([1, 4, 5, 4]), out=MOVED),
    "split": one("SPLIT", fixed(3), image(), out=[MOVED, MOVED], num_splits=2),
    "split unevenly": one("SPLIT_V", image(), fixed([3, 5]), fixed(1), out=[MOVED, MOVED], num_splits=2),
    "pad": one("PAD", image(), fixed([[0, 0], [1, 2], [0, 1], [0, 0]]), out=MOVED),
    "max pool": one("MAX_POOL_2D", image(), out=MOVED, **POOL),
    "average pool": one("AVERAGE_POOL_2D", image(), out=MOVED, **POOL),
    "maximum": one("MAXIMUM", image(), image(), out=MOVED),
    "minimum of a constant": one("MINIMUM", image(), fixed(ARRAY, "uint8", Q), out=MOVED),
    "add": one("ADD", image(), image(OTHER), out=out("uint8", THIRD)),
    "add of one constant at two scales": one("ADD", image(), fixed(np.uint8(200), "uint8", OTHER), out=out("uint8",
    THIRD)),
    "sub": one("SUB", image(), image(OTHER), out=out("uint8", THIRD)),
    "mul": one("MUL", image(), image(OTHER), out=out("uint8", THIRD)),
    "mean": one("MEAN", image(), fixed([1, 2]), out=out("uint8", OTHER), keep_dims=True),
    "softmax": one("SOFTMAX", given(VECTOR, "uint8", Q), out=out("uint8", (1 / 256, 0)), beta=1.0),
    "logistic": one("LOGISTIC", image(), out=out("uint8", (1 / 256, 0))),
    "tanh": one("TANH", image(), out=out("uint8", (1 / 128, 128))),
    "hard swish": one("HARD_SWISH", image(), out=out("uint8", OTHER)),
    "leaky": one("LEAKY_RELU", image(), out=out("uint8", OTHER), alpha=0.2),
    "quantize": one("QUANTIZE", image(), out=out("uint8", OTHER)),
    "add of a constant of one value": one("ADD", image(), fixed(np.full(IMAGE, 120, np.uint8), "uint8", OTHER),
    out=out("uint8", THIRD)),
    "codes that mean something else behind": chain(),
    "relu6": one("RELU6", image(), out=out("uint8", (0.03, 10))),
    "relu of the same scale": one("RELU", image(), out=MOVED),
    "fully connected": one(
        "FULLY_CONNECTED", given(VECTOR, "uint8", Q), fixed(made([5, 12], "uint8"), "uint8", (0.02, 130)),
        fixed(np.arange(5), "int32", (0.001, 0)), out=out("uint8", OTHER),
    ),
    "fully connected by channels": one(
        "FULLY_CONNECTED", given(VECTOR, "int8", (0.05, -3)),
        fixed(made([5, 12], "int8"), "int8", ([0.02, 0.01, 0.03, 0.04, 0.015], [0] * 5, 0)),
        fixed(np.arange(5), "int32", ([0.001, 0.0005, 0.0015, 0.002, 0.00075], [0] * 5, 0)), out=out("int8", (0.07, 4)),
    ),
    "convolution": one(
        "CONV_2D", image(), fixed(made([6, 3, 3, 4], "uint8"), "uint8", (0.02, 121)), fixed(np.arange(6), "int32",
        (0.001, 0)),
        out=out("uint8", OTHER), padding="SAME", stride_h=1, stride_w=1, fused_activation_function="RELU",
    ),
}  # fmt: skip
FLOATS: dict[str, Model] = {
    "hard swish": one("HARD_SWISH", real()),
    "split": one("SPLIT", fixed(3), real(), out=[out(), out()], num_splits=2),
    "split unevenly": one("SPLIT_V", real(), fixed([3, 5]), fixed(1), out=[out(), out()], num_splits=2),
    "relu to one": one("RELU_0_TO_1", real()),
    "sum": one("SUM", real(), fixed([1, 2]), keep_dims=False),
    "reciprocal root": one("RSQRT", given(IMAGE, values=np.abs(made(IMAGE, "float32")) + 0.5)),
    "negative": one("NEG", real()),
    "absolute": one("ABS", real()),
    "add": one("ADD", real(), fixed(np.float32(0.5))),
    "maximum": one("MAXIMUM", real(), real()),
    "minimum": one("MINIMUM", real(), real()),
    "transposed convolution": one(
        "TRANSPOSE_CONV", fixed([1, 18, 18, 3]), fixed(made([3, 4, 4, 4], "float32")), real(), stride_h=2, stride_w=2,
        padding="VALID",
    ),
}  # fmt: skip


def prelu() -> Model:
    m = Model()
    x = m.input([1, 8, 8, 4])
    w, slopes = m.const(made([6, 3, 3, 4], "float32")), m.const(np.linspace(-0.5, 0.5, 6, dtype=np.float32)[None, None])
    y = m.op("CONV_2D", [x, w, m.const(np.zeros(6, np.float32))], [m.tensor()], padding="SAME", stride_h=1, stride_w=1)
    return m.outputs(m.op("PRELU", [y, slopes], [m.tensor()]))


FLOATS["prelu"] = prelu()
WITHOUT = {"transposed convolution"}
"""NNAPI's provider has no op for these."""


def left(answer: ProviderAnswer) -> list[str]:
    """What stays on the CPU, without the edges of int8, which NNAPI does not know."""
    edges = ("DequantizeLinear", "QuantizeLinear")
    return [
        f"{n.op}: {n.reason}" for n in answer.fallback if not (n.op in edges and "unsupported type [3]" in n.reason)
    ]


def close(model: Model, converted: onnx.ModelProto, steps: int, tolerance: float = 1e-5) -> None:
    wanted, got = run_litert(model.bytes(), model.feeds()), OnnxRuntime(converted).run(model.feeds())
    for want, found in zip(wanted, got, strict=True):
        assert want.shape == found.shape and want.dtype == found.dtype
        if want.dtype.kind == "f":
            np.testing.assert_allclose(found, want, tolerance, tolerance)
        else:
            assert np.abs(want.astype(int) - found.astype(int)).max(initial=0) <= steps


@pytest.mark.parametrize("opset", [13, 18, 25])
@pytest.mark.parametrize("name", CODES)
def test_nnapi_takes_every_node_of_a_quantized_model(name: str, opset: int) -> None:
    model = CODES[name]
    result = lab.convert(model.bytes(), opset, target="nnapi")
    answer = result.mobile().nnapi()
    assert answer.session == "created" and left(answer) == []
    if result.ir_model.graph.inputs[0].dtype.name == "UINT8":  # type: ignore[union-attr]
        assert len(answer.partitions) == 1
    close(model, result.model, 1)


@pytest.mark.parametrize("opset", [13, 18])
@pytest.mark.parametrize("name", FLOATS)
def test_nnapi_takes_every_node_of_a_float_model(name: str, opset: int) -> None:
    model = FLOATS[name]
    result = lab.convert(model.bytes(), opset, target="nnapi")
    answer = result.mobile().nnapi()
    assert answer.session == "created"
    assert bool(left(answer)) == (name in WITHOUT)
    close(model, result.model, 0)


@pytest.mark.parametrize("name", FLOATS)
def test_coreml_takes_every_node_of_a_float_model(name: str) -> None:
    model = FLOATS[name]
    result = lab.convert(model.bytes(), target="coreml")
    answer = result.mobile().coreml()
    assert answer.session == "created" and left(answer) == []
    close(model, result.model, 0)


def test_no_tensor_has_two_scales_and_no_scale_is_negative() -> None:
    m = Model()
    x = m.input(IMAGE, "uint8", Q)
    shared = np.uint8(128)
    a = m.op("SUB", [x, m.const(shared, "uint8", OTHER)], [m.tensor("uint8", quant=THIRD)])
    b = m.op("ADD", [a, m.const(shared, "uint8", Q)], [m.tensor("uint8", quant=Q)])
    model = m.outputs(b)
    proto = lab.convert(model.bytes(), target="nnapi").model
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in proto.graph.initializer}
    scales: dict[str, set[tuple[float, int]]] = {}
    zeros = set()
    for node in proto.graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            value = node.input[0] if node.op_type == "DequantizeLinear" else node.output[0]
            scales.setdefault(value, set()).add((float(constants[node.input[1]]), int(constants[node.input[2]])))
            zeros.add(node.input[2])
    assert all(len(found) == 1 for found in scales.values())
    assert min(scale for found in scales.values() for scale, _ in found) > 0
    assert not zeros & set(scales), "a constant of codes is no zero point"
    close(model, proto, 1)


def test_no_operand_is_a_scale() -> None:
    """NNAPI's provider does not load a constant that is a scale elsewhere, and an op that adds it then finds none."""
    m = Model()
    step = np.float32(0.05)
    a = m.op("ADD", [m.input(IMAGE), m.const(step)], [m.tensor()])
    model = m.outputs(m.op("QUANTIZE", [a], [m.tensor("uint8", quant=(float(step), 120))]))
    result = lab.convert(model.bytes(), target="nnapi")
    assert result.mobile().nnapi().session == "created" and result.mobile().nnapi().fallback == ()
    close(model, result.model, 0)
    with lab.without("operand_of_its_own"):
        assert "key not found" in lab.convert(model.bytes(), target="nnapi").mobile().nnapi().session


def test_a_concat_that_joins_partitions_gets_no_codes_from_outside() -> None:
    m = Model()
    x = m.input([1, 4, 4, 4], "uint8", Q)
    a = m.op("LOGISTIC", [x], [m.tensor("uint8", quant=(1 / 256, 0))])
    kept = m.op("MAX_POOL_2D", [a], [m.tensor("uint8", quant=(1 / 256, 0))], **{**POOL, "stride_h": 1, "stride_w": 1})
    r = m.op("DEQUANTIZE", [kept], [m.tensor("float32")])
    c = m.op("CEIL", [r], [m.tensor("float32")])  # which NNAPI does not know
    q = m.op("QUANTIZE", [c], [m.tensor("uint8", quant=(1 / 256, 0))])
    y = m.op("CONCATENATION", [q, kept], [m.tensor("uint8", quant=(1 / 256, 0))], axis=3)
    model = m.outputs(y)
    result = lab.convert(model.bytes(), target="nnapi")
    answer = result.mobile().nnapi()
    assert answer.session == "created" and "Ceil" in {n.op for n in answer.fallback}
    close(model, result.model, 1)
    with lab.without("concat_across_partitions"):
        assert "unsupported quantized type" in lab.convert(model.bytes(), target="nnapi").mobile().nnapi().session


@pytest.mark.parametrize("target", ["nnapi", "coreml"])
def test_open_dimensions_are_one_unless_they_are_given(target: Any) -> None:
    model = one("ABS", given([1, 6], signature=[-1, 6]))
    for inputs, want in (({}, (1, 6)), ({"in0": (5, 6)}, (5, 6))):
        result = lab.convert(model.bytes(), target=target, inputs=inputs)
        assert tuple(result.ir_model.graph.inputs[0].shape or ()) == want
    assert result.ir_model.graph.outputs[0].shape == (5, 6)
    default = lab.convert(model.bytes()).ir_model.graph.inputs[0].shape
    assert default is not None and not isinstance(default[0], int)


def test_coreml_s_check_of_a_transposed_convolution_does_not_end_the_process() -> None:
    """It reads the attribute pads without asking whether there is one."""
    weights = fixed(made([3, 4, 4, 4], "float32"))
    model = one(
        "TRANSPOSE_CONV", either([1, 18, 18, 3], True), weights, real(), stride_h=2, stride_w=2, padding="VALID"
    )
    result = lab.convert(model.bytes(), target="coreml")
    assert result.mobile().coreml().session == "created"
    close(model, result.model, 0)
    with lab.without("pads_written"):
        assert "pads" in lab.convert(model.bytes(), target="coreml").mobile().coreml().session


def test_what_the_targets_imply() -> None:
    quantized = str(samples.path("digits_int8"))
    kinds = {n.op_type for n in lab.convert(quantized, target="coreml").model.graph.node if n.domain == ""}
    assert "Conv" in kinds
    model = lab.convert(quantized, target="coreml")
    inner = [n for n in model.mobile().coreml().nodes if n.partition is None]
    assert {n.op for n in inner} <= {"DequantizeLinear", "QuantizeLinear", "Transpose", "Reshape"}, "the edges alone"
    assert lab.Options(target="coreml").dequantize and lab.Options(target="nnapi").hybrid == "float"
    for target in ("nnapi", "coreml"):
        with pytest.raises(lab.ConversionError, match="up to 25"):
            lab.convert(quantized, 26, target=target)


@pytest.mark.parametrize("sample", ["digits_uint8", "digits_int8", "digits_float", "digits_dynamic_range"])
def test_samples_are_taken_whole_with_the_same_numbers(sample: str) -> None:
    path = str(samples.path(sample))
    before, after = lab.Mobile(path), lab.Mobile(path, target="nnapi")
    answer = after.nnapi()
    assert answer.session == "created" and left(answer) == [] and len(answer.partitions) == 1
    assert after.source.conversion is not None and before.source.conversion is not None
    worst = [max(row.nrmse for row in lab.compare(m.source.conversion).outputs) for m in (before, after)]
    assert worst[1] <= 1.1 * worst[0] + (0.03 if "dynamic" in sample else 1e-6)


def test_the_lists_of_ops_are_those_of_the_provider() -> None:
    grouped = {op for row in table.ROWS for op in row.qdq}
    assert set(nnapi_codes.GROUPED) <= grouped
    assert not set(nnapi_codes.ALONE) & grouped
    assert set(nnapi_partitions.TAKEN) <= set(table.BY_OP)
    either = {"AveragePool", "Softmax"}  # taken as groups where the scales are right
    assert set(nnapi_ops.IN_FLOAT) <= set(SELECTORS) & set(table.BY_OP)
    assert not set(nnapi_ops.IN_FLOAT) & grouped - either


FIGURES = {
    "mobilenet_v1_025_128_uint8": (152, 152, 1),
    "deeplab_v3_mobilenet_v2_uint8": (335, 336, 1),
    "ssd_mobilenet_v1_coco_uint8_postprocess": (370, 418, 3),
    "movenet_single_pose_lightning_int8": (586, 625, 4),
    "dtln_noise_suppression_1_dynamic_range": (55, 55, 1),
    "dtln_noise_suppression_2_fp32": (74, 74, 1),
    "yamnet_audio_events_int8": (172, 173, 2),
    "dbface_face_detector_int8": (907, 907, 1),
    "efficientdet_lite0_int8": (1269, 1269, 1),
    "yolo_face_detect_int8": (279, 283, 1),
}
"""Nodes that NNAPI takes at level 31, nodes, partitions; the stock conversion of mobilenet_v1 had 3 of 149."""


@pytest.mark.models
@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_shared_models(name: str, tmp_path: Path) -> None:
    path = SHARED / "models" / f"{name}.tflite"
    result = lab.convert(path, target="nnapi")
    answer = result.mobile().nnapi()
    taken, total, partitions = FIGURES[name]
    found = sum(n.supported for n in answer.nodes)
    assert answer.session == "created" and found / len(answer.nodes) >= taken / total
    assert len(answer.partitions) <= partitions
    if not (ORACLE / "drv").exists():
        return  # the provider itself is not built here; its rules say so
    sys.path.insert(0, str(SHARED / "mobile" / "oracle"))
    from ask import ask  # type: ignore[import-not-found]

    said = ask(str(ORACLE), str(result.save(tmp_path / "model.onnx")))
    first = said["passes"][0]
    assert said["session"] == "created"
    assert (first["supported"], first["total"], first["partitions"]) == (
        found,
        len(answer.nodes),
        len(answer.partitions),
    )


IN_FLOAT = {
    "dbface_face_detector_int8": (233, 233, 1),
    "efficientdet_lite0_int8": (359, 361, 1),
    "hifigan_vocoder_dynamic_range": (284, 284, 1),
    "mobilenet_v2_035_embedder_dynamic_range": (102, 102, 1),
    "lyra_soundstream_encoder_int8_stateful": (121, 121, 1),
    "mediapipe_face_blendshapes_fp16": (172, 172, 1),
}
"""Nodes that CoreML takes (MLProgram, 7), nodes, partitions; hifigan ended the process before."""


@pytest.mark.models
@pytest.mark.parametrize("name", IN_FLOAT)
def test_coreml_figures_of_shared_models(name: str) -> None:
    path = SHARED / "models" / f"{name}.tflite"
    answer = lab.convert(path, target="coreml").mobile().coreml()
    taken, total, partitions = IN_FLOAT[name]
    assert answer.session == "created" and len(answer.partitions) <= partitions
    assert sum(n.supported for n in answer.nodes) / len(answer.nodes) >= taken / total
