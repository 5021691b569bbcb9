"""The magics in a real notebook: the stepper shows, a handler of a cell is used, what is wrong ends the cell in one
line."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.lab import Lab

pytestmark = pytest.mark.browser
LOAD = "%load_ext tfonnx_lab\nfrom tfonnx_lab import samples\npath = samples.path('digits_int8')"
HANDLER = '''%%handler SOFTMAX
def my_softmax(op, node, x):
    """SOFTMAX(x) => Softmax(x), from a notebook."""
    return op.Softmax(x, axis=-1)'''


def test_the_magics_show_and_register(lab: Lab, page: Page) -> None:
    lab.open(
        page,
        LOAD,
        "%tflite2onnx --help",
        "first = %tflite2onnx $path",
        HANDLER,
        "second = %tflite2onnx $path --opset 17",
    )
    expect(page.locator(".tl-root")).to_have_count(2)
    expect(page.get_by_text("my_softmax handles SOFTMAX")).to_be_visible()
    expect(page.get_by_text("usage: %tflite2onnx")).to_be_visible()
    used = "print([r['name'] for t in (first, second) for r in t.trace.rules.values() if 'softmax' in r['name']])"
    assert lab.ask(page, used) == "['softmax', 'my_softmax']"
    lab.close(page)


def test_a_failing_op_is_what_is_seen_first(lab: Lab, page: Page, shots: Path) -> None:
    failing = LOAD.replace("digits_int8", "digits_unsupported")
    lab.open(page, failing, "result = %tflite2onnx $path")
    expect(page.locator(".tl-head .tl-error")).to_contain_text("LabSharpen")
    expect(page.locator(".tl-after .tl-failed .tl-op")).to_have_text("LabSharpen")
    failed = lab.ask(page, "print([s.i for s in result.trace if s.error][0] + 1)")
    expect(page.locator(".tl-counter")).to_contain_text(f"{failed}/")
    page.screenshot(path=shots / "magic_failing.png")
    lab.close(page)


def test_a_file_that_is_not_there_is_told_in_one_line(lab: Lab, page: Page) -> None:
    lab.open(page, LOAD, "%tflite2onnx nowhere.tflite")
    expect(page.get_by_text("UsageError").first).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)
    lab.close(page)
