"""The lab without a kernel: one file with every tab, and the saved output of a notebook."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import tfonnx_lab as lab
from browser.looks import LOOK, open_tab, settled
from browser.saved import saved
from tfonnx_lab import samples

MODELS = Path(__file__).parents[3] / "shared" / "models"

pytestmark = pytest.mark.browser
LAB = """
import tfonnx_lab as lab
from tfonnx_lab import samples
lab.Lab(samples.path("digits_int8"))
"""


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("still") / "lab.html"
    lab.Lab(samples.path("digits_int8")).to_html(path)
    return path


@pytest.mark.parametrize("width", [1400, 1000])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_tab_works_from_a_file(page: Page, still: Path, shots: Path, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(still.as_uri())
    for name in LOOK:
        open_tab(page, name)
        settled(page)
        page.screenshot(path=shots / f"still_{name.replace(' ', '_').lower()}_{width}_{scheme}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_one_selection_without_a_kernel(page: Page, still: Path) -> None:
    page.goto(still.as_uri())
    open_tab(page, "Handlers")
    page.locator('.tlv-handlers tr[data-origin="4"]').click()
    expect(page.locator(".tlv-side h3")).to_have_text("op 4  CONV_2D")
    about = page.locator(".tlv-selection")
    expect(about).to_contain_text("op 4 CONV_2D")
    expect(about).to_contain_text("of its scale")
    open_tab(page, "Parity")
    expect(page.locator('.tlv-parity tr[aria-selected="true"]')).to_contain_text("4 CONV_2D")
    open_tab(page, "Quantization")
    expect(page.locator(".tfq select option:checked")).to_contain_text("CONV_2D")
    page.get_by_label("tensor", exact=True).select_option(index=1)
    expect(about).to_contain_text("op 0 CONV_2D")
    about.get_by_role("button", name="made by step").click()
    expect(page.get_by_role("tab", name="Steps")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".tl-after .tl-vertex.tl-selected")).to_have_count(1)
    page.locator(".tl-after .tl-vertex.tl-onnx").last.click()
    open_tab(page, "Source")
    for side in (0, 1):
        page.frame_locator(f"iframe.tl-netron >> nth={side}").locator("g.graph-node.select").first.wait_for()
    open_tab(page, "Mobile")
    for question in ("ort", "kernels", "size", "coreml", "nnapi", "xnnpack", "advice"):
        page.locator(f"[data-question={question}]").click()
        expect(page.locator(f"[data-question={question}]")).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".tlm-body")).not_to_contain_text("No answer")
    page.locator("[data-question=nnapi]").click()
    page.locator(".tlv-mobile tbody tr").first.click()
    expect(page.locator(".tlv-mobile .tlv-side .tlv-drawn svg")).to_be_visible()


def test_it_says_what_only_a_kernel_can_do(page: Page, still: Path) -> None:
    page.goto(still.as_uri())
    open_tab(page, "Handlers")
    expect(page.get_by_role("button", name="retry")).to_have_count(0)
    open_tab(page, "Mobile")
    page.locator("[data-question=ort]").click()
    page.locator(".tlm-body form button").first.click()
    expect(page.locator(".tlm-said")).to_contain_text("in a notebook, lab.Lab(...) does this")


def test_a_saved_notebook_shows_the_lab(browser: Browser, tmp_path: Path, shots: Path) -> None:
    with saved(browser, tmp_path / "notebook.html", LAB) as page:
        frame = page.frame_locator("iframe[title='the lab, as it was saved']")
        frame.get_by_role("tab", name="Handlers", exact=True).click()
        expect(frame.locator(".tlv-handlers tbody tr").first).to_be_visible()
        frame.get_by_role("tab", name="Parity", exact=True).click()
        expect(frame.locator(".tl-why-not").locator("visible=true")).to_contain_text("not computed before")
        page.screenshot(path=shots / "still_notebook.png")


@pytest.mark.models
def test_a_large_model_is_a_small_page_whose_tabs_all_open(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "movenet.html"
    lab.Lab(next(MODELS.glob("*movenet*int8*.tflite"))).to_html(path, mobile=False)
    assert path.stat().st_size < 5 << 20
    page.goto(path.as_uri())
    page.get_by_role("tab").first.wait_for()
    tabs = page.get_by_role("tab").all_inner_texts()
    assert {"Overview", "Steps", "Handlers"} <= set(tabs)
    for name in tabs:
        page.get_by_role("tab", name=name, exact=True).click()
        expect(page.get_by_role("tab", name=name, exact=True)).to_have_attribute("aria-selected", "true")
