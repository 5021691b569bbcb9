"""What an answer of this room can do: print as text, show as HTML, become JSON. And what a wrong argument is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.texts import shortened, styled, table


@dataclass(frozen=True)
class Section:
    """A table of an answer under its title; the last `numbers` columns are numbers. Without rows it is left out."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: int = 0


class Answer:
    """Base of answers: a heading, facts of a line each, tables; text and HTML follow from these. JSON is `to_json`."""

    @property
    def title(self) -> str:
        """The heading: what was asked of which model."""
        raise NotImplementedError

    def facts(self) -> Iterable[tuple[str, str]]:
        """(word, text): what there is to say in a line each, the most important first."""
        return ()

    def sections(self) -> Iterable[Section]:
        """The tables."""
        return ()

    def to_json(self) -> dict[str, Any]:
        """All of the answer as plain data that `json.dumps` takes: dicts, lists, strings, numbers, None."""
        raise NotImplementedError

    def to_html(self) -> str:
        """The answer as an HTML fragment, in the colours of the page around it."""
        facts = "".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in self.facts())
        tables = "".join(table(s.title, s.head, s.rows, s.numbers) for s in self.sections())
        return styled(f"<h3>{escape(self.title)}</h3><table>{facts}</table>{tables}")

    def _repr_html_(self) -> str:
        return self.to_html()

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def __repr__(self) -> str:
        return str(self)

    def _lines(self) -> Iterator[str]:
        yield self.title
        facts = list(self.facts())
        width = max((len(word) for word, _ in facts), default=0)
        for word, text in facts:
            yield f"  {word:{width}}  {text}"
        for section in self.sections():
            if section.rows:
                yield ""
                yield section.title
                yield from columns(section.head, section.rows, section.numbers)


def columns(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0, widest: int = 60) -> Iterator[str]:
    """A table as lines of text: columns as wide as they need up to `widest`, the last never cut, numbers to the
    right."""
    cells = [[tail(text, widest) for text in row[:-1]] + [row[-1]] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    first = len(head) - numbers
    for row in cells:
        padded = [f"{t:>{w}}" if i >= first else f"{t:{w}}" for i, (t, w) in enumerate(zip(row, widths, strict=True))]
        yield f"  {'  '.join(padded)}".rstrip()


def tail(name: str, most: int) -> str:
    """A name that fits into a column."""
    return shortened(name, most)


def one_of(argument: str, given: Any, allowed: Sequence[Any]) -> None:
    """Refuse a value that an argument does not have, with those that it has. True is not 1, nor is "31" 31."""
    if not any(type(given) is type(value) and given == value for value in allowed):
        raise ConversionError(f"{argument}={given!r} is not known; it is one of {', '.join(map(repr, allowed))}")


def flag(argument: str, given: Any) -> None:
    """Refuse what is neither True nor False."""
    one_of(argument, given, (True, False))
