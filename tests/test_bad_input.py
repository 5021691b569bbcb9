"""Bad input gets one clear error: never a crash, a hang or another exception type, and no file is left behind."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnx
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples

GOOD = samples.path("digits_int8").read_bytes()


def onnx_bytes() -> bytes:
    value = onnx.helper.make_tensor_value_info("x", 1, [1])
    return onnx.helper.make_model(onnx.helper.make_graph([], "g", [value], [value])).SerializeToString()


@pytest.mark.parametrize(
    "data",
    [b"", b"TFL3", b"\0" * 64, bytes(range(256)), onnx_bytes(), GOOD[:8], GOOD[:1000], GOOD[: len(GOOD) // 2]],
    ids=["empty", "mark", "zeros", "bytes", "onnx", "head", "short", "half"],
)
def test_not_a_model(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(data)
    with pytest.raises(lab.ConversionError, match=r"bad\.tflite"):
        lab.convert(path)
    with pytest.raises(lab.ConversionError):
        lab.convert(data)


def test_places_that_hold_no_model(tmp_path: Path) -> None:
    for source in (tmp_path, tmp_path / "absent.tflite", 17, io.StringIO("text")):
        with pytest.raises(lab.ConversionError):
            lab.convert(source)


@pytest.mark.parametrize("block", range(10))
def test_mutated_bytes(block: int) -> None:
    """200 seeded mutations: each converts or ends in a ConversionError."""
    for seed in range(20 * block, 20 * block + 20):
        rng = np.random.default_rng(seed)
        data = bytearray(GOOD)
        for _ in range(int(rng.integers(1, 6))):
            data[int(rng.integers(len(data)))] = int(rng.integers(256))
        try:
            _ = lab.convert(bytes(data)).model
        except lab.ConversionError as error:
            assert str(error)


def test_an_unsupported_op_is_named_with_its_place_and_leaves_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tfonnx_lab.commands.cli import main

    target = tmp_path / "out.onnx"
    with pytest.raises(SystemExit) as end:
        main(["convert", "--tflite", str(samples.path("digits_unsupported")), "--output", str(target)])
    said = capsys.readouterr().err
    assert end.value.code == 1
    assert "digits_unsupported" in said and "custom op" in said and "of subgraph" in said and "float[" in said
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_cannot_be_written(tmp_path: Path) -> None:
    result = lab.convert(samples.path("digits_float"))
    with pytest.raises(lab.ConversionError, match="no/such"):
        result.save(tmp_path / "no/such/folder.onnx")


def test_wrong_options() -> None:
    with pytest.raises(lab.ConversionError, match="oldest is 13"):
        lab.convert(GOOD, opset=12)
    with pytest.raises(TypeError):
        lab.convert(GOOD, optset=13)  # type: ignore[call-arg] # that is what is tried
    with pytest.raises(lab.ConversionError, match="no signature"):
        lab.convert(GOOD, signature="absent")
    with pytest.raises(lab.ConversionError, match="there is no 'absent'"):
        lab.convert(GOOD, inputs={"absent": (1,)})
