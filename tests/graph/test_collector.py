"""The garbage collector behind work on graphs: what was made is old, what somebody froze stays frozen, counted once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from tfonnx_lab.graph import collector
from tfonnx_lab.graph.collector import collector_paused


@pytest.fixture(autouse=True)
def nothing_is_frozen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(collector.Unseen, "frozen", False)
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_what_was_made_is_old_and_nothing_is_collected_inside() -> None:
    gc.collect()
    with collector_paused():
        assert not gc.isenabled()
        made: list[Any] = [[] for _ in range(1000)]
    assert gc.isenabled()
    assert any(made[0] is held for held in gc.get_objects(generation=2))


def test_what_somebody_froze_stays_frozen_and_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = []
    count = gc.get_freeze_count

    def counting() -> int:
        counted.append(1)
        return count()

    monkeypatch.setattr(gc, "get_freeze_count", counting)
    gc.freeze()
    for _ in range(5):
        with collector_paused():
            pass
    assert count() > 0
    assert len(counted) == 1
