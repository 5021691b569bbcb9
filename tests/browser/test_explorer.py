"""The quantization explorer by itself: sliders, keyboard, pointer, names for screen readers, widths, time of a
frame."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.widgets.assets import asset
from tfonnx_lab.widgets.explorer import tensors

pytestmark = pytest.mark.browser
DARK = {
    "ui-font-color1": "#e0e0e0", "ui-font-color2": "#a8a8a8", "border-color1": "#616161", "layout-color1": "#111",
    "layout-color2": "#222", "brand-color1": "#42a5f5", "warn-color1": "#ffb74d", "error-color1": "#ef5350",
}  # fmt: skip
SHOW = """async ([source, tensors, tensor]) => {
  const { default: widget } = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
  const state = (window.state = { _front: 'explorer', _tensors: tensors, tensor }), listeners = {};
  const set = (key, value) => { state[key] = value; (listeners[`change:${key}`] ?? []).forEach((f) => f()); };
  const on = (event, f) => (listeners[event] ??= []).push(f);
  window.render = () => widget.render({ model: { get: (key) => state[key], set, on, off() {}, save_changes() {} },
    el: document.body });
  render();
}"""
DRAG = """async (slider) => {
  const seen = [], drawn = new Set();
  for (let i = 0; i < 60; i += 1) {
    const start = performance.now();
    slider.value = String(-1 + i / 30);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => done(seen.push(performance.now() - start));
      channel.port2.postMessage(0);
    }));
    drawn.add(document.querySelector('.tfq-picture .tfq-stairs').getAttribute('d'));
  }
  return [seen.sort((a, b) => a - b), drawn.size];
}"""


@pytest.fixture(scope="module")
def rows() -> str:
    return json.dumps(tensors(lab.convert(samples.path("digits_int8")), samples.inputs("digits_int8")))


def show(page: Page, rows: str, tensor: int = 4, style: str = "") -> None:
    page.set_content(f"<!doctype html><body style='{style}'></body>")
    page.evaluate(SHOW, [asset("lab.js"), rows, tensor])
    page.locator(".tfq-stairs").first.wait_for()


def stairs(page: Page) -> str:
    return page.locator(".tfq-picture .tfq-stairs").get_attribute("d") or ""


def tab_on(page: Page) -> None:
    """To the next control; the words in between that explain themselves are reached, too."""
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.classList.contains('tl-term')"):
        page.keyboard.press("Tab")


def test_the_keyboard_moves_everything(page: Page, rows: str) -> None:
    show(page, rows)
    expect(page.locator(".tfq-formula")).to_have_text("real = 0.09017 * (q - 3)")
    before = stairs(page)
    page.get_by_label("scale", exact=True).focus()
    for _ in range(50):
        page.keyboard.press("ArrowLeft")
    expect(page.locator(".tfq-formula")).to_have_text("real = 0.04509 * (q - 3)")
    expect(page.locator(".tfq-figures tr")).to_have_count(3)
    assert stairs(page) != before
    tab_on(page)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tfq-formula")).to_have_text("real = 0.04509 * (q - 4)")
    assert page.evaluate("state.zero_point") == 4
    tab_on(page)
    page.keyboard.press("End")
    expect(page.locator(".tfq-way")).to_contain_text("steps lost by clipping")
    tab_on(page)
    page.keyboard.press("Enter")
    expect(page.locator(".tfq-formula")).to_have_text("real = 0.09017 * (q - 3)")
    expect(page.locator(".tfq-figures tr")).to_have_count(2)
    assert stairs(page) == before


def test_a_click_asks_for_a_real_value(page: Page, rows: str) -> None:
    show(page, rows)
    page.locator(".tfq-picture").click(position={"x": 60, "y": 150})
    expect(page.locator(".tfq-way")).to_contain_text("becomes code -128")
    page.get_by_label("a real value").fill("0")
    expect(page.locator(".tfq-way")).to_have_text("0 becomes code 3, which means 0: 0 of a step lost by rounding")


def test_one_tensor_three_times(page: Page, rows: str) -> None:
    show(page, rows)
    columns = page.locator(".tfq-columns section")
    expect(columns).to_have_count(3)
    expect(columns.nth(0)).to_contain_text("int8 0.09017 * (q - 3)")
    expect(columns.nth(1)).to_contain_text("DequantizeLinear")
    expect(columns.nth(2)).to_contain_text("QLinearAdd")
    expect(page.get_by_role("region", name="ONNX Runtime: uint8")).to_be_visible()
    boxes = [columns.nth(i).locator(".tfq-this").bounding_box() for i in range(3)]
    assert len({round(box["y"]) for box in boxes if box}) == 1, "the tensor stands in one row"
    page.get_by_label("tensor", exact=True).select_option("1")
    expect(columns.nth(2)).to_contain_text("QLinearConv")
    assert page.evaluate("state.tensor") == 1


def test_every_control_has_a_name(page: Page, rows: str) -> None:
    show(page, rows)
    names = page.locator(".tfq :is(input, select, button):not(.tl-term)").evaluate_all(
        "(all) => all.map((e) => e.ariaLabel || e.textContent)"
    )
    assert names == ["tensor", "scale", "zero point", "a real value", "reset"]
    pictures = page.locator(".tfq svg").all()
    assert len(pictures) >= 2
    for picture in pictures:
        assert picture.get_attribute("aria-label")


@pytest.mark.parametrize(("width", "theme"), [(900, "light"), (900, "dark"), (600, "light"), (1400, "dark")])
def test_it_fits(page: Page, rows: str, shots: Path, width: int, theme: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    style = "; ".join(f"--jp-{name}: {colour}" for name, colour in DARK.items()) + "; background: #111"
    show(page, rows, style=style if theme == "dark" else "")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture, lens = page.locator(".tfq-picture").bounding_box(), page.locator(".tfq-lens svg").bounding_box()
    assert picture and lens and (lens["y"] > picture["y"] + 100) == (width == 600)
    page.screenshot(path=shots / f"explorer_{width}_{theme}.png", full_page=True)
    page.set_viewport_size({"width": 700, "height": 900})
    page.wait_for_function("document.querySelector('.tfq-picture').getBoundingClientRect().right < 700")


@pytest.mark.parametrize("tensor", [4, 1])
def test_a_drag_draws_every_frame(page: Page, rows: str, tensor: int) -> None:
    show(page, rows, tensor)
    times, drawn = page.get_by_label("scale", exact=True).evaluate(DRAG)
    print(f"slider to painted frame: median {times[30]:.1f} ms, p95 {times[56]:.1f} ms, longest {times[-1]:.1f} ms")
    assert drawn == len(times) == 60, "each place of the slider has a picture of its own"
    expect(page.locator(".tfq-figures tr")).to_have_count(3)
