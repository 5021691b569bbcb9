"""A right conversion is right with inputs of another shape or layout, too, and a wrong one is found there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

import tfonnx_lab as lab
from conformance.models import Model
from tfonnx_lab import samples
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import OpBuilder
from tfonnx_lab.litert import LiteRT, converted_source
from tfonnx_lab.parity import compare, compare_codes

MOBILENET = Path(__file__).parents[3] / "shared" / "models" / "mobilenet_v1_025_128_uint8.tflite"
ADDED = "functional_1/add_1/Add"
"""An inner tensor of the samples with positions and channels."""

OPTIONS: dict[str, dict[str, Any]] = {
    "batch 4": {"inputs": {"image": (4, 8, 8, 1)}},
    "batch N": {"inputs": {"image": ("N", 8, 8, 1)}},
    "inputs": {"inputs_as_nchw": ("image",)},
    "outputs": {"outputs": (ADDED,), "outputs_as_nchw": (ADDED,)},
    "both": {"inputs_as_nchw": ("image",), "outputs": (ADDED,), "outputs_as_nchw": (ADDED,)},
    "both, batch 4": {
        "inputs": {"image": (4, 8, 8, 1)}, "inputs_as_nchw": ("image",), "outputs": (ADDED,),
        "outputs_as_nchw": (ADDED,),
    },
    "float, renamed": {"inputs_as_nchw": ("image",), "float_io": True, "rename_inputs": ("x",)},
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("own_rules")


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize("name", ["digits_int8", "digits_float"])
def test_the_verdict(name: str, options: dict[str, Any]) -> None:
    result = lab.convert(samples.path(name), **options)
    parity = compare(result)
    assert parity.verdict.ok, str(parity.verdict)
    (end,) = [row for row in parity.rows if row.name == (ADDED if "outputs" in options else "output_0")]
    assert end.nrmse < 0.05
    wanted = (4, 8, 8, 1) if "inputs" in options and options["inputs"]["image"][0] == 4 else (1, 8, 8, 1)
    assert parity.inputs is not None and parity.inputs[0].shape == wanted
    assert end.name in [row.name for row in compare_codes(result).rows]


@pytest.mark.parametrize("options", [OPTIONS["batch 4"], OPTIONS["inputs"]])
def test_a_wrong_op_is_found(options: dict[str, Any]) -> None:
    @lab.handler("ADD")
    def my_add(op: OpBuilder, node: ir.Node, a: ir.Value, b: ir.Value) -> ir.Value:
        """ADD(a, b) => a - b."""
        return op.Sub(a, b)

    result = lab.convert(samples.path("digits_float"), **options)
    found = compare(result).verdict
    assert not found.ok and found.op == 3 and found.step is not None and found.step.rule["name"] == "my_add"
    assert lab.bisect(result, progress=lambda said: None).position == 3


def test_a_wrong_layout_is_wrong() -> None:
    """The output is transposed once more than it says."""
    turned: list[bool] = []

    @lab.optimizer(lab.onnx.Add(lab.var("a"), lab.var("b"), name="node"), phase="finish")
    def turns(op: OpBuilder, a: ir.Value, b: ir.Value, node: ir.Node) -> ir.Value | None:
        """Add(x) => Transpose(Add(x)), height and width changed."""
        if turned:
            return None
        turned.append(True)
        return op.Transpose(op.Add(a, b), perm=[0, 1, 3, 2])

    found = compare(lab.convert(samples.path("digits_float"), **OPTIONS["outputs"])).verdict
    assert not found.ok and found.op == 3


@pytest.mark.models
def test_a_reshape_follows_in_litert_as_well() -> None:
    result = lab.convert(MOBILENET, inputs={"input": (2, 128, 128, 3)})
    parity = compare(result)
    assert parity.verdict.ok and parity.outputs[0].shape[0] == 2


@pytest.mark.parametrize("by_option", [False, True])
def test_what_follows_gives_each_of_the_batch_its_own_result(by_option: bool) -> None:
    m = Model()
    x, y, z = m.input([1, 4, 6], name="x"), m.tensor(shape=[1, 24]), m.tensor(shape=[1, 24])
    m.op("RESHAPE", [x] if by_option else [x, m.const([1, 24], "int32")], [y], new_shape=[1, 24])
    m.op("NEG", [y], [z])
    m.outputs(z)
    result = lab.convert(m.bytes(), inputs={"x": (3, 4, 6)})
    given = np.random.default_rng(0).normal(size=(3, 4, 6)).astype(np.float32)
    (made,) = LiteRT(converted_source(result)).run([given])
    assert np.array_equal(made, -given.reshape(3, 24))
    assert compare(result, {"x": given}).verdict.ok


def test_arrays_by_name_and_alone() -> None:
    result = lab.convert(samples.path("digits_int8"), rename_inputs=("photo",))
    x = samples.inputs("digits_int8")[0]
    listed = compare(result, [x]).rows
    assert compare(result, {"photo": x}).rows == listed
    assert compare(result, x).rows == listed
    assert compare_codes(result, {"photo": x}).equal == compare_codes(result, [x]).equal


@pytest.mark.parametrize(("given", "said"), [
    ({"photo": np.zeros((1, 8, 8, 1), np.int8)}, "inputs: nothing is given for image int8[1, 8, 8, 1]"),
    ({"image": np.zeros((1, 8, 8, 1), np.int8), "b": 1}, "there is no input 'b'; the model takes image int8[1, 8, 8"),
    ({"image": np.zeros((8, 8), np.int8)}, "image int8[1, 8, 8, 1] is wanted, in the TFLite model's layout, int8[8"),
    (np.zeros((2, 8, 8, 1), np.int8), "image int8[1, 8, 8, 1] is wanted"),
    ([np.zeros((1, 8, 8, 1), np.float32)], "image int8[1, 8, 8, 1] is wanted"),
    ([np.zeros((1, 8, 8, 1), np.int8)] * 2, "inputs: 2 are given; the model takes image int8[1, 8, 8, 1]"),
    ([[[1], [2, 3]]], "image int8[1, 8, 8, 1] cannot be made of it"),
    (3, "inputs: int is given; give one array an input"),
])  # fmt: skip
def test_what_does_not_fit(given: Any, said: str) -> None:
    result = lab.convert(samples.path("digits_int8"))
    for run in (compare, compare_codes):
        with pytest.raises(ConversionError) as error:
            run(result, given)
        assert said in str(error.value)


def returning(kind: str) -> bytes:
    m = Model()
    x = m.input([1, 3], name="x")
    constant = np.zeros((0, 3), np.float32) if kind == "nothing" else np.arange(3, dtype=np.float32)
    m.outputs(x if kind == "identity" else m.const(constant))
    return m.bytes()


@pytest.mark.parametrize("kind", ["nothing", "identity", "constant"])
def test_outputs_alone(kind: str) -> None:
    result = lab.convert(returning(kind))
    found = compare(result).verdict
    assert found.ok and found.op is None and found.sentence.startswith("the outputs are as close")
    assert lab.bisect(result, progress=lambda said: None).op is None


@pytest.mark.parametrize("kind", ["identity", "constant"])
def test_a_wrong_output_alone(kind: str) -> None:
    done: list[bool] = []

    @lab.optimizer(lab.onnx.Identity(lab.var("x"), name="node"), phase="finish")
    def more(op: OpBuilder, x: ir.Value, node: ir.Node) -> ir.Value | None:
        """Identity(x) => x + 1."""
        if done:
            return None
        done.append(True)
        return op.Add(x, np.float32(1))

    found = compare(lab.convert(returning(kind))).verdict
    assert not found.ok and "is wrong" in found.sentence
