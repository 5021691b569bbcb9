"""A conversion that fails leaves its trace: on the error, in the file that `--trace` names, in the magic and in the
lab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx_ir as ir
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.commands.cli import main
from tfonnx_lab.graph import OpBuilder, all_nodes
from tfonnx_lab.rules import OPTIMIZERS, REWRITERS, Rule, Stage
from tfonnx_lab.trace import Replay, Trace

INT8 = samples.path("digits_int8")
HERE = Path(__file__)
LINE = next(i for i, text in enumerate(HERE.read_text().splitlines(), 1) if text.endswith("# the bug"))


def looks_up(op: OpBuilder) -> bool:
    """The whole graph => nothing, for a node is looked up that is not there."""
    op.editor.retype(op.editor.graph.inputs[0], name="halfway")
    names = {node.name: node for node in op.editor.graph}
    return names["conv_3"] is not None  # the bug


@pytest.fixture(params=[REWRITERS, OPTIMIZERS], ids=lambda stage: stage.name)
def bug(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A stage with a whole-graph rule that raises, in its last phase."""
    stage: Stage = request.param
    rule = Rule(stage.name, None, looks_up)
    stage.add(rule, stage.phases[-1])
    yield stage
    stage.remove(rule)


def is_complete(trace: Trace, graph_nodes: int | None = None) -> None:
    """The trace ends with the failed step, replays, and loads again."""
    steps = list(trace)
    assert trace.end is not None and trace.end["status"] == "failed"
    assert steps[-1].error is not None and steps[-1].error["type"] == "KeyError"
    assert steps[-1].rule["name"] == "looks_up" and steps[-1].root is None
    assert "# the bug" in steps[-1].error["traceback"]
    assert [edit[0] for edit in steps[-1].edits] == ["retype"], "what it did before it raised is in the trace"
    size = Replay(trace).goto(len(trace)).size
    assert size == trace.end["nodes"] == (size if graph_nodes is None else graph_nodes)
    assert list(lab.load_trace(trace.lines()).lines()) == list(trace.lines())


def test_a_bug_in_a_whole_graph_rule_is_told(bug: Stage) -> None:
    with pytest.raises(lab.ConversionError) as caught:
        lab.convert(INT8)
    place = f"KeyError: 'conv_3' [rule looks_up, {HERE}:{LINE}]"
    assert str(caught.value).splitlines() == [
        f"{INT8.name}: a rule of the whole graph failed", f"  the whole graph (stage {bug.name}): {place}",
    ]  # fmt: skip
    is_complete(caught.value.trace)


def test_a_bug_in_a_whole_graph_rule_of_the_package_is_told(bug: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rule, "of_the_package", True)
    with pytest.raises(lab.ConversionError) as caught:
        lab.convert(INT8)
    told = str(caught.value).splitlines()[1]
    assert told.startswith(
        f"  the whole graph (stage {bug.name}): KeyError: 'conv_3'; this rule does not cover the graph"
    )
    assert "please report it" in told and told.endswith(f"[rule looks_up, {HERE}:{LINE}]")


def test_it_is_kept_where_that_is_wanted(bug: Stage) -> None:
    kept = lab.convert(INT8, on_error="keep")
    assert [f.op for f in kept.failures] == ["the whole graph"]
    is_complete(kept.trace, sum(1 for _ in all_nodes(kept.ir_model.graph)))
    with pytest.raises(lab.ConversionError, match="not saved") as caught:
        kept.save("never.onnx")
    assert caught.value.trace is kept.trace
    again = lab.retry(kept, parity=False)
    assert [f.op for f in again.failures] == ["the whole graph"]
    bug.remove(next(rule for rule in bug if rule.name == "looks_up"))
    right = lab.retry(again, parity=False)
    assert right.failures == () and right.changes is not None and "looks_up" in right.changes.why
    assert right.model.SerializeToString() == lab.convert(INT8).model.SerializeToString()


def test_the_command_line_writes_it(bug: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "m.tfltrace"
    with pytest.raises(SystemExit) as end:
        main(["convert", str(INT8), "--output", str(tmp_path / "m.onnx"), "--trace", str(file)])
    assert end.value.code == 1 and [p.name for p in tmp_path.iterdir()] == ["m.tfltrace"]
    is_complete(lab.load_trace(file))
    said = capsys.readouterr().err
    assert "KeyError: 'conv_3' [rule looks_up" in said and f"{file}: the trace" in said


def test_the_command_line_writes_it_for_an_op_that_fails(tmp_path: Path) -> None:
    file = tmp_path / "m.tfltrace"
    with pytest.raises(SystemExit) as end:
        main(["convert", str(samples.path("digits_unsupported")), "--output", str(tmp_path / "m.onnx"), "--trace",
        str(file)])  # fmt: skip
    assert end.value.code == 1
    failed = [step for step in lab.load_trace(file) if step.error]
    assert len(failed) == 1 and failed[0].error is not None and "no handler" in failed[0].error["message"]


def test_an_option_that_does_not_fit_is_told_as_before(tmp_path: Path) -> None:
    with pytest.raises(lab.ConversionError, match=r"there is no 'nothing'") as caught:
        lab.convert(INT8, inputs_as_nchw=("nothing",))
    assert "rule" not in str(caught.value)
    assert [step.error["type"] for step in caught.value.trace if step.error] == ["ConversionError"]


def test_a_file_that_is_no_model_has_no_trace() -> None:
    with pytest.raises(lab.ConversionError) as caught:
        lab.convert(b"nothing of the kind")
    assert caught.value.trace is None


def test_the_lab_and_the_stepper_open_it(bug: Stage) -> None:
    with pytest.raises(lab.ConversionError) as caught:
        lab.convert(INT8)
    opened = lab.Stepper(caught.value.trace)
    assert "looks_up" in opened.text()
    made = lab.Lab(INT8)
    assert made.result.failures[0].op == "the whole graph"
    for name in ("Steps", "Rewriters", "Handlers", "Optimizers", "Source"):
        made.view(name)
    made.close()


def test_the_magic_shows_and_writes_it(
    bug: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = InteractiveShell()
    assert shell.extension_manager is not None and shell.history_manager is not None
    shell.extension_manager.load_extension("tfonnx_lab")
    file = tmp_path / "m.tfltrace"
    result = shell.run_line_magic("tflite2onnx", f"'{INT8}' --trace '{file}'")
    assert result.failures and "looks_up" in capsys.readouterr().out
    is_complete(lab.load_trace(file))
    file.unlink()

    monkeypatch.setattr("tfonnx_lab.rules.driver._ROUNDS_OF_A_NODE", 0)  # the driver ends it, no rule
    monkeypatch.setattr("tfonnx_lab.rules.driver._ROUNDS", 0)
    with lab.without("looks_up"), pytest.raises(UsageError, match="do not come to an end"):
        shell.run_line_magic("tflite2onnx", f"'{INT8}' --trace '{file}'")
    assert "split_activation" in capsys.readouterr().out
    assert len(lab.load_trace(file)) > 0
    shell.history_manager.end_session()


class Picky:
    """An attribute's pattern that cannot be compared with anything."""

    def __ne__(self, other: object) -> bool:
        raise ZeroDivisionError("no comparison")


def test_a_pattern_that_raises_is_its_rules_failure() -> None:
    def never(op: OpBuilder, node: ir.Node) -> None:
        """CONV_2D => nothing."""

    rule = Rule(REWRITERS.name, lab.tfl.CONV_2D(..., name="node", padding=Picky()), never)
    REWRITERS.add(rule, "patterns")
    try:
        with pytest.raises(
            lab.ConversionError, match=r"ZeroDivisionError: no comparison \[rule never, .*test_failures"
        ):
            lab.convert(samples.path("digits_float"))
    finally:
        REWRITERS.remove(rule)
