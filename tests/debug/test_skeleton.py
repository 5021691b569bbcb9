"""The handler to begin with is Python that registers and converts, for every op of a model."""

from __future__ import annotations

from typing import Any

import pytest

import tfonnx_lab as lab
from tfonnx_lab.debug import skeleton


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("name", ["digits_float", "digits_unsupported"])
def test_it_is_python(name: str) -> None:
    result = lab.convert(lab.samples.path(name), on_error="keep")
    assert result.resumable is not None
    for record in result.trace.start["nodes"]:
        node = result.resumable.recorder.find(record["id"])
        inputs = [None if v is None else result.resumable.recorder.find(v) for v in record["in"]]
        text = skeleton(node, inputs)
        assert "[1, " in text and "left out" not in text
        space: dict[str, Any] = {"lab": lab}
        exec(text.replace("lab.retry();", ""), space)
        assert f'@lab.handler("{node.op_type}")' in text
    again = lab.retry(result, parity=False)
    used = {step.rule["name"] for step in again.trace if step.rule and step.rule["file"] == "?"}
    assert {"conv_2d", "softmax", "mean"} <= used


def test_options_are_keywords_with_the_defaults_of_the_schema() -> None:
    result = lab.convert(lab.samples.path("digits_float"))
    assert result.resumable is not None
    found = result.resumable.recorder.find
    node = next(found(n["id"]) for n in result.trace.start["nodes"] if n["op"] == "SOFTMAX")
    text = skeleton(node, list(node.inputs))
    assert "*, beta=0.0):" in text and "# beta is 1.0" in text
