"""ONNX Runtime as the fourth stage of the trace."""

from __future__ import annotations

import copy
from collections import Counter

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.runtime.stage import STAGE
from tfonnx_lab.trace import Replay

NAMES = ["digits_int8", "digits_uint8", "digits_float", "digits_dynamic_range", "digits_int16x8"]


@pytest.mark.parametrize("name", NAMES)
def test_the_stage_replays_forwards_and_back(name: str) -> None:
    trace = lab.convert(samples.path(name)).runtime_trace()
    replay = Replay(trace).goto(len(trace))
    end = copy.deepcopy(replay.graph())
    start = copy.deepcopy(replay.goto(0).graph())
    assert replay.goto(len(trace)).graph() == end
    assert replay.goto(0).graph() == start
    made = {v for n in end["nodes"].values() for v in n["out"]}
    fed = {v for g in end["graphs"].values() for v in g["inputs"]}
    for node in end["nodes"].values():
        for value in node["in"]:
            assert value is None or value in made | fed or end["values"][value]["const"], f"{node['op']} reads nothing"


def test_the_kernels_are_those_that_run() -> None:
    result = lab.convert(samples.path("digits_int8"))
    trace = result.runtime_trace()
    assert trace.header["stages"][-1] == STAGE
    steps = Counter(step.rule["name"] for step in trace if step.stage == STAGE)
    kernels = result.runtime().kernels
    assert steps["QLinearConv"] == kernels["QLinearConv"] == 5
    assert all(count == kernels[name] for name, count in steps.items() if name != "merge_activation")
    assert len(trace) > len(result.trace), "the conversion's own trace is left as it is"


def test_what_stays_float_is_a_near_miss_with_its_reason() -> None:
    result = lab.convert(samples.path("digits_int16x8"), opset=21)
    islands = result.runtime().islands
    trace = result.runtime_trace()
    assert len([m for m in trace.misses if trace.rules[m["rule"]]["stage"] == STAGE]) == len(islands) > 0
    assert all(m["why"] for m in trace.misses)


def test_it_is_saved_and_loaded(tmp_path) -> None:  # type: ignore[no-untyped-def]
    trace = lab.convert(samples.path("digits_int8")).runtime_trace()
    trace.save(tmp_path / "four.tfltrace")
    assert list(lab.load_trace(tmp_path / "four.tfltrace").lines()) == list(trace.lines())
