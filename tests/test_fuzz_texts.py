"""What the fuzz harness takes for an error that is not for people."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

unclear: Any = importlib.import_module("benchmarks.fuzz_texts").unclear


@pytest.mark.parametrize(
    "text",
    [
        "m.tflite: 1 op could not be converted\n  ADD (op 0 of subgraph 0): tuple index out of range [rule add]",
        "m.tflite: is damaged ('NoneType' object has no attribute 'shape')",
        "m.tflite: is damaged ()",
        "m.tflite: ",
        "",
        "m.tflite: KeyError: 'x'",
        "m.tflite: '<' not supported between instances of 'str' and 'int'",
        "m.tflite: " + "x" * 7_000,
    ],
)
def test_not_for_people(text: str) -> None:
    assert unclear(text)


@pytest.mark.parametrize(
    "text",
    [
        "m.tflite: the file is empty",
        "m.tflite: 1 op could not be converted\n  ADD (op 0 of subgraph 0): Add takes no string; cast it\n"
        "    tensors: einsum/None float[?,2], list index out of range float[]",
    ],
)
def test_for_people(text: str) -> None:
    assert not unclear(text)
