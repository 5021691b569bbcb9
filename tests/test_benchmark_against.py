"""The benchmark beside an older one: worse by more than a third fails, if it is so twice."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tfonnx_lab import samples

benchmark: Any = importlib.import_module("benchmarks.__main__")


def row(ours: float, floor: float = 0.1, ok: bool = True) -> dict[str, Any]:
    return {
        "model": "m", "errors": {}, "ok": ok, "verdict": "", "warm": {"ours": ours, "floor": floor},
        "size": {"ours": 10.0, "tflite": 10.0}, "nodes": {"ours": 4, "tflite": 2},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("runs", "status", "said"),
    [
        ([row(0.9)], 0, ""),
        ([row(1.3)], 0, ""),
        ([row(1.5), row(1.0)], 0, "measured once more"),
        ([row(1.5), row(1.4)], 1, "warm over floor: 10.000 => 14.000"),
        ([row(1.5), row(2.0, floor=0.2)], 1, "warm over floor"),
        ([row(1.0, ok=False)], 1, ""),
    ],
    ids=["better", "a little", "once", "twice", "the floor keeps its least", "wrong"],
)
def test_against(
    runs: Sequence[Any], status: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    left = list(runs)

    def rows(*_: Any) -> Iterator[Any]:
        yield left.pop(0)

    monkeypatch.setattr(benchmark.beside, "rows", rows)
    old = tmp_path / "old.json"
    old.write_text(json.dumps({"means": {"warm": {"floor": 10.0}, "nodes": {"tflite": 2.0}}}))
    assert benchmark.main([str(samples.path("digits_int8")), "--peers", "litert", "--against", str(old)]) == status
    assert not left
    assert said in capsys.readouterr().err
