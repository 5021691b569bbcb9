"""Notebook 04 as a student has it: the stage plays, the deletions have reasons, and the exercise's solution works."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.lab import Lab
from browser.lessons import cell, first_stepper, run_lesson
from browser.looks import into_view, settled
from tfonnx_lab.commands.demo import notebooks

pytestmark = pytest.mark.browser
NOTEBOOK = notebooks() / "04_optimizers_and_what_they_delete.ipynb"
SOLUTION = '''
@lab.optimizer(lab.onnx.Relu(lab.onnx.Softmax(lab.var("x"), name="softmax"), name="relu"))
def drop_relu_of_softmax(op, x, softmax, relu):
    """Relu(Softmax(x)) => Softmax(x)."""
    return softmax.outputs[0]

bold = lab.retry(cautious, parity=False)
print([node.op_type for node in bold.model.graph.node][-1], len(lab.restore()))
'''


def test_the_lesson_on_optimizers(lab: Lab, page: Page, shots: Path) -> None:
    run_lesson(lab, page, NOTEBOOK)
    _, counter = first_stepper(page, shots / "notebook_04_first.png")
    before = counter.inner_text()
    page.keyboard.press("Space")
    expect(counter).not_to_have_text(before)
    page.keyboard.press("Space")
    view = page.locator(".tlv-optimizers")
    into_view(view)
    expect(view.locator("tbody tr").first).to_be_visible()
    settled(page)
    page.screenshot(path=shots / "notebook_04_deleted.png")
    cell(page, "as_it_comes = lab.convert")
    expect(page.locator(".jp-OutputArea", has_text="4 integer convolutions, 1 in float").first).to_be_visible()
    page.screenshot(path=shots / "notebook_04_runtime.png")
    assert lab.ask(page, SOLUTION).endswith("Softmax 2")
    lab.close(page)
