"""The magics in a real notebook: the stepper shows, a handler of a cell is used, what is wrong ends the cell in one line."""

from __future__ import annotations

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


def test_a_file_that_is_not_there_is_told_in_one_line(lab: Lab, page: Page) -> None:
    lab.open(page, LOAD, "%tflite2onnx nowhere.tflite")
    expect(page.get_by_text("UsageError").first).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)
    lab.close(page)
