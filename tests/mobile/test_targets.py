"""target="nnapi" and target="coreml": what such a provider takes, and the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import tfonnx_lab as lab
from conformance.against import run_litert
from conformance.models import Model
from conformance.simple import either, fixed, given, made, one
from mobile import oracle
from mobile.target_models import CODES, FLOATS, IMAGE, OTHER, POOL, THIRD, Q, real
from tfonnx_lab import samples
from tfonnx_lab.mobile.answer import ProviderAnswer
from tfonnx_lab.mobile.nnapi import table
from tfonnx_lab.mobile.qdq_selectors import SELECTORS
from tfonnx_lab.optimizers import nnapi_codes, nnapi_ops, nnapi_partitions
from tfonnx_lab.runtime.sessions import OnnxRuntime

SHARED = Path(__file__).parents[3] / "shared"

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
    "movenet_single_pose_lightning_int8": (586, 619, 4),
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
    if not oracle.FOLDER:
        pytest.skip("the provider itself is not built here; its rules say so")
    said = oracle.ask(result.model, tmp_path / "model.onnx", 31)
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
