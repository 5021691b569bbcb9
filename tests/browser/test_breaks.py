"""What a person does at a bad moment: tabs switched while they load, a kernel that is busy, a theme that changes."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.commands import dress
from browser.lab import Lab
from browser.looks import LOOK, into_view, open_tab, settled

pytestmark = pytest.mark.browser
LAB = """
import tfonnx_lab as lab
from tfonnx_lab import samples
it = lab.Lab(samples.path("digits_int8"))
it
"""
BROKEN = """() => [...document.querySelectorAll('iframe.tl-netron')].flatMap((frame) => {
  const page = frame.contentDocument;
  return [...page.querySelectorAll('[transform], [d], [viewBox]')]
    .filter((e) => ['transform', 'd', 'viewBox'].some((name) => /NaN|undefined/.test(e.getAttribute(name) ?? '')))
    .map((e) => e.outerHTML.slice(0, 80));
})"""
SPREAD = """(frame) => {
  const places = [...frame.contentDocument.querySelectorAll('g.graph-node')].map((e) => e.getAttribute('transform'));
  return [places.length, new Set(places).size, frame.contentDocument.getElementById('canvas').getBBox().height];
}"""


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.fresh_page
def test_tabs_switched_at_random_while_they_load(lab: Lab, page: Page, seed: int) -> None:
    lab.open(page, LAB)
    page.get_by_role("tab", name="Steps", exact=True).wait_for()
    chance = random.Random(seed)
    tabs = [page.get_by_role("tab", name=name, exact=True).first for name in LOOK]
    source = tabs[list(LOOK).index("Source")]
    for turn in range(50):
        (source if turn % 3 == 0 else chance.choice(tabs)).click()
        page.wait_for_timeout(chance.choice([0, 0, 20, 60, 150, 400]))
    for name in LOOK:
        open_tab(page, name)
    open_tab(page, "Source")
    frames = page.locator("iframe.tl-netron")
    expect(frames).to_have_count(2)
    for side in (0, 1):
        frame = page.frame_locator(f"iframe.tl-netron >> nth={side}")
        frame.locator("body.default g.graph-node").first.wait_for()
        count, places, height = frames.nth(side).evaluate(SPREAD)
        assert count == places > 5 and height > 300, (side, count, places, height)
    assert page.evaluate(BROKEN) == []
    lab.close(page)


@pytest.mark.fresh_page
def test_a_busy_kernel_is_waited_for(lab: Lab, page: Page, shots: Path) -> None:
    """What was asked for comes when the kernel is free, and until then it is said."""
    lab.open(page, LAB)
    open_tab(page, "Steps")
    open_tab(page, "Handlers")
    kernel = int(lab.ask(page, "import os; print(os.getpid())"))
    os.kill(kernel, signal.SIGSTOP)  # as code does that holds the interpreter: JupyterLab's comms go around any other
    for name in ("Source", "Parity"):
        page.get_by_role("tab", name=name, exact=True).first.click()
        expect(page.locator(".tl-waiting").locator("visible=true").first).to_contain_text("waiting for the kernel")
        page.screenshot(path=shots / f"waiting_{name}.png")
    open_tab(page, "Steps")  # what is in the page is there
    page.locator(".tl-foot").get_by_role("button", name="Show the whole graph in Netron").click()
    expect(page.locator(".tl-over .tl-waiting")).to_contain_text("waiting for the kernel")
    page.screenshot(path=shots / "waiting_netron.png")
    page.get_by_role("tab", name="Handlers", exact=True).first.click()
    page.locator('.tlv-handlers tr[data-origin="3"]').click()
    expect(page.locator(".tlv-handlers .tlv-head .tl-waiting")).to_contain_text("waiting for the kernel")
    page.wait_for_timeout(17_000)  # longer than anybody was patient before
    os.kill(kernel, signal.SIGCONT)
    page.get_by_role("tab", name="Steps", exact=True).first.click()
    page.frame_locator(".tl-over iframe.tl-netron").locator("body.default g.graph-node").first.wait_for()
    page.get_by_role("button", name="back to the step").click()
    open_tab(page, "Handlers")
    expect(page.locator(".tlv-side h3")).to_contain_text("op 3")
    expect(page.locator(".tlv-handlers .tlv-head .tl-waiting")).to_have_text("")
    for name in LOOK:
        open_tab(page, name)
    lab.close(page)


@pytest.mark.fresh_page
def test_a_kernel_that_lost_the_question_is_asked_again(lab: Lab, page: Page) -> None:
    """Netron's code is asked for once a page; where the one that asked is gone, another view asks."""
    lab.open(page, LAB)
    open_tab(page, "Steps")
    assert lab.ask(page, "it._views['Steps'].on_msg(it._views['Steps']._answer, remove=True)") == ""
    page.get_by_role("button", name="Show the whole graph in Netron").click()
    expect(page.locator(".tl-over .tl-waiting")).to_contain_text("waiting for the kernel")
    page.get_by_role("tab", name="Source", exact=True).first.click()
    page.frame_locator(".tl-graph-view iframe >> nth=0").locator("body.default g.graph-node").first.wait_for()
    page.get_by_role("tab", name="Steps", exact=True).first.click()
    page.frame_locator(".tl-over iframe.tl-netron").locator("body.default g.graph-node").first.wait_for()
    lab.close(page)


INK = """(frame) => {
  const page = frame.contentDocument;
  const light = (text) => (text.match(/[\\d.]+/g) ?? []).slice(0, 3).reduce((sum, c) => sum + Number(c), 0) / 3;
  const style = (e) => frame.contentWindow.getComputedStyle(e);
  const item = page.querySelector('g.graph-node .node-border');
  return [light(style(page.body).backgroundColor), light(style(page.querySelector('.edge-path')).stroke),
    light(style(item).stroke)];
}"""


def test_netron_follows_the_theme(lab: Lab, page: Page, shots: Path) -> None:
    lab.open(page, LAB)
    open_tab(page, "Steps")
    open_tab(page, "Source")
    frame = page.locator("iframe.tl-netron").first
    light = frame.evaluate(INK)
    for dark in (True, False, True):
        dress(page, dark)
        settled(page)
        now = frame.evaluate(INK)
        page.screenshot(path=shots / f"theme_{'dark' if dark else 'light'}.png")
        if dark:
            assert now[0] < 80 < light[0] and now[1] > light[1], (now, light)
        else:
            assert now == light
    page.evaluate(
        "(() => { const f = document.querySelector('iframe.tl-netron'); const p = f.parentElement; f.remove(); "
        "p.append(f); })()"
    )
    page.frame_locator("iframe.tl-netron >> nth=0").locator("body.default g.graph-node").first.wait_for()
    assert frame.evaluate(INK) == now, "a frame that loads anew has the theme of now"
    open_tab(page, "Quantization")
    page.screenshot(path=shots / "theme_dark_ranges.png")
    lab.close(page)


def test_pictures_alone_in_a_cell(lab: Lab, page: Page, shots: Path) -> None:
    cells = ["result = it.result\nresult.trace", "lab.plot_ranges(result)", "lab.compare(result).plot()"]
    lab.open(page, LAB.replace("\nit\n", "\n"), *cells, dark=True)
    expect(page.locator(".jp-OutputArea-output .tfr td", has_text="explicit_quantization").first).to_be_visible()
    expect(page.locator(".jp-OutputArea-output svg[role=img]")).to_have_count(2)
    expect(page.locator(".jp-OutputArea-output img")).to_have_count(0)  # not a second time, white
    text = page.locator(".jp-OutputArea-output svg[role=img] text").first
    colour = text.evaluate("(e) => getComputedStyle(e).fill.match(/[0-9]+/g).slice(0, 3)")
    assert min(map(int, colour)) > 150, "readable in the dark"
    for i in range(2):
        into_view(page.locator(".jp-OutputArea-output svg[role=img]").nth(i))
        page.screenshot(path=shots / f"alone_{i}.png")
    lab.close(page)


@pytest.mark.fresh_page
def test_source_left_before_netron_has_drawn(lab: Lab, page: Page) -> None:
    lab.open(page, LAB)
    open_tab(page, "Steps")
    for leave_after in (0, 100, 250, 400):
        page.get_by_role("tab", name="Source", exact=True).first.click()
        page.wait_for_timeout(leave_after)
        page.get_by_role("tab", name="Handlers", exact=True).first.click()
        page.wait_for_timeout(700)
    page.locator('.tlv-handlers tr[data-origin="9"]').click()
    open_tab(page, "Source")
    for side in (0, 1):
        frame = page.frame_locator(f"iframe.tl-netron >> nth={side}")
        expect(frame.locator("g.graph-node.select")).to_be_in_viewport()
    assert page.evaluate(BROKEN) == []
    lab.close(page)
