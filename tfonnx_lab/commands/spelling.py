"""A parser that names the flag or command that was meant."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """As argparse's, but an error about a word that it does not know names the near one.

    Its sub-commands are such parsers, too.
    """

    def error(self, message: str) -> NoReturn:
        """Print the message with what was meant, and end with status 2."""
        unknown = re.findall(r"(?<=\s)--?[^\s=]+", message) if message.startswith("unrecognized arguments") else []
        unknown += re.findall(r"invalid choice: '([^']*)'", message)
        near = [(word, get_close_matches(word, list(_words(self)), 1)) for word in unknown]
        hints = [f"did you mean {found[0]} for {word}?" for word, found in near if found]
        super().error("; ".join([message, *hints]))


def _words(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The flags and commands of a parser and of its sub-commands."""
    for action in parser._actions:
        if action.help != argparse.SUPPRESS:
            yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield name
                yield from _words(inner)
