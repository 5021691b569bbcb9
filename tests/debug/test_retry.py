"""A second try gives what converting from the start gives, calls no handler before the first op that a change affects,
and tells what it did."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.conversion import last
from tfonnx_lab.conversion.pipeline import STAGES
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.patterns import NodePattern
from tfonnx_lab.rules import HANDLERS, OPTIMIZERS, Rule
from tfonnx_lab.rules.options import keywords
from tfonnx_lab.trace import Replay

MODELS = Path(__file__).parents[3] / "shared" / "models"
SMALL = 300_000
FILES = [samples.path(name) for name in samples.names()]
FILES += sorted(path for path in MODELS.glob("*.tflite") if path.stat().st_size < SMALL)
pytestmark = pytest.mark.usefixtures("handlers")


def lines(result: lab.Conversion) -> Iterator[Any]:
    """The trace but for its times."""
    for line in result.trace.lines():
        record = json.loads(line)
        for inner in record.values():
            inner.pop("ms", None)
        yield record


def renew(domain: str, op_type: str) -> None:
    """Put a handler that does the same as the one that is there over it."""
    old = HANDLERS.find(domain, op_type)
    assert old is not None

    names = [f"a{i}" for i in range(old.function.__code__.co_argcount - 2)]
    wanted = keywords(old.function)
    taken = ["*rest"] if old.function.__code__.co_flags & 4 else [*names, *(["*"] if wanted else [])]
    given = ["*rest"] if "*rest" in taken else names
    parameters = ", ".join(["op", "node", *taken, *wanted])
    arguments = ", ".join(["op", "node", *given, *(f"{k}={k}" for k in wanted)])
    code = f"lambda {parameters}: f({arguments})"
    function = eval(code, {"f": old.function})
    function.__module__ = "tfonnx_lab.tests"
    function.__kwdefaults__ = old.function.__kwdefaults__
    HANDLERS.add(Rule(HANDLERS.name, NodePattern(domain, (op_type,)), function, positional=True), "ops")


def op_types(result: lab.Conversion) -> list[tuple[str, str]]:
    """The op types that handlers converted, in the order in which they came first."""
    found = []
    for step in result.trace.records:
        if step["rule"] is not None and result.resumable is not None:
            rule = result.resumable.recorder.rule(step["rule"])
            node = result.resumable.recorder.find(step["root"]) if step["root"] is not None else None
            if rule.stage == "handlers" and node is not None and (node.domain, node.op_type) not in found:
                found.append((node.domain, node.op_type))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_it_gives_what_converting_from_the_start_gives(path: Path) -> None:
    result = lab.convert(path, on_error="keep")
    kinds = op_types(result)
    for domain, op_type in {kinds[0], kinds[len(kinds) // 2], kinds[-1]}:
        before = [list(stage) for stage in STAGES]
        renew(domain, op_type)
        again = lab.retry(result, parity=False)
        assert again.changes is not None and again.changes.reused < len(again.trace) and again.changes.ops == ()
        fresh = lab.retry(result, everything=True, parity=False)
        assert fresh.changes is not None and fresh.changes.reused == 0
        assert again.model.SerializeToString() == fresh.model.SerializeToString()
        for mine, theirs in zip(lines(again), lines(fresh), strict=True):
            assert mine == theirs
        Replay(again.trace).goto(len(again.trace)).goto(0)
        assert again.failures == fresh.failures
        for rule in [r for r in HANDLERS if r not in before[1]]:
            HANDLERS.remove(rule)


def test_ops_before_the_first_one_affected_are_not_converted_again() -> None:
    result = lab.convert(samples.path("digits_float"))
    kinds = op_types(result)
    called: list[str] = []
    for domain, op_type in kinds:
        renew(domain, op_type)
        rule = HANDLERS.find(domain, op_type)
        assert rule is not None
        rule.function.__globals__["f"] = _counting(rule.function.__globals__["f"], op_type, called)
    first = lab.retry(result, parity=False)
    assert set(called) == {op for _, op in kinds}
    called.clear()
    renew("tflite", "SOFTMAX")
    second = lab.retry(first, parity=False)
    assert called == ["SOFTMAX"] and second.changes is not None and second.changes.reused > first.changes.reused


def _counting(function: Any, op_type: str, called: list[str]) -> Any:
    def counted(*arguments: Any, **options: Any) -> Any:
        called.append(op_type)
        return function(*arguments, **options)

    return counted


def test_a_new_handler_makes_the_failing_op_right() -> None:
    result = lab.convert(samples.path("digits_unsupported"), on_error="keep")
    assert [f.op for f in result.failures] == ["custom op LabSharpen"]

    @lab.handler("LabSharpen")
    def sharpen(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
        """LabSharpen(x) => x + 0.5 * (x - mean(x))."""
        return op.Add(x, op.Mul(op.Sub(x, op.ReduceMean(x, keepdims=1)), np.float32(0.5)))

    repaired = lab.retry(result)
    assert repaired.failures == () and repaired.changes is not None
    (change,) = [c for c in repaired.changes.ops if c.position == 0]
    assert str(change).startswith("op 0 LabSharpen: not converted => Add, Mul, ReduceMean")
    image: Any = samples.inputs("digits_unsupported")[0]
    from tfonnx_lab.runtime import OnnxRuntime

    sharper = image + 0.5 * (image - image.mean())
    (expected,) = OnnxRuntime(lab.convert(samples.path("digits_float")).model).run([sharper])
    (got,) = OnnxRuntime(repaired.model).run([image])
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_the_last_conversion_is_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    result = lab.convert(samples.path("digits_float"))

    @lab.handler("SOFTMAX")
    def softmax(op: OpBuilder, node: ir.Node, x: ir.Value) -> ir.Value:
        """SOFTMAX(x) => half of it."""
        return op.Mul(op.Softmax(x), np.float32(0.5))

    wrong = lab.retry()
    assert wrong.source == result.source and wrong.parity is not None
    assert max(row.relative for row in wrong.parity.outputs) > 0.3
    said = capsys.readouterr().out
    assert "softmax (" in said and "SOFTMAX: Softmax => Mul, Softmax" in said and "largest error" in said
    HANDLERS.remove(HANDLERS.find("tflite", "SOFTMAX"))  # type: ignore[arg-type]
    right = lab.retry()
    assert "(it was 0.5)" in capsys.readouterr().out
    assert right.parity is not None and max(row.relative for row in right.parity.outputs) < 1e-5


def test_after_an_error_the_same_model_is_tried_again() -> None:
    with pytest.raises(lab.ConversionError, match="LabSharpen"):
        lab.convert(samples.path("digits_unsupported"), dequantize=True)
    tried = lab.retry()
    assert tried.failures and tried.options.dequantize and "unsupported" in tried.name


def test_nothing_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last._Last, "attempt", None)
    monkeypatch.setattr(last._Last, "result", None)
    with pytest.raises(lab.ConversionError, match="nothing was converted yet"):
        lab.retry()


def test_nothing_has_changed() -> None:
    result = lab.convert(samples.path("digits_float"))
    again = lab.retry(result, parity=False)
    assert again.changes is not None and "nothing was converted again" in str(again.changes)
    assert again.ir_model is result.ir_model


def test_a_rule_of_another_stage_that_is_taken_out() -> None:
    result = lab.convert(samples.path("digits_float"))
    OPTIMIZERS.remove(next(r for r in OPTIMIZERS if r.name == "transpose_behind_elementwise"))
    again = lab.retry(result, parity=False)
    assert again.changes is not None and "taken out" in again.changes.why and again.changes.reused > 10
    fresh = lab.convert(samples.path("digits_float"))
    assert again.model.SerializeToString() == fresh.model.SerializeToString()
    rewriters = STAGES[0]
    rewriters.remove(next(r for r in rewriters if r.name == "split_activation"))
    third = lab.retry(result, parity=False)
    assert third.changes is not None and third.changes.reused == 0


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(samples.path("digits_float").read_bytes())
    result = lab.convert(path)
    path.write_bytes(samples.path("digits_int8").read_bytes())
    again = lab.retry(result, parity=False)
    assert again.changes is not None and "the file has changed" in again.changes.why
    assert again.model.graph.input[0].type.tensor_type.elem_type == 3


def test_a_handler_that_returns_nothing_is_a_failure() -> None:
    @lab.handler("SOFTMAX")
    def forgetful(op: OpBuilder, node: ir.Node, x: ir.Value) -> None:
        """SOFTMAX(x) => nothing, its author forgot to return it."""
        op.Softmax(x)

    with pytest.raises(lab.ConversionError, match="returned nothing"):
        lab.convert(samples.path("digits_float"))
    kept = lab.convert(samples.path("digits_float"), on_error="keep")
    assert [f.op for f in kept.failures] == ["SOFTMAX"]


def test_a_result_that_nobody_holds_is_let_go_of() -> None:
    """It is converted again from its path; a model that was given as bytes is gone."""
    path = samples.path("digits_float")
    for source in (path, path.read_bytes()):
        result = lab.convert(source, opset=15)
        held = weakref.ref(result), weakref.ref(result.ir_model)
        del result
        gc.collect()
        assert [ref() for ref in held] == [None, None]
        if source is path:
            assert lab.retry().options.opset == 15
    with pytest.raises(lab.ConversionError, match="nobody holds its result any more"):
        lab.retry()
