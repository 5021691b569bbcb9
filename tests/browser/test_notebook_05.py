"""Notebook 05 as a student has it: every cell runs, the views answer what the text says, the exercise's solution
works."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.lab import Lab
from browser.lessons import cell, run_lesson
from browser.looks import into_view, settled
from tfonnx_lab.commands.demo import notebooks

pytestmark = pytest.mark.browser
NOTEBOOK = notebooks() / "05_to_a_phone.ipynb"
SOLUTION = """
whole = lab.convert(samples.path("digits_int8"), dequantize=True, float_io=True).mobile()
answer = whole.coreml()
print(len(answer.fallback), len(answer.partitions), whole.check().model.size < m.check().model.size)
"""


def test_the_lesson_on_phones(lab: Lab, page: Page, shots: Path) -> None:
    run_lesson(lab, page, NOTEBOOK)
    kernels = page.locator(".tlv-mobile", has=page.locator(".tlm-kernels"))
    into_view(kernels)
    kernels.get_by_label("keep Clip version 13").uncheck()
    expect(kernels.locator(".tlm-verdict")).to_contain_text("Clip is not in the config")
    page.screenshot(path=shots / "notebook_05_kernels.png")
    cell(page, "for level in (31")
    expect(page.locator(".jp-OutputArea", has_text="level 27:  6 of 15 nodes in 5 partitions").first).to_be_visible()
    page.screenshot(path=shots / "notebook_05_levels.png")
    accelerated = page.locator(".tlv-mobile", has=page.locator(".tlm-strip"))
    into_view(accelerated)
    expect(accelerated).to_contain_text("40 of 49 nodes")
    expect(accelerated).to_contain_text("No session comes up")
    accelerated.locator(".tlm-strip .tlm-cpu").first.click()
    expect(accelerated.locator(".tlv-side h3")).to_contain_text("CPU")
    settled(page)
    page.screenshot(path=shots / "notebook_05_nnapi.png")
    assert lab.ask(page, SOLUTION) == "0 1 True"
    lab.close(page)
