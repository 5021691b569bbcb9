"""The main path in Notebook 7: a stepper in a notebook, and files that open from the file list, each in a tab of its
own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

import tfonnx_lab
from browser.lab import TOKEN, Lab, notebook
from browser.looks import into_view
from tfonnx_lab import samples

pytestmark = [pytest.mark.browser, pytest.mark.fresh_page]
CELL = """
import tfonnx_lab as lab
from tfonnx_lab import samples
stepper = lab.Stepper(lab.convert(samples.path("digits_int8")))
stepper
"""
LOGGED_IN = {"Authorization": f"token {TOKEN}"}


@pytest.fixture(scope="module")
def folder(lab: Lab) -> Path:
    """A folder with a model and its trace."""
    folder = lab.folder("seven")
    (folder / "digits.tflite").write_bytes(samples.path("digits_int8").read_bytes())
    tfonnx_lab.convert(folder / "digits.tflite").trace.save(folder / "digits.tfltrace")
    return folder


@pytest.fixture
def tree(lab: Lab, folder: Path, seven: Page) -> Page:
    """The file list of the folder."""
    seven.goto(f"{lab.url}tree/{folder.name}?token={TOKEN}")
    item(seven, "digits.tflite").wait_for()
    return seven


def item(page: Page, name: str) -> Locator:
    return page.locator(".jp-DirListing-item").filter(has=page.get_by_text(name, exact=True))


def test_the_stepper_steps_in_a_notebook(lab: Lab, seven: Page, shots: Path) -> None:
    name = lab.write(notebook(CELL))
    seven.goto(f"{lab.url}notebooks/{name}?token={TOKEN}")
    run_all(lab, seven, name)
    root = seven.locator(".tl-root")
    root.wait_for()
    into_view(root)
    root.locator(".tl-head").click()
    seven.keyboard.press("ArrowRight")
    expect(root.locator(".tl-counter")).to_contain_text("2/")
    seven.screenshot(path=shots / "notebook7_stepper.png")
    seven.keyboard.press("Enter")
    seven.frame_locator("iframe.tl-netron").locator(".graph-node").first.wait_for()
    shut_down(lab, seven, name)


def test_a_double_click_opens_netron_in_a_tab(tree: Page, shots: Path) -> None:
    with tree.expect_popup() as opened:
        item(tree, "digits.tflite").dblclick()
    tab = opened.value
    frame = tab.frame_locator(".tfonnx-lab-page iframe").frame_locator("iframe.tl-netron")
    frame.locator(".graph-node").first.wait_for()
    frame.locator("body.default").wait_for()
    tab.screenshot(path=shots / "notebook7_netron.png")


def test_a_double_click_opens_a_trace_in_a_tab(tree: Page, shots: Path) -> None:
    with tree.expect_popup() as opened:
        item(tree, "digits.tfltrace").dblclick()
    counter = opened.value.frame_locator(".tfonnx-lab-page iframe").locator(".tl-counter")
    expect(counter).to_contain_text("1/")
    opened.value.screenshot(path=shots / "notebook7_trace.png")


def test_the_context_menu_opens_a_notebook_that_converts(lab: Lab, tree: Page, folder: Path, shots: Path) -> None:
    item(tree, "digits.tflite").click(button="right")
    with tree.expect_popup() as opened:
        tree.get_by_role("menuitem", name="Convert in the lab").click()
    tab = opened.value
    made = f"{folder.name}/digits.ipynb"
    tab.get_by_role("tab", name="Handlers", exact=True).first.click()
    tab.locator(".tlv-handlers tbody tr").first.wait_for()
    tab.screenshot(path=shots / "notebook7_converted.png")
    assert (folder / "digits.ipynb").exists()
    shut_down(lab, tab, made)


def run_all(lab: Lab, page: Page, path: str) -> None:
    """Run all cells through the menu, once the kernel is there and the page knows."""
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for()
    for _ in range(600):
        if any(
            s["kernel"]["execution_state"] == "idle" and s["kernel"]["connections"] for s in sessions(lab, page, path)
        ):
            break
        page.wait_for_timeout(100)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def sessions(lab: Lab, page: Page, path: str) -> list[dict[str, Any]]:
    """What the server says of the notebook's kernel."""
    found: list[dict[str, Any]] = page.request.get(f"{lab.url}api/sessions", headers=LOGGED_IN).json()
    return [session for session in found if session["path"] == path]


def shut_down(lab: Lab, page: Page, path: str) -> None:
    """End the kernel of a notebook."""
    for session in sessions(lab, page, path):
        page.request.delete(f"{lab.url}api/sessions/{session['id']}", headers=LOGGED_IN)
