"""From a wheel in an empty environment: a wrong handler is named in two clicks, the reason of a float island in one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest
from playwright.sync_api import Page, expect

from browser.lab import Lab
from tfonnx_lab import samples
from widgets.test_onnx_lab import theirs

TOP = Path(__file__).resolve().parents[2]
MODELS = TOP.parent / "shared" / "models"
MOBILENET = MODELS / "mobilenet_v1_025_128_uint8.tflite"
pytestmark = [pytest.mark.browser, pytest.mark.fresh_page, pytest.mark.install]
WRONG = """
import tfonnx_lab as lab

@lab.handler("{op}")
def my_pool(op, node, x, *rest, **options):
    return op.ReduceMax(x, [1, 2], keepdims={keep})

it = lab.Lab({path!r})
it
"""
LONGEST = 10.0
"""Seconds from the first click to the name, on a machine that has its processors for it."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab of an environment in which nothing but the wheel was installed.

    TFONNX_LAB_WHEEL_PYTHON names the Python of such an environment, where one was made before.
    """
    root = tmp_path_factory.mktemp("wheel")
    python = os.environ.get("TFONNX_LAB_WHEEL_PYTHON")
    if python is None:
        venv.create(root / "venv", with_pip=True)
        python = str(root / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python")
        subprocess.run([python, "-m", "pip", "wheel", "-q", "--no-deps", "-w", root, TOP], check=True)
        [built] = root.glob("*.whl")
        subprocess.run([python, "-m", "pip", "install", "-q", built], check=True)
    (root / "shown").mkdir()
    with Lab(root / "shown", python) as lab:
        yield lab


def clicks(page: Page, text: str, row: str) -> float:
    """Two clicks: the verdict, and from it to the op. Seconds that they took until all was told."""
    body = page.locator(".tlo-body")
    button = body.get_by_role("button", name="compare with LiteRT")
    button.wait_for()
    began = time.perf_counter()
    button.click()
    expect(body.locator(".tlo-verdict")).to_contain_text(text)
    body.locator(".tlo-verdict button").click()
    wrong = page.locator(".tlv-parity tr.tlv-wrong[aria-selected='true']")
    expect(wrong).to_contain_text(row)
    return time.perf_counter() - began


CASES = [
    pytest.param(samples.path("digits_int8"), "MEAN", 0, id="digits"),
    pytest.param(
        MOBILENET,
        "AVERAGE_POOL_2D",
        1,
        id="mobilenet",
        marks=[pytest.mark.models, pytest.mark.skipif(not MOBILENET.exists(), reason="needs the shared models")],
    ),
]


@pytest.mark.parametrize(("model", "op", "keep"), CASES)
def test_a_wrong_handler_is_named_in_two_clicks(
    wheel: Lab, page: Page, shots: Path, model: Path, op: str, keep: int
) -> None:
    copied = wheel.root / model.name
    copied.write_bytes(model.read_bytes())
    wheel.open(page, WRONG.format(op=op, keep=keep, path=str(copied)))
    taken = clicks(page, f"{op} is wrong: handler my_pool", op)
    print(f"{model.name}: named in two clicks and {taken:.1f} s; load {os.getloadavg()[0]:.1f}")
    page.screenshot(path=shots / f"wheel_{op.lower()}.png")
    assert TOP.as_posix() not in wheel.ask(page, "print(lab.__file__)")
    if os.getloadavg()[0] <= (os.cpu_count() or 1):
        assert taken < LONGEST
    wheel.close(page)


def test_the_reason_of_a_float_island_in_one_click(wheel: Lab, page: Page, shots: Path) -> None:
    onnx.save(theirs(), wheel.root / "theirs.onnx")
    wheel.open(page, f"import tfonnx_lab as lab\nit = lab.Lab({str(wheel.root / 'theirs.onnx')!r})\nit")
    page.locator(".tlo-islands button").first.click()
    row = page.locator(".tlv-runtime tbody tr").first
    expect(row).to_have_attribute("aria-selected", "true")
    expect(row).to_contain_text("no integer kernel")
    page.screenshot(path=shots / "wheel_island.png")
    wheel.close(page)
