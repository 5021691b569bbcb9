"""A handler's options: names and defaults of the schema, bound from the op, wrong ones refused when it registers."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tfonnx_lab as lab
import tfonnx_lab.graph
from tfonnx_lab.graph import TFLITE
from tfonnx_lab.graph.op_schema import builtin_ops, known_options
from tfonnx_lab.readers.op_options import as_json
from tfonnx_lab.rewriters.flex_builtin import OTHERS
from tfonnx_lab.rules import HANDLERS
from tfonnx_lab.rules.options import NEEDED, keywords

FLOAT = lab.samples.path("digits_float")


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    lab.handler  # noqa: B018 - the package's rules are there first
    before = list(HANDLERS)
    yield
    lab.restore()
    assert list(HANDLERS) == before


def test_the_table_is_that_of_the_schema() -> None:
    file = Path(tfonnx_lab.graph.__file__).with_name("tflite_options.json")
    assert file.read_text("utf-8") == as_json(), "readers/op_options.py says how it is written again"


def test_no_default_of_the_schema_is_a_list() -> None:
    """An empty list and a missing one are the same to a handler, as `None` in the table says."""
    assert not [op for op, options in builtin_ops().items() if any(isinstance(v, list) for v in options.values())]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("op, node, x, *, beta=0.0, strideh=1", "wants the option 'strideh', which SOFTMAX does not have; it has beta"),
        ("op, node, x, *, betta=0.0", "did you mean 'beta'"),
        ("op, node, x, *, beta=1.0", "gives beta the default 1.0; the schema's for SOFTMAX is 0.0"),
        ("op, node, x, *, beta=0", "gives beta the default 0;"),
        ("op, node, *xs, axis", "wants the option 'axis', which SOFTMAX does not have"),
    ],
)
def test_a_wrong_option_fails_as_it_registers(source: str, message: str) -> None:
    space: dict[str, Any] = {"lab": lab}
    with pytest.raises(TypeError, match=message):
        exec(f'@lab.handler("SOFTMAX")\ndef mine({source}):\n    return op.Softmax(x)', space)


@pytest.mark.parametrize(("name", "near"), [("SOFTMX", "SOFTMAX"), ("CLAMP_CODE", "")])
def test_a_wrong_op_fails_as_it_registers(name: str, near: str) -> None:
    with pytest.raises(TypeError, match=f"{name} is no op of the dialect tflite.*{near}.*custom=True"):
        lab.handler(name)(lambda op, node, x: x)


def test_options_are_bound() -> None:
    seen: list[Any] = []

    @lab.handler("CONV_2D")
    def conv(op: Any, node: Any, x: Any, w: Any, b: Any, *, padding: str = "SAME", stride_h: int) -> Any:
        seen.append((padding, stride_h))
        raise lab.Unsupported("seen")

    result = lab.convert(FLOAT, on_error="keep")
    convolutions = [n["attrs"] for n in result.trace.start["nodes"] if n["op"] == "CONV_2D"]
    assert seen == [(attrs["padding"], attrs["stride_h"]) for attrs in convolutions]
    assert len(set(seen)) > 1


def test_an_option_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    @lab.rewriter(lab.tfl.SOFTMAX(lab.var("x"), name="node", beta=lab.not_(7.0)))
    def without_options(op: Any, node: Any, x: Any) -> Any:
        """SOFTMAX{beta} => SOFTMAX."""
        op.editor.set_attribute(node, "beta", None)
        return None

    with pytest.raises(lab.ConversionError, match="its option beta is missing"):
        lab.convert(FLOAT)


def test_handlers_without_keywords_and_those_of_custom_ops_are_as_ever() -> None:
    @lab.handler("SOFTMAX")
    def plain(op: Any, node: Any, x: Any) -> Any:
        return op.Softmax(x)

    @lab.handler("MyOp")
    def mine(op: Any, node: Any, x: Any, *, scale: float = 2.0) -> Any:
        return op.Mul(x, scale)

    assert "plain" in str(lab.convert(FLOAT).trace)
    with pytest.raises(TypeError, match="custom_options"):

        @lab.handler("MyOp")
        def wrong(op: Any, node: Any, x: Any, *, scale: float) -> Any:
            return op.Mul(x, scale)


def test_every_handler_reads_its_options_by_keywords() -> None:
    """No handler of the package reads an option of a builtin op off the node."""
    folder = Path(lab.__file__).parent / "handlers"
    found = [
        f"{path.relative_to(folder)}: {line.strip()}"
        for path in folder.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if "attr(node" in line.replace("getattr(node", "") or "node.attributes" in line
    ]
    assert found == ['custom/attributes.py: tensor = attr(node, "custom_options")'], "those of custom ops alone"


def test_keywords_of_all_handlers_are_options() -> None:
    wanted = {
        (rule.name, op_type, name)
        for rule in HANDLERS
        if rule.pattern is not None and rule.pattern.domain == TFLITE
        for op_type in rule.pattern.op_types
        for name in keywords(rule.function)
    }
    assert len(wanted) > 150
    assert not [w for w in wanted if w[2] not in (known_options(TFLITE, w[1]) or {})]


def test_the_table_is_json_with_an_op_a_line() -> None:
    lines = as_json().splitlines()
    assert len(lines) == len(json.loads(as_json())) + 2


def test_what_flex_ops_become_has_the_options_that_handlers_need() -> None:
    class Absent:
        """A NodeDef that says nothing."""

        def get(self, name: str, default: Any) -> Any:
            return default

    some: set[str] = set()
    for kind, options in OTHERS.values():
        rule = HANDLERS.find(TFLITE, kind)
        assert rule is not None
        needed = {name for name, default in keywords(rule.function).items() if default is NEEDED}
        assert needed <= set(options(Absent())), kind  # type: ignore[arg-type]
        some |= needed
    assert some


def test_a_decorated_handler_is_given_its_options() -> None:
    def loud(function: Any) -> Any:
        @functools.wraps(function)
        def called(*arguments: Any, **options: Any) -> Any:
            seen.append(options)
            return function(*arguments, **options)

        return called

    seen: list[dict[str, Any]] = []

    @lab.handler("SOFTMAX")
    @loud
    def mine(op: Any, node: Any, x: Any, *, beta: float) -> Any:
        """SOFTMAX => Softmax."""
        return op.Softmax(x)

    lab.convert(FLOAT)
    assert seen == [{"beta": 1.0}]
