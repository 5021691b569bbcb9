"""Where things stand at a width: the question mark beside its own word, the rule below the pictures or beside them, a
picture in a cell."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page

from browser.desk import SIZE
from browser.lab import Lab
from browser.looks import open_tab, settled

pytestmark = pytest.mark.browser
BEGIN = "import tfonnx_lab as lab\nfrom tfonnx_lab import samples"
HEADS = """(heads) => heads.map((head) => {
  const range = document.createRange();
  range.selectNodeContents(head.querySelector('button'));
  const mark = head.querySelector('.tlv-meaning .tl-term');
  return [range.getBoundingClientRect().right, mark?.getBoundingClientRect().left ?? null];
})"""
"""Of heads of columns: where the word ends, and where its question mark begins, in pixels."""


def box(target: Locator) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of an element, in pixels."""
    found = target.bounding_box()
    assert found is not None
    return found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"]


@pytest.mark.parametrize("tab", ["ONNX Runtime", "Parity"])
def test_a_question_mark_stands_beside_its_own_word(lab: Lab, page: Page, tab: str) -> None:
    lab.open(page, BEGIN, "lab.Lab(samples.path('digits_int8'))")
    open_tab(page, tab)
    heads = page.locator(".tlv-table .tlv-word").locator("visible=true")
    heads.first.wait_for()
    marked = [(end, mark) for end, mark in heads.evaluate_all(HEADS) if mark is not None]
    assert marked
    assert [gap for end, mark in marked if not 0 <= (gap := mark - end) <= 12] == []


@pytest.mark.parametrize(("width", "below"), [(1090, True), (1110, False)])
def test_the_rule_stands_below_the_pictures_of_a_narrow_stepper(lab: Lab, page: Page, width: int, below: bool) -> None:
    lab.open(page, BEGIN, "lab.Stepper(lab.convert(samples.path('digits_int8')))")
    grid = page.locator(".tl-grid")
    grid.wait_for()
    left, _, right, _ = box(grid)
    page.set_viewport_size({"width": round(SIZE["width"] - (right - left) + width), "height": SIZE["height"]})
    settled(page)
    left, _, right, _ = box(grid)
    assert abs(right - left - width) <= 2
    after, rule = box(grid.locator(".tl-after")), box(grid.locator(".tl-right"))
    assert rule[1] >= after[3] - 1 if below else rule[0] >= after[2] - 1


def test_the_picture_of_errors_fits_a_cell_of_a_window_1000_wide(lab: Lab, page: Page) -> None:
    lab.open(page, BEGIN, "lab.compare(lab.convert(samples.path('digits_int8'))).plot()")
    page.set_viewport_size({"width": 1000, "height": 800})
    picture = page.locator(".jp-OutputArea-output svg[role=img]").first
    picture.wait_for()
    settled(page)
    room = picture.locator("xpath=..")
    assert room.evaluate("(e) => [getComputedStyle(e).overflowX, e.scrollWidth - e.clientWidth]") == ["auto", 0]
