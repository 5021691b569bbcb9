"""Two conversions side by side: what differs is named, op by op and node by node, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples

MODEL = samples.path("digits_int8")


@pytest.fixture(scope="module")
def plain() -> lab.Conversion:
    return lab.convert(MODEL)


def statuses(it: Any) -> dict[str, int]:
    return dict(it.view("Ops").data["statuses"])


def test_a_conversion_with_itself(plain: lab.Conversion) -> None:
    it = lab.Compare(plain, lab.convert(MODEL))
    assert it.difference.sentence() == "the same options and rules: none of 10 ops became something else"
    assert it.difference.marks == ({}, {}) and statuses(it) == {"equal": 10}
    assert it.view("Steps").data["rows"] == []
    assert [row["what"] for row in it.view("Summary").data["rows"] if row["far"]] == []
    it.close()


def test_two_opsets(plain: lab.Conversion) -> None:
    it = lab.Compare(lab.convert(MODEL, 13), plain)
    assert it.difference.sentence().startswith("opset 13 and 18: ")
    assert [row["what"] for row in it.view("Summary").data["rows"] if row["far"]][0] == "opset"
    it.close()


def test_dequantize_on_and_off(plain: lab.Conversion) -> None:
    it = lab.Compare(plain, lab.convert(MODEL, dequantize=True))
    assert "dequantize default and True" in it.difference.sentence()
    assert statuses(it)["differs"] >= 8
    a, b = it.difference.marks
    assert "only" in a.values() and set(a.values()) | set(b.values()) <= {"only", "differs"}
    facts = {row["what"]: (row["a"], row["b"]) for row in it.view("Summary").data["rows"]}
    assert facts["on integers"] == ("100.0%", "—")
    assert it.view("Parity").data["rows"] and it.view("Kernels").data["rows"]
    it.close()


def test_with_and_without_a_rule(plain: lab.Conversion) -> None:
    name = next(step.rule["name"] for step in plain.trace if step.stage == "optimizers")
    with lab.without(name):
        other = lab.convert(MODEL)
    it = lab.Compare(plain, other)
    assert f"{name} only in a" in it.difference.sentence()
    row = next(row for row in it.view("Steps").data["rows"] if row["rule"] == name)
    assert row["b"] == 0 and row["a"] > 0 and row["far"]
    it.close()


def test_two_models_are_aligned_by_what_their_ops_are(plain: lab.Conversion) -> None:
    it = lab.Compare(plain, samples.path("digits_uint8"))
    types = [plain.trace.start["nodes"][op]["op"] for op in it.difference.pairs]
    other = it.difference.b.trace.start["nodes"]
    assert types == [next(n["op"] for n in other if n["origin"] == [b]) for b in it.difference.pairs.values()]
    assert len(types) >= 8
    it.close()


def test_two_traces(plain: lab.Conversion, tmp_path: Path) -> None:
    path = tmp_path / "old.tfltrace"
    plain.trace.save(path)
    it = lab.Compare(path, lab.convert(MODEL, dequantize=True).trace)
    assert statuses(it)["differs"] >= 8
    with pytest.raises(ValueError, match="a trace alone cannot be run"):
        it.view("Parity")
    assert "was not asked" in it.view("Kernels").data["title"]
    it.close()


def test_one_selection_in_both(plain: lab.Conversion) -> None:
    it = lab.Compare(plain, lab.convert(MODEL, dequantize=True))
    sides = it.view("Graphs")
    it.view("Ops").selection = 4
    assert sides.left_selected in it.difference.a.left[4]
    assert sides.right_selected in it.difference.b.left[it.difference.pairs[4]]
    sides.right_selected = it.difference.b.left[it.difference.pairs[7]][0]
    assert it.selection == 7 and it.view("Ops").selection == 7
    assert sides.left_selected in it.difference.a.left[7]
    it.close()
