"""The table of models: a crash, a model without a reference and wrong numbers are no right models."""

from __future__ import annotations

import importlib
import os
import shutil
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.simple import given, one, out
from tfonnx_lab import samples

models: Any = importlib.import_module("benchmarks.models")


@pytest.mark.long
def test_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One right, one that LiteRT lacks the op for, one that is no model: told apart, and the exit status is 1."""
    shutil.copy(samples.path("digits_int8"), tmp_path / "a.tflite")
    assert models.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "all 1 models are right"
    model = one("TransformLandmarks", given([1, 5, 3]), given([1, 4, 4]), out=out(shape=[1, 5, 3]))
    (tmp_path / "b.tflite").write_bytes(model.bytes())
    assert models.main([str(tmp_path)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "unresolved custom op" in told[-2] and told[-2].endswith("<-- not judged")
    assert told[-1] == "1 of 2 models are right, 1 not judged, as LiteRT does not run them"
    (tmp_path / "c.tflite").write_bytes(b"no model")
    assert models.main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("1 of 3 models are right, 1 wrong, 1 not judged")
    assert models.main([str(tmp_path), "--only", "absent"]) == 1


def dies(path: Path, opset: int) -> Any:
    os._exit(1)


def test_a_crash_is_wrong() -> None:
    assert models.alone(dies, Path(), 18) == ("wrong", "the process died")
    assert "all" not in models.summary(Counter({"right": 4, "wrong": 1}))
    assert "all" not in models.summary(Counter({"right": 4, "not judged": 1}))


@pytest.mark.parametrize(
    ("quantized", "row", "verdict"),
    [
        (False, {"relative": 2e-3, "error": 1.0, "nrmse": 1e-4}, "wrong"),
        (False, {"relative": 1e-4, "error": 1.0, "nrmse": 1e-4}, "right"),
        (False, {"relative": 1.0, "error": 1e-7, "nrmse": 1e-4}, "right"),
        (True, {"relative": 1.0, "error": 1.0, "nrmse": 0.03, "band": 0.01}, "wrong"),
        (True, {"relative": 1.0, "error": 1.0, "nrmse": 0.03, "band": 0.02}, "right"),
        (True, {"relative": 1.0, "error": 1.0, "nrmse": float("nan")}, "wrong"),
    ],
)
def test_criteria(quantized: bool, row: dict[str, float], verdict: str) -> None:
    parity: Any = SimpleNamespace(outputs=[SimpleNamespace(**{"band": None} | row)])
    assert models.judge(parity, "", quantized)[0] == verdict
    assert models.judge(SimpleNamespace(outputs=[]), "", quantized)[0] == "wrong"
