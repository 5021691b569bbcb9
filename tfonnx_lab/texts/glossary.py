"""What the words mean: each term of the views in a sentence, from the one file that the front end reads, too."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "glossary.json"


@cache
def glossary() -> dict[str, str]:
    """Term => what it means, in one sentence."""
    found: dict[str, str] = json.loads(FILE.read_text("utf-8"))
    return found


def as_markdown() -> str:
    """All terms as a page of the documentation."""
    lines = [f"- **{term}**: {sentence}" for term, sentence in sorted(glossary().items(), key=lambda t: t[0].lower())]
    head = "# What the words mean\n\nIn the lab a click on a dotted word opens its sentence. These are all of them.\n"
    return "\n".join([head, *lines]) + "\n"
