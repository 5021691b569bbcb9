"""The widgets in a real JupyterLab, under a base URL with a token."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.commands import command
from browser.lab import Lab
from browser.looks import into_view, settled

pytestmark = pytest.mark.browser
CONVERT = """
import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.widgets import GraphView, Stepper
result = lab.convert(samples.path("digits_int8"))
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_stepping_with_the_keyboard(lab: Lab, page: Page, shots: Path, dark: bool) -> None:
    lab.open(page, CONVERT, "stepper = Stepper(result)\nstepper", dark=dark)
    root = page.locator(".tl-root")
    root.wait_for(timeout=60_000)
    into_view(root)
    root.locator(".tl-head").click()
    seen = set()
    counter = page.locator(".tl-counter")
    for key in [*["ArrowDown"] * 8, "End"]:
        seen.add(page.locator(".tl-badge").inner_text())
        before = counter.inner_text()
        page.keyboard.press(key)
        expect(counter).not_to_have_text(before)
    assert len(seen) >= 2, "the arrow keys walk through the stages"
    seen.add(page.locator(".tl-badge").inner_text())
    assert seen == {"rewriters", "handlers", "optimizers"}
    for rule in ("final_names", "own_zero_points", "drop_dead_nodes"):  # names are not drawn, nodes are
        page.keyboard.press("ArrowLeft")
        expect(page.locator(".tl-where strong")).to_have_text(rule)
    assert page.locator(".tl-before svg").inner_html() != page.locator(".tl-after svg").inner_html()
    shown = int(counter.inner_text().split("/")[0])
    assert lab.asked(page, "print(stepper.index)", str(shown - 1))
    page.screenshot(path=shots / f"lab_stepper_{'dark' if dark else 'light'}.png")
    page.keyboard.press("Enter")
    page.frame_locator("iframe.tl-netron").locator(".graph-node").first.wait_for(timeout=20_000)
    settled(page)
    page.screenshot(path=shots / f"lab_netron_{'dark' if dark else 'light'}.png")
    lab.close(page)


def test_python_moves_the_stepper_and_the_stepper_tells_python(lab: Lab, page: Page) -> None:
    lab.open(page, CONVERT, "stepper = Stepper(result, index=4)\nstepper")
    page.locator(".tl-root").wait_for(timeout=60_000)
    expect(page.locator(".tl-counter")).to_contain_text("5/")
    lab.ask(page, "stepper.index = 11")
    expect(page.locator(".tl-counter")).to_contain_text("12/")
    node = page.locator(".tl-after .tl-vertex[data-node]").first
    node.click()
    assert lab.asked(page, "print(stepper.selected)", node.get_attribute("data-node") or "")
    expect(page.locator(".tl-chosen")).to_be_visible()
    lab.close(page)


def test_netron_beside_the_stepper_is_linked(lab: Lab, page: Page, shots: Path) -> None:
    cells = [
        "stepper = Stepper(result, height='420px')\nstepper",
        "view = stepper.netron(height='420px')\nview",
        "GraphView(result.model)",
    ]
    lab.open(page, CONVERT, *cells)
    frames = page.locator("iframe.tl-netron")
    expect(frames).to_have_count(2, timeout=60_000)
    linked = page.frame_locator("iframe.tl-netron >> nth=0")
    linked.locator(".graph-node").first.wait_for(timeout=20_000)
    page.frame_locator("iframe.tl-netron >> nth=1").locator(".graph-node").first.wait_for(timeout=20_000)
    lab.ask(page, "stepper.index = len(result.trace) - 1")
    nodes = int(lab.ask(page, "print(result.trace.end['nodes'])"))
    expect(linked.locator("g.graph-node")).to_have_count(nodes, timeout=20_000)
    linked.locator(".graph-node .node-item-type").first.click()
    both = "print(view.selected is not None and view.selected == stepper.selected, bool(view.picked))"
    assert lab.asked(page, both, "True True")
    page.screenshot(path=shots / "lab_linked.png")
    lab.close(page)


def test_a_frame_that_is_moved_draws_again(lab: Lab, page: Page) -> None:
    lab.open(page, CONVERT, "GraphView(result)")
    frame = page.frame_locator("iframe.tl-netron")
    frame.locator(".graph-node").first.wait_for(timeout=60_000)
    page.evaluate(
        "(() => { const f = document.querySelector('iframe.tl-netron'); const p = f.parentElement; f.remove(); "
        "p.append(f); })()"
    )
    frame.locator(".graph-node").first.wait_for(timeout=20_000)
    lab.close(page)


def test_a_cell_that_is_run_again_leaves_one_live_view(lab: Lab, page: Page) -> None:
    lab.open(page, CONVERT, "stepper = Stepper(result)\nstepper")
    page.locator(".tl-root").wait_for(timeout=60_000)
    for _ in range(5):
        command(page, "notebook:run-all-cells")
    expect(page.locator(".tl-root")).to_have_count(1)
    page.locator(".tl-head").click()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tl-counter")).to_contain_text("2/")
    lab.close(page)
