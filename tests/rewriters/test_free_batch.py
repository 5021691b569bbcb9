"""A batch of any size changes no number: what a conversion chooses depends on one row of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest

import tfonnx_lab as lab
from conformance.against import run_litert
from conformance.models import Model
from tfonnx_lab import samples
from tfonnx_lab.runtime.sessions import OnnxRuntime

ROWS = 3


def constants(model: onnx.ModelProto) -> list[tuple[str, list[Any]]]:
    """The small constants that each node takes, in order: scales and zero points, no shapes."""
    known = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
    return [
        (node.op_type, [known[i].tolist() for i in node.input if i in known and known[i].size == 1])
        for node in model.graph.node
        if node.op_type != "Reshape"
    ]


@pytest.mark.parametrize("name", ["digits_int8", "digits_uint8", "digits_int16x8"])
@pytest.mark.parametrize("options", [{}, {"exact": True}])
def test_a_network_has_the_same_constants(name: str, options: dict[str, Any]) -> None:
    fixed = lab.convert(samples.path(name), **options).model
    for batch in ("N", 4):
        assert constants(lab.convert(samples.path(name), inputs={"image": (batch, 8, 8, 1)}, **options).model) == (
            constants(fixed)
        )


def one_op(kind: str) -> Model:
    m = Model()
    if kind == "RESIZE_BILINEAR":
        x = m.input([1, 11, 13, 8], "int8", (0.05, -3), name="x")
        m.outputs(m.op(kind, [x, m.const([50, 61], "int32")], [m.tensor("int8", quant=(0.05, -3))],
                       half_pixel_centers=True))  # fmt: skip
        return m
    op_type, size, keep = kind.split()
    x = m.input([1, int(size), 3, 40], "int8", (0.05, -3), name="x")
    quant = (0.031, 7) if op_type == "MEAN" else (0.4, 7)
    m.outputs(m.op(op_type, [x, m.const([1, 2], "int32")], [m.tensor("int8", quant=quant)], keep_dims=keep == "kept"))
    return m


KINDS = ["MEAN 3 kept", "MEAN 3 gone", "MEAN 9 kept", "MEAN 9 gone", "SUM 4 gone", "RESIZE_BILINEAR"]


@pytest.mark.parametrize("options", [{}, {"exact": True}], ids=["default", "exact"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_row_is_what_it_is_alone(kind: str, options: dict[str, Any]) -> None:
    m = one_op(kind)
    shape = list(m.feeds()[0].shape)
    rows = [np.random.default_rng(i).integers(-128, 128, shape).astype(np.int8) for i in range(ROWS)]
    alone = OnnxRuntime(lab.convert(m.bytes(), **options).model)
    many = OnnxRuntime(lab.convert(m.bytes(), inputs={"x": ("N", *shape[1:])}, **options).model)
    (made,) = many.run([np.concatenate(rows)])
    for row, given in zip(made, rows, strict=True):
        assert np.array_equal(row, alone.run([given])[0][0])
        if options:
            assert np.array_equal(row, run_litert(m.bytes(), [given])[0][0]), "LiteRT's, row by row"


def test_each_row_rounds_to_its_own_range() -> None:
    """Rows of different sizes do not share one where `inputs=` asks for an open batch; one that is open anyway does."""
    shape = (ROWS, 8, 8, 1)
    sizes = np.array([0.1, 1, 9], np.float32).reshape(ROWS, 1, 1, 1)
    given = (np.random.default_rng(0).uniform(size=shape) * sizes).astype(np.float32)
    result = lab.convert(samples.path("digits_dynamic_range"), inputs={"image": ("N", 8, 8, 1)})
    (made,) = OnnxRuntime(result.model).run([given])
    for row, one in zip(made, given, strict=True):
        (alone,) = run_litert(samples.path("digits_dynamic_range").read_bytes(), [one[None]])
        np.testing.assert_allclose(row, alone[0], atol=1e-6)
    assert lab.compare(result, [given], band=False).verdict.ok
