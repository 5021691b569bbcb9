"""The verdict has one sentence, whatever road leads to it."""

from __future__ import annotations

import gzip
import re
from base64 import b64decode
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.commands.cli import main
from tfonnx_lab.commands.user_handlers import load
from tfonnx_lab.jupyter.magics import LabMagics
from tfonnx_lab.many.process import _judged

MODEL = samples.path("digits_int8")
RIGHT = "as close to LiteRT's reference as LiteRT's own fast kernels; no op is wrong by itself"
WRONG = """
import tfonnx_lab as lab

@lab.handler("MEAN")
def my_mean(op, node, x, axes, **options):
    return op.ReduceMax(x, [1, 2], keepdims=0)
"""


@pytest.fixture(autouse=True)
def _own_rules() -> Iterator[None]:
    yield
    lab.restore()


@pytest.fixture(params=[False, True], ids=["right", "wrong"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """Handlers to convert with."""
    if not request.param:
        return []
    (tmp_path / "mine.py").write_text(WRONG, "utf-8")
    return [str(tmp_path / "mine.py")]


def test_every_road_says_it(files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told: dict[str, Any] = {}
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(MODEL), "--quiet", *(f"--handlers={file}" for file in files)])
    told["the command line"] = capsys.readouterr().out.splitlines()[-1]
    assert ended.value.code == (3 if files else 0)
    for file in files:
        load(file)
    shell = InteractiveShell.instance()
    magics: Any = LabMagics
    result = magics(shell).tflite2onnx(str(MODEL))
    parity = lab.compare(result)
    told["compare of the magic's result"] = parity.verdict.sentence
    assert parity.verdict.sentence in unescape(parity._repr_html_())
    told["bisect"] = str(lab.bisect(result, progress=lambda said: None)).splitlines()[0]
    told["the report"] = lab.report(result).verdict
    told["many models"] = _judged(result)["verdict"]
    it = lab.Lab(result)
    it.to_html(tmp_path / "lab.html")
    told["the overview"] = it.view("Overview").data["verdict"]["text"]
    told["the tab Parity"] = it.view("Parity").data["title"]
    page = (tmp_path / "lab.html").read_text("utf-8")
    [held] = re.findall(r'id="saved">([^<]*)<', page)
    saved = gzip.decompress(b64decode(held)).decode()
    wanted = "MEAN is wrong: handler my_mean" if files else RIGHT
    sentence = parity.verdict.sentence
    assert sentence.endswith(wanted) and sentence in saved
    assert {road for road, text in told.items() if sentence not in text} == set(), told
