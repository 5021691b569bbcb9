"""What a person does in the lab: the overview, any ONNX model, compare two, full screen, pictures, cells, predict."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.lab import Lab
from browser.looks import netron, open_tab, settled

pytestmark = pytest.mark.browser
LAB = """
import tfonnx_lab as lab
from tfonnx_lab import samples
it = lab.Lab(samples.path("digits_int8"))
it
"""
ISLAND = """
import sys; sys.path.insert(0, {tests!r})
import tfonnx_lab as lab
from widgets.test_onnx_lab import theirs
it = lab.Lab(theirs())
it
"""
COMPARE = """
import tfonnx_lab as lab
from tfonnx_lab import samples
model = samples.path("digits_int8")
it = lab.Compare(lab.convert(model), lab.convert(model, dequantize=True))
it
"""
AGAIN = """
import gzip
v = it.view("Steps")
v.trace = gzip.compress(gzip.decompress(v.trace), mtime=int.from_bytes(v.trace[4:8], "little") + 1)
"""
"""The trace comes once more, in other bytes: a new stepper follows the one that is there."""


SIZES = """() => [...document.querySelectorAll('.tl-graph text')].map((e) => {
  const scale = e.getBoundingClientRect().height / e.getBBox().height;
  return parseFloat(getComputedStyle(e).fontSize) * scale;
})"""
WATCH = f"""() => {{
  window.sizes = [];
  new MutationObserver(() => window.sizes.push(...({SIZES})())).observe(
    document.querySelector('[role=application]').parentElement, {{ childList: true }});
}}"""
"""Keeps how large the letters are as soon as another stepper is there."""
ENDS = """(side) => {
  const boxes = [...document.querySelectorAll(`.tl-${side} .tl-vertex .tl-box`)].map((e) => e.getBoundingClientRect());
  const near = (p, b) => p.x > b.left - 4 && p.x < b.right + 4 && p.y > b.top - 4 && p.y < b.bottom + 4;
  return [...document.querySelectorAll(`.tl-${side} .tl-edge`)].filter((path) => {
    const m = path.getScreenCTM();
    return ![0, path.getTotalLength()].every((at) => {
      const p = path.getPointAtLength(at).matrixTransform(m);
      return boxes.some((b) => near(p, b));
    });
  }).length;
}"""

IN_SIGHT = """(selector) => {
  const { left, top, right, bottom } = document.querySelector(selector).getBoundingClientRect();
  const at = (x, y) => document.elementFromPoint(x, y)?.closest(selector);
  return right > left && [top + 3, bottom - 3].every((y) => at((left + right) / 2, y) || at(left + 3, y));
}"""
"""Whether the first such element is in the window and nothing cuts or covers it."""


def come_again(lab: Lab, page: Page) -> None:
    """Let another stepper take the place of this one, as when further steps come."""
    page.locator("[role=application]").evaluate("(e) => e.dataset.old = ''")
    lab.ask(page, AGAIN)
    expect(page.locator("[role=application][data-old]")).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1400, 1000])
def test_the_overview_is_first_and_leads_on(lab: Lab, page: Page, shots: Path, dark: bool, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    lab.open(page, LAB, dark=dark)
    body = page.locator(".tlo-body")
    expect(body).to_contain_text("10 ops became 49 nodes in 100 steps")
    expect(body).to_contain_text("100% of the ops between Q and DQ run on integers")
    page.screenshot(path=shots / f"overview_{width}_{'dark' if dark else 'light'}.png")
    body.get_by_role("button", name="verdict").click()
    expect(body.locator(".tl-says").first).to_contain_text("Each op is judged by itself first")
    body.get_by_role("button", name="compare with LiteRT").click()
    expect(body.locator(".tlo-verdict")).not_to_contain_text("compare with LiteRT")
    rule = body.locator(".tlo-rules button").first
    name = rule.inner_text().split()[0]
    rule.click()
    expect(page.locator(".tl-where strong")).to_have_text(name)
    page.locator(".tl-lab").evaluate("(e) => e.scrollIntoView({ block: 'start' })")
    settled(page)
    expect(page.locator(".tlv-selection")).to_be_in_viewport(ratio=0.99)
    expect(page.locator(".tl-foot")).to_be_in_viewport(ratio=0.99)
    lab.close(page)


def test_cards_can_be_read(lab: Lab, page: Page) -> None:
    lab.open(page, LAB)
    open_tab(page, "Steps")
    page.locator(".tl-head").click()
    for _ in range(12):
        page.locator(".tl-graph text").first.wait_for()  # drawn when the trace is unpacked
        sizes = page.evaluate(SIZES)
        assert sizes and min(sizes) >= 10.95, min(sizes)
        assert page.evaluate(ENDS, "before") == page.evaluate(ENDS, "after") == 0, page.locator(
            ".tl-counter"
        ).inner_text()
        for _ in range(8):
            page.keyboard.press("ArrowRight")
        settled(page)
    assert page.evaluate("document.querySelector('.tl-graph').textContent").count("scale ") > 0
    lab.close(page)


def test_the_reason_of_a_float_island_in_one_click(lab: Lab, page: Page, shots: Path) -> None:
    tests = str(Path(__file__).parent.parent)
    lab.open(page, ISLAND.format(tests=tests))
    page.locator(".tlo-islands button").wait_for()
    page.locator(".tlo-islands button").click()
    row = page.locator(".tlv-runtime tbody tr").first
    expect(row).to_have_class("tlv-island")
    expect(row).to_have_attribute("aria-selected", "true")
    expect(row).to_contain_text("no integer kernel")
    page.screenshot(path=shots / "island.png")
    open_tab(page, "Overview")
    page.get_by_role("button", name="compare before and after").first.click()
    expect(page.locator(".tlo-verdict")).to_contain_text("the outputs are equal")
    page.get_by_role("textbox", name="where to keep the result").fill("kept.onnx")
    page.get_by_role("button", name="keep the result as").click()
    assert lab.asked(page, "import os; print(os.path.exists('kept.onnx'))", "True")
    for name in ("Steps", "Source", "Optimizers", "Parity", "Mobile"):
        open_tab(page, name)
        page.screenshot(path=shots / f"onnx_{name.lower()}.png")
    page.get_by_role("tab", name="Ranges", exact=True).click()
    expect(page.locator(".tlv-ranges tbody tr")).to_have_count(2)
    lab.close(page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_two_conversions_side_by_side(lab: Lab, page: Page, shots: Path, dark: bool) -> None:
    page.set_viewport_size({"width": 1000 if dark else 1400, "height": 800})
    lab.open(page, COMPARE, dark=dark)
    expect(page.locator(".tlv-selection strong")).to_contain_text("dequantize default and True")
    for name in ("Summary", "Ops", "Steps", "Kernels", "Parity"):
        page.get_by_role("tab", name=name, exact=True).click()
        page.locator(".tlv-compare tbody tr").locator("visible=true").first.wait_for()
        page.screenshot(path=shots / f"compare_{name.lower()}_{'dark' if dark else 'light'}.png")
    page.get_by_role("tab", name="Ops", exact=True).click()
    page.locator(".tlv-compare tr[data-origin='4']").locator("visible=true").click()
    page.get_by_role("tab", name="Graphs", exact=True).click()
    for side in (0, 1):
        netron(page, side)
        frame = page.frame_locator(f"iframe.tl-netron >> nth={side}")
        frame.locator("g.graph-node.select").first.wait_for()
        assert frame.locator("g.tfx-only, g.tfx-differs").count() > 0
    page.screenshot(path=shots / f"compare_graphs_{'dark' if dark else 'light'}.png")
    lab.close(page)


def test_full_screen_pictures_and_a_cell(lab: Lab, page: Page, tmp_path: Path, shots: Path) -> None:
    lab.open(page, LAB)
    open_tab(page, "Steps")
    corner = page.locator(".tl-lab .tl-corner")
    for kind, begins in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with page.expect_download() as download:
            corner.get_by_role("button", name=kind).click()
        path = tmp_path / f"picture.{kind.lower()}"
        download.value.save_as(path)
        assert path.read_bytes().startswith(begins) and path.stat().st_size > 5000
    assert "Transpose" in (tmp_path / "picture.svg").read_text() or "CONV_2D" in (tmp_path / "picture.svg").read_text()
    corner.get_by_role("button", name="full screen").click()
    expect(page.locator(".tl-lab")).to_have_class("tl-lab tl-own tl-fills")
    page.wait_for_function("document.fullscreenElement !== null")
    page.screenshot(path=shots / "full_screen.png")
    corner.get_by_role("button", name="full screen").click()
    page.wait_for_function("document.fullscreenElement === null")
    open_tab(page, "Handlers")
    page.locator('.tlv-handlers tr[data-origin="4"]').click()
    page.get_by_role("button", name="write a handler").click()
    cells = "window.jupyterapp.shell.currentWidget.content.model.cells.length"
    before = page.evaluate(cells)
    page.get_by_role("button", name="insert as cell").click()
    assert page.evaluate(cells) == before + 1
    source = page.evaluate("window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.source")
    assert "@lab.handler" in source
    lab.close(page)


def test_predict_the_next_step(lab: Lab, page: Page, shots: Path) -> None:
    lab.open(page, LAB)
    open_tab(page, "Steps")
    page.locator(".tl-head").click()
    steps = lab.ask(page, "print(len(it.result.trace))")
    expect(page.locator(".tl-counter")).not_to_have_text(f"1/{steps}")  # the fourth stage is there
    page.keyboard.press("p")
    choices = page.locator(".tl-choice")
    expect(choices).to_have_count(3)
    expect(page.locator(".tl-after")).to_be_hidden()
    right = "CONV_2D{RELU6} => RELU6(CONV_2D{NONE})."
    wrong = next(c for c in choices.all() if c.inner_text() != right)
    wrong.click()
    come_again(lab, page)  # that ends neither the questions nor what was said to one
    expect(choices).to_have_count(3)
    expect(page.locator(".tl-after")).to_be_hidden()
    page.screenshot(path=shots / "predict.png")
    expect(page.locator(".tl-answer")).to_contain_text("Not yet.")
    expect(page.get_by_role("button", name="see it", exact=True)).to_be_hidden()
    choices.filter(has_text=right).click()
    expect(page.locator(".tl-answer")).to_have_text("Right: split_activation.")
    page.get_by_role("button", name="see it", exact=True).click()
    expect(page.locator(".tl-after")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tl-after")).to_be_hidden()
    page.keyboard.press("p")
    expect(page.locator(".tl-after")).to_be_visible()
    lab.close(page)


@pytest.mark.parametrize("width", [1400, 1000, 700])
def test_a_prediction_is_answered_in_sight(lab: Lab, page: Page, shots: Path, width: int) -> None:
    """Every choice, what is said to it, and what leads on can be read where the question stands."""
    page.set_viewport_size({"width": width, "height": 800})
    lab.open(page, LAB, dark=width == 1000)
    open_tab(page, "Steps")
    page.locator(".tl-head").click()
    page.keyboard.press("p")
    page.locator(".tl-lab").evaluate("(e) => e.scrollIntoView({ block: 'start' })")
    right = "CONV_2D{RELU6} => RELU6(CONV_2D{NONE})."
    expect(page.locator(".tl-choice")).to_have_count(3)
    for choice in sorted(page.locator(".tl-choice").all(), key=lambda c: c.inner_text() == right):
        choice.click()
        page.screenshot(path=shots / f"predict_{width}.png")
        assert page.evaluate(IN_SIGHT, ".tl-answer"), choice.inner_text()
        come_again(lab, page)  # nothing moves
        assert page.evaluate(IN_SIGHT, ".tl-answer"), choice.inner_text()
    assert page.evaluate(IN_SIGHT, ".tl-quiz .tl-button:not([hidden])")
    lab.close(page)


def test_a_question_that_is_scrolled_stays_so(lab: Lab, page: Page) -> None:
    lab.open(page, LAB)
    open_tab(page, "Steps")
    lab.ask(page, "it.view('Steps').height = '230px'")
    come_again(lab, page)
    page.locator(".tl-head").click()
    page.keyboard.press("p")
    page.locator(".tl-choice").filter(has_not_text="CONV_2D{RELU6} =>").first.click()
    assert page.evaluate(IN_SIGHT, ".tl-answer")
    assert page.locator(".tl-question").evaluate("(e) => e.scrollTop") > 0
    come_again(lab, page)
    assert page.evaluate(IN_SIGHT, ".tl-answer")


def test_a_stepper_that_follows_another_has_its_size_at_once(lab: Lab, page: Page) -> None:
    lab.open(page, LAB)
    open_tab(page, "Steps")
    page.evaluate(WATCH)
    come_again(lab, page)
    page.wait_for_function("window.sizes.length > 0")
    assert min(page.evaluate("window.sizes")) >= 10.95


def test_partitions_in_netron(lab: Lab, page: Page, shots: Path) -> None:
    lab.open(page, LAB)
    open_tab(page, "Mobile")
    page.locator("[data-question=nnapi]").click()
    page.get_by_role("button", name="the whole graph in Netron, coloured by partition").click()
    frame = page.frame_locator(".tlm-netron iframe")
    frame.locator("body.default g.graph-node").first.wait_for()
    nodes = int(lab.ask(page, "print(len(it.view('Mobile').provider['rows']))"))
    left = int(lab.ask(page, "print(sum(r['partition'] is None for r in it.view('Mobile').provider['rows']))"))
    expect(frame.locator("g.graph-node.tfx-cpu")).to_have_count(left)
    expect(frame.locator("g.graph-node[class*=tfx-p]")).to_have_count(nodes - left)
    page.locator(".tlv-mobile tbody tr").first.click()
    frame.locator("g.graph-node.select").first.wait_for()
    page.screenshot(path=shots / "partitions.png")
    lab.close(page)


def test_a_rule_of_a_cell_is_told_by_its_cell(lab: Lab, page: Page) -> None:
    rule = """
@lab.handler("SOFTMAX")
def mine(op, node, x):
    \"\"\"SOFTMAX => nothing.\"\"\"
    raise ValueError("not today")
it = lab.Lab(samples.path("digits_float"))
it
"""
    lab.open(page, "import tfonnx_lab as lab\nfrom tfonnx_lab import samples", rule)
    page.locator(".tlv-handlers tr.tlv-failed").click()
    expect(page.locator(".tlv-side summary").first).to_contain_text("handler mine, your cell 2, line")
    lab.close(page)
