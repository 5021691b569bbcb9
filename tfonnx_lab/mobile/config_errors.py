"""What is wrong in a config file, with its place: line, column, the text, and what to write instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tfonnx_lab.errors import ConversionError

_SHOWN = 100
"""Characters of a line that a message shows."""

_MOST = 20
"""Mistakes that one message tells; `problems` has all."""


@dataclass(frozen=True)
class Problem:
    """One mistake in a config file.

    line, column: where, from 1.
    message: what is wrong.
    advice: what to write, empty where nothing is near.
    text: the line.
    """

    line: int
    column: int
    message: str
    advice: str = ""
    text: str = ""

    def __str__(self) -> str:
        told = shorten(f"{self.message}; {self.advice}" if self.advice else self.message)
        start = max(0, self.column - 1 - _SHOWN // 2)
        shown = "".join(c if c.isprintable() else " " for c in self.text[start : start + _SHOWN])
        caret = " " * (self.column - 1 - start) + "^"
        return f"line {self.line}, column {self.column}: {told}\n      {shown}\n      {caret}"


class ConfigError(ConversionError):
    """A config file that cannot be used: `problems` are its mistakes in the order of the file, all that could be told
    at once."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.name = name
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{name}: a mistake in the config file" if count == 1 else f"{name}: {count} mistakes in the config file"
        more = [f"  and {count - _MOST} more"] if count > _MOST else []
        super().__init__("\n".join([head, *(f"  {p}" for p in self.problems[:_MOST]), *more]))


def shorten(text: str) -> str:
    """The text without the middle of a word that nobody wrote on purpose."""
    return text if len(text) <= 3 * _SHOWN else f"{text[: 2 * _SHOWN]} ... {text[-_SHOWN:]}"
