"""Texts (`handlers/flex/strings.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .against import newest_opset
from .cases import refusal
from .flex_cases import tried
from .flex_models import Case, ints, name_of

SPLITTING = (20, newest_opset())
PUNCTUATION = r'[!"#$%&()\*\+,-\./:;<=>?@\[\\\]^_`{|}~\']'
"""Keras's."""


def t(*texts: str, shape: tuple[int, ...] = (-1,)) -> Any:
    return np.array(texts, object).reshape(shape)


WORDS = t("Hello World", "", " two  SPACES ", "a,b,,c", ",x", "ÄÖ é", shape=(2, 3))
NUMBERS = np.array([0.5, -1.25, 3e7, 1e-7, -0.0, np.inf, -np.inf, np.nan, 0.1, 123456.789, 2.0000005], "f")


def anywhere() -> list[Case]:
    """What needs no new opset."""
    found: list[Case] = [(f"String{k}", [("input", WORDS)], {}) for k in ("Lower", "Upper")]
    found += [
        ("StringToNumber", [("string_tensor", t("1.5", "-2e3", "7"))], {"out_type": k}) for k in ("float32", "float64")
    ]
    found += [("StringToNumber", [("string_tensor", t("15", "-2"))], {"out_type": k}) for k in ("int32", "int64")]
    found += [("AsString", [("input", ints(5, -70, 0, dtype=k))], {}) for k in ("int32", "int64", "int8")]
    return [*found, ("AsString", [("input", np.array([True, False]))], {})]


def since_20() -> list[Case]:
    found: list[Case] = [("AsString", [("input", NUMBERS)], a) for a in ({}, {"precision": 2}, {"precision": 0})]
    found += [("AsString", [("input", NUMBERS.astype("f8"))], {"precision": 3})]
    found += [
        ("StringJoin", [("inputs*", WORDS), ("inputs*", t("!", shape=())), ("inputs*", WORDS[::-1])], {"separator": s})
        for s in ("", " ± ")
    ]
    found += [
        ("ReduceJoin", [("inputs", WORDS), ("reduction_indices=", ints(*axes))], {"separator": s, "keep_dims": k})
        for axes in ((1,), (0,), (0, 1), (1, 0), (-1,))
        for s, k in (("", False), ("+", True))
    ]
    flat = WORDS.ravel()
    found += [
        ("StringSplitV2", [("input", flat), ("sep=", t(s, shape=()))], {"maxsplit": m})
        for s, m in (("", -1), (",", -1), (",", 1), ("o W", -1), ("o W", 1))
    ]
    found += [
        ("StringSplit", [("input", flat), ("delimiter=", t(",", shape=()))], {"skip_empty": s}) for s in (True, False)
    ]
    found += [
        ("StaticRegexFullMatch", [("input", WORDS)], {"pattern": "[a-z,]+"}),
        ("RegexFullMatch", [("input", WORDS), ("pattern=", t(".*o.*", shape=()))], {}),
    ]
    for pattern, rewrite, every in (
        (" ", "_", True),
        (PUNCTUATION, "", True),
        ("[ ,]", "--", True),
        (",", "", False),
        ("o W", "<>", True),
    ):
        found += [
            (
                "StaticRegexReplace",
                [("input", WORDS)],
                {"pattern": pattern, "rewrite": rewrite, "replace_global": every},
            )
        ]
    found += [("RegexReplace", [("input", WORDS), ("pattern=", t("l", shape=())), ("rewrite=", t("L", shape=()))], {})]
    return found  # fmt: skip


@pytest.mark.parametrize("case", anywhere(), ids=name_of)
def test_anywhere(case: Case) -> None:
    tried(case)


@pytest.mark.parametrize("case", since_20(), ids=name_of)
def test_since_20(case: Case) -> None:
    tried(case, SPLITTING)
    with refusal("from opset 20 on"):
        tried(case, [18])


@pytest.mark.parametrize(
    "attrs", [{"pattern": "[^a-z]+"}, {"pattern": "ab|c"}, {"pattern": "a+"}, {"pattern": "(a)", "rewrite": "\\1"}]
)
def test_other_patterns_are_refused(attrs: dict[str, str]) -> None:
    with refusal("ONNX replaces no regular expressions"):
        tried(("StaticRegexReplace", [("input", WORDS)], {"rewrite": "", **attrs}), [20])


def test_a_limited_number_of_splits_at_spaces_is_refused() -> None:
    with refusal("TensorFlow keeps those of the rest"):
        tried(("StringSplitV2", [("input", WORDS.ravel()), ("sep=", t("", shape=()))], {"maxsplit": 1}), [20])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_parts_of_several_texts_are_gathered_whole(axis: int) -> None:
    """ONNX Runtime's Gather loses all but the first text of each part."""
    texts = t(*(f"text {n}" for n in range(24)), shape=(2, 3, 4))
    given = [("params", texts), ("indices", ints(1, 0, 1, 1).reshape(2, 2)), ("axis=", np.int32(axis))]
    tried(("GatherV2", given, {}), unknown=[False])
