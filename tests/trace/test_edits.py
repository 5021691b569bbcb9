"""The language of the trace: records, inverses, the table in docs/trace.md, and that no other code takes edits
apart."""

from __future__ import annotations

import ast
import copy
from pathlib import Path
from typing import Any

import pytest
from trace_of_subgraphs import subgraphs

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.trace import EDITS, Edit, Replay, Trace
from tfonnx_lab.trace.edits import edit_of
from tfonnx_lab.trace.table import form, table, with_table

PACKAGE = Path(lab.__file__).parent
DOCUMENT = PACKAGE.parent / "docs" / "trace.md"


def test_the_table_in_the_document_is_that_of_the_classes() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert with_table(text) == text, "python -m tfonnx_lab.trace.table docs/trace.md"
    assert len({kind.tag for kind in EDITS}) == len(EDITS) == table().count("\n") - 2
    assert set(Edit.__subclasses__()) >= set(EDITS)
    with pytest.raises(ValueError, match="no table"):
        with_table("nothing")


@pytest.mark.parametrize("kind", EDITS, ids=lambda kind: kind.tag)
def test_an_edit_is_its_record_and_cannot_be_changed(kind: type[Edit]) -> None:
    names = list(form(kind))
    edit = next(e for step in subgraphs() for e in map(edit_of, step.edits) if isinstance(e, kind))
    assert edit_of(edit.record) == edit and edit.record[0] == kind.tag and names
    slots: tuple[str, ...] = kind.__slots__
    assert len(edit.record) == 1 + len(slots)
    with pytest.raises(AttributeError):
        setattr(edit, slots[0], None)


def everything(replay: Replay) -> Any:
    """All that a state holds of what stands or can be told: who uses what in any order, since undoing puts a user
    last."""
    state = replay.state
    users = {v: sorted(u) for v, u in state.users.items() if u}
    standing = {n: state.nodes[n] for n in sorted(state.home)}
    return copy.deepcopy([state.graphs, standing, state.home, state.maker, users, state.size, state.live()])


@pytest.mark.parametrize(
    "trace", [subgraphs(), lab.convert(samples.path("digits_int8")).trace], ids=["subgraphs", "int8"]
)
def test_every_step_is_undone_exactly(trace: Trace) -> None:
    replay, states = Replay(trace), []
    for position in range(len(trace) + 1):
        states.append(everything(replay.goto(position)))
        assert states[-1][5] == sum(1 for _ in replay.state.standing())
    for position in reversed(range(len(trace))):
        assert everything(replay.goto(position)) == states[position], position
    for position in range(len(trace) + 1):
        assert everything(replay.goto(position)) == states[position], position


@pytest.mark.parametrize("kind", EDITS, ids=lambda kind: kind.tag)
def test_every_edit_is_undone_by_its_inverse(kind: type[Edit]) -> None:
    trace = subgraphs()
    replay, seen = Replay(trace), 0
    for position in range(len(trace)):
        state = replay.goto(position).state
        for edit in trace.plain(position):
            before = everything(replay)
            inverse = edit.inverse(state)
            edit.apply(state)
            if isinstance(edit, kind):
                seen += 1
                changed = everything(replay) != before or kind.tag == "constant" or edit.record[-1] == "w"
                values = dict(state.values)
                for back in inverse:
                    back.apply(state)
                assert changed or values != state.values, edit
                assert everything(replay) == before, edit
                edit.apply(state)
        replay = Replay(trace)
    assert seen


def test_a_step_that_cannot_be_taken_leaves_the_state_as_it_was() -> None:
    trace = subgraphs()
    trace.records[1]["edits"].append(["erase", 99])
    replay = Replay(trace).goto(1)
    before = everything(replay)
    with pytest.raises(ValueError, match="step 1 cannot be applied"):
        replay.goto(2)
    assert everything(replay) == before and replay.position == 1


def taken_apart(source: str) -> list[int]:
    """The lines that compare the first entry of something with an edit's tag."""
    tags = {kind.tag for kind in EDITS}
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Subscript):
            words = {c.value for c in ast.walk(node) if isinstance(c, ast.Constant) and isinstance(c.value, str)}
            index = node.left.slice
            if words & tags and isinstance(index, ast.Constant) and index.value == 0:
                found.append(node.lineno)
    return found


def test_no_other_code_takes_edits_apart() -> None:
    sources = {path.relative_to(PACKAGE): path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}
    assert len(sources) > 300 and {path: lines for path, text in sources.items() if (lines := taken_apart(text))} == {}
    assert taken_apart("for e in edits:\n    if e[0] == 'insert':\n        pass") == [2]
    assert taken_apart("ops = [e for e in edits if e[0] in ('erase', 'input')]") == [1]
