"""Which stored sizes stay when inputs get another shape: those that do not follow from what moved, and no other."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import tfonnx_lab as lab
from conformance import Model
from conformance.models import Tensor
from conformance.simple import made
from tfonnx_lab import samples
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.rewriters.dimension.kept import _times
from tfonnx_lab.rewriters.dimension.state import Follows
from tfonnx_lab.runtime import OnnxRuntime
from tfonnx_lab.runtime.optimize import optimized

MODELS = Path(__file__).parents[3] / "shared" / "models"
SHARED = ["mobilenet_v1_025_128_uint8", "mediapipe_face_detection_short_range_fp16", "efficientdet_lite0_int8",
          "mediapipe_hand_landmark_full_fp16", "deeplab_v3_mobilenet_v2_uint8"]  # fmt: skip
FILES = [pytest.param(samples.path(name), id=name) for name in ("digits_int8", "digits_float")]
FILES += [pytest.param(MODELS / f"{name}.tflite", marks=pytest.mark.models, id=name) for name in SHARED]


def ops(model: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("batch", ["N", 2, 4])
def test_a_new_batch_costs_nothing(path: Path, batch: int | str) -> None:
    """About the same ops before and after ONNX Runtime's optimizer, and the rows are those of single runs, as near to
    LiteRT as those of the file's own batch (whose kernels may round otherwise than those for an open one)."""
    plain = lab.convert(path)
    [tensor] = plain.model.graph.input
    shape = [d.dim_value for d in tensor.type.tensor_type.shape.dim]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.type.tensor_type.elem_type)
    result = lab.convert(path, inputs={tensor.name: (batch, *shape[1:])})
    assert ops(result.model)["Conv"] == ops(plain.model)["Conv"]
    assert ops(result.model).total() <= 1.02 * ops(plain.model).total()
    assert ops(optimized(result.model))["QLinearConv"] == ops(optimized(plain.model))["QLinearConv"]
    high = 1 if dtype.kind == "f" else min(np.iinfo(dtype).max, 255)
    x = (np.random.default_rng(5).random((2 if batch == "N" else int(batch), *shape[1:])) * high).astype(dtype)
    one, itself, litert = OnnxRuntime(plain.model), OnnxRuntime(result.model), LiteRT(path.read_bytes())
    alone = zip(*[one.run([row[None]]) for row in x], strict=True)
    right = zip(*[litert.run([row[None]]) for row in x], strict=True)
    rows = zip(*[itself.run([row[None]]) if batch == "N" else one.run([row[None]]) for row in x], strict=True)
    for got, own, old, want in zip(itself.run([x]), rows, alone, right, strict=True):
        np.testing.assert_allclose(got, np.concatenate(own), rtol=1e-5, atol=1e-5)
        far = [np.abs(v.astype(float) - np.concatenate(want)).max() for v in (got, np.concatenate(old))]
        assert far[0] <= far[1] + 1e-4


def depthwise(m: Model, x: Tensor, size: list[int], channels: int) -> Tensor:
    options: dict[str, Any] = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "depth_multiplier": 1}
    weights = m.const(made([1, 3, 3, channels]))
    return m.op(
        "DEPTHWISE_CONV_2D", [x, weights, m.const(made([channels]))], [m.tensor(shape=[*size, channels])], **options
    )


@pytest.mark.parametrize("shape", [(1, 9, 5, 2), (1, "H", "W", 2), (3, 9, 7, 2), ("N", "H", "W", 2)])
def test_other_positions_leave_the_channels(shape: tuple[int | str, ...]) -> None:
    """A convolution's channels are those of its weights; behind it they are known through RELU and ADD."""
    m = Model()
    x = m.input([1, 6, 4, 2], name="x")
    options: dict[str, Any] = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    y = m.op("CONV_2D", [x, m.const(made([5, 3, 3, 2])), m.const(made([5]))], [m.tensor(shape=[1, 6, 4, 5])], **options)
    z = m.op("RELU", [y], [m.tensor(shape=[1, 6, 4, 5])])
    z = m.op("ADD", [z, y], [m.tensor(shape=[1, 6, 4, 5])], fused_activation_function="NONE")
    data = m.outputs(depthwise(m, z, [1, 6, 4], 5)).bytes()
    plain = lab.convert(data)
    result = lab.convert(data, inputs={"x": shape})
    assert ops(result.model)["Tile"] == 0 and ops(result.model)["Conv"] == ops(plain.model)["Conv"] == 2
    numbers = [{"N": 3, "H": 9, "W": 5}.get(d, d) if isinstance(d, str) else d for d in shape]
    values = made([int(d) for d in numbers])
    np.testing.assert_allclose(
        OnnxRuntime(result.model).run([values])[0], LiteRT(data).run([values])[0], rtol=1e-5, atol=1e-5
    )


def many_ops(m: Model, x: Tensor, rows: int, h: int, w: int) -> Tensor:
    """The ops whose dimensions are known one by one, in a line; the channels are six at last."""
    y = m.op("PAD", [x, m.const(np.array([[0, 0], [1, 0], [0, 0], [0, 1]], np.int32))],
             [m.tensor(shape=[rows, h + 1, w, 3])])  # fmt: skip
    y = m.op("CONCATENATION", [y, y], [m.tensor(shape=[rows, h + 1, w, 6])], axis=3, fused_activation_function="NONE")
    size: dict[str, Any] = {"padding": "SAME", "stride_h": 2, "stride_w": 1, "filter_height": 2, "filter_width": 2}
    y = m.op("MAX_POOL_2D", [y], [m.tensor(shape=[rows, -(-(h + 1) // 2), w, 6])], **size)
    to = m.const(np.array([4, 5], np.int32))
    z = m.op("RESIZE_BILINEAR", [y, to], [m.tensor(shape=[rows, 4, 5, 6])])
    z = m.op("MEAN", [z, m.const(np.array([1, 2], np.int32))], [m.tensor(shape=[rows, 1, 1, 6])], keep_dims=True)
    y = m.op("MUL", [y, z], [m.tensor(shape=[rows, -(-(h + 1) // 2), w, 6])], fused_activation_function="NONE")
    turn = m.const(np.array([0, 2, 1, 3], np.int32))
    return m.op("TRANSPOSE", [y, turn], [m.tensor(shape=[rows, w, -(-(h + 1) // 2), 6])])


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("shape", [(2, 7, 4, 2), (3, 5, 4, 2), ("N", "H", "W", 2), (1, 6, 9, 2), (1, "H", 4, 2)])
def test_what_is_still_stored_is_what_runs(rows: int, shape: tuple[int | str, ...]) -> None:
    """Each size that a prepared tensor still has is the one that it has at run time; the channels are all known."""
    m = Model()
    y = many_ops(m, m.input([rows, 6, 4, 2], name="x"), rows, 6, 4)
    data = m.outputs(depthwise(m, y, [rows, 4, 4], 6)).bytes()
    result = lab.convert(data, inputs={"x": shape}, shapes=True)
    assert ops(result.model)["Tile"] == 0
    values = made([{"N": 3, "H": 9, "W": 5}[d] if isinstance(d, str) else d for d in shape])
    model = onnx.ModelProto()
    model.CopyFrom(result.model)
    outputs = {o.name for o in model.graph.output}
    model.graph.output.extend(
        v for v in model.graph.value_info if v.name not in outputs and v.type.tensor_type.HasField("shape")
    )
    told = [[d.dim_value or None for d in o.type.tensor_type.shape.dim] for o in model.graph.output]
    assert len(told) > 5
    got = OnnxRuntime(model).run([values])
    for dims, array in zip(told, got, strict=True):
        assert [n if d is None else d for d, n in zip(dims, array.shape, strict=True)] == list(array.shape)
    np.testing.assert_allclose(got[0], LiteRT(data).run([values])[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("size", "state", "wanted"),
    [(4, Follows(0), 4), (4, Follows(0, 2, 3), 24), ("N", Follows(0), "N"), ("N", Follows(0, 2), None),
     (None, Follows(1), None)],
)  # fmt: skip
def test_the_size_where_the_dimension_stands(size: int | str | None, state: Follows, wanted: int | str | None) -> None:
    assert _times(size, state) == wanted
