"""ONNX Runtime as the fourth stage of the trace."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.models import Model
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
    assert all(count == kernels[name] for name, count in steps.items() if not name.startswith("merge_"))
    assert len(trace) > len(result.trace), "the conversion's own trace is left as it is"


def pool() -> bytes:
    """A convolution, a pool, a convolution: ONNX Runtime runs all of them channels last."""
    rng = np.random.default_rng(0)
    m = Model()
    x = m.input([1, 8, 8, 4], "int8", (0.05, 3))
    how: dict[str, Any] = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
    for index in range(2):
        w = m.const(rng.integers(-99, 99, [4, 1, 1, 4]).astype("int8"), "int8", (0.01, 0))
        b = m.const(np.zeros(4, np.int32), "int32", (0.0005, 0))
        dilation: dict[str, Any] = {"dilation_h_factor": 1, "dilation_w_factor": 1}
        x = m.op("CONV_2D", [x, w, b], [m.tensor("int8", quant=(0.05, 3))], **how, **dilation)
        if not index:
            out = m.tensor("int8", quant=(0.05, 3))
            x = m.op("MAX_POOL_2D", [x], [out], **how, filter_width=2, filter_height=2)
    return m.outputs(x).bytes()


def test_the_last_graph_is_the_one_that_runs() -> None:
    result = lab.convert(pool())
    replay = Replay(trace := result.runtime_trace()).goto(len(trace))
    ops = Counter(replay.nodes[n]["op"] for graph in replay.graphs.values() for n in graph["nodes"])
    assert ops == result.runtime().kernels and ops["NhwcMaxPool"] == 1
    assert {"merge_layout", "NhwcMaxPool", "QLinearConv"} <= {s.rule["name"] for s in trace if s.stage == STAGE}


def test_a_kernel_has_its_inputs_in_its_own_order() -> None:
    trace = lab.convert(samples.path("digits_int8")).runtime_trace()
    step = next(s for s in trace if s.rule["name"] == "QLinearConv")
    replay = Replay(trace).goto(len(trace))
    node = next(e[3] for e in step.edits if e[0] == "insert")
    dtypes = [replay.values[v]["dtype"] for v in node["in"]]
    assert dtypes == ["UINT8", "FLOAT", "UINT8", "INT8", "FLOAT", "INT8", "FLOAT", "UINT8", "INT32"]


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
