"""A question that is answered in the page and checked there."""

from __future__ import annotations

import html
import json
import math
import numbers
from collections.abc import Mapping
from typing import Any

import traitlets

from tfonnx_lab import samples
from tfonnx_lab.widgets.assets import FrontEnd, asset


class Question(FrontEnd):
    """A question with choices, or for a number; the page says "right" or "not yet", and why, without a kernel.

    text: the question; what stands between backticks is shown as code.
    right: the right choice, or the number.
    choices: choice => what is said to whoever chooses it. Without them a number is asked for.
    why: what is said to the right number.
    within: how far from the number an answer may be.
    unit: what stands behind the field of a number.
    not_yet: a wrong number => what is said to it; other wrong ones are told whether it is more or less, or `hint`.
    answer: what was answered last, as text.
    answered: whether that was right (None: nothing yet).

        lab.Question("How much is `2 * 3`?", right=6, why="three twos")
        lab.Question("What is a zero point?", right="a code", choices={"a code": "...", "a real value": "..."})

    Raises ValueError where `right` is none of the choices, or no number where none are given, where `within` is
    negative, or where a number of `not_yet` would be right; TypeError for an argument of another type.
    """

    question = traitlets.Dict().tag(sync=True)
    answer = traitlets.Unicode("").tag(sync=True)
    answered = traitlets.Bool(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        text: str,
        *,
        right: str | float,
        choices: Mapping[str, str] | None = None,
        why: str = "",
        within: float = 0.0,
        unit: str = "",
        not_yet: Mapping[float, str] | None = None,
        hint: str = "",
        **traits: Any,
    ) -> None:
        _checked_texts({"text": text, "why": why, "unit": unit, "hint": hint})
        if choices is not None:
            if not isinstance(choices, Mapping):
                raise TypeError(
                    f"choices={choices!r}: it is a dict, choice => what is said to whoever chooses it: "
                    '{"a": "...", "b": "..."}'
                )
            _checked_texts({f"choices[{name!r}]": said for name, said in choices.items()})
            _checked_texts({f"the choice {place}": name for place, name in enumerate(choices)})
            if right not in choices:
                raise ValueError(f"the right answer {right!r} is none of the choices {', '.join(map(repr, choices))}")
            if why or within or unit or not_yet or hint:
                raise ValueError("why, within, unit, not_yet and hint are for numbers; each choice has its own text")
            asked: dict[str, Any] = {
                "choices": [{"text": name, "why": said, "right": name == right} for name, said in choices.items()]
            }
        else:
            if not _is_number(right):
                raise ValueError(f"the right answer {right!r} is no number, and there are no choices")
            _checked_number(float(right), within, not_yet)
            hints = [{"number": number, "why": said} for number, said in (not_yet or {}).items()]
            asked = {"right": right, "within": within, "why": why, "unit": unit, "hints": hints, "hint": hint}
        super().__init__(question={"text": text, **asked}, **traits)

    @classmethod
    def of_lesson(cls, lesson: int, number: int) -> Question:
        """A question of the package's own notebooks, so that a cell does not tell the answer.

        lesson: the number of the notebook.
        number: of the question in it, from 1.
        Raises KeyError where there is none.
        """
        asked = samples.question(lesson, number)
        not_yet = asked.pop("not_yet", None)
        numbers = {float(value): said for value, said in not_yet.items()} if not_yet is not None else None
        return cls(asked.pop("text"), not_yet=numbers, **asked)

    def _brings(self) -> dict[str, str]:
        """A small script of its own: it has to work where nothing else of the lab is."""
        return {"_esm": asset("question.js"), "_code": ""}

    def text(self) -> str:
        """The question and its choices."""
        choices = self.question.get("choices", [])
        return "\n".join([f"Question: {self.question['text']}", *(f"  ( ) {choice['text']}" for choice in choices)])

    def html(self) -> str:
        """The same for a page without widgets: answers are folded; where scripts run it asks as a widget does."""
        said = html.escape(json.dumps(self.question), quote=True)
        script = asset("questionpage.js").replace("</", "<\\/")
        return f'<div data-question="{said}">{self._folded()}</div><script>{script}</script>'

    def _folded(self) -> str:
        """The question, with what is said to each answer below it."""
        asked = self.question
        if "choices" in asked:
            told = [(c["text"], f"{'Right' if c['right'] else 'Not yet'}. {c['why']}") for c in asked["choices"]]
        else:
            told = [("the answer", f"{asked['right']:g} {asked['unit']}. {asked['why']}")]
        rows = "".join(f"<details><summary>{_code(name)}</summary><p>{_code(why)}</p></details>" for name, why in told)
        return f"<p><b>Question:</b> {_code(asked['text'])}</p>{rows}"

    def __repr__(self) -> str:
        return f"Question({self.question['text']!r})"


def _is_number(given: Any) -> bool:
    return isinstance(given, numbers.Real) and not isinstance(given, bool) and math.isfinite(given)


def _checked_texts(given: Mapping[str, Any]) -> None:
    """Raises TypeError where one of them, by the name of its argument, is no text."""
    for name, said in given.items():
        if not isinstance(said, str):
            raise TypeError(f"{name}={said!r}: it is a text, not {type(said).__name__}")


def _checked_number(right: float, within: Any, not_yet: Any) -> None:
    """What is asked for a number. Raises as `Question`."""
    if not _is_number(within) or within < 0:
        raise ValueError(f"within={within!r}: it is how far from the number an answer may be, 0 or more")
    if not_yet is None:
        return
    if not isinstance(not_yet, Mapping):
        raise TypeError(f"not_yet={not_yet!r}: it is a dict, a wrong number => what is said to it")
    for wrong, said in not_yet.items():
        if not _is_number(wrong):
            raise TypeError(f"not_yet: {wrong!r} is no number")
        if abs(wrong - right) <= within:
            raise ValueError(f"not_yet: {wrong!r} is right (right={right!r}, within={within!r}); take it out")
        _checked_texts({f"not_yet[{wrong!r}]": said})


def _code(text: str) -> str:
    """HTML of a text with code between backticks."""
    parts = (html.escape(part) for part in text.split("`"))
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))
