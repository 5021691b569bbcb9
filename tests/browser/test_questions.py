"""Questions in the page, and words that explain themselves: in JupyterLab, without its kernel, saved, in marimo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from browser.desk import forgive
from browser.lab import Lab
from browser.looks import into_view, open_tab, settled
from browser.saved import saved
from browser.test_elsewhere import served_by_marimo
from browser.test_keys_stay import CELLS, with_headings

pytestmark = pytest.mark.browser
ASK = """
import tfonnx_lab as lab
choice = lab.Question.of_lesson(1, 1)
choice
"""
NUMBER = """
number = lab.Question("How much is `2 * 3`?", right=6, unit="apples", why="three twos", not_yet={5: "that is a sum"})
number
"""


def answers(page: Page | FrameLocator) -> None:
    """Both questions are answered, wrongly first; the page says it and why."""
    choices = page.locator(".tfa").first
    choices.get_by_role("button", name="on the int8 codes").click()
    expect(choices.get_by_role("status")).to_contain_text("✗ Not yet. That is what TFLite means.")
    choices.get_by_role("button", name="on real numbers").click()
    expect(choices.get_by_role("status")).to_contain_text("✓ Right. What the codes mean stands in the graph now.")
    number = page.locator(".tfa").nth(1)
    field = number.get_by_role("textbox", name="How much is 2 * 3?")
    for given, said in (
        ("many", "a number, please"),
        ("5", "Not yet. that is a sum"),
        ("9", "it is less"),
        ("6,0", "Right. three twos"),
    ):
        field.fill(given)
        field.press("Enter")
        expect(number.get_by_role("status")).to_contain_text(said)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_in_jupyterlab(lab: Lab, page: Page, shots: Path, dark: bool) -> None:
    if dark:
        lab.open(page, ASK, NUMBER, dark=True)
    else:
        lab.open_text(page, with_headings(ASK, NUMBER))
    answers(page)
    into_view(page.locator(".tfa").first)
    settled(page)
    page.screenshot(path=shots / f"questions_{'dark' if dark else 'light'}.png")
    assert lab.asked(page, "print(choice.answered, number.answered, number.answer)", "True True 6,0")
    lab.close(page)


def test_the_keyboard_alone(lab: Lab, page: Page) -> None:
    """Every key of the notebook goes to the question, and none to the notebook."""
    lab.open_text(page, with_headings(ASK, NUMBER))
    first = page.locator(".tfa").first.get_by_role("button").first
    first.focus()
    before = page.evaluate(CELLS)
    for key in ("ArrowDown", "d", "d", "x", "a", "m"):
        page.keyboard.press(key)
    assert page.evaluate(CELLS) == before
    page.keyboard.press("Enter")
    status = page.locator(".tfa").first.get_by_role("status")
    expect(status).to_contain_text("Not yet")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(status).to_contain_text("Right")
    expect(page.locator(".tfa").first.get_by_role("button").nth(1)).to_be_focused()
    field = page.locator(".tfa").nth(1).get_by_role("textbox")
    field.focus()
    page.keyboard.type("ddx7")
    expect(field).to_have_value("ddx7")
    page.keyboard.press("Enter")
    expect(page.locator(".tfa").nth(1).get_by_role("status")).to_have_text("a number, please")
    field.fill("7")
    page.keyboard.press("Enter")
    show = page.locator(".tfa").nth(1).get_by_role("button", name="show me")
    show.focus()
    page.keyboard.press("Enter")
    expect(field).to_have_value("6")
    expect(field).to_be_focused()
    cells, _, hidden = page.evaluate(CELLS)  # the cell of what has the focus is the active one
    assert [cells, hidden] == [before[0], before[2]]
    lab.close(page)


def test_without_a_kernel(lab: Lab, page: Page) -> None:
    lab.open(page, ASK, NUMBER)
    page.locator(".tfa").nth(1).wait_for()
    lab.close(page)
    answers(page)
    forgive(page, "Could not send widget sync message")  # Jupyter's own word for a kernel that is gone


def test_in_a_saved_page(browser: Browser, tmp_path: Path, shots: Path) -> None:
    with saved(browser, tmp_path / "questions.html", ASK, NUMBER) as page:
        answers(page)
        page.screenshot(path=shots / "questions_saved.png")


@pytest.fixture
def marimo(tmp_path: Path) -> Iterator[str]:
    """The address of a marimo app with two questions."""
    cells = "".join(
        f"@app.cell\ndef _(lab):\n    {code}\n    return\n"
        for code in ("lab.Question.of_lesson(1, 1)", NUMBER.split("number = ")[1].splitlines()[0])
    )
    imported = "@app.cell\ndef _():\n    import tfonnx_lab as lab\n    return (lab,)\n"
    notebook = f"import marimo\napp = marimo.App()\n{imported}{cells}if __name__ == '__main__':\n    app.run()\n"
    with served_by_marimo(tmp_path, notebook) as url:
        yield url


def test_in_marimo(marimo: str, page: Page, shots: Path) -> None:
    page.goto(marimo)
    page.locator(".tfa").nth(1).wait_for()
    answers(page)
    page.screenshot(path=shots / "questions_marimo.png")


WORDS = {
    "Steps": [("optimizers", "removes what is unnecessary"), ("Pattern", "looks for in the graph")],
    "Handlers": [("?", "")],
    "Quantization": [("zero point", "stands for the real value 0"), ("scale", "two neighbouring codes")],
    "Parity": [("band", "")],
    "ONNX Runtime": [("float islands", "computes in float")],
}


def test_words_explain_themselves_in_their_tabs(lab: Lab, page: Page, shots: Path) -> None:
    lab.open(page, "import tfonnx_lab as lab\nit = lab.Lab(lab.samples.path('digits_int8'))\nit")
    for tab in ("Steps", "Quantization", "ONNX Runtime", "Handlers"):
        open_tab(page, tab)
        for word, sentence in WORDS[tab]:
            if tab == "Steps":
                page.locator(".tl-head").click()
                page.keyboard.press("End")
                page.keyboard.press("Home")
                word, sentence = ("rewriters", "implicit") if word == "optimizers" else (word, sentence)
            button = page.locator(".tl-term").locator("visible=true").filter(has_text=word).first
            button.click()
            says = page.locator(".tl-says:popover-open")
            expect(says).to_have_count(1)
            expect(says).to_contain_text(sentence)
            box, window = says.bounding_box(), page.viewport_size
            assert box and window and box["x"] >= 0 and box["x"] + box["width"] <= window["width"]
            page.screenshot(path=shots / f"word_{tab.replace(' ', '_').lower()}.png")
            page.keyboard.press("Escape")
            expect(says).to_have_count(0)
    lab.close(page)


def test_a_step_of_names_is_drawn_and_told(lab: Lab, page: Page, shots: Path) -> None:
    lab.open(
        page,
        "import tfonnx_lab as lab\nresult = lab.convert(lab.samples.path('digits_int8'))\n"
        "at = next(s.i for s in result.trace if s.rule['name'] == 'final_names')\nlab.Stepper(result, index=at)",
    )
    expect(page.locator(".tl-where strong")).to_have_text("final_names")
    expect(page.locator(".tl-head")).to_contain_text("values get other names")
    for side in ("before", "after"):
        assert page.locator(f".tl-{side} svg .tl-vertex").count() > 3, side
    expect(page.get_by_role("table", name="old and new names").locator("tr").first).to_contain_text("→")
    page.screenshot(path=shots / "final_names.png")
    lab.close(page)
