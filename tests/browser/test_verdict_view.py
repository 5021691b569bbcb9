"""The Parity tab follows the verdict: its sentence on top, its colours, and a button that goes to the wrong op."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.lab import Lab
from browser.looks import open_tab, settled

pytestmark = pytest.mark.browser
RIGHT = """
import tfonnx_lab as lab
from tfonnx_lab import samples
it = lab.Lab(samples.path("digits_int8"))
it
"""
WRONG = """
import numpy as np
import tfonnx_lab as lab
from tfonnx_lab import samples

@lab.handler("MEAN")
def my_mean(op, node, x, axes, *, keep_dims=False):
    return op.Mul(op.ReduceMean(x, [1, 2], keepdims=int(keep_dims)), np.float32(1.1))

@lab.handler("ADD")
def my_add(op, node, a, b):
    return op.Sub(a, b)

it = lab.Lab(samples.path("digits_float"))
it
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_is_wrong_and_nothing_is_red(lab: Lab, page: Page, shots: Path, dark: bool) -> None:
    lab.open(page, RIGHT, dark=dark)
    open_tab(page, "Parity")
    view = page.locator(".tlv-parity")
    expect(view.locator(".tlv-title")).to_have_text(
        re.compile(
            r"^as close to LiteRT's reference as LiteRT's own fast kernels; no op is wrong by itself\. "
            r"\d+ ops? rounds? differently: .*MEAN \(op 7\) in [\d.]+ % of its codes.*; everything else is equal$"
        )
    )
    expect(view.locator(".tlv-dot-wrong, tr.tlv-wrong")).to_have_count(0)
    settled(page)
    page.screenshot(path=shots / f"verdict_right_{'dark' if dark else 'light'}.png")
    lab.close(page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_wrong_op_is_red_and_found(lab: Lab, page: Page, shots: Path, dark: bool) -> None:
    lab.open(page, WRONG, dark=dark)
    open_tab(page, "Parity")
    view = page.locator(".tlv-parity")
    expect(view.locator(".tlv-title")).to_contain_text("ADD is wrong: handler my_add")
    first = view.locator("tr.tlv-wrong").first
    expect(first).to_contain_text("ADD")
    red, green, blue = map(
        int, view.locator(".tlv-title").evaluate("e => getComputedStyle(e).color.match(/[0-9]+/g)")[:3]
    )
    assert red > 1.5 * max(green, blue), (red, green, blue)
    expect(view.locator(".tlv-dot-amplified").first).to_be_visible()
    view.get_by_role("button", name="find what is wrong").click()
    expect(view.locator(".tlv-found")).to_contain_text("ADD is wrong: handler my_add")
    expect(view.locator(".tlv-found")).not_to_contain_text(" or ")
    expect(view.locator('tr[aria-selected="true"]')).to_contain_text("ADD")
    assert lab.asked(page, "print(it.selection == it.result.parity.verdict.op)", "True")
    settled(page)
    page.screenshot(path=shots / f"verdict_wrong_{'dark' if dark else 'light'}.png")
    lab.close(page)
