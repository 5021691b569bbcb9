"""Notebook 02 as a student has it: all cells run, the sliders move the staircase, the fourth stage is reached."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.lab import Lab
from browser.lessons import FAILED
from browser.looks import into_view, settled
from tfonnx_lab.commands.demo import notebooks

pytestmark = pytest.mark.browser
NOTEBOOK = notebooks() / "02_how_quantization_maps.ipynb"
DRAG = """async (slider) => {
  const times = [];
  for (let i = 0; i < 40; i += 1) {
    const before = document.querySelector('.tfq-picture .tfq-stairs').getAttribute('d');
    const start = performance.now();
    slider.value = String(-1 + i / 20);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    while (document.querySelector('.tfq-picture .tfq-stairs').getAttribute('d') === before &&
      performance.now() - start < 500) {
      await new Promise(requestAnimationFrame);
    }
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}"""


def test_the_lesson_on_quantization(lab: Lab, page: Page, shots: Path) -> None:
    lab.open_file(page, NOTEBOOK)
    stairs = page.locator(".tfq-picture .tfq-stairs")
    stairs.wait_for()
    expect(page.locator(".tfq-formula")).to_contain_text("0.09017 * (q - 3)")
    times = page.locator('.tfq input[type="range"]').first.evaluate(DRAG)
    print(f"slider to picture: median {times[20]:.0f} ms, p95 {times[37]:.0f} ms")
    expect(page.locator(".tfq-formula")).not_to_contain_text("0.09017 * (q - 3)")
    page.get_by_role("button", name="reset").click()
    expect(page.locator(".tfq-formula")).to_contain_text("0.09017 * (q - 3)")
    expect(page.locator(".tfq-columns")).to_contain_text("QLinearAdd")
    into_view(stairs)
    page.screenshot(path=shots / "notebook_02_explorer.png")
    page.locator(".tl-root .tl-badge", has_text="ONNX Runtime").wait_for()
    into_view(page.locator(".tl-root").first)
    settled(page)
    page.screenshot(path=shots / "notebook_02_kernel.png")
    page.wait_for_function(
        "document.querySelectorAll('.jp-CodeCell .jp-InputPrompt').length > 0 && "
        "![...document.querySelectorAll('.jp-InputPrompt')].some((e) => e.textContent.includes('*'))",
    )
    expect(page.locator(FAILED)).to_have_count(0)
    picture = page.locator(".jp-OutputArea-output img").last
    into_view(picture)
    settled(page)
    page.screenshot(path=shots / "notebook_02_ranges.png")
    lab.close(page)
