"""What a docstring says first."""

import inspect


def first_paragraph(documented: object) -> str:
    """The first paragraph of the docstring of a function or class as one line, "" where there is none."""
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())
