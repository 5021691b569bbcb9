"""Notebook 01 as a student has it: all cells run, then through all three stages with the keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.lab import Lab
from tfonnx_lab.cli import notebooks

pytestmark = pytest.mark.browser
NOTEBOOK = notebooks() / "01_step_through_a_conversion.ipynb"
FAILED = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"] >> text=Traceback'


@pytest.mark.skipif(not NOTEBOOK.exists(), reason="the notebooks are not there")
def test_all_cells_run_and_every_stage_is_stepped_through(lab: Lab, page: Page, shots: Path) -> None:
    lab.open_file(page, NOTEBOOK)
    root = page.locator(".tl-root").first
    root.wait_for(timeout=60_000)
    netron = page.frame_locator("iframe.tl-netron")
    netron.locator(".graph-node").first.wait_for(timeout=60_000)
    expect(page.locator(".tl-root")).to_have_count(3, timeout=60_000)
    expect(page.locator(FAILED)).to_have_count(0)
    root.scroll_into_view_if_needed()
    root.locator(".tl-after .tl-pane").click(position={"x": 5, "y": 5})
    page.keyboard.press("Home")
    stages = []
    counter = root.locator(".tl-counter")
    steps = int(counter.inner_text().split("/")[1])
    for number in range(1, steps + 1):
        expect(counter).to_have_text(f"{number}/{steps}")
        stage = root.locator(".tl-badge").inner_text()
        if stage not in stages:
            stages.append(stage)
            assert root.locator(".tl-before svg").inner_html() != root.locator(".tl-after svg").inner_html()
            page.screenshot(path=shots / f"notebook_01_{stage}.png")
        page.keyboard.press("ArrowRight")
    assert stages == ["rewriters", "handlers", "optimizers"]
    page.locator("iframe.tl-netron").scroll_into_view_if_needed()
    nodes = int(lab.ask(page, "print(result.trace.end['nodes'])"))
    expect(netron.locator("g.graph-node")).to_have_count(nodes, timeout=20_000)
    page.screenshot(path=shots / "notebook_01_netron.png")
    lab.close(page)
