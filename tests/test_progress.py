"""How far the work is: what is told only grows, ends at all of it, and in a notebook's kernel it is a bar."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.conversion import telling
from tfonnx_lab.parity import compare
from tfonnx_lab.texts import progress
from tfonnx_lab.texts.progress import Said, Tick, bar_html, heard, part_of, within, working
from tfonnx_lab.widgets.handler_view import HandlerView
from widgets.front import Front


def parts(told: list[str]) -> list[float]:
    return [part for text in told if (part := part_of(text)) is not None]


def test_a_conversion_counts_its_ops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_OFTEN", 0.0)
    told: list[str] = []
    lab.convert(samples.path("digits_int8"), progress=told.append)
    assert [text for text in told if text in ("rewriters", "handlers", "optimizers")] == [
        "rewriters", "handlers", "optimizers",
    ]  # fmt: skip
    ops = [text for text in told if text.startswith("handlers: op ")]
    total = int(ops[-1].rpartition(" ")[2])
    assert ops[0] == f"handlers: op 1 of {total}" and ops[-1] == f"handlers: op {total} of {total}" and total > 20
    found = parts(told)
    assert found == sorted(found) and found[0] == 0.0 and found[-1] > 0.8


def test_a_verdict_and_its_search_do(monkeypatch: pytest.MonkeyPatch) -> None:
    parity = compare(lab.convert(samples.path("digits_int8")))
    told: list[str] = []
    assert parity.judge(told.append).ok
    found = parts(told)
    assert found == sorted(found) and found[0] == 0.2 and 0.5 < found[-1] <= 1.0
    assert any(isinstance(text, Tick) for text in told)


def test_the_button_of_a_view_moves_its_bar() -> None:
    front = Front(HandlerView(lab.convert(samples.path("digits_float"))))
    answers = front.say({"do": "compare"})
    moved = [answer["part"] for answer in answers if answer.get("part") is not None]
    assert len(moved) >= 3 and moved == sorted(moved), answers
    assert answers[-1] == {"done": "compare"}


def test_a_piece_of_the_whole() -> None:
    told: list[str] = []
    tell = within(told.append, 0.5, 0.7)
    for text in (Said("a", 0.0), Said("b", 1.0), "c", Said("d", 7.0)):
        tell(text)
    assert [part_of(text) for text in told] == [0.5, 0.7, None, 0.7]


def test_who_hears() -> None:
    told: list[str] = []
    with working() as nobody:
        assert nobody is None
    with heard(told.append), working() as tell:
        assert tell is not None
        tell("x")
    with heard(told.append), working(lambda text: None) as other:
        assert other is not None
        other("y")
    assert told == ["x"]


def test_a_bar_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes after its patience, shows how much is done, and goes."""
    shown: list[str] = []
    shell: Any = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))

    def show(bar: Any, page: str) -> None:
        shown.append(page)
        bar.handle = True

    monkeypatch.setattr(progress._Bar, "show", show)
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    monkeypatch.setattr(progress, "_OFTEN", 0.0)
    lab.convert(samples.path("digits_float"))
    assert shown[-1] == "" and 'value="0.200"' in "".join(shown) and "handlers" in "".join(shown)
    monkeypatch.setattr(progress, "_PATIENCE", 60.0)
    shown.clear()
    lab.convert(samples.path("digits_float"))
    assert shown == [], "what is quick needs no bar"


def test_the_bar_says_what_it_does() -> None:
    page = bar_html(Said("op 1 of 4", 0.25))
    assert '<progress max="1" value="0.250"' in page and "op 1 of 4" in page
    assert "value" not in bar_html("<reading>") and "&lt;reading&gt;" in bar_html("<reading>")
