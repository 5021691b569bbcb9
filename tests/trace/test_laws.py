"""The laws of a trace: replay gives the final graph, undo the start, a reloaded trace is equal, every node has an
origin."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.graph import is_tflite
from tfonnx_lab.trace import Replay, Trace

MODELS = Path(__file__).parents[3] / "shared" / "models"
FILES = [samples.path(name) for name in samples.names()] + sorted(MODELS.glob("*.tflite"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_laws(path: Path) -> None:
    result = lab.convert(path, on_error="keep")
    trace = result.trace
    replay = Replay(trace)
    start = repr(replay.graph())
    final = replay.goto(len(trace)).graph()
    held_by_trace = Counter((n["domain"], n["op"], n["name"]) for n in final["nodes"].values())
    assert held_by_trace == Counter((n.domain, n.op_type, n.name) for n in result.ir_model.graph.all_nodes())
    main = next(iter(final["graphs"].values()))
    assert [final["values"][v]["name"] for v in main["outputs"]] == [v.name for v in result.ir_model.graph.outputs]
    assert [final["values"][v]["name"] for v in main["inputs"]] == [v.name for v in result.ir_model.graph.inputs]
    assert repr(replay.goto(0).graph()) == start
    assert list(lab.load_trace(trace.lines()).lines()) == list(trace.lines())
    assert all(n["origin"] for n in final["nodes"].values() if n["in"]), "every node has an origin"
    left = [n for n in result.ir_model.graph.all_nodes() if is_tflite(n)]
    assert bool(left) == bool(result.failures), "a TFLite op is left exactly where the conversion says so"


@pytest.fixture
def trace() -> Trace:
    return lab.convert(samples.path("digits_int8")).trace


def test_any_position_is_reached_from_any_other(trace: Trace) -> None:
    there = Replay(trace).goto(len(trace) // 2).graph()
    roundabout = Replay(trace).goto(len(trace)).goto(3).goto(len(trace) // 2).graph()
    assert repr(there) == repr(roundabout)


def test_positions_outside_are_refused(trace: Trace) -> None:
    with pytest.raises(IndexError):
        Replay(trace).goto(len(trace) + 1)


def test_saved_and_loaded(trace: Trace, tmp_path: Path) -> None:
    trace.save(tmp_path / "t.tfltrace")
    assert list(lab.load_trace(tmp_path / "t.tfltrace").lines()) == list(trace.lines())


def test_a_trace_that_was_cut_off_opens_at_its_last_whole_step(trace: Trace) -> None:
    text = "\n".join(trace.lines())
    loaded = lab.load_trace(io.StringIO(text[: len(text) * 2 // 3]).readlines())
    assert 0 < len(loaded) < len(trace) and loaded.end is None
    Replay(loaded).goto(len(loaded))


def test_not_a_trace() -> None:
    with pytest.raises(ValueError, match="not a trace"):
        lab.load_trace(['{"start": {}}'])


def test_a_failing_op_is_a_step_with_its_traceback() -> None:
    trace = lab.convert(samples.path("digits_unsupported"), on_error="keep").trace
    failed = [step for step in trace if step.error]
    assert len(failed) == 1 and failed[0].edits == []
    assert failed[0].error is not None and "no handler" in failed[0].error["message"]
    assert "failed" in str(trace)
