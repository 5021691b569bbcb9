"""The lab in a real JupyterLab: every tab, the linked selection, and a failing handler repaired with the mouse."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.lab import Lab

pytestmark = pytest.mark.browser
LAB = """
import tfonnx_lab as lab
from tfonnx_lab import samples
it = lab.Lab(samples.path("digits_int8"))
it
"""
FAILING = """
import tfonnx_lab as lab
from tfonnx_lab import samples
it = lab.Lab(samples.path("digits_unsupported"))
it
"""
TABS = ["Handlers", "Steps", "Source", "Rewriters", "Optimizers", "ONNX Runtime", "Quantization", "Parity"]


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).first.click()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_tab(lab: Lab, page: Page, shots: Path, dark: bool) -> None:
    lab.open(page, LAB, dark=dark)
    page.locator(".tlv-handlers .tlv-table tbody tr").first.wait_for(timeout=60_000)
    look = {
        "Handlers": ".tlv-handlers tbody tr",
        "Steps": ".tl-after svg",
        "Source": "iframe.tl-netron",
        "Rewriters": ".tlv-rewriters tbody tr",
        "Optimizers": ".tlv-optimizers .tlv-line",
        "ONNX Runtime": ".tlv-runtime tbody tr",
        "Quantization": ".tfq-plot svg",
        "Parity": ".tlv-parity .tlv-dot",
    }
    for name in TABS:
        tab(page, name)
        page.locator(look[name]).locator("visible=true").first.wait_for(timeout=30_000)
        if name == "Steps":
            page.locator(".tl-head").locator("visible=true").first.click()
            page.keyboard.press("End")
            expect(page.locator(".tl-badge")).to_have_text("ONNX Runtime")
        page.wait_for_timeout(1500 if name == "Source" else 300)
        page.screenshot(path=shots / f"lab_{name.replace(' ', '_').lower()}_{'dark' if dark else 'light'}.png")
    lab.close(page)


def test_one_selection_for_all(lab: Lab, page: Page, shots: Path) -> None:
    lab.open(page, LAB)
    row = page.locator('.tlv-handlers tr[data-origin="4"]')
    row.wait_for(timeout=60_000)
    row.click()
    expect(page.locator(".tlv-side h3")).to_have_text("op 4  CONV_2D")
    page.wait_for_timeout(300)
    assert lab.ask(page, "print(it.selection)") == "4"
    page.locator(".tlv-side .tlv-steps button").nth(1).click()
    tab(page, "Steps")
    expect(page.locator(".tl-counter")).to_contain_text(lab.ask(page, "print(it.index + 1)") + "/")
    tab(page, "Parity")
    expect(page.locator('.tlv-parity tr[aria-selected="true"]')).to_contain_text("4 CONV_2D", timeout=20_000)
    page.locator('.tlv-parity tr[data-origin="6"]').first.click()
    tab(page, "Handlers")
    expect(page.locator(".tlv-side h3")).to_have_text("op 6  CONCATENATION", timeout=10_000)
    tab(page, "Source")
    frames = page.locator("iframe.tl-netron")
    expect(frames).to_have_count(2, timeout=30_000)
    for k in (0, 1):
        page.frame_locator(f"iframe.tl-netron >> nth={k}").locator("g.graph-node.select").first.wait_for(timeout=20_000)
    page.screenshot(path=shots / "lab_selection_in_netron.png")
    lab.close(page)


def test_a_failing_op_is_red_and_is_repaired(lab: Lab, page: Page, shots: Path) -> None:
    lab.open(page, FAILING)
    row = page.locator(".tlv-handlers tr.tlv-failed")
    row.wait_for(timeout=60_000)
    row.click()
    expect(page.locator(".tlv-error")).to_contain_text("no handler is registered")
    page.screenshot(path=shots / "lab_failing.png")
    page.get_by_role("button", name="isolate as a one-op model").click()
    expect(page.locator(".tlv-message")).to_contain_text("LabSharpen_0.tflite")
    page.get_by_role("button", name="write as a test").click()
    expect(page.locator(".tlv-message")).to_contain_text("def test_labsharpen_0")
    said = lab.ask(
        page,
        '@lab.handler("LabSharpen")\ndef sharpen(op, node, x):\n    """LabSharpen => Identity."""\n    return op.Identity(x)',
    )
    assert said == ""
    page.get_by_role("button", name="retry").click()
    expect(page.locator(".tlv-message")).to_contain_text("op 0 LabSharpen: failed => ok", timeout=20_000)
    expect(page.locator(".tlv-handlers tr.tlv-failed")).to_have_count(0)
    page.screenshot(path=shots / "lab_repaired.png")
    lab.close(page)


def test_keyboard_alone(lab: Lab, page: Page) -> None:
    lab.open(page, LAB)
    table = page.locator(".tlv-handlers .tlv-scroll")
    table.wait_for(timeout=60_000)
    table.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".tlv-side h3")).to_contain_text("op ")
    page.locator(".tlv-filter").first.focus()
    page.keyboard.type("concat")
    expect(page.locator(".tlv-handlers .tlv-tools")).to_contain_text("1 of")
    lab.close(page)
