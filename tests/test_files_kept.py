"""Whatever is saved of a result, a trace, a report, a lab or a config: not over the model that was read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.mobile.config import KernelConfig

DATA = samples.path("digits_float").read_bytes()


def retried(path: Path) -> lab.Conversion:
    return lab.retry(lab.convert(path), everything=True, parity=False)


def opened(path: Path) -> lab.Conversion:
    with path.open("rb") as file:
        return lab.convert(file)


def failed(path: Path) -> None:
    """The trace of a conversion that failed."""
    path.write_bytes(samples.path("digits_unsupported").read_bytes())
    try:
        lab.convert(path)
    except lab.ConversionError as error:
        found = error.trace
    path.write_bytes(DATA)
    found.save(path)


def traced(path: Path) -> lab.Trace:
    lab.convert(str(path)).trace.save(path.with_suffix(".tfltrace"))
    return lab.load_trace(path.with_suffix(".tfltrace"))


SAVES: dict[str, Callable[[Path], object]] = {
    "model": lambda path: lab.convert(path).save(path),
    "model of a file": lambda path: opened(path).save(path),
    "trace": lambda path: lab.convert(path).trace.save(path),
    "trace made later": lambda path: lab.convert(path, trace=False).trace.save(path),
    "trace of a failure": failed,
    "trace of a file": lambda path: opened(path).trace.save(path),
    "trace of a retry": lambda path: retried(path).trace.save(path),
    "trace that was loaded": lambda path: traced(path).save(path),
    "trace of ONNX Runtime": lambda path: lab.runtime_trace(lab.convert(path)).save(path),
    "trace of the ORT format": lambda path: lab.Mobile(path).trace().save(path),
    "page of a trace": lambda path: lab.convert(path).trace.to_html(path),
    "report": lambda path: lab.convert(path).report(parity=False).save(path),
    "lab": lambda path: lab.Lab(path).to_html(path, parity=False, mobile=False),
    "config": lambda path: lab.Mobile(path).config().save(path),
    "config without types": lambda path: lab.Mobile(path).config(types=False).save(path),
    "config of some types": lambda path: lab.Mobile(path).config(types=["float"]).save(path),
    "config of kernels": lambda path: KernelConfig.of(lab.Mobile(path).kernels).save(path),
    "config of several": lambda path: (KernelConfig() | lab.Mobile(path).config()).save(path),
    "config that was changed": lambda path: lab.Mobile(path).config().without("ai.onnx", "Conv").extended().save(path),
    "config of one list of types": lambda path: lab.Mobile(path).types().config.save(path),  # type: ignore[union-attr]
}


@pytest.mark.parametrize("what", SAVES)
def test_nothing_is_saved_over_the_model(what: str, tmp_path: Path) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(DATA)
    with pytest.raises(lab.ConversionError, match="it is the model that is read"):
        SAVES[what](model)
    assert model.read_bytes() == DATA


def test_a_relative_name_is_kept_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, other = tmp_path / "m.tflite", tmp_path / "other"
    model.write_bytes(DATA)
    other.mkdir()
    monkeypatch.chdir(tmp_path)
    result = lab.convert("m.tflite")
    monkeypatch.chdir(other)
    with pytest.raises(lab.ConversionError, match="it is the model that is read"):
        result.trace.save(model)
    assert model.read_bytes() == DATA
    result.trace.save("m.tflite")
    assert (other / "m.tflite").exists()
