"""Runs the optimizers on a graph in ONNX's text form, so a rule's test reads before => after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort

import tfonnx_lab.optimizers  # noqa: F401  registers the rules
from tfonnx_lab.conversion.options import Options
from tfonnx_lab.graph import Editor
from tfonnx_lab.rules import OPTIMIZERS, Driver
from tfonnx_lab.trace import Recorder, Replay

HEAD = '<ir_version: 8, opset_import: ["" : 18, "com.microsoft" : 1]>\n'


def optimized(
    text: str, opset: int = 18, look: Callable[[ir.Model], None] | None = None, **options: Any
) -> Counter[str]:
    """The op types left of a graph; asserts that its results are what they were, and that the trace replays.

    look: is given the model in the end, to look at more than the op types. options: of the conversion.
    """
    head = HEAD.replace(": 18", f": {max(opset, 18)}")
    return optimized_model(onnx.parser.parse_model(head + text), opset, look, **options)


def optimized_model(
    given: onnx.ModelProto, opset: int = 18, look: Callable[[ir.Model], None] | None = None, **options: Any
) -> Counter[str]:
    """`optimized` for a model. Also asserts that every rule lowers the measure of its phase."""
    model = ir.from_proto(onnx.shape_inference.infer_shapes(given))
    before = onnx.ModelProto()
    before.CopyFrom(ir.to_proto(model))
    recorder = Recorder(model, "text", opset, {})
    driver = Driver(Editor(model, [recorder]), opset, Options(opset=opset, **options), [recorder])
    with mock.patch.object(Driver, "measured", True):
        driver.run(OPTIMIZERS)
    assert not driver.failures, driver.failures
    if look is not None:
        look(model)
    after = ir.to_proto(model)
    onnx.checker.check_model(after)
    same_results(before, after)
    replay = Replay(recorder.trace)
    start = repr(replay.graph())
    end = {n["id"]: n["op"] for n in replay.goto(len(recorder.trace)).graph()["nodes"].values()}
    assert sorted(end.values()) == sorted(n.op_type for n in model.graph.all_nodes())
    assert repr(replay.goto(0).graph()) == start
    return Counter(node.op_type for node in model.graph)


def same_results(before: onnx.ModelProto, after: onnx.ModelProto) -> None:
    """Both models give the same outputs for random inputs."""
    rng = np.random.default_rng(0)
    feed = {}
    for value in before.graph.input:
        shape = [d.dim_value or 2 for d in value.type.tensor_type.shape.dim]
        kind = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        feed[value.name] = (rng.uniform(-3, 3, shape) if kind.kind == "f" else rng.integers(0, 100, shape)).astype(kind)
    outputs = []
    for model in (before, after):
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        outputs.append(ort.InferenceSession(model.SerializeToString(), options).run(None, feed))
    for a, b in zip(*outputs, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
