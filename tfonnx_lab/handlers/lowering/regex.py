"""Which fixed strings a regular expression stands for, where those are few: ONNX replaces no expressions."""

from __future__ import annotations

import re
from typing import Any

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.extensions import ASK

_MOST = 64
"""The most strings that a pattern may stand for: each is a split and a loop."""


def pieces_of(pattern: str, rewrite: str) -> list[str]:
    """The strings of a pattern. Raises Unsupported where replacing one after the other is not what the pattern does."""
    texts = _texts(pattern)
    several = len(texts) > 1
    unfit = not texts or len(texts) > _MOST or "" in texts or "\\" in rewrite
    if unfit or (several and any(len(text) != 1 or text in rewrite for text in texts)):
        raise Unsupported(
            f"the pattern {pattern!r}; ONNX replaces no regular expressions; only patterns that stand for a fixed "
            f"text or for several of one character that what is put in does not hold, are converted; {ASK}"
        )
    return texts


def _texts(pattern: str) -> list[str]:
    """All strings that a pattern of fixed characters, classes of them and branches matches; none for any other."""
    from re import _parser  # type: ignore[attr-defined]  # the parser has no public name

    try:
        parsed = list(_parser.parse(pattern))
    except re.error:
        return []
    if all(str(kind) == "LITERAL" for kind, _ in parsed):
        return ["".join(chr(code) for _, code in parsed)]
    if len(parsed) == 1:
        kind, what = str(parsed[0][0]), parsed[0][1]
        if kind == "IN":
            return _class(what)
        if kind == "SUBPATTERN":
            inner = list(what[-1])
            return _class(inner[0][1]) if len(inner) == 1 and str(inner[0][0]) == "IN" else []
    return []


def _class(items: Any) -> list[str]:
    """The characters of a class."""
    found: list[str] = []
    for kind, what in items:
        if str(kind) == "LITERAL":
            found.append(chr(what))
        elif str(kind) == "RANGE" and what[1] - what[0] < _MOST:
            found += [chr(code) for code in range(what[0], what[1] + 1)]
        else:
            return []
    return list(dict.fromkeys(found))
