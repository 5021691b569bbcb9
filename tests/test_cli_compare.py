"""`tfonnx-lab compare`: the sentence, and the exit status that a script can trust."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfonnx_lab import samples
from tfonnx_lab.commands.cli import main
from tfonnx_lab.commands.compare import WRONG

RIGHT = "as close to LiteRT's reference as LiteRT's own fast kernels; no op is wrong by itself"
CARELESS = """
import tfonnx_lab as lab

@lab.handler("SOFTMAX")
def my_softmax(op, node, x, *, beta=0.0):
    return op.Softmax(op.Mul(x, 0.5), axis=-1)
"""


pytestmark = pytest.mark.usefixtures("own_rules")


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["compare", *map(str, arguments)])
    return int(ended.value.code or 0)


def test_a_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(samples.path("digits_int8")) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == RIGHT and any("CONV_2D" in line for line in said)


def test_a_wrong_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.py").write_text(CARELESS)
    assert run(samples.path("digits_float"), "--handlers", tmp_path / "mine.py", "--quiet") == WRONG == 3
    assert capsys.readouterr().out == "op 9 SOFTMAX is wrong: handler my_softmax\n"


def test_on_a_picture_and_on_arrays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).save(tmp_path / "ramp.png")
    np.save(tmp_path / "ramp.npy", np.zeros((1, 8, 8, 1), np.float32))
    for given in ("ramp.png", "ramp.npy", ""):
        assert run(samples.path("digits_float"), "--input", tmp_path / given, "-q") == 0
        assert capsys.readouterr().out == f"{RIGHT}\n"


def test_what_cannot_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(samples.path("digits_unsupported")) == 1
    assert run(samples.path("digits_float"), "--input", tmp_path / "none.png") == 1
    said = capsys.readouterr().err
    assert "none.png: there is no such file; the input is" in said and "float32[1, 8, 8, 1]" in said
