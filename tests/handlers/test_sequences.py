"""Convolutions of sequences, also of open length: the sizes that TensorFlow computes are often those that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from conformance.against import check
from conformance.models import Model, Tensor
from tfonnx_lab.runtime.sessions import OnnxRuntime

ONES: dict[str, Any] = dict.fromkeys(("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor"), 1)


def ints(m: Model, *values: Any) -> list[Tensor]:
    return [m.const(np.array(value, np.int32)) for value in values]


def enlarged(
    kernel: int, stride: int, padding: str, signature: list[int] | None = None, more: int | None = None, crop: int = 0,
    act: str = "NONE",
) -> Model:  # fmt: skip
    """A transposed convolution of 5 steps of 3 channels, as TensorFlow writes it for a sequence.

    more: what is added to the output's length, which is computed of the input's; None: what `padding` says.
    crop: what is cut off at both ends, by a computed size.
    """
    rng = np.random.default_rng(kernel)
    m = Model()

    def between(*shape: int) -> Tensor:
        """A tensor on the way: its time is open where the input's is."""
        return m.tensor("float32", shape, shapeSignature=[*shape[:-2], -1, shape[-1]] if signature else None)

    x = m.input([1, 5, 3], "float32", signature=signature)
    x = m.op("LEAKY_RELU", [x], [between(1, 5, 3)], alpha=0.1)
    more = (kernel - stride if padding == "VALID" else 0) if more is None else more
    length = 5 * stride + more

    def size(of: Tensor, place: int) -> Tensor:
        shape = m.op("SHAPE", [of], [m.tensor("int32", [3])], out_type="INT32")
        cut = ints(m, [place], [place + 1], [1])
        return m.op("STRIDED_SLICE", [shape, *cut], [m.tensor("int32", [])], shrink_axis_mask=1)

    def packed(parts: Sequence[Tensor]) -> Tensor:
        made = [m.tensor("int32", [len(parts)])]
        return m.op("PACK", list(parts), made, axis=0, values_count=len(parts))

    times, rest, one, channels, front = ints(m, stride, more, 1, 4, crop)
    wide = m.op("MUL", [size(x, 1), times], [m.tensor("int32", [])])
    target = packed([size(x, 0), one, m.op("ADD", [wide, rest], [m.tensor("int32", [])]), channels])
    image = m.op("EXPAND_DIMS", [x, ints(m, 1)[0]], [between(1, 1, 5, 3)])
    w = m.const(rng.normal(size=[4, 1, kernel, 3]).astype(np.float32))
    bias = m.const(rng.normal(size=[4]).astype(np.float32))
    y = m.op("TRANSPOSE_CONV", [target, w, image, bias], [between(1, 1, length, 4)], padding=padding,
             stride_h=1, stride_w=stride, fused_activation_function=act)  # fmt: skip
    y = m.op("SQUEEZE", [y], [between(1, length, 4)], squeeze_dims=[1])
    if crop:
        left = m.op("SUB", [size(y, 1), front], [m.tensor("int32", [])])
        left = m.op("SUB", [left, front], [m.tensor("int32", [])])
        begin, sizes = ints(m, [0, crop, 0])[0], packed([size(y, 0), left, size(y, 2)])
        y = m.op("SLICE", [y, begin, sizes], [between(1, length - 2 * crop, 4)])
    return m.outputs(y)


def ops(model: Model, **options: Any) -> Counter[str]:
    return Counter(n.op_type for n in lab.convert(model.bytes(), **options).ir_model.graph.all_nodes())


@pytest.mark.parametrize("signature", [None, [1, -1, 3]])
@pytest.mark.parametrize(("kernel", "stride"), [(8, 4), (4, 4), (7, 3), (3, 2)])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_a_transposed_convolution_is_one_to_more_channels(
    kernel: int, stride: int, padding: str, signature: list[int] | None
) -> None:
    model = enlarged(kernel, stride, padding, signature, act="RELU")
    left = Counter(n.op_type for n in check(model).result.ir_model.graph)
    assert left["Conv"] == 1 and left["ConvTranspose"] == left["Shape"] == left["Pad"] == 0, left


@pytest.mark.parametrize("signature", [None, [1, -1, 3]])
def test_one_that_is_filled_up_stays(signature: list[int] | None) -> None:
    model = enlarged(2, 3, "SAME", signature)
    assert Counter(n.op_type for n in check(model).result.ir_model.graph)["ConvTranspose"] == 1


@pytest.mark.parametrize("crop", [1, 3])
def test_a_crop_of_a_computed_size_counts_from_the_end(crop: int) -> None:
    model = enlarged(8, 4, "VALID", [1, -1, 3], crop=crop)
    result = check(model).result
    left = Counter(n.op_type for n in result.ir_model.graph)
    assert left["Slice"] == 1 and left["Shape"] == left["Where"] == 0, left
    assert any("so short that a computed size is -1" in step.note for step in result.trace)
    assert ops(model, exact=True)["Where"] == 1
    x = np.random.default_rng(0).normal(size=[1, 9, 3]).astype(np.float32)
    answers = [OnnxRuntime(lab.convert(model.bytes(), exact=exact).model).run([x])[0] for exact in (False, True)]
    assert answers[0].shape == (1, 40 - 2 * crop, 4)
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-5)


def biased(kind: str = "CONV_2D", act: str = "RELU", shape: Sequence[int] = (4,), readers: int = 1) -> Model:
    """A convolution of a sequence, squeezed, and a bias behind it."""
    rng = np.random.default_rng(1)
    m = Model()
    x = m.input([1, 1, 9, 4], "float32")
    w = m.const(rng.normal(size=[4 if kind == "CONV_2D" else 1, 1, 3, 4]).astype(np.float32))
    bias = m.const(rng.normal(size=[4]).astype(np.float32))
    more: dict[str, Any] = {"depth_multiplier": 1} if kind != "CONV_2D" else {}
    y = m.op(kind, [x, w, bias], [m.tensor("float32", [1, 1, 7, 4])], padding="VALID", **ONES, **more)
    y = m.op("SQUEEZE", [y], [m.tensor("float32", [1, 7, 4])], squeeze_dims=[1])
    added = m.const(rng.normal(size=shape).astype(np.float32))
    wide = [1] * (len(shape) - 3) + [1, 7, 4]
    out = m.op("ADD", [y, added], [m.tensor("float32", wide)], fused_activation_function=act)
    return m.outputs(out, *(m.op("ABS", [y], [m.tensor("float32", [1, 7, 4])]) for _ in range(readers - 1)))


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.parametrize("act", ["NONE", "RELU6"])
@pytest.mark.parametrize("shape", [(4,), (1, 1, 4)])
def test_a_bias_behind_a_squeeze_is_the_convolutions(kind: str, act: str, shape: Sequence[int]) -> None:
    left = Counter(n.op_type for n in check(biased(kind, act, shape)).result.ir_model.graph)
    assert left["Conv"] == 1 and left["Add"] == 0, left


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (biased(shape=(7, 4)), {}),
        (biased(shape=(1,)), {}),
        (biased(shape=(1, 1, 1, 4)), {}),  # the sum has a dimension more
        (biased(readers=2), {}),
        (biased(), {"exact": True}),
    ],
)
def test_what_is_no_bias_alone_is_added(model: Model, options: dict[str, Any]) -> None:
    assert Counter(n.op_type for n in check(model, **options).result.ir_model.graph)["Add"] == 1
