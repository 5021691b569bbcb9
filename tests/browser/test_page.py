"""The page that needs no kernel: it steps, and its replay is the one of the engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.trace import Replay, Trace, load_trace
from tfonnx_lab.widgets import trace_to_html
from widgets.synthetic import Synthetic

pytestmark = pytest.mark.browser
STATE = """(position) => {
  const { state } = window.stepper.replay;
  window.stepper.replay.goto(position);
  const nodes = [...state.graphs.values()].flatMap((g) => g.nodes).map((id) => state.nodes.get(id));
  return nodes.map((n) => [n.id, n.op, n.in, Object.keys(n.attrs).sort(), n.out.map((v) => state.values.get(v))]);
}"""


def show(page: Page, trace: Trace | Synthetic, folder: Path) -> None:
    path = folder / "trace.html"
    path.write_text(trace_to_html(trace), encoding="utf-8")
    page.goto(path.as_uri())
    page.wait_for_selector(".tl-graph")


@pytest.fixture(scope="module")
def digits() -> Trace:
    return lab.convert(samples.path("digits_int8")).trace


def test_every_key_does_what_the_help_says(page: Page, tmp_path: Path) -> None:
    show(page, Synthetic(), tmp_path)
    for key, wanted in [
        ("ArrowRight", "Step 2 of 12"), ("ArrowLeft", "Step 1 of 12"), ("ArrowDown", "conv_2d"), ("ArrowUp",
        "split_activation"),
        ("End", "Step 12 of 12"), ("ArrowRight", "Step 12 of 12"), ("Home", "Step 1 of 12"), ("ArrowLeft",
        "Step 1 of 12"),
    ]:  # fmt: skip
        page.keyboard.press(key)
        expect(page.locator(".tl-where")).to_contain_text(wanted)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.keyboard.press(" ")
    expect(page.locator(".tl-counter")).to_have_text("3/12")
    page.keyboard.press(" ")
    assert page.evaluate("window.stepper.timer") is None


def test_before_and_after_differ_and_what_stays_does_not_move(page: Page, tmp_path: Path) -> None:
    show(page, Synthetic(), tmp_path)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tl-counter")).to_have_text("2/12")
    removed, added = page.locator(".tl-before .tl-vertex.tl-removed"), page.locator(".tl-after .tl-vertex.tl-added")
    assert [removed.count(), added.count()] == [1, 2]
    assert page.locator(".tl-after .tl-removed").count() == page.locator(".tl-before .tl-added").count() == 0
    places = (
        "(side) => [...document.querySelectorAll(`.tl-${side} .tl-kept.tl-vertex`)]"
        ".map((e) => [e.dataset.node, e.getAttribute('transform')])"
    )
    before, after = page.evaluate(places, "before"), page.evaluate(places, "after")
    assert before == after != []
    assert "removed" in (removed.get_attribute("aria-label") or "")


def test_an_op_between_two_stages_looks_different(page: Page, tmp_path: Path) -> None:
    trace = lab.convert(samples.path("digits_dynamic_range")).trace
    steps = [s.i for s in trace if any(e[0] == "insert" and e[3]["domain"] == "tflite.intermediate" for e in s.edits)]
    show(page, trace, tmp_path)
    page.evaluate("(at) => window.stepper.go(at)", steps[0])
    drawn = page.locator(".tl-after .tl-vertex.tl-between")
    expect(drawn).to_have_count(1)
    assert "between stages" in (drawn.get_attribute("aria-label") or "")
    expect(drawn.get_by_text("between stages", exact=True)).to_be_visible()
    assert page.locator(".tl-before .tl-between").count() == 0


def test_a_failed_step_shows_its_exception(page: Page, tmp_path: Path, shots: Path) -> None:
    show(page, Synthetic(), tmp_path)
    page.evaluate("window.stepper.go(10)")
    expect(page.locator(".tl-head .tl-error")).to_have_text("KeyError: no conv")
    assert page.locator(".tl-vertex.tl-failed").count() == 2
    page.screenshot(path=shots / "failed.png")


def test_names_of_a_model_are_text(page: Page, tmp_path: Path) -> None:
    show(page, Synthetic(hostile=True), tmp_path)
    for step in (0, 5, 10, 11):
        page.evaluate("(step) => window.stepper.go(step)", step)
        expect(page.locator(".tl-counter")).to_have_text(f"{step + 1}/12")
        page.locator(".tl-vertex[data-node]").first.click()
    page.keyboard.press("Enter")
    page.frame_locator("iframe.tl-netron").locator(".graph-node").first.wait_for()
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.querySelectorAll('img').length") == 0


def test_the_filter_leaves_what_it_finds(page: Page, tmp_path: Path) -> None:
    show(page, Synthetic(), tmp_path)
    page.keyboard.press("/")
    page.keyboard.type("handlers conv_3")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tl-where")).to_contain_text("Step 9 of 12")
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tl-where")).to_contain_text("Step 10 of 12")


@pytest.mark.parametrize("source", ["digits", "synthetic"])
def test_the_browser_replays_as_the_engine_does(page: Page, tmp_path: Path, digits: Trace, source: str) -> None:
    trace = digits if source == "digits" else load_trace(Synthetic(40).lines())
    show(page, trace, tmp_path)
    replay = Replay(trace)
    for position in (0, len(trace), len(trace) // 2, len(trace) // 3, len(trace)):
        state = replay.goto(position)
        nodes = [state.nodes[n] for g in state.graphs.values() for n in g["nodes"]]
        wanted = [[n["id"], n["op"], n["in"], sorted(n["attrs"]), [state.values[v] for v in n["out"]]] for n in nodes]
        assert page.evaluate(STATE, position) == json.loads(json.dumps(wanted))


def test_netron_draws_each_step(page: Page, tmp_path: Path, digits: Trace, shots: Path) -> None:
    show(page, digits, tmp_path)
    netron = page.frame_locator("iframe.tl-netron")
    page.keyboard.press("Enter")
    netron.locator("g.tfx-added").first.wait_for()
    before = netron.locator(".graph-node").count()
    page.evaluate("window.stepper.go(window.stepper.trace.steps.length - 1)")
    expect(netron.locator(".graph-node")).not_to_have_count(before)
    page.screenshot(path=shots / "page_netron.png")
    page.keyboard.press("Escape")
    expect(page.locator("iframe.tl-netron")).to_have_count(0)


@pytest.mark.parametrize("width", [1400, 900, 600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_at_the_widths_that_matter(
    page: Page, tmp_path: Path, digits: Trace, shots: Path, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    show(page, digits, tmp_path)
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=shots / f"page_{width}_{scheme}.png")


def test_five_thousand_nodes_open_step_and_are_searched(page: Page, tmp_path: Path, shots: Path) -> None:
    path = tmp_path / "large.html"
    path.write_text(trace_to_html(Synthetic(10_000)), "utf-8")
    page.goto(path.as_uri())
    page.locator(".tl-after svg").wait_for()
    page.keyboard.press("End")
    expect(page.locator(".tl-counter")).to_have_text("10000/10000")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".tl-counter")).to_have_text("9999/10000")
    page.keyboard.press("Enter")
    frame = page.frame_locator("iframe.tl-netron")
    frame.locator("body.default g.graph-node").first.wait_for()
    expect(page.locator(".tl-drawn").first).to_contain_text("200 of 14997 nodes")
    assert frame.locator("g.graph-node").count() == 200
    find = page.get_by_role("searchbox", name="Find a node")
    find.fill("conv_4321/relu")
    find.press("Enter")
    expect(page.locator(".tl-tools [role=status]").first).to_have_text("1 of 1")
    chosen = frame.locator("g.graph-node.select")
    chosen.wait_for()
    assert "conv_4321/relu" in (chosen.get_attribute("id") or "")
    page.screenshot(path=shots / "page_large.png")
