"""No leak and no dead view: a cell run twenty times, a kernel that restarts, a tab that closes, two notebooks of one
model."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect

from browser.commands import command
from browser.lab import Lab
from browser.looks import LOOK, open_tab

pytestmark = [pytest.mark.browser, pytest.mark.fresh_page]
LAB = """
import tfonnx_lab as lab
from tfonnx_lab import samples
it = lab.Lab(samples.path("digits_int8"))
it
"""
COUNTS = """
import gc, ipywidgets, comm
gc.collect()
print(len(ipywidgets.widgets.widget._instances), len(comm.get_comm_manager().comms),
  sum(type(o).__name__ == "Trace" for o in gc.get_objects()))
"""
RESTART = """async () => {
  await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart();
}"""


def steps_of_a_new_lab(page: Page) -> None:
    """A lab that was just made shows its overview; from there to its steps."""
    page.locator(LOOK["Overview"]).locator("visible=true").first.wait_for()
    open_tab(page, "Steps")


def shown(page: Page, counter: Locator) -> int:
    """The number of the step in sight; as the last stage comes, all is drawn anew, and for a moment there is none."""
    for _ in range(600):
        if found := re.match(r"(\d+)/\d", counter.inner_text()):
            return int(found[1])
        page.wait_for_timeout(50)
    raise AssertionError(counter.inner_text())


def step(page: Page, root: Locator) -> None:
    """The stepper draws and hears the keyboard."""
    counter = root.locator(".tl-counter")
    before = shown(page, counter)
    root.locator(".tl-head").click()
    page.keyboard.press("ArrowRight")
    expect(counter).to_contain_text(f"{before + 1}/")


def held(page: Page, devtools: CDPSession) -> dict[str, float]:
    """What the page holds after a garbage collection."""
    before = -1.0
    while True:  # until nothing more can be let go of
        devtools.send("HeapProfiler.collectGarbage")
        metrics: dict[str, Any] = devtools.send("Performance.getMetrics")
        found = {m["name"]: m["value"] for m in metrics["metrics"]}
        if found["Nodes"] == before:
            return {name: found[name] for name in ("Nodes", "JSEventListeners", "Documents", "JSHeapUsedSize")}
        before = found["Nodes"]
        page.wait_for_timeout(300)


def test_a_cell_run_twenty_times_leaves_one_lab(lab: Lab, page: Page) -> None:
    lab.open(page, LAB)
    steps_of_a_new_lab(page)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    kernel, browser = [], []
    for run in range(20):
        if run:
            command(page, "notebook:run-all-cells")
            steps_of_a_new_lab(page)
        expect(page.locator(".tl-counter")).to_have_count(1)
        if run in (0, 4, 9, 14, 19):
            open_tab(page, "Source")
            kernel.append([int(n) for n in lab.ask(page, COUNTS).split()])
            browser.append(held(page, devtools))
    print("widgets, comms, traces in the kernel:", kernel)
    print("the page:", browser)
    assert all(widgets == kernel[1][:2] for *widgets, _ in kernel[2:]), kernel
    assert max(traces for *_, traces in kernel) <= 4, kernel  # the one in sight, and the one that is built in its place
    early, late = browser[2], browser[-1]
    for name, most in (("Nodes", 1.25), ("JSEventListeners", 1.25), ("Documents", 1.3), ("JSHeapUsedSize", 1.25)):
        assert late[name] <= early[name] * most, (name, browser)
    lab.close(page)


def test_a_kernel_that_restarts(lab: Lab, page: Page) -> None:
    lab.open(page, LAB)
    steps_of_a_new_lab(page)
    step(page, page.locator(".tl-root:has(.tl-counter)"))
    page.evaluate(
        "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
    )
    step(page, page.locator(".tl-root:has(.tl-counter)"))  # what is in the page needs no kernel
    lab.run(page)
    steps_of_a_new_lab(page)
    expect(page.locator(".tl-counter")).to_have_text(re.compile(r"^1/\d+$"))
    root = page.locator(".tl-root:has(.tl-counter)")
    step(page, root)
    assert lab.asked(page, "print(it.index)", "1")
    open_tab(page, "Handlers")
    page.locator('.tlv-handlers tr[data-origin="2"]').click()
    expect(page.locator(".tlv-side h3")).to_contain_text("op 2")
    lab.close(page)


def test_a_tab_that_closes_and_opens_again(lab: Lab, page: Page) -> None:
    lab.open(page, LAB)
    steps_of_a_new_lab(page)
    step(page, page.locator(".tl-root:has(.tl-counter)"))
    path = page.evaluate("window.jupyterapp.shell.currentWidget.context.path")
    page.evaluate("window.jupyterapp.shell.currentWidget.context.save()")
    page.evaluate("window.jupyterapp.shell.currentWidget.close()")
    expect(page.locator(".tl-counter")).to_have_count(0)
    command(page, "docmanager:open", path=path)
    root = page.locator(".tl-root:has(.tl-counter)")
    step(page, root)
    assert lab.asked(page, "print(it.index + 1)", str(shown(page, root.locator(".tl-counter"))))
    lab.close(page)


def test_two_notebooks_of_one_model(lab: Lab, page: Page) -> None:
    lab.open(page, LAB)
    steps_of_a_new_lab(page)
    first = page.locator(".jp-NotebookPanel >> nth=0").locator(".tl-root:has(.tl-counter)")
    step(page, first)
    lab.open_beside(page, LAB)
    page.get_by_role("tab", name="Steps", exact=True).nth(1).click()
    expect(page.locator(".tl-counter")).to_have_count(2)
    second = page.locator(".tl-root:has(.tl-counter)").last
    step(page, second)
    step(page, second)
    assert lab.asked(page, "print(it.index)", "2")
    expect(first.locator(".tl-counter")).to_contain_text("2/")
    lab.close(page)
