"""Names and strings of a model are text in every view: never HTML, never script, never a path."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import tfonnx_lab
from browser.hostile import IMAGE, hostile
from browser.lab import Lab
from browser.looks import open_tab
from tfonnx_lab.widgets._tabs import TABS

pytestmark = pytest.mark.browser
HARM = """() => {
  const frames = [...document.querySelectorAll('iframe')].map((frame) => frame.contentDocument).filter(Boolean);
  const inside = [document, ...frames];
  return [
    window.hacked, ...frames.map((d) => d.defaultView.hacked),
    ...inside.flatMap((d) => [...d.querySelectorAll('img[src="x"], script:not([src])')].map((e) => e.outerHTML))
      .filter((text) => text.includes('hacked')),
  ].filter((found) => found !== undefined);
}"""
WIDER = """() => [...document.querySelectorAll('.tl-root, .tfq')]
  .filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 2).map((e) => [e.className, e.scrollWidth,
    e.clientWidth])"""


@pytest.mark.parametrize("custom", [False, True], ids=["quantized", "unknown_op"])
def test_every_view_shows_names_as_text(lab: Lab, page: Page, shots: Path, custom: bool) -> None:
    before = set(lab.root.rglob("*hacked*"))
    folder = lab.root / f"hostile {custom}"
    folder.mkdir()
    model = folder / f"{IMAGE.replace('/', '')}.tflite"
    model.write_bytes(hostile(custom))
    cell = f"import tfonnx_lab as lab\nit = lab.Lab({str(model)!r})\nit.view('Handlers').folder = {str(folder)!r}\nit"
    lab.open(page, cell, "from IPython.display import HTML, display\ndisplay(HTML(it.html()))")
    page.locator(".tlv-handlers tbody tr" if custom else ".tlo-flow").first.wait_for()
    for name in TABS:
        open_tab(page, name, or_alert=True)
        if name == "Handlers":
            page.locator(".tlv-handlers tbody tr[data-origin]").first.click()
            page.locator(".tlv-side h3").wait_for()
            page.get_by_role("button", name="isolate as a one-op model").click()
            expect(page.locator(".tlv-message")).not_to_be_empty()
        page.screenshot(path=shots / f"hostile_{name.replace(' ', '_').lower()}_{custom}.png")
        assert page.evaluate(HARM) == [], name
        assert page.evaluate(WIDER) == [], name
    outside = [p for p in set(lab.root.rglob("*hacked*")) - before if folder not in p.parents]
    assert outside == []
    lab.close(page)


def test_a_page_of_its_own_shows_names_as_text(page: Page, tmp_path: Path) -> None:
    result = tfonnx_lab.convert(hostile(custom=True), on_error="keep")
    path = tmp_path / "trace.html"
    path.write_text(result.trace.to_html(), "utf-8")
    page.goto(path.as_uri())
    page.locator(".tl-after svg").first.wait_for()
    for _ in range(len(result.trace)):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.frame_locator("iframe.tl-netron").locator("g.graph-node").first.wait_for()
    assert page.evaluate(HARM) == []
