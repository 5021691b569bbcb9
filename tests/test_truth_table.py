"""The table of truth: its faults are planted where they are said to be, and its figures count what they say."""

from __future__ import annotations

import importlib
import itertools
from typing import Any

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples

table: Any = importlib.import_module("benchmarks.truth_table")
faults: Any = importlib.import_module("benchmarks.faults")


def case(wanted: int | None, named: int | None, ok: bool) -> Any:
    return table.Case("a model", wanted, named, ok, "a sentence", 0.0)


def test_the_figures() -> None:
    right = [case(None, None, True), case(None, 3, False)]
    faulty = [case(3, 3, False), case(3, 4, False), case(3, None, True)]
    said = table.summary({"right": right, "faulty": faulty})
    assert "2 right conversions: an innocent op is accused in 1" in said
    assert "named first in 1, an innocent one in 1, none in 1" in said
    assert [c.right for c in (*right, *faulty)] == [True, False, True, False, False]


@pytest.mark.parametrize("stage", ["handler", "rewriter", "optimizer"])
def test_a_fault_of_each_stage_is_found_and_taken_away(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "ALL", [fault for fault in faults.ALL if fault.stage == stage])
    [found] = itertools.islice(table.faulty_ones([samples.path("digits_float")], 0), 1)
    assert found.right and stage in found.sentence, str(found)
    assert lab.restore() == [], "nothing is left behind"
