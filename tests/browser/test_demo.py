"""What `tfonnx-lab demo` puts down, in JupyterLab: links lead on, and what a reader wrote stays."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser.commands import command
from browser.lab import HAS_A_KERNEL, Lab
from tfonnx_lab.commands import demo

pytestmark = pytest.mark.browser
FIRST = "01_step_through_a_conversion.ipynb"


def test_the_notebooks_of_the_demo_lead_to_each_other(lab: Lab, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = lab.folder("demo")
    started: list[list[str]] = []

    def call(words: list[str]) -> int:
        """Start nothing: JupyterLab is there."""
        started.append(words)
        return 0

    monkeypatch.setattr("tfonnx_lab.commands.demo.subprocess.call", call)
    mine = folder / "04_optimizers_and_what_they_delete.ipynb"
    mine.write_text((demo.notebooks() / mine.name).read_text("utf-8").replace("# 4. ", "# 4. My own: "), "utf-8")
    assert demo.demo(folder=folder) == 0 and started[0][-1].endswith(FIRST)
    if not page.evaluate("!!window.jupyterapp"):
        lab.start(page)
    command(page, "docmanager:open", path=f"{folder.name}/{FIRST}")
    page.wait_for_function(HAS_A_KERNEL, arg=f"{folder.name}/{FIRST}")
    for name in sorted(demo.course(folder, FIRST)):
        assert (folder / name).is_file()
    link = page.locator('.jp-RenderedMarkdown a[href*="04_optimizers_and_what_they_delete.ipynb"]').first
    link.scroll_into_view_if_needed()
    link.click()
    page.wait_for_function(HAS_A_KERNEL, arg=f"{folder.name}/{mine.name}")
    front = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    expect(front.locator("h1").first).to_contain_text("My own")
    lab.clear(page)
