"""The models that the tests of convert_many() convert."""

from __future__ import annotations

from pathlib import Path

import pytest

import tfonnx_lab as lab

SAMPLES = ("digits_float", "digits_int8", "digits_unsupported")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three models, one of which is refused, and a file that is none."""
    models = tmp_path / "models"
    (models / "deep").mkdir(parents=True)
    for name, there in zip(SAMPLES, (models, models / "deep", models), strict=True):
        (there / f"{name}.tflite").write_bytes(Path(lab.samples.path(name)).read_bytes())
    (models / "readme.txt").write_text("no model")
    return models
