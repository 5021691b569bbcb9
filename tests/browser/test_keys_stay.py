"""Keys and focus stay where a person put them: no view of ours lets one through to the notebook, which would delete
cells."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.lab import TOKEN, Lab, notebook
from browser.looks import into_view, open_tab, settled
from browser.test_notebook7 import run_all, shut_down

pytestmark = pytest.mark.browser
CONVERT = """
import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.widgets import *
result = lab.convert(samples.path("digits_int8"))
"""
CELLS = """() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  const cells = [...content.model.cells];
  return [cells.length, content.activeCellIndex, content.widgets.filter((w) => w.isHidden ||
    w.headingCollapsed).length];
}"""
TO_THE_NOTEBOOK = ["ArrowLeft", "ArrowUp", "ArrowDown", "d", "d", "x", "a", "m"]
PLACES = {
    "Stepper(result)": [".tl-right .tl-doc", ".tl-head", ".tl-counter"],
    "HandlerView(result, selection=2)": [".tlv-title", ".tlv-side h3", ".tlv-handlers tbody td"],
    "OptimizerView(result)": [".tlv-title", ".tlv-optimizers tbody td"],
    "RuntimeView(result)": [".tlv-title", ".tlv-runtime tbody td"],
    "QuantizationView(result)": [".tfq-question", ".tfq-formula", "[aria-label=ranges] summary"],
    "GraphView(result)": [".tl-tools .tl-drawn"],
    "NetronPair(result)": [".tlp-moment button >> nth=0", ".tl-tools .tl-drawn >> nth=0"],
}


def with_headings(*cells: str) -> str:
    """A notebook with a heading before and after its code: arrows collapse what is below a heading."""
    found = json.loads(notebook(*cells))
    for at in (0, len(found["cells"]) + 1):
        heading = {"cell_type": "markdown", "id": f"m{at}", "metadata": {}, "source": f"# Heading {at}"}
        found["cells"].insert(at, heading)
    return json.dumps(found)


@pytest.mark.parametrize("view", PLACES)
def test_no_key_goes_to_the_notebook(lab: Lab, page: Page, view: str) -> None:
    lab.open_text(page, with_headings(CONVERT, view))
    for selector in PLACES[view]:
        place = page.locator(selector).first
        into_view(place)
        place.click(position={"x": 4, "y": 4})
        before = page.evaluate(CELLS)
        for key in TO_THE_NOTEBOOK:
            page.keyboard.press(key)
        settled(page)
        assert page.evaluate(CELLS) == before, selector
    lab.close(page)


def test_no_key_goes_from_the_lab_to_the_notebook(lab: Lab, page: Page) -> None:
    lab.open_text(page, with_headings(CONVERT, "it = lab.Lab(result)\nit"))
    open_tab(page, "Steps")
    for name in ("Rewriters", "ONNX Runtime", "Quantization", "Source"):
        open_tab(page, name)
        before = page.evaluate(CELLS)
        for key in TO_THE_NOTEBOOK[3:]:  # the arrows go from tab to tab
            page.keyboard.press(key)
        settled(page)
        assert page.evaluate(CELLS) == before, name
    page.locator(".tlv-selection").click()
    before = page.evaluate(CELLS)
    for key in TO_THE_NOTEBOOK:
        page.keyboard.press(key)
    assert page.evaluate(CELLS) == before
    lab.close(page)


def arrows_move_the_slider(page: Page) -> None:
    """Every arrow of every slider does what it says."""
    into_view(page.locator(".tfq-controls"))
    for name, formula in (("scale", "real = 0.04509 * (q - 3)"), ("zero point", "real = 0.04509 * (q + 47)")):
        slider = page.get_by_label(name, exact=True)
        slider.focus()
        for _ in range(50):
            page.keyboard.press("ArrowLeft")
        expect(page.locator(".tfq-formula")).to_have_text(formula)
        expect(slider).to_be_focused()
    page.get_by_label("tensor", exact=True).focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".tfq-formula")).not_to_contain_text("0.04509")


def test_the_explorer_in_jupyterlab(lab: Lab, page: Page) -> None:
    lab.open_text(page, with_headings(CONVERT, "it = QuantizationExplorer(result, tensor=4)\nit"))
    page.locator(".tfq-stairs").first.wait_for()
    page.get_by_label("scale", exact=True).focus()
    before = page.evaluate(CELLS)
    arrows_move_the_slider(page)
    assert page.evaluate(CELLS) == before
    expect(page.get_by_text("cells hidden")).to_have_count(0)
    assert lab.asked(page, "print(it.tensor)", "5")
    lab.close(page)


@pytest.mark.fresh_page
def test_the_explorer_in_notebook_7(lab: Lab, seven: Page) -> None:
    name = lab.write(with_headings(CONVERT, "QuantizationExplorer(result, tensor=4)"))
    seven.goto(f"{lab.url}notebooks/{name}?token={TOKEN}")
    run_all(lab, seven, name)
    seven.locator(".tfq-stairs").first.wait_for()
    arrows_move_the_slider(seven)
    for key in TO_THE_NOTEBOOK[3:]:
        seven.keyboard.press(key)
    settled(seven)
    expect(seven.locator(".jp-Cell")).to_have_count(4)
    expect(seven.get_by_text("cells hidden")).to_have_count(0)
    shut_down(lab, seven, name)


def inside(page: Page, view: Locator) -> None:
    """The focus is in a view, and the notebook gets none of its keys."""
    settled(page)
    assert view.evaluate("(e) => e.contains(document.activeElement)"), page.evaluate(
        "document.activeElement.outerHTML.slice(0, 200)"
    )
    before = page.evaluate(CELLS)
    page.keyboard.press("d")
    page.keyboard.press("d")
    settled(page)
    assert page.evaluate(CELLS) == before


def test_the_focus_stays_as_panels_change(lab: Lab, page: Page) -> None:
    """A button that is drawn anew, or is no more, hands its focus on."""
    lab.open_text(page, with_headings(CONVERT, "Stepper(result)", "HandlerView(result)"))
    stepper = page.locator(".tl-root:has(.tl-counter)")
    page.locator(".tl-right .tl-link").first.click()
    expect(page.locator(".tl-chosen")).to_be_visible()
    inside(page, stepper)
    page.locator(".tl-close").click()
    expect(page.locator(".tl-chosen")).to_have_count(0)
    inside(page, stepper)
    handlers = page.locator(".tlv-handlers")
    into_view(handlers)
    handlers.locator('tr[data-origin="2"]').click()
    handlers.locator(".tlv-side h3").wait_for()
    handlers.locator(".tlv-steps .tl-link").first.click()
    inside(page, handlers)
    handlers.get_by_role("button", name="write as a test").click()
    expect(handlers.locator(".tlv-message")).to_contain_text("def test_")
    expect(handlers.get_by_role("button", name="write as a test")).to_be_focused()
    inside(page, handlers)
    handlers.get_by_role("button", name="retry").click()
    expect(handlers.locator(".tlv-message")).not_to_contain_text("def test_")
    inside(page, handlers)
    lab.close(page)
