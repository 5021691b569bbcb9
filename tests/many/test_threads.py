"""A process of convert_many() is one of many: its models run on one thread."""

from __future__ import annotations

from typing import Any

import onnxruntime
import pytest

import tfonnx_lab as lab
from tfonnx_lab.many import process
from tfonnx_lab.runtime.sessions import Threads


def test_models_are_judged_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    made = onnxruntime.InferenceSession

    def noted(model: Any, options: Any, **more: Any) -> Any:
        threads.append(options.intra_op_num_threads)
        return made(model, options, **more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", noted)
    monkeypatch.setattr(Threads, "each", 0)
    row = process._judged(lab.convert(lab.samples.path("digits_int8")))
    assert row["status"] == "right"
    assert threads
    assert set(threads) == {1}
