"""No letters under 11 px, nothing wider than what it stands in, nothing over a toolbar: in every view, both themes, two
widths."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from browser.commands import dress
from browser.faults_in_sight import DRAWN, faults_in_sight
from browser.lab import Lab
from browser.looks import into_view, settled

pytestmark = pytest.mark.browser
BEGIN = """
import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.widgets import *
"""
LABS = {
    "quantized": "lab.Lab(samples.path('digits_int8'))",
    "failing": "lab.Lab(samples.path('digits_unsupported'))",
    "onnx": "lab.Lab(lab.convert(samples.path('digits_int8')).model)",
    "compared": "lab.Compare(lab.convert(samples.path('digits_int8')), lab.convert(samples.path('digits_float')))",
}
ALONE = [
    "result", "result.trace", "Stepper(result)", "QuantizationExplorer(result)", "lab.plot_ranges(result)",
    "lab.compare(result)", "lab.compare(result).plot()", "GraphView(result)", "MobileView(result)", "result.runtime()",
    "lab.report(result)",
]  # fmt: skip
SIZES = ((1400, 1000), (1000, 800))
RAN = """(n) => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]
  .filter((e) => /\\d/.test(e.textContent)).length === n"""


@pytest.mark.parametrize("kind", LABS)
def test_every_tab(lab: Lab, page: Page, kind: str) -> None:
    lab.open(page, BEGIN, LABS[kind])
    page.locator(".tl-lab [role=tab]").first.wait_for()
    found = {}
    for dark in (False, True):
        dress(page, dark)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            for name in page.locator(".tl-lab [role=tab]").all_inner_texts():
                page.get_by_role("tab", name=name, exact=True).click()
                page.wait_for_function(DRAWN)
                page.locator(".tl-lab").evaluate("(e) => e.scrollIntoView({ block: 'start' })")
                settled(page)
                found[name, "dark" if dark else "light", width] = faults_in_sight(page)
    assert {place: lines for place, lines in found.items() if lines} == {}


def test_every_view_alone(lab: Lab, page: Page) -> None:
    lab.open(page, BEGIN + "result = lab.convert(samples.path('digits_int8'))", *ALONE)
    page.wait_for_function(RAN, arg=1 + len(ALONE))
    page.frame_locator("iframe.tl-netron").locator("g.graph-node").first.wait_for()
    found = {}
    for dark in (False, True):
        dress(page, dark)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            for at, view in enumerate(ALONE, 1):
                cell = page.locator(f".jp-CodeCell >> nth={at}")
                into_view(cell)
                settled(page)
                found[view, "dark" if dark else "light", width] = faults_in_sight(page)
    assert {place: lines for place, lines in found.items() if lines} == {}


NARROW = "display: block; width: 9px; overflow: hidden"
SPOILED = {
    "small": "e.querySelector('.tlo-flow').style.fontSize = '10px'",
    "wider than its parent": "e.querySelector('.tlv-head').style.width = '1800px'",
    "over the toolbar": "e.querySelector('.tlo').style.marginTop = '-40px'",
    "cut and told nowhere": f"e.querySelector('.tlo-flow b').style.cssText = '{NARROW}'",
    "a picture with colours of its own": "e.append(Object.assign(new Image(40, 40), { src: 'data:,' }))",
}


@pytest.mark.parametrize("fault", SPOILED)
def test_what_is_wrong_is_found(lab: Lab, page: Page, fault: str) -> None:
    """The instrument itself: each kind of fault, planted."""
    lab.open(page, BEGIN, LABS["quantized"])
    page.locator(".tlo-flow").wait_for()
    page.wait_for_function(DRAWN)
    assert faults_in_sight(page) == []
    page.locator(".tl-lab").evaluate(f"(e) => {{ {SPOILED[fault]}; }}")
    assert any(fault in line for line in faults_in_sight(page)), faults_in_sight(page)
