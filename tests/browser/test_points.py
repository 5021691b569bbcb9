"""Small promises of the lab: figures that agree, no colour without a meaning, a full screen and a file for every
picture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.lab import TOKEN, Lab
from browser.looks import into_view, open_tab, settled
from browser.test_keys_stay import CONVERT, PLACES, TO_THE_NOTEBOOK, with_headings
from browser.test_notebook7 import run_all, shut_down

pytestmark = pytest.mark.browser
LAB = """
import tfonnx_lab as lab
from tfonnx_lab import samples
it = lab.Lab(samples.path("digits_int8"))
it
"""
COLOURED = "g.tfx-added, g.tfx-deleted, g.tfx-changed, g.tfx-failed, g.tfx-only, g.tfx-differs"
STRANGE = """(frame) => [...frame.contentDocument.querySelectorAll('text, tspan')].map((e) => e.textContent)
  .filter((text) => /[^\\u0020-\\u024f\\u00d7\\u2026\\u2192\\u2212]/.test(text))"""
PICTURES = [view for view in PLACES if not view.startswith(("HandlerView", "RuntimeView"))]


def test_the_steps_that_are_told_are_those_that_are_there(lab: Lab, page: Page) -> None:
    lab.open(page, LAB)
    said = page.locator(".tlo-body").get_by_text(re.compile(r"in \d+ steps")).inner_text()
    steps = int(said.split(" steps")[0].split()[-1])
    assert lab.ask(page, "print(len(it.result.trace))") == str(steps)
    open_tab(page, "Steps")
    heading = page.locator(".tlv-selection")
    expect(heading).to_contain_text("more in ONNX Runtime")
    more = int(heading.inner_text().split(" more in ONNX Runtime")[0].split()[-1])
    expect(page.locator(".tl-counter")).to_have_text(f"1/{steps + more}")
    expect(page.locator(".tl-head")).to_contain_text(f"Step 1 of {steps + more}")
    lab.close(page)


def test_the_result_opens_at_the_selection_without_colours(lab: Lab, page: Page, shots: Path) -> None:
    lab.open(page, LAB)
    open_tab(page, "Handlers")
    page.locator('.tlv-handlers tr[data-origin="9"]').click()
    open_tab(page, "Source")
    for side in (0, 1):
        frame = page.frame_locator(f"iframe.tl-netron >> nth={side}")
        expect(frame.locator("g.graph-node.select").first).to_be_in_viewport()
        expect(frame.locator(COLOURED)).to_have_count(0)
        assert page.locator("iframe.tl-netron").nth(side).evaluate(STRANGE) == [], "glyphs that fonts may lack"
    left = page.frame_locator("iframe.tl-netron >> nth=0").locator("g.graph-node", has_text="CONV_2D").first
    expect(left.locator(".node-item-type-activation")).to_have_text(re.compile("RELU"))
    page.get_by_role("button", name="the chosen step").click()
    expect(page.frame_locator("iframe.tl-netron >> nth=1").locator(COLOURED).first).to_be_attached()
    page.screenshot(path=shots / "source_step.png")
    lab.close(page)


@pytest.mark.parametrize("view", PLACES)
def test_full_screen_and_files_of_every_view(lab: Lab, page: Page, tmp_path: Path, view: str) -> None:
    lab.open(page, CONVERT, view)
    output = page.locator(".jp-OutputArea-output").last
    corner = output.locator(".tl-corner")
    into_view(corner)
    output.locator(PLACES[view][0]).first.wait_for()
    corner.get_by_role("button", name="full screen").click()
    page.wait_for_function("document.fullscreenElement !== null")
    expect(output.locator(".tl-fills")).to_have_count(1)
    page.keyboard.press("Escape")
    page.evaluate("document.exitFullscreen().catch(() => {})")  # a person's Escape is the browser's own
    page.wait_for_function("document.fullscreenElement === null")
    expect(output.locator(".tl-fills")).to_have_count(0)
    for kind, begins in (("SVG", b"<svg"), ("PNG", b"\x89PNG")) if view in PICTURES else ():
        if output.locator("iframe.tl-netron").count():
            page.frame_locator("iframe.tl-netron >> nth=0").locator("body.default g.graph-node").first.wait_for()
        with page.expect_download() as download:
            corner.get_by_role("button", name=kind).click()
        path = tmp_path / f"picture.{kind.lower()}"
        download.value.save_as(path)
        assert path.read_bytes().startswith(begins) and path.stat().st_size > 2000
    lab.close(page)


@pytest.mark.fresh_page
def test_no_key_goes_to_notebook_7(lab: Lab, seven: Page) -> None:
    """All views in one notebook, as in JupyterLab."""
    views = list(PLACES)
    name = lab.write(with_headings(CONVERT, *views))
    seven.goto(f"{lab.url}notebooks/{name}?token={TOKEN}")
    run_all(lab, seven, name)
    for at, view in enumerate(views):
        output = seven.locator(".jp-CodeCell").nth(1 + at)
        for selector in PLACES[view]:
            place = output.locator(selector).first
            into_view(place)
            place.click(position={"x": 4, "y": 4})
            cells = seven.locator(".jp-Cell").count()
            for key in TO_THE_NOTEBOOK:
                seven.keyboard.press(key)
            settled(seven)
            assert seven.locator(".jp-Cell").count() == cells == len(views) + 3, (view, selector)
            expect(seven.get_by_text("cells hidden")).to_have_count(0)
            expect(seven.locator(".jp-mod-commandMode .jp-MarkdownCell.jp-mod-selected")).to_have_count(0)
    shut_down(lab, seven, name)
