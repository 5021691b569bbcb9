"""One op cut out: LiteRT runs it on what flowed into it, and the test that is pasted runs, too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.litert.cutting import Model
from tfonnx_lab.readers.source import open_source

INT8 = samples.path("digits_int8")
MODELS = Path(__file__).parents[3] / "shared" / "models"
HARD = {
    "op_test_if_while_loop": "subgraphs inside of subgraphs",
    "op_test_while_subgraphs": "a loop",
    "op_test_call_once_resource_variable": "variables that another subgraph fills",
    "op_test_hashtable_int64_to_string": "a table of strings that another subgraph fills",
    "op_test_group_norm_external_buffers": "buffers outside of the flatbuffer",
    "attention_sdpa_composite_fp32": "composites, which hold subgraphs",
    "mnist_unidirectional_lstm_fp32": "optional inputs, variable tensors",
    "micro_wake_word_okay_nabu_int8_stateful": "resource variables, quantized",
    "op_test_multi_signatures": "several entries",
    "qwen_fully_connected_int4_blockwise": "blockwise scales in a tensor",
}


@pytest.mark.parametrize("op", [0, 1, "CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "SOFTMAX"])
def test_an_op_is_right_by_itself(op: int | str) -> None:
    cut = lab.isolate(lab.convert(INT8), op, samples.inputs("digits_int8"))
    assert cut.real and cut.expected is not None
    parity = lab.compare(lab.convert(cut.data), cut.inputs, band=False)
    assert len(parity.rows) == 1 and (parity.rows[0].steps or 0) <= 1
    np.testing.assert_array_equal(LiteRT(cut.data).run(cut.inputs)[0], cut.expected[0])


def test_it_cuts_out_of_the_last_conversion() -> None:
    result = lab.convert(INT8)
    assert lab.isolate("ADD").data == lab.isolate(result, "ADD").data


@pytest.mark.models
@pytest.mark.parametrize("name", HARD, ids=lambda n: HARD[n].replace(" ", "_"))
def test_every_op_of_every_subgraph(name: str) -> None:
    path = MODELS / f"{name}.tflite"
    result = lab.convert(path)
    model = Model(open_source(path)[0])
    assert sum(table.OperatorsLength() for table in model.graphs) > 0
    for graph, table in enumerate(model.graphs):
        for position in range(min(table.OperatorsLength(), 40)):
            cut = lab.isolate(result, (graph, position))
            assert cut.expected is not None, f"LiteRT does not run {cut}"
            assert cut.real or model.caller_of(graph) is None
            assert (cut.subgraph, cut.position) == (graph, position)


def test_what_flows_into_an_op_is_what_litert_computed() -> None:
    image = samples.inputs("digits_float", first=3)
    reference = LiteRT(samples.path("digits_float"))
    (expected,) = reference.run(image)
    result = lab.convert(samples.path("digits_float"))
    softmax = lab.isolate(result, "SOFTMAX", image)
    np.testing.assert_allclose(softmax.expected[0], expected, rtol=1e-6)  # type: ignore[index]


PASTED = {
    "digits_int8:ADD": {},
    "digits_float:CONV_2D": {"opset": 17},
    "digits_dynamic_range:CONV_2D": {"hybrid": "float"},
    "digits_int16x8:DEPTHWISE_CONV_2D": {},
}


@pytest.mark.long
def test_the_pasted_tests_run(tmp_path: Path) -> None:
    for name, options in PASTED.items():
        sample, op = name.split(":")
        cut = lab.isolate(lab.convert(samples.path(sample), **options), op)  # type: ignore[arg-type]
        folder = tmp_path / sample
        folder.mkdir()
        assert cut.save(folder).exists()
        (folder / f"test_{cut.name.lower()}.py").write_text(cut.test())
    unknown = lab.isolate(lab.convert(samples.path("digits_unsupported"), on_error="keep"), "LabSharpen")
    assert unknown.expected is None and "np.isfinite" in unknown.test()
    unknown.save(tmp_path)
    handler = (
        "import tfonnx_lab\n\n@tfonnx_lab.handler('LabSharpen')\ndef f(op, node, x):\n    return op.Identity(x)\n\n"
    )
    (tmp_path / "test_unknown.py").write_text(handler + unknown.test())
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0 and "5 passed" in done.stdout, done.stdout


@pytest.mark.long
def test_a_pasted_test_finds_a_wrong_handler(tmp_path: Path) -> None:
    cut = lab.isolate(lab.convert(samples.path("digits_float")), "ADD")
    cut.save(tmp_path)
    wrong = "import tfonnx_lab\n\n@tfonnx_lab.handler('ADD')\ndef f(op, node, a, b):\n    return op.Sub(a, b)\n\n"
    (tmp_path / "test_wrong.py").write_text(wrong + cut.test())
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "1 failed" in done.stdout and "AssertionError" in done.stdout


@pytest.mark.parametrize(
    ("op", "message"),
    [("LSTM", "it has ADD"), (99, "there is no op 99; it has"), ((4, 0), "no subgraph 4"), (None, "which op")],
)
def test_no_such_op(op: object, message: str) -> None:
    with pytest.raises(lab.ConversionError, match=message):
        lab.isolate(lab.convert(INT8), op)  # type: ignore[arg-type]
