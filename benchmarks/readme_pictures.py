"""The README's pictures, taken anew: `python benchmarks/readme_pictures.py [FOLDER]` (docs/ where none is named).

stepper.png: one step; lab.png: the handlers, one op opened; netron.png: both graphs, the same op selected;
jupyterlab.png: a trace opened by a double click, and a model's context menu. Of the package's own sample, in a real
JupyterLab. Needs Chromium, Playwright and JupyterLab.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

TOP = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP / "tests"), str(TOP)]
os.environ["TFONNX_LAB_SHOTS"] = "1"  # pictures are what this is for

import tfonnx_lab  # noqa: E402
from browser.commands import command  # noqa: E402
from browser.conftest import ARGUMENTS, CHROMIUM  # noqa: E402
from browser.desk import new_page, unharmed  # noqa: E402
from browser.lab import Lab  # noqa: E402
from browser.looks import netron, open_tab, settled  # noqa: E402
from tfonnx_lab import samples  # noqa: E402

BEGIN = "import tfonnx_lab as lab\nfrom tfonnx_lab import samples\n"
WIDE, HIGH = 1240, 900


def of_an_element(page: Page, selector: str, path: Path) -> None:
    """A picture of the first such element, once all is painted."""
    page.mouse.move(0, 0)
    page.locator(selector).first.evaluate("(e) => e.scrollIntoView({ block: 'start' })")
    settled(page)
    page.locator(selector).first.screenshot(path=path, animations="disabled")


def widgets(lab: Lab, page: Page, folder: Path) -> None:
    """The stepper alone, and two tabs of the lab."""
    page.set_viewport_size({"width": WIDE, "height": HIGH})
    lab.open(page, f"{BEGIN}lab.Stepper(lab.convert(samples.path('digits_int8')).runtime_trace(), height='620px')")
    page.locator(".tl-after svg .tl-node").first.wait_for()
    of_an_element(page, ".tl-root:has(.tl-counter)", folder / "stepper.png")
    lab.open(page, f"{BEGIN}it = lab.Lab(samples.path('digits_int8'))\nit")
    open_tab(page, "Handlers")
    page.locator('.tlv-handlers tr[data-origin="4"]').click()
    page.get_by_role("button", name="compare with LiteRT").locator("visible=true").first.click()
    expect(page.locator(".tlv-selection")).to_contain_text("of its scale")
    page.locator(".tlv-drawn svg .tl-selected, .tlv-drawn svg").first.wait_for()
    of_an_element(page, ".tl-lab", folder / "lab.png")
    open_tab(page, "Source")
    for side in (0, 1):
        netron(page, side)
        page.frame_locator(f"iframe.tl-netron >> nth={side}").locator("g.graph-node.select").first.wait_for()
    of_an_element(page, ".tl-lab", folder / "netron.png")


def files(lab: Lab, page: Page, folder: Path) -> None:
    """The file browser: a trace that is open, and the menu of a model."""
    page.set_viewport_size({"width": 1360, "height": 760})
    models = lab.root / "models"
    models.mkdir()
    for name in ("digits_int8", "digits_float"):
        (models / f"{name}.tflite").write_bytes(samples.path(name).read_bytes())
    result = tfonnx_lab.convert(models / "digits_int8.tflite")
    result.save(models / "digits_int8.onnx")
    result.trace.save(models / "digits_int8.tfltrace")
    lab.start(page)
    command(page, "filebrowser:open-path", path="models")
    item = page.locator(".jp-DirListing-item")
    item.filter(has_text="digits_int8.tfltrace").dblclick()
    page.frame_locator(".tfonnx-lab-page iframe").locator(".tl-after svg .tl-node").first.wait_for()
    item.filter(has_text="digits_int8.tflite").click(button="right")
    page.get_by_role("menuitem", name="Convert in the lab").hover()
    settled(page)
    page.screenshot(path=folder / "jupyterlab.png", animations="disabled")


def main() -> None:
    """Take the four pictures; an error in the console ends it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else TOP / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play, tempfile.TemporaryDirectory() as root, Lab(Path(root)) as lab:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for take in (widgets, files):
            page = new_page(browser)
            take(lab, page, folder)
            unharmed(page)
            page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
