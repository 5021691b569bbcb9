"""Names of a model where they would be read as something else: in Python source, in a picture."""

from __future__ import annotations

import keyword
import re


def in_quotes(text: str) -> str:
    """The text as it stands between double quotes in Python source, single or triple ones, on one line."""
    return repr(text)[1:-1].replace('"', '\\"')


def in_comment(text: str) -> str:
    """The text behind a `#`: on one line."""
    return " ".join(text.split())


def as_identifier(text: str) -> str:
    """A Python name that resembles the text: letters, digits and `_`."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", text)[:80]
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"op_{name}"


def in_picture(text: str) -> str:
    """The text for matplotlib, which reads what stands between two `$` as a formula."""
    return text.encode("utf-8", "replace").decode().replace("$", r"\$")
