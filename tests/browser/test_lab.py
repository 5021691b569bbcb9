"""The lab in a real JupyterLab: every tab, the linked selection, and a failing handler repaired with the mouse."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browser.lab import Lab
from browser.looks import LOOK, open_tab, settled

pytestmark = pytest.mark.browser
LAB = """
import tfonnx_lab as lab
from tfonnx_lab import samples
it = lab.Lab(samples.path("digits_int8"))
it
"""
SLOW_READING = """() => {
  const text = Response.prototype.text;
  let wait = 5000; // the first takes longest, so it is also the last to be read
  Response.prototype.text = async function () {
    const late = wait;
    wait = 0;
    await new Promise((done) => setTimeout(done, late));
    return text.call(this);
  };
}"""
FAILING = """
import tfonnx_lab as lab
from tfonnx_lab import samples
it = lab.Lab(samples.path("digits_unsupported"))
it
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_tab(lab: Lab, page: Page, shots: Path, dark: bool) -> None:
    lab.open(page, LAB, dark=dark)
    open_tab(page, "Steps")
    for name in LOOK:
        open_tab(page, name)
        if name == "Steps":
            steps = lab.ask(page, "print(len(it.result.trace))")
            expect(page.locator(".tl-counter")).not_to_have_text(f"1/{steps}")
            page.locator(".tl-head").locator("visible=true").first.click()
            page.keyboard.press("End")
            expect(page.locator(".tl-badge")).to_have_text("ONNX Runtime")
        settled(page)
        page.screenshot(path=shots / f"lab_{name.replace(' ', '_').lower()}_{'dark' if dark else 'light'}.png")
    lab.close(page)


@pytest.mark.fresh_page
def test_steps_that_come_while_the_first_are_read_are_shown(lab: Lab, page: Page) -> None:
    """On a busy machine ONNX Runtime's steps are there before the first ones are read: they must not be missed."""
    lab.open(page, LAB)
    page.evaluate(SLOW_READING)
    open_tab(page, "Steps")
    steps = lab.ask(page, "print(len(it.result.trace))")
    expect(page.locator(".tl-counter")).not_to_have_text(f"1/{steps}")
    lab.close(page)


def test_one_selection_for_all(lab: Lab, page: Page, shots: Path) -> None:
    lab.open(page, LAB)
    open_tab(page, "Steps")
    open_tab(page, "Handlers")
    page.locator('.tlv-handlers tr[data-origin="4"]').click()
    expect(page.locator(".tlv-side h3")).to_have_text("op 4  CONV_2D")
    expect(page.locator(".tlv-drawn .tl-op", has_text="Conv")).to_have_count(1)
    about = page.locator(".tlv-selection")
    expect(about).to_contain_text("op 4 CONV_2D")
    expect(about).to_contain_text("codes -128 to 127 are")
    assert lab.ask(page, "print(it.selection)") == "4"
    made = int(lab.ask(page, "print(it.index + 1)"))
    about.get_by_role("button", name=f"made by step {made}, ").click()
    expect(page.locator(".tl-counter")).to_contain_text(f"{made}/")
    node = page.locator(".tl-after .tl-vertex.tl-selected")
    expect(node).to_have_count(1)
    assert lab.ask(page, "print(it.node)") == node.get_attribute("data-node")
    about.get_by_role("button", name="compare with LiteRT").click()
    expect(about).to_contain_text("error: ")
    expect(about).to_contain_text("of its scale")
    open_tab(page, "Quantization")
    expect(page.locator(".tfq select option:checked")).to_contain_text("CONV_2D")
    open_tab(page, "Parity")
    expect(page.locator('.tlv-parity tr[aria-selected="true"]')).to_contain_text("4 CONV_2D")
    page.locator('.tlv-parity tr[data-origin="6"]').first.click()
    open_tab(page, "Handlers")
    expect(page.locator(".tlv-side h3")).to_have_text("op 6  CONCATENATION")
    open_tab(page, "Source")
    frames = page.locator("iframe.tl-netron")
    expect(frames).to_have_count(2)
    for k in (0, 1):
        page.frame_locator(f"iframe.tl-netron >> nth={k}").locator("g.graph-node.select").first.wait_for()
    page.screenshot(path=shots / "lab_selection_in_netron.png")
    lab.close(page)


def test_a_failing_op_is_red_and_is_repaired(lab: Lab, page: Page, shots: Path) -> None:
    lab.open(page, FAILING)
    row = page.locator(".tlv-handlers tr.tlv-failed")
    row.wait_for()
    row.click()
    expect(page.locator(".tlv-selection")).to_contain_text("failed in step")
    expect(page.locator(".tlv-drawn .tl-failed .tl-op")).to_have_text("LabSharpen")
    expect(page.locator(".tlv-error")).to_contain_text("no handler is registered")
    page.screenshot(path=shots / "lab_failing.png")
    page.get_by_role("button", name="write a handler").click()
    expect(page.locator(".tlv-message")).to_contain_text('@lab.handler("LabSharpen")')
    expect(page.locator(".tlv-side")).to_contain_text("amount = 0.5")
    page.get_by_role("button", name="isolate as a one-op model").click()
    expect(page.locator(".tlv-message")).to_contain_text("LabSharpen_0.tflite")
    page.get_by_role("button", name="write as a test").click()
    expect(page.locator(".tlv-message")).to_contain_text("def test_labsharpen_0")
    said = lab.ask(
        page,
        '@lab.handler("LabSharpen")\ndef sharpen(op, node, x):\n    """LabSharpen => Identity."""\n    return '
        "op.Identity(x)",
    )
    assert said == ""
    page.get_by_role("button", name="retry").click()
    expect(page.locator(".tlv-message")).to_contain_text("op 0 LabSharpen: failed => ok")
    expect(page.locator(".tlv-handlers tr.tlv-failed")).to_have_count(0)
    page.screenshot(path=shots / "lab_repaired.png")
    open_tab(page, "Steps")
    expect(page.locator(".tl-head .tl-fresh")).to_have_text("changed since the retry")
    marked = int(lab.ask(page, "print(len(it.result.changes.marks))"))
    expect(page.locator(".tl-ticks i")).to_have_count(marked)
    expect(page.locator(".tl-step .tl-fresh").first).to_have_text("changed")
    page.get_by_label(f"only what the retry changed ({marked})").check()
    page.locator(".tl-head").click()
    page.keyboard.press("End")
    page.keyboard.press("Home")
    here = page.locator(".tl-counter").inner_text()
    page.keyboard.press("c")
    expect(page.locator(".tl-counter")).not_to_have_text(here)
    expect(page.locator(".tl-slider")).to_have_attribute("aria-valuetext", re.compile("since the retry"))
    page.screenshot(path=shots / "lab_repaired_steps.png")
    lab.close(page)


@pytest.mark.fresh_page
def test_keys_before_the_first_picture(lab: Lab, page: Page) -> None:
    """A browser that is busy draws later; the list of steps is there and takes keys."""
    lab.open(page, LAB)
    page.evaluate("void (window.requestAnimationFrame = (f) => setTimeout(() => f(performance.now()), 3000))")
    page.get_by_role("tab", name="Steps", exact=True).click()
    page.locator(".tl-list").focus()
    for key in ("ArrowDown", "ArrowUp", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.locator(".tl-after svg").count() == 0
    expect(page.locator("[role=treeitem][aria-expanded=false]").first).to_be_visible()
    expect(page.locator(".tl-counter")).to_contain_text("1/")


def test_keyboard_alone(lab: Lab, page: Page) -> None:
    """From the cell to a row, a step, a rule of the list and a tab, without a mouse."""
    lab.open(page, LAB)
    open_tab(page, "Steps")
    walk(page, lambda at: "tl-root" in at["classes"])
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tl-counter")).to_contain_text("2/")
    walk(page, lambda at: at["role"] == "tree")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    open_before = page.locator("[role=treeitem][aria-expanded=true]").count()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[role=treeitem][aria-expanded=true]")).to_have_count(open_before - 1)
    active = page.locator(".tl-list").get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}.tl-active").count() == 1
    walk(page, lambda at: at["role"] == "tab", back=True)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator(".tlv-handlers tbody tr").first.wait_for()
    walk(page, lambda at: "tlv-filter" in at["classes"])
    page.keyboard.type("concat")
    expect(page.locator(".tlv-handlers .tlv-tools")).to_contain_text("1 of")
    walk(page, lambda at: "tlv-scroll" in at["classes"])
    page.keyboard.press("ArrowDown")
    expect(page.locator(".tlv-side h3")).to_contain_text("CONCATENATION")
    walk(page, lambda at: at["text"] == "isolate as a one-op model")
    lab.close(page)


WHERE = """() => {
  const at = document.activeElement;
  const shown = getComputedStyle(at);
  return {
    classes: [...at.classList], role: at.getAttribute("role"), text: at.textContent.trim().slice(0, 60),
      tag: at.tagName,
    label: at.getAttribute("aria-label"), visible: shown.outlineStyle !== "none" || shown.boxShadow !== "none" ||
      at.matches(".tl-root"),
  };
}"""


def walk(page: Page, wanted: Callable[[dict[str, Any]], bool], back: bool = False) -> list[dict[str, Any]]:
    """Press Tab until something has the focus; all that had it."""
    seen = []
    for _ in range(60):
        seen.append(page.evaluate(WHERE))
        if wanted(seen[-1]):
            assert seen[-1]["visible"], f"the focus cannot be seen: {seen[-1]}"
            return seen
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError([(at["tag"], at["role"], at["classes"], at["text"][:20]) for at in seen])
