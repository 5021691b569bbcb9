"""docs/ops.md: every op that a rule names has a row, every `raise Unsupported` is the limit of an op."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from . import support_table
from .limits import limits, refusals

TABLE = (Path(__file__).parents[2] / "docs" / "ops.md").read_text("utf-8")
ROWS = {m[1]: m[0] for m in re.finditer(r"^\| `([^`]+)` \|.*$", TABLE, re.MULTILINE)}


def test_every_op_that_a_rule_names_has_a_row() -> None:
    assert len(ROWS) > 300 and not support_table.named_ops() - set(ROWS)


def test_every_row_has_a_judge_and_no_failure() -> None:
    assert ROWS
    for op, row in ROWS.items():
        _, judge, inputs, _, opsets, told = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert set(judge.split(", ")) <= {"LiteRT", "TensorFlow", "numpy"} or (judge == "none" and told), op
        assert inputs and (opsets or told), op
        assert "checks fail" not in told, op


def test_every_refusal_of_the_source_is_the_limit_of_an_op() -> None:
    of_ops = {place for texts in limits().values() for places in texts.values() for place in places}
    sites = {f"{r.place[0].removeprefix('tfonnx_lab.').replace('.', '/')}.py:{r.line}" for r in refusals()}
    assert len(sites) > 60 and sites == of_ops


def test_every_limit_is_told() -> None:
    told = {op: texts for op, texts in limits().items() if op in ROWS}
    assert len(told) > 100
    for op, texts in told.items():
        for text in texts:
            where = TABLE if text in support_table.common() else ROWS[op]
            parts = [part for part in text.replace("|", "\\|").split("…") if part]
            assert parts and all(part in where for part in parts), (op, text)


def record(op: str, **more: Any) -> dict[str, Any]:
    fact = {
        "op": op,
        "dtype": "int8",
        "scheme": "per tensor",
        "inputs": ["int8", "int8"],
        "judge": "LiteRT",
        "opset": 18,
    }
    return {**fact, "verdict": "pass", "reason": "", "test": "t"} | more


def test_the_gate_counts_ops() -> None:
    """FlexAvgPool shares a function with FlexMaxPool; it has to have its own test all the same."""
    told = support_table.untested([record("FlexMaxPool"), record("FlexAvgPool", verdict="fail")])
    assert "FlexAvgPool" in told[0] and "FlexMaxPool," not in told[0] and "AveragePool3D" in told[0]
    assert support_table.untested([record(op) for op in support_table.named_ops()]) == []


def test_a_row() -> None:
    records = [
        record("CONV_2D", inputs=["int8", "int8", None]),
        record("CONV_2D", inputs=["float32", "float32", "float32"], judge="numpy", opset=13, scheme="none"),
        record("SKIP_GRAM", verdict="unsupported", opset=13,
               reason="m: 1 op\n  SKIP_GRAM (op 0 of subgraph 0): it splits a string into words, "
                      "which ONNX does from "
                      "opset 20 on [rule skip_gram, handlers/skip_gram.py]"),
        record("ADD", verdict="fail"),
    ]  # fmt: skip
    lines = support_table.table(records).splitlines()
    conv = next(line for line in lines if line.startswith("| `CONV_2D`"))
    assert "| LiteRT, numpy | x float32, int8; w float32, int8; b float32 | per tensor | 13, 18 |" in conv
    assert "the shape of its weights is not known" in conv
    assert any(
        line.endswith("| opset 13: it splits a string into words, which ONNX does from opset 20 on |") for line in lines
    )
    assert any(line.startswith("| `ADD`") and line.endswith("**1 checks fail** |") for line in lines)


@pytest.mark.parametrize(
    ("op", "inputs", "cell"),
    [
        ("ADD_N", {0: {"float32"}, 1: {"int32"}}, "xs float32, int32"),
        ("CONV_2D", {0: {"int8"}, 3: {"int8"}}, "x int8; input 4 int8"),
        ("VAR_HANDLE", {}, "none"),
    ],
)
def test_names_of_inputs(op: str, inputs: Any, cell: str) -> None:
    assert support_table.inputs_cell(op, inputs) == cell
