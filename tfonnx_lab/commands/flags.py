"""New shapes for a model's inputs, as the command line and `convert(inputs=...)` take them."""

from __future__ import annotations

import re


def parse_inputs(text: str) -> dict[str, tuple[int | str, ...] | None]:
    """`a:0[1,224,224,3],b` => {"a:0": (1, 224, 224, 3), "b": None}. Raises ValueError for what cannot be read."""
    found: dict[str, tuple[int | str, ...] | None] = {}
    rest = text.strip()
    while rest:
        match = re.match(r"\s*([^,\[\]]+?)\s*(?:\[([^\]]*)\])?\s*(?:,|$)", rest)
        if match is None:
            raise ValueError(f"--inputs: cannot read {rest!r}; write name[1,224,224,3],other")
        found[match[1]] = None if match[2] is None else tuple(_dim(d) for d in match[2].split(",") if d.strip())
        rest = rest[match.end() :]
    return found


def _dim(text: str) -> int | str:
    text = text.strip()
    return int(text) if re.fullmatch(r"-?\d+", text) else text
