"""Whether the text of an error is for people: a reason, no reason of Python's own, no longer than a screen or two."""

from __future__ import annotations

import re

LONGEST = 6_000
"""Characters: the failures of some ten ops. One op's line is cut at 4,000 (`errors.printable`)."""

_OF_PYTHON = re.compile(
    r"index out of range|out of bounds for|\bout of range for|has no attribute|NoneType|not supported between|"
    r"unsupported (operand|format)|object (is not|cannot be)|required positional|positional argument|"
    r"keyword argument|values? to unpack|cannot unpack|invalid literal|not iterable|argument must be|"
    r"arguments? expected|zip\(\)|broadcast together|could not broadcast|cannot reshape array|buffer size must|"
    r"buffer is (smaller|too)|unpack_from|struct\.error|requires a buffer|slice (indices|step)|"
    r"negative dimensions|math domain|cannot convert (float|the)|array element|truth value|ambiguous|"
    r"too large to convert|Python int |\b(\w+Error|StopIteration)\b|sequence item|codec can't|zero-size|"
    r"same number of|axis \d+ |<class|object at 0x|all the input|axes don't match|repeated axis|matmul: |"
    r"operands could|dtype\(|numpy|division by|modulo by|integer overflow|"
    r"maximum (allowed|supported) dimension|maximum recursion|\bNone\b"
)


def unclear(text: str) -> str:
    """What is wrong with the text of an error; empty where nothing is."""
    if len(text) > LONGEST:
        return f"{len(text):,} characters"
    told = [line for line in text.splitlines() if not line.startswith("    tensors: ")]  # names may be anything
    if not any(line.strip() for line in told) or re.search(r"\(\s*\)$|:\s*$", told[-1]):
        return "no reason"
    found = _OF_PYTHON.search("\n".join(told))
    return f"of Python: {found[0]!r}" if found else ""
