"""The TFLite ops that there are, and the options that each has: what handlers' keywords are checked against.

The table is a file, so that nobody has to load the schema's 20,000 lines for it (`readers/op_options.py` writes it).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from tfonnx_lab.graph.dialects import INTERMEDIATE, TFLITE
from tfonnx_lab.graph.intermediate import ADDED, INTERMEDIATE_OPS

Defaults = Mapping[str, Any]
"""Name => default; None where a list, a string or a subgraph is left out."""

NOTHING = (None, (), "")
"""The defaults that a list, a string or a subgraph can have."""


@cache
def builtin_ops() -> Mapping[str, Defaults]:
    """Every builtin op of TFLite's schema => its options with the schema's defaults."""
    text = Path(__file__).with_name("tflite_options.json").read_text("utf-8")
    found: dict[str, Defaults] = json.loads(text)
    return found


def ops_of(domain: str) -> Iterable[str] | None:
    """The ops that a domain has;

    None where anybody can have any (custom ops), and for ONNX's, which are listed elsewhere.
    """
    return {TFLITE: builtin_ops(), INTERMEDIATE: INTERMEDIATE_OPS}.get(domain)


def known_options(domain: str, op_type: str) -> Defaults | None:
    """The options of an op: those of the schema, and those that rewriters add to them.

    None for an unknown op, and for custom ops, which have options of their own.
    """
    if domain == INTERMEDIATE and op_type in INTERMEDIATE_OPS:
        return {name: option.default for name, option in INTERMEDIATE_OPS[op_type].options.items()}
    known = builtin_ops().get(op_type) if domain == TFLITE else None
    return None if known is None else {**known, **{k: option.default for k, option in ADDED.get(op_type, {}).items()}}


def check_op(domain: str, op_type: str) -> None:
    """Raise AttributeError, with the near name, where the domain lists its ops and has none of this name.

    `UNKNOWN_300` passes: a builtin op that a file has and the schema does not know yet.
    """
    known = ops_of(domain)
    if known is None or op_type in known or (domain == TFLITE and op_type.startswith("UNKNOWN_")):
        return
    near = get_close_matches(op_type, known, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise AttributeError(f"{op_type} is no op of the dialect {domain}{hint}")


def check_added(op_type: str, names: Iterable[str]) -> None:
    """Raise AttributeError, with the near name, for an option that an intermediate op does not have."""
    known = INTERMEDIATE_OPS[op_type].options
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'none'}"
            raise AttributeError(f"an option {name!r}, which {op_type} does not have; {hint}")
