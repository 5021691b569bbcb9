"""Pieces of the lines of a config file, and what stands there instead of what is needed."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from tfonnx_lab.mobile import kernel_registry

SPACE = " \t"


def split(text: str, start: int, end: int, mark: str) -> Iterator[tuple[int, str]]:
    """Position and word of each field between marks, without the blanks around it."""
    for field_text in text[start:end].split(mark):
        blanks = len(field_text) - len(field_text.lstrip(SPACE))
        yield start + blanks, field_text.strip(SPACE)
        start += len(field_text) + 1


def skip(text: str, at: int) -> int:
    """The position behind the blanks that begin at `at`."""
    while at < len(text) and text[at] in SPACE:
        at += 1
    return at


def no_name(text: str, at: int) -> tuple[str, str]:
    """What stands where an operator's name is needed."""
    if at == len(text) or text[at] == ",":
        return "an operator is missing here", "write its name, or remove the comma or the line"
    if text[at] == "#":
        return "a comment needs a line of its own", "move it to the line above"
    if text[at] == "{":
        return "types without an operator", "write the operator's name before them"
    return f"{text[at]!r} cannot begin an operator's name", "names are made of letters, digits and '_'"


def no_comma(text: str, at: int, op: str) -> tuple[str, str]:
    """What stands behind an operator instead of a comma."""
    if text[at] == "#":
        return "a comment needs a line of its own", "move it to the line above"
    if text[at] == ";":
        return "a line has three fields: domain;versions;operators", "begin a new line for another version"
    return f"a comma is missing behind {op}", "operators stand in a list: Add,Mul"


def near_operator(domain: str, op: str, known: tuple[str, ...]) -> str:
    """Where the operator is, or which one is near."""
    elsewhere = [d for d, ops in kernel_registry.operators().items() if op in ops]
    if elsewhere:
        return f"it is in {' and '.join(elsewhere)}"
    near = get_close_matches(op, known, 1, 0.6) or [k for k in known if k.lower() == op.lower()]
    return f"did you mean {near[0]}?" if near else f"the installed ONNX Runtime has {len(known)} operators in {domain}"
