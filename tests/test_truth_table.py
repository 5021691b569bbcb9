"""The table of truth: its faults are planted where they are said to be, and its figures count what they say."""

from __future__ import annotations

import importlib
import itertools
from pathlib import Path
from typing import Any

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples

table: Any = importlib.import_module("benchmarks.truth.table")
kinds: Any = importlib.import_module("benchmarks.truth.kinds")
cases: Any = importlib.import_module("benchmarks.truth.cases")


def case(wanted: int | None, named: int | None, ok: bool) -> Any:
    return cases.Case("a model", wanted, named, ok, "a sentence", 0.0)


def test_the_figures() -> None:
    right = [case(None, None, True), case(None, 3, False)]
    faulty = [case(3, 3, False), case(3, 4, False), case(3, None, True)]
    said = cases.summary({"right": right, "faulty": faulty})
    assert "2 right conversions: an innocent op is accused in 1" in said
    assert "named first in 1, an innocent one in 1, none in 1" in said
    assert [c.right for c in (*right, *faulty)] == [True, False, True, False, False]


@pytest.mark.parametrize("stage", ["handler", "rewriter", "optimizer"])
def test_a_fault_of_each_stage_is_found_and_taken_away(stage: str) -> None:
    of_stage = [number for number, fault in enumerate(kinds.KINDS) if fault.stage == stage]
    [found] = itertools.islice(table.faulty_ones([samples.path("digits_float")], 0, kinds=of_stage), 1)
    assert found.right and stage in found.sentence, str(found)
    assert lab.restore() == [], "nothing is left behind"


def test_what_was_found_is_kept(tmp_path: Path) -> None:
    """Started again, it makes nothing anew, not even where an item has no case."""
    file, asked = tmp_path / "found.jsonl", [3, 4, 5]

    def made(item: int) -> Any:
        asked.remove(item)
        return None if item == 4 else case(item, item, False)

    first = list(cases.Kept(file, "these").each("faulty", made, [3, 4, 5], map))
    again = list(cases.Kept(file, "these").each("faulty", made, [3, 4, 5], map))
    assert [one.wanted for one in first] == [one.wanted for one in again] == [3, 5] and not asked
    assert cases.Kept(file, "others").known == {}
