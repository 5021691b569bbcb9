"""Reading a `.tfltrace` file, which may be cut off, damaged, or malicious."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.trace.trace import Trace

_HEADER = {"name": str, "stages": list}
_START = {"graphs": list, "nodes": list, "values": list}
_FIELDS: dict[str, dict[str, Any]] = {
    "rule": {"id": int, "stage": str, "name": str},
    "step": {"i": int, "rule": int | None, "bind": dict, "origin": list, "note": str, "ms": float | int, "edits": list,
             "root": int | None, "error": dict | None},
}  # fmt: skip
"""The fields that a line must have, and of which type they are."""


def load_trace(source: str | os.PathLike[str] | Iterable[str]) -> Trace:
    """Read a `.tfltrace` file (a path, or its lines). A last line that was cut off is left out.

    Raises ConversionError where the file cannot be read, ValueError where it is not a trace.
    """
    if not isinstance(source, (str, os.PathLike)):
        return _loaded(source)
    try:
        return _loaded(Path(source).read_text("utf-8").splitlines())
    except OSError as error:
        raise ConversionError(f"{source}: the trace cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{source}: not a trace: it is not text; lab.convert(...).trace.save('model.tfltrace') writes one"
        ) from error
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error


def _loaded(lines: Iterable[str]) -> Trace:
    """The trace of its lines. Raises as `load_trace`."""
    records = []
    for line in lines:
        try:
            records.append(next(iter(json.loads(line).items())))
        except (json.JSONDecodeError, RecursionError, StopIteration, AttributeError):
            break
    if len(records) < 2 or [records[0][0], records[1][0]] != ["header", "start"]:
        raise ValueError("not a trace: the first two lines are not a header and a start graph")
    _check(records[0][1], "header", _HEADER)
    _check(records[1][1], "start graph", _START)
    trace, rules = Trace(records[0][1], records[1][1]), {None}
    for number, (key, record) in enumerate(records[2:], 3):
        _check(record, f"line {number}", _FIELDS.get(key, {}))
        if key == "step":
            if record["rule"] not in rules or record["i"] != trace.count:
                raise ValueError(
                    f"not a trace: line {number} is not the next step, or names a rule that it does not have"
                )
            trace.add_step(record)
        elif key == "rule":
            rules.add(record["id"])
            trace.add_rule(record["id"], record)
        else:
            trace.add(key, record)
    return trace


def _check(record: Any, where: str, fields: Mapping[str, Any]) -> None:
    """Raises ValueError where the record lacks a field."""
    for name, kind in fields.items():
        if not isinstance(record, dict) or name not in record or not isinstance(record[name], kind):
            raise ValueError(f"not a trace: its {where} has no {name} as docs/trace.md has it")
