"""What the tests of the notebooks share."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from browser.lab import Lab
from browser.looks import into_view, settled

FAILED = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"] >> text=Traceback'
ALL_RAN = """() => {
  const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map((e) => e.textContent);
  return prompts.length > 0 && prompts.every((text) => /\\d/.test(text));
}"""


def run_lesson(lab: Lab, page: Page, notebook: Path) -> None:
    """Open a copy of the notebook, run all of it, and see that every cell came through."""
    lab.open_file(page, notebook)
    page.wait_for_function(ALL_RAN)
    expect(page.locator(FAILED)).to_have_count(0)
    expect(page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]')).to_have_count(0)


def cell(page: Page, text: str) -> None:
    """Scroll to the code cell that holds the text."""
    into_view(page.locator(".jp-CodeCell", has_text=text).first)
    settled(page)


def first_stepper(page: Page, picture: Path) -> tuple[Locator, Locator]:
    """The lesson's first stepper and its counter: it begins where the lesson's surprise is, and has the keys."""
    root = page.locator(".tl-root", has=page.locator(".tl-badge")).first
    into_view(root)
    expect(root.locator(".tl-badge")).to_have_text("optimizers")
    page.screenshot(path=picture)
    root.locator(".tl-after .tl-pane").click(position={"x": 5, "y": 5})
    return root, root.locator(".tl-counter")
