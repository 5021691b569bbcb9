"""Notebook 03 as a student has it: a red op, two tries, a wrong handler found by bisection, and the exercise's
solution."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.lab import Lab
from browser.lessons import cell, run_lesson
from browser.looks import into_view
from tfonnx_lab.commands.demo import notebooks

pytestmark = pytest.mark.browser
NOTEBOOK = notebooks() / "03_debug_a_failing_handler.ipynb"
SOLUTION = """
found = lab.bisect(result, images)
print(found.op, found.step.rule["name"], found.runs, lab.restore("residuals_are_positive"))
print(lab.bisect(lab.retry(result, images), images).op)
"""
BROKEN = '@lab.handler("LabSharpen")\\ndef lab_sharpen(op, node, x):\\n    return op.Sub(x, nothing)\\n'


def test_the_lesson_on_debugging(lab: Lab, page: Page, shots: Path) -> None:
    run_lesson(lab, page, NOTEBOOK)
    first, second, third = (page.locator(".tlv-handlers").nth(i) for i in range(3))
    for red, why in ((first, "no handler is registered"), (second, "strength")):  # after Run All, as the text says
        into_view(red)
        expect(red.locator("tr.tlv-failed")).to_have_count(1)
        red.locator("tr.tlv-failed").click()
        expect(red.locator(".tlv-error")).to_contain_text(why)
    page.screenshot(path=shots / "notebook_03_red.png")
    into_view(third)
    expect(third.locator("tr.tlv-failed")).to_have_count(0)
    expect(third.locator('tr[data-origin="0"]')).to_contain_text("not converted")
    page.screenshot(path=shots / "notebook_03_repaired.png")
    said = lab.ask(page, f'exec("""{BROKEN}"""); lab.retry(repaired)')
    assert "still not converted" in said and "nothing" in said
    expect(third.locator("tr.tlv-failed")).to_have_count(1)
    third.locator("tr.tlv-failed").click()
    expect(third.locator(".tlv-error")).to_contain_text("NameError")
    page.screenshot(path=shots / "notebook_03_failing.png")
    cell(page, "found = lab.bisect(suspicious.result")
    found = page.locator(".tfonnx-bisect")
    expect(found).to_contain_text("op 3 ADD is wrong: handler careless_add (your cell 8:1)")
    expect(found.locator("svg").first).to_be_visible()
    page.screenshot(path=shots / "notebook_03_bisect.png")
    cell(page, 'print(lab.restore("ADD"))')
    page.screenshot(path=shots / "notebook_03_retry.png")
    said = lab.ask(page, SOLUTION)
    assert "ADD residuals_are_positive" in said and said.endswith("None")
    lab.close(page)
