"""The tab "Mobile" in a real JupyterLab: two clicks to a reason, two to a size, three to a file; both themes, two
widths."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.lab import Lab
from browser.looks import into_view, open_tab, settled

pytestmark = pytest.mark.browser
LAB = """
import tfonnx_lab as lab
from tfonnx_lab import samples
it = lab.Lab(samples.path("{sample}"))
it
"""
OUTSIDE = """() => [...document.querySelectorAll('.tlv-mobile, .tlv-mobile *')]
  .filter((e) => e.offsetParent && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 2 &&
    getComputedStyle(e).overflowX === 'visible')
  .map((e) => [e.className || e.tagName, e.scrollWidth, e.clientWidth])"""


def question(page: Page, name: str) -> Locator:
    return page.locator(f".tlm-question[data-question={name}]")


def shot(page: Page, path: Path) -> None:
    into_view(page.locator(".tlv-mobile"))
    page.wait_for_function("() => !document.querySelector('.tlv-mobile[aria-busy]')")
    settled(page)
    page.screenshot(path=path)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1400, 1000])
def test_every_question(lab: Lab, page: Page, shots: Path, width: int, dark: bool) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    lab.open(page, LAB.format(sample="digits_int8"), dark=dark)
    open_tab(page, "Steps")
    open_tab(page, "Mobile")
    expect(page.locator(".tlm-question .tl-dim")).to_have_count(7)  # nothing was computed
    assert lab.ask(page, "print(it.view('Mobile').mobile._answers)") == "{}"
    for name in ("ort", "kernels", "size", "nnapi", "coreml", "xnnpack", "advice"):
        question(page, name).click()
        expect(question(page, name)).to_have_attribute("aria-pressed", "true")
        expect(question(page, name).locator(".tl-dim")).to_have_count(0)
        shot(page, shots / f"mobile_{name}_{width}_{'dark' if dark else 'light'}.png")
        assert page.evaluate(OUTSIDE) == [], name
    lab.close(page)


def test_two_clicks_to_a_reason_and_all_tabs_follow(lab: Lab, page: Page, shots: Path) -> None:
    lab.open(page, LAB.format(sample="digits_int8"))
    open_tab(page, "Steps")
    open_tab(page, "Mobile")
    question(page, "nnapi").click()
    cell = page.locator("td:nth-child(2)", has_text="GlobalAveragePool")
    row = page.locator(".tlv-mobile .tlv-table tbody tr", has=cell).first
    expect(row).to_contain_text("is not supported for now")  # the reason, after two clicks
    row.click()
    side = page.locator(".tlv-mobile .tlv-side")
    expect(side.locator("h3")).to_contain_text("CPU")
    expect(side.locator(".tl-vertex.tl-selected .tl-op")).to_have_count(1)
    expect(side.locator(".tl-vertex.tlm-cpu").first).to_be_visible()
    op = lab.ask(page, "print(it.selection)")
    expect(page.locator(".tlv-selection")).to_contain_text(f"op {op} MEAN")
    assert lab.ask(page, "print(it._facts.origin(it.node))") == op, "the ONNX node is selected, too"
    shot(page, shots / "mobile_reason.png")
    page.locator(".tlm-strip i:not(.tlm-cpu)").first.click()
    expect(side.locator("h3")).to_contain_text("NNAPI")
    expect(side).to_contain_text("into NNAPI")
    open_tab(page, "Handlers")
    page.locator('.tlv-handlers tr[data-origin="6"]').click()
    open_tab(page, "Mobile")
    expect(side.locator("h3")).to_contain_text("Concat")
    expect(page.locator(".tlm-strip .tlm-here")).to_have_count(1)
    page.get_by_role("group", name="Android API level").get_by_role("button", name="27").click()
    expect(page.locator(".tlv-mobile .tlm-verdict-line")).to_contain_text("nodes, ")
    assert lab.asked(page, "print(it.view('Mobile').provider['setting']['level'])", "27")
    lab.close(page)


def test_two_clicks_to_a_size_three_to_a_file(lab: Lab, page: Page, shots: Path) -> None:
    lab.open(page, LAB.format(sample="digits_float"))
    open_tab(page, "Steps")
    open_tab(page, "Mobile")
    question(page, "size").click()
    expect(page.locator(".tlm-bar")).to_have_count(3)
    total = lab.ask(page, "from tfonnx_lab.texts import human; print(human(lab.Mobile(it.result).size().total))")
    expect(page.locator(".tlm-bar").last).to_contain_text(total)
    expect(page.locator(".tlm-command pre").first).to_contain_text("--include_ops_by_config")
    page.get_by_label("NNAPI", exact=True).check()
    expect(page.locator(".tlm-command pre").first).to_contain_text("--use_nnapi")
    page.get_by_role("group", name="command for").get_by_role("button", name="linux").click()
    expect(page.locator(".tlm-command pre").first).not_to_contain_text("--android")
    question(page, "ort").click()
    page.get_by_role("button", name="save", exact=True).click()
    expect(page.locator(".tlm-said")).to_contain_text("same numbers")
    assert (lab.root / "digits_float.ort").stat().st_size > 1000
    page.get_by_role("group", name="style").get_by_role("button", name="Runtime").click()
    expect(page.get_by_role("group", name="style").get_by_role("button", name="Runtime")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert lab.asked(page, "print(it.view('Mobile').mobile.settings.style)", "Runtime")
    shot(page, shots / "mobile_saved.png")
    lab.close(page)


def test_a_kernel_taken_away_shows_which_models_break(lab: Lab, page: Page, shots: Path) -> None:
    folder = lab.folder("phones")
    lab.open(page, LAB.format(sample="digits_int8"))
    open_tab(page, "Steps")
    copy = f"import shutil\nfor n in ('digits_int8', 'digits_float'): shutil.copy(samples.path(n), {str(folder)!r})"
    assert lab.ask(page, copy) == ""
    open_tab(page, "Mobile")
    question(page, "kernels").click()
    verdict = page.locator(".tlm-verdict")
    expect(verdict).to_contain_text("The model runs in this build")
    before = lab.ask(page, "print(it.view('Mobile').kernels['bytes'])")
    expect(verdict).to_contain_text(f"the library has {before}")
    page.get_by_label("keep Clip version 13").focus()
    page.keyboard.press("Space")
    expect(verdict).to_contain_text("does NOT run")
    expect(verdict).to_contain_text("Clip is not in the config")
    expect(verdict).not_to_contain_text(before)
    expect(page.get_by_label("keep Clip version 13")).to_be_focused()
    expect(page.locator(".tlm-question[data-question=kernels]")).to_contain_text("edited")
    shot(page, shots / "mobile_broken.png")
    page.get_by_role("button", name="back to what is needed").click()
    expect(verdict).to_contain_text("The model runs in this build")
    page.get_by_label("folder of more models").fill(str(folder))
    page.get_by_role("button", name="also for these models").click()
    expect(verdict).to_contain_text("1 of 2 models do NOT run")  # digits_float needs kernels that this config lacks
    page.get_by_role("button", name="back to what is needed").click()
    expect(verdict).to_contain_text("All 2 models run")
    shot(page, shots / "mobile_folder.png")
    page.get_by_label("name of the config file").fill(str(folder / "ops.config"))
    page.get_by_role("button", name="save config").click()
    expect(page.locator(".tlm-said")).to_contain_text("ops.config")
    read = f"print(lab.KernelConfig.read({str(folder / 'ops.config')!r}) == it.view('Mobile').build)"
    assert lab.ask(page, read) == "True"
    lab.close(page)


def test_an_advice_is_tried(lab: Lab, page: Page, shots: Path) -> None:
    lab.open(page, LAB.format(sample="digits_int8"))
    open_tab(page, "Steps")
    open_tab(page, "Mobile")
    question(page, "advice").click()
    tries = page.get_by_role("button", name="try")
    expect(tries.first).to_be_visible()
    expect(page.locator(".tlm-advice").first).to_contain_text("wins")
    tries.first.click()
    expect(page.locator(".tlm-said")).to_contain_text("target='nnapi'")
    expect(page.locator(".tlm-said")).to_contain_text("(now ")
    shot(page, shots / "mobile_tried.png")
    lab.close(page)


def test_the_magic_opens_the_tab(lab: Lab, page: Page) -> None:
    load = "%load_ext tfonnx_lab\nfrom tfonnx_lab import samples\npath = samples.path('digits_float')"
    lab.open(page, load, "result = %tflite2onnx $path --mobile")
    expect(page.get_by_role("tab", name="Mobile", exact=True)).to_have_attribute("aria-selected", "true")
    question(page, "nnapi").click()
    expect(question(page, "nnapi")).to_contain_text("15 of 15 nodes, 1 partition")
    assert lab.ask(page, "print(type(result).__name__)") == "Conversion"
    lab.close(page)
