"""The table of edits in docs/trace.md, from the classes: `python -m tfonnx_lab.trace.table docs/trace.md` writes it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import get_type_hints

from tfonnx_lab.trace.edits import EDITS, Edit

_HEAD = "| edit | means |\n|---|---|\n"
_TABLE = re.compile(re.escape(_HEAD) + r"(?:\|.*\n)*")


def form(kind: type[Edit]) -> str:
    """`["erase", node id]`: the record of an edit, its fields by what they are."""
    hints = get_type_hints(kind, include_extras=True)
    fields = [hint.__metadata__[-1] for hint in hints.values() if hasattr(hint, "__metadata__")]
    return f'["{kind.tag}", {", ".join(fields)}]'


def table() -> str:
    """The table: each edit's record and its doc line."""
    rows = [f"| `{form(kind)}` | {' '.join((kind.__doc__ or '').split())} |\n" for kind in EDITS]
    return _HEAD + "".join(rows)


def with_table(text: str) -> str:
    """The document with the table as it is now. Raises ValueError where it has no place for it."""
    found, count = _TABLE.subn(lambda _: table(), text)
    if count != 1:
        raise ValueError("the document has no table of edits, or several")
    return found


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_table(path.read_text("utf-8")), "utf-8")
