"""A rule is found by its op's name: every family file's heading lists its ops, and `tfonnx-lab ops OP` tells of one."""

from __future__ import annotations

import re
import sys
from collections import defaultdict

import pytest

from tfonnx_lab.commands.cli import main
from tfonnx_lab.commands.ops import about, families
from tfonnx_lab.graph.intermediate import INTERMEDIATE_OPS
from tfonnx_lab.graph.op_schema import builtin_ops
from tfonnx_lab.rules import HANDLERS, REWRITERS, Stage

MOST = 20
"""Rewriters for more ops than that have them in a table of the file, which its heading does not repeat."""


def of_files(stage: Stage) -> dict[str, set[str]]:
    """Module => the ops that its rules are for."""
    found: dict[str, set[str]] = defaultdict(set)
    for rule in stage:
        if rule.pattern is not None and rule.of_the_package:
            found[rule.function.__module__] |= set(rule.pattern.op_types) - {"*"}
    return {module: ops for module, ops in found.items() if ops}


def listed(heading: str, ops: set[str]) -> set[str]:
    """What the line `Ops: A, B.` lists; without one, every op that the heading names."""
    line = re.search(r"^Ops: (.*)\.$", heading, re.MULTILINE | re.DOTALL)
    if line is not None:
        return set(re.split(r",\s+", line[1]))
    words = set(re.findall(r"[\w.]*\w", heading))
    return {word for word in words if word in builtin_ops() or word in INTERMEDIATE_OPS or word in ops}


FILES = {**of_files(HANDLERS), **{m: ops for m, ops in of_files(REWRITERS).items() if len(ops) <= MOST}}


EACH = [pytest.param(m, op, id=f"{m.partition('.')[2]}-{op}") for m in sorted(FILES) for op in sorted(FILES[m])]
"""File and op, named by both: `pytest --op OP` finds that a heading lacks it."""


@pytest.mark.parametrize(("module", "op"), EACH)
def test_a_heading_names_each_op_of_its_file(module: str, op: str) -> None:
    file = sys.modules[module]
    assert op in listed(file.__doc__ or "", FILES[module]), f"add {op} to the heading of {file.__file__}"


@pytest.mark.parametrize("module", sorted(FILES))
def test_a_heading_names_no_other_op(module: str) -> None:
    assert listed(sys.modules[module].__doc__ or "", FILES[module]) <= FILES[module]


def test_headings_of_all_handlers_are_read() -> None:
    assert len(FILES) > 60
    assert {rule.function.__module__ for rule in HANDLERS if rule.of_the_package} <= set(FILES)


def test_the_command_tells_of_an_op(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["ops", "CONV_2D"])
    out = capsys.readouterr().out
    assert end.value.code == 0
    rule = HANDLERS.find("tflite", "CONV_2D")
    assert rule is not None and f"conv_2d, handlers/conv.py:{rule.line}: CONV_2D" in out
    assert 'padding="SAME", stride_w=0' in out
    assert "split_activation, rewriters/fused_activation.py:" in out
    assert "tests/conformance/test_conv.py: test_" in out
    assert "docs/ops.md: judge: LiteRT; dtypes of the inputs: x float32, int16, int8, uint8; w float32" in out


def test_it_tells_of_ops_inside_of_patterns_and_of_those_between_stages() -> None:
    assert "dilated" in about("SPACE_TO_BATCH_ND").split("tests")[0]
    text = about("REAL_RANGE")
    assert "between stages" in text and "handler    none" in text and "infer_relu, " in text
    assert "flex/" in about("FlexRoll")


def test_an_op_that_nobody_names(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["ops", "CONV2D"])
    assert end.value.code == 1
    assert "did you mean CONV_2D" in capsys.readouterr().err


def test_all_families(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["ops"])
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{file}: {', '.join(ops)}" for file, ops in families().items()]
    assert "handlers/conv.py: CONV_2D, DEPTHWISE_CONV_2D" in lines
