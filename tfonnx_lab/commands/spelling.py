"""A parser that names the flag or command that was meant, and asks which of two values counts."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """As argparse's, but an error about a word that it does not know names the near one.

    A flag with a value that is given twice, with different ones, is an error: argparse would take the last one. Its
    sub-commands are such parsers, too.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.register("action", None, _Once)
        self.register("action", "store", _Once)

    def error(self, message: str) -> NoReturn:
        """Print the message with what was meant, and end with status 2."""
        unknown = re.findall(r"(?<=\s)--?[^\s=]+", message) if message.startswith("unrecognized arguments") else []
        unknown += re.findall(r"invalid choice: '([^']*)'", message)
        near = [(word, get_close_matches(word, list(_words(self)), 1)) for word in unknown]
        hints = [f"did you mean {found[0]} for {word}?" for word, found in near if found]
        super().error("; ".join([message, *hints]))


class _Once(argparse._StoreAction):
    """Stores a value, and another one that comes after it is an error."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        given: dict[str, Any] = namespace.__dict__.setdefault("_given", {})
        if option is not None and given.setdefault(self.dest, values) != values:
            both = " and as ".join(f"{'yes' if v is True else v}" for v in (given[self.dest], values))
            parser.error(f"{option} is given twice, as {both}; write it once")
        super().__call__(parser, namespace, values, option)


def _words(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The flags and commands of a parser and of its sub-commands."""
    for action in parser._actions:
        if action.help != argparse.SUPPRESS:
            yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield name
                yield from _words(inner)
