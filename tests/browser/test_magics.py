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


WATCH = """() => {
  window.bars = [];
  new MutationObserver(() => {
    for (const bar of document.querySelectorAll('.jp-OutputArea progress')) {
      const cell = [...document.querySelectorAll('.jp-CodeCell')].indexOf(bar.closest('.jp-CodeCell'));
      window.bars.push([cell, bar.hasAttribute('value') ? bar.value : null, bar.parentElement.textContent.trim()]);
    }
  }).observe(document.body, { childList: true, subtree: true });
}"""
AT_ONCE = "from tfonnx_lab.texts import progress\nprogress._PATIENCE = progress._OFTEN = 0"


def test_long_work_shows_a_bar_that_fills_and_goes(lab: Lab, page: Page) -> None:
    """Conversion, comparison and bisection, each in its cell; here from the first moment on, not after a second."""
    begin = f"import tfonnx_lab as lab\nfrom tfonnx_lab import samples\n{AT_ONCE}"
    work = ["result = lab.convert(samples.path('digits_int8'))", "parity = lab.compare(result)\nparity.verdict.ok",
            "found = lab.bisect(result)"]  # fmt: skip
    lab.open(page, begin)
    page.evaluate(WATCH)
    lab.add(page, *work)
    page.wait_for_function("document.querySelectorAll('.jp-OutputArea progress').length === 0")
    bars = page.evaluate("window.bars")
    for at, code in enumerate(work, 1):
        mine = [(value, text) for cell, value, text in bars if cell == at]
        parts = [value for value, _ in mine if value is not None]
        assert parts and parts == sorted(parts) and 0 <= parts[0] < parts[-1] <= 1, (code, mine)
        assert all(text for _, text in mine), code
    lab.close(page)
