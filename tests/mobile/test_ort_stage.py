"""ORT format as a stage of the trace: it ends in the file's graph, and steps there and back through connected
graphs."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

import tfonnx_lab as lab
from mobile.test_ort_file import loop_model
from tfonnx_lab import samples
from tfonnx_lab.mobile import Mobile, OrtModel
from tfonnx_lab.mobile.ort_steps import STAGE
from tfonnx_lab.runtime.sessions import REPLAY
from tfonnx_lab.trace import Replay, Trace, load_trace

NAMES = ["digits_float", "digits_int8", "digits_uint8", "digits_dynamic_range", "digits_int16x8"]


def stripped(names: Sequence[str]) -> tuple[str, ...]:
    """Without what is left out at the end."""
    return tuple(names[: max([i + 1 for i, n in enumerate(names) if n], default=0)])


def assert_it_is_the_file(trace: Trace, model: OrtModel) -> None:
    """The last graph of the trace has the nodes of the file, with the names of what they read and make."""
    replay = Replay(trace).goto(len(trace))
    graph = replay.graph()

    def names(values: Sequence[int | None]) -> tuple[str, ...]:
        return stripped(["" if v is None else graph["values"][v]["name"] for v in values])

    ours = Counter((n["op"], names(n["in"]), names(n["out"])) for n in graph["nodes"].values())
    theirs = Counter((n.op, stripped(n.inputs), stripped(n.outputs)) for n in model.nodes)
    assert ours == theirs


def assert_connected(replay: Replay) -> None:
    """Nobody reads what nobody makes."""
    graph = replay.graph()
    made = {v for n in graph["nodes"].values() for v in n["out"]} | {
        v for g in graph["graphs"].values() for v in g["inputs"]
    }
    read = {v for n in graph["nodes"].values() for v in n["in"]} | {
        v for g in graph["graphs"].values() for v in g["outputs"]
    }
    assert not [graph["values"][v]["name"] for v in read - made - {None} if not graph["values"][v]["const"]]


@pytest.mark.parametrize(
    "how", [("Fixed", "all", None), ("Fixed", "all", "amd64"), ("Fixed", "basic", None), ("Runtime", "all", "arm")]
)
@pytest.mark.parametrize("name", NAMES)
def test_the_stage_ends_in_the_file(name: str, how: Any) -> None:
    m = Mobile(samples.path(name))
    trace = m.trace(*how)
    assert_it_is_the_file(trace, m.ort(*how))
    replay = Replay(trace)
    start = copy.deepcopy(replay.graph())
    for position in range(len(trace) + 1):
        assert_connected(replay.goto(position))
    assert replay.goto(0).graph() == start
    assert load_trace(trace.lines()).counts() == trace.counts()


def test_the_steps_say_what_happened() -> None:
    m = Mobile(samples.path("digits_int8"))
    trace = m.trace()
    assert trace.header["stages"][-1] == STAGE
    steps = [s for s in trace if s.stage == STAGE]
    fused = next(s for s in steps if s.rule["name"] == "fuse_QLinearConv")
    assert "DequantizeLinear" in fused.rule["doc"] and fused.rule["doc"].endswith("=> QLinearConv.") and fused.origin
    convs = [n for n in m.ort().nodes if n.op == "QLinearConv"]
    assert sum(s.rule["name"] == "fuse_QLinearConv" for s in steps) == len(convs)
    assert steps[-1].rule["name"] == "assign_kernels" and "CPUExecutionProvider" in steps[-1].note
    assert "CONV_2D" in [n["op"] for n in trace.start["nodes"]], "it begins with the TFLite graph"


def test_constants_are_folded() -> None:
    trace = Mobile(samples.path("digits_dynamic_range")).trace()
    folded = [s for s in trace if s.stage == STAGE and s.rule["name"] == "fold_constants"]
    assert folded and all("=> constant" in s.rule["doc"] for s in folded)


def test_what_is_recorded_for_later_changes_nothing() -> None:
    m = Mobile(samples.path("digits_int8"), style="Runtime")
    trace = m.trace()
    steps = [s for s in trace if s.rule["name"] == "recorded_for_later"]
    assert len(steps) == len(m.ort().records) > 0
    assert all(not s.edits and REPLAY in s.rule["doc"] for s in steps)
    conv = next(s for s in steps if "QLinearConv" in s.note)
    state = Replay(trace).goto(conv.i)
    assert conv.root is not None and state.graph()["nodes"][conv.root]["op"] == "Conv"
    assert conv.note.startswith("DequantizeLinear") and conv.origin


def test_bodies_of_loops_and_models_that_were_not_converted() -> None:
    m = Mobile(loop_model())
    for level in ("disable", "all"):
        trace = m.trace(level=level)
        assert_it_is_the_file(trace, m.ort(level=level))
    assert trace.header["stages"] == [STAGE] and lab.Stepper(trace) is not None
