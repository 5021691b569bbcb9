"""The lab for those who use a keyboard, a screen reader, or 200 % zoom: names, roles, the focus, the room that there
is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from browser.desk import new_page, unharmed
from browser.lab import Lab
from browser.looks import LOOK, open_tab

pytestmark = pytest.mark.browser
LAB = """
import tfonnx_lab as lab
from tfonnx_lab import samples
it = lab.Lab(samples.path("digits_int8"))
it
"""
NAMED = {
    "application", "button", "checkbox", "combobox", "figure", "group", "Iframe", "image", "link", "listbox", "option",
    "searchbox", "slider", "tab", "table", "textbox", "tree", "treeitem",
}  # fmt: skip
WHICH = """function () {
  const inside = this.closest?.('.jp-OutputArea, .tl-netron') || this.ownerDocument !== document;
  return inside && this.tagName !== 'DETAILS' && this.getBoundingClientRect().width > 0 ? this.outerHTML.slice(0,
    200) : '';
}"""
CUT_OFF = """() => [...document.querySelectorAll('.jp-OutputArea-output *')]
  .filter((e) => e.offsetParent && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 2 &&
    getComputedStyle(e).overflowX === 'visible')
  .map((e) => [e.className || e.tagName, e.scrollWidth, e.clientWidth])"""


@pytest.fixture
def opened(lab: Lab, page: Page) -> Any:
    """A page with the lab in it."""
    lab.open(page, LAB)
    open_tab(page, "Steps")
    yield page
    lab.close(page)


def test_nothing_is_without_a_name_and_the_tabs_are_tabs(opened: Page) -> None:
    devtools = opened.context.new_cdp_session(opened)
    told: set[str] = set()
    for name in LOOK:
        open_tab(opened, name)
        nodes = devtools.send("Accessibility.getFullAXTree")["nodes"]
        seen = [n for n in nodes if not n.get("ignored")]
        nameless = [n for n in seen if n["role"]["value"] in NAMED and not n.get("name", {}).get("value", "").strip()]
        found = [_element(devtools, node["backendDOMNodeId"]) for node in nameless if "backendDOMNodeId" in node]
        assert [html for html in found if html] == [], name
        roles = Counter(n["role"]["value"] for n in seen)
        assert roles["tab"] >= len(LOOK) and roles["tabpanel"] >= 1
        told |= {n["name"]["value"] for n in seen if n["role"]["value"] == "option"}
    assert any("nrmse" in text for text in told), "a dot says its error"


def _element(devtools: Any, number: int) -> str:
    item = devtools.send("DOM.resolveNode", {"backendNodeId": number})["object"]["objectId"]
    asked = {"objectId": item, "functionDeclaration": WHICH, "returnByValue": True}
    return str(devtools.send("Runtime.callFunctionOn", asked)["result"].get("value", ""))


def test_steps_and_nodes_are_announced(opened: Page) -> None:
    heading = opened.locator(".tl-head")
    expect(heading).to_have_attribute("aria-live", "polite")
    heading.click()
    opened.keyboard.press("ArrowRight")
    expect(heading).to_contain_text("Step 2 of")
    open_tab(opened, "Source")
    frame = opened.frame_locator("iframe.tl-netron >> nth=0")
    frame.locator("body.default #target").focus()
    status = opened.locator(".tl-tools [role=status].tl-unseen").first
    for key, said in [
        ("ArrowDown", "node 1 of 10"),
        ("ArrowRight", "node 2 of 10"),
        ("End", "node 10 of 10"),
        ("ArrowUp", "node 9 of 10"),
    ]:
        opened.keyboard.press(key)
        expect(status).to_contain_text(said)
    expect(frame.locator(".graph-node.select")).to_have_count(1)
    assert frame.locator("#target").evaluate("(e) => getComputedStyle(e).outlineStyle") == "solid"
    size = frame.locator("#canvas").bounding_box()
    opened.keyboard.press("-")
    opened.keyboard.press("-")
    smaller = frame.locator("#canvas").bounding_box()
    assert size and smaller and smaller["width"] < size["width"]
    opened.keyboard.press("Enter")
    expect(frame.locator("#sidebar-closebutton")).to_be_focused()
    expect(frame.locator("#sidebar")).to_contain_text("Node Properties")
    opened.keyboard.press("Escape")
    expect(frame.locator("#target")).to_be_focused()
    expect(frame.locator(".graph-node.select")).to_have_count(1)


def test_charts_are_walked_with_the_keyboard(lab: Lab, opened: Page) -> None:
    open_tab(opened, "Optimizers")
    slider = opened.locator(".tlv-optimizers [role=slider]")
    reached(opened, slider, opened.locator(".tlv-optimizers"))
    opened.keyboard.press("End")
    steps = int(slider.get_attribute("aria-valuemax") or 0)
    nodes = lab.ask(opened, "print(len(it.result.ir_model.graph))")
    expect(slider).to_have_attribute("aria-valuetext", f"step {steps}, optimizers: {nodes} nodes")
    opened.keyboard.press("ArrowLeft")
    opened.keyboard.press("Enter")
    assert lab.asked(opened, "print(it.index)", str(steps - 2))
    open_tab(opened, "Parity")
    dots = opened.locator(".tlv-parity [role=listbox]")
    reached(opened, dots, opened.locator(".tlv-parity"))
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("ArrowRight")
    dot = opened.locator(".tlv-dot.tlv-at")
    expect(dot).to_have_count(1)
    assert dot.get_attribute("id") == dots.get_attribute("aria-activedescendant")
    expect(opened.locator(".tlv-parity figcaption")).to_contain_text("2 CONV_2D: nrmse")
    opened.keyboard.press("Enter")
    expect(opened.locator('.tlv-parity tr[aria-selected="true"]')).to_contain_text("2 CONV_2D")
    assert lab.asked(opened, "print(it.selection)", "2")


def reached(page: Page, wanted: Locator, view: Locator) -> None:
    """Tab leads from the head of a view to a part of it, and one sees that it does."""
    view.locator("h3").click()
    for _ in range(20):
        page.keyboard.press("Tab")
        if wanted.evaluate("(e) => e === document.activeElement"):
            assert wanted.evaluate("(e) => getComputedStyle(e).outlineStyle") == "solid"
            return
    raise AssertionError("Tab does not lead there")


def test_at_twice_the_size_nothing_is_cut_off(lab: Lab, browser: Browser, shots: Path) -> None:
    """200 % zoom of a screen of 1440 x 900: half as many pixels of the page's own, each drawn as four."""
    page = new_page(browser, viewport={"width": 720, "height": 450}, device_scale_factor=2)
    for dark in (False, True):
        lab.open(page, LAB, dark=dark)
        open_tab(page, "Steps")
        for name in LOOK:
            open_tab(page, name)
            page.wait_for_function(f"({CUT_OFF})().length === 0")
            bars = page.locator(".jp-OutputArea-output .tl-tabs").evaluate("(e) => [e.scrollWidth, e.clientWidth]")
            assert bars[0] <= bars[1] + 1, "all tabs are in sight"
            page.screenshot(path=shots / f"zoom_{name.replace(' ', '_').lower()}_{'dark' if dark else 'light'}.png")
        lab.close(page)
    page.context.close()
    unharmed(page)
