"""A trace file that is damaged, or made to do harm, is one ValueError."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.trace import Replay


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return list(lab.convert(samples.path("digits_int8")).trace.lines())


STEP: dict[str, Any] = {
    "i": 0,
    "rule": None,
    "root": None,
    "bind": {},
    "origin": [],
    "note": "",
    "ms": 1.0,
    "edits": [],
    "error": None,
}


@pytest.mark.parametrize(
    "line",
    [
        {"step": 3},
        {"step": {}},
        {"step": {**STEP, "rule": 99}},
        {"step": {**STEP, "i": 7}},
        {"step": {**STEP, "edits": None}},
        {"rule": {}},
        {"rule": {"id": "0", "stage": "handlers", "name": "x"}},
    ],
    ids=str,
)
def test_a_line_that_is_none(lines: list[str], line: object) -> None:
    with pytest.raises(ValueError, match=r"not a trace: .*line 3"):
        lab.load_trace([*lines[:2], json.dumps(line)])


@pytest.mark.parametrize(
    "head", ['{"header": 3}', '{"header": {}}', "[" * 100_000, '{"header": {"name": 3, "stages": []}}']
)
def test_a_header_that_is_none(lines: list[str], head: str) -> None:
    with pytest.raises(ValueError, match="not a trace"):
        lab.load_trace([head, *lines[1:]])


@pytest.mark.parametrize(
    "edit",
    [
        [],
        ["_init__", None],
        ["goto", 1],
        ["class"],
        ["erase", 10**9],
        ["erase"],
        ["insert", 0, 10**9, {}, []],
        "erase",
        3,
        [[]],
    ],
    ids=str,
)
def test_an_edit_that_is_none(lines: list[str], edit: object) -> None:
    trace = lab.load_trace([*lines[:2], json.dumps({"step": {**STEP, "edits": [edit]}})])
    with pytest.raises(ValueError, match="the trace is damaged: step 0 cannot be applied"):
        Replay(trace).goto(1)


def test_bytes_at_random(lines: list[str]) -> None:
    text, rng, refused = "\n".join(lines), random.Random(0), 0
    for _ in range(60):
        broken = list(text)
        for _ in range(rng.choice((1, 3, 30))):
            broken[rng.randrange(len(broken))] = rng.choice('0123456789"{}[],:-xn')
        try:
            trace = lab.load_trace("".join(broken).splitlines())
            Replay(trace).goto(len(trace))
        except ValueError as error:
            refused += 1
            assert str(error)
    assert 10 < refused <= 60
