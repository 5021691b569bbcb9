"""Notebook 01 as a student has it: all cells run, then through all the stages with the keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.lab import Lab
from browser.lessons import first_stepper, run_lesson
from browser.looks import into_view, settled
from tfonnx_lab.commands.demo import notebooks

pytestmark = pytest.mark.browser
NOTEBOOK = notebooks() / "01_step_through_a_conversion.ipynb"


def test_all_cells_run_and_every_stage_is_stepped_through(lab: Lab, page: Page, shots: Path) -> None:
    run_lesson(lab, page, NOTEBOOK)
    root, counter = first_stepper(page, shots / "notebook_01_first.png")
    page.keyboard.press("Home")
    stages = []
    steps = int(counter.inner_text().split("/")[1])
    for number in range(1, steps + 1):
        expect(counter).to_have_text(f"{number}/{steps}")
        stage = root.locator(".tl-badge").inner_text()
        if stage not in stages:
            stages.append(stage)
            assert root.locator(".tl-before svg").inner_html() != root.locator(".tl-after svg").inner_html()
            page.screenshot(path=shots / f"notebook_01_{stage}.png")
        page.keyboard.press("ArrowRight")
    assert stages[:3] == ["rewriters", "handlers", "optimizers"]
    frames = page.locator("iframe.tl-netron")
    expect(frames).to_have_count(2)
    into_view(frames.first)
    page.frame_locator("iframe.tl-netron >> nth=1").locator("g.graph-node").first.wait_for()
    settled(page)
    page.screenshot(path=shots / "notebook_01_netron.png")
    into_view(page.locator(".jp-OutputArea-output img").last)
    settled(page)
    page.screenshot(path=shots / "notebook_01_parity.png")
    lab.close(page)
