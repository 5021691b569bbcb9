"""exact="bits": the codes of LiteRT's reference kernels (BUILTIN_REF), all of them, over the whole range of codes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfonnx_lab as lab
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph import TFLITE
from tfonnx_lab.graph.intermediate import BITS_OPS, ON_CODES
from tfonnx_lab.litert import LiteRT
from tfonnx_lab.rules import HANDLERS
from tfonnx_lab.rules.stage import BITS

from . import Model
from .against import newest_opset, run_onnx
from .cases import UNDEFINED, Trials, reference_of
from .encoding import Array
from .simple import fixed, given, made, one, out

CODES = ("int8", "uint8", "int16")
EACH = 3
"""How many models of a test of the other files are taken; `--full` takes all."""

SUMS = {"SUM": ("int8", "int16")}
"""Op => dtypes whose codes LiteRT 2.3's BUILTIN_REF reads as uint8, so that its other kernels are the reference."""

OVERFLOW = "test_products_that_overflow"
"""REDUCE_PROD beyond 32 bits, of which LiteRT's kernels differ from each other: what C++ leaves undefined."""


def steps(dtype: str, seed: int) -> Any:
    """A quantization of a dtype, another for each seed; that of seed 0 is an output's, and wide."""
    rng = np.random.default_rng(seed)
    scale = float(np.float32(rng.uniform(0.02, 0.08) * (1 if seed else 2)))
    if dtype == "int16":
        return float(np.float32(scale / 256)), 0
    return scale, int(rng.integers(-90, 90)) + (128 if dtype == "uint8" else 0)


def every(dtype: str, seed: int, shape: tuple[int, ...]) -> Array:
    """Every code (of 16 bits: codes over the whole range, both ends among them), as often as the shape wants."""
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    count, rng = int(np.prod(shape)), np.random.default_rng([seed, 1])
    if dtype == "int16":
        return np.r_[low, high, 0, rng.integers(low, high + 1, count - 3)].reshape(shape).astype(dtype)
    return rng.permutation(np.resize(np.arange(low, high + 1), count)).reshape(shape).astype(dtype)


def codes(dtype: str, seed: int, *shape: int) -> Any:
    """An input that takes every code."""
    return given(list(shape), dtype, steps(dtype, seed), values=every(dtype, seed, shape))


def weights(shape: list[int], axis: int | None, dtype: str) -> Any:
    """Constant weights with one scale, or a scale for each output channel."""
    if dtype == "uint8":
        return fixed(made(shape, "uint8"), "uint8", (0.007, 119))
    scales = np.linspace(0.002, 0.011, shape[axis or 0]).astype(np.float32)
    quant: Any = (0.007, 0) if axis is None else (scales, [0] * len(scales), axis)
    return fixed(made(shape, "int8"), "int8", quant)


def bias(count: int, dtype: str) -> Any:
    """A constant bias."""
    if dtype == "int16":
        return fixed(np.linspace(-90000, 90000, count).astype(np.int64), "int64", (1e-6, 0))
    return fixed(np.linspace(-900, 900, count).astype(np.int32), "int32", (1e-4, 0))


def wanted(model: Model, kernels: str = "reference") -> list[Array]:
    """What LiteRT's kernels say."""
    return LiteRT(model.bytes(), keep=False, kernels=kernels).run(model.feeds())


def checked(model: Model, opset: int = 18, kernels: str = "reference", **options: Any) -> lab.Conversion:
    """Convert, run, and hold every element against LiteRT's."""
    result = lab.convert(model.bytes(), opset, exact="bits", **options)
    reference = reference_of(model, None, {})
    for want, got in zip(wanted(model, kernels), run_onnx(result.model, reference), strict=True):
        np.testing.assert_array_equal(got, want)
    return result


PAIRS = [(op, dtype) for op in ("ADD", "SUB", "MUL") for dtype in CODES]
PAIRS += [("SQUARED_DIFFERENCE", "int8"), ("PRELU", "int8"), ("PRELU", "uint8")]


@pytest.mark.parametrize(("op", "dtype"), PAIRS)
@pytest.mark.parametrize("seed", range(3))
def test_every_pair_of_codes(op: str, dtype: str, seed: int) -> None:
    first, second = codes(dtype, 1 + seed, 256, 1), codes(dtype, 2 + seed, 1, 256)
    if op == "PRELU":
        rows = every(dtype, 1 + seed, (256, 1)).repeat(256, axis=1)
        first = given([256, 256], dtype, steps(dtype, 1 + seed), values=rows)
        second = fixed(every(dtype, 2 + seed, (1, 256)), dtype, (0.01, steps(dtype, 5)[1]))
    options = {"pot_scale_int16": False} if op in ("ADD", "SUB") else {}
    model = one(op, first, second, out=out(dtype, steps(dtype, 7 * seed)), **options)
    assert not checked(model).inexact


@pytest.mark.parametrize("channels", [True, False])
@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("op", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"])
def test_products_with_weights(op: str, dtype: str, channels: bool) -> None:
    narrow = channels and dtype != "uint8"
    strides = {"stride_h": 2, "stride_w": 1, "padding": "SAME"}
    target = out(dtype, steps(dtype, 3), [1, 18, 9, 6] if op == "TRANSPOSE_CONV" else None)
    x = codes(dtype, 1, 1, 9, 9, 4)
    if op == "CONV_2D":
        model = one(op, x, weights([6, 3, 3, 4], 0 if narrow else None, dtype), bias(6, dtype), out=target, **strides)
    elif op == "DEPTHWISE_CONV_2D":
        w = weights([1, 3, 3, 8], 3 if narrow else None, dtype)
        model = one(op, x, w, bias(8, dtype), out=target, depth_multiplier=2, **strides)
    elif op == "FULLY_CONNECTED":
        w = weights([7, 36], 0 if narrow else None, dtype)
        model = one(op, codes(dtype, 1, 9, 36), w, bias(7, dtype), out=target)
    else:
        shape = fixed(np.array([1, 18, 9, 6], np.int32))
        model = one(op, shape, weights([6, 3, 3, 4], 0 if narrow else None, dtype), x, out=target, **strides)
    assert not checked(model).inexact


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("adj_y", [True, False])
def test_products_of_two_tensors(dtype: str, adj_y: bool) -> None:
    second = codes(dtype, 2, 2, 7, 20) if adj_y else codes(dtype, 2, 2, 20, 7)
    target = (1.5, 4) if dtype == "int8" else (0.002, 0)
    model = one("BATCH_MATMUL", codes(dtype, 1, 2, 9, 20), second, out=out(dtype, target), adj_y=adj_y)
    assert not checked(model).inexact


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("op", ["MEAN", "SUM", "AVERAGE_POOL_2D", "RESIZE_BILINEAR"])
@pytest.mark.parametrize("batch", [1, -1])
def test_averages(op: str, dtype: str, batch: int) -> None:
    same = steps(dtype, 1)
    x = given([1, 9, 7, 16], dtype, same, values=every(dtype, 1, (1, 9, 7, 16)), signature=[batch, 9, 7, 16])
    if op in ("MEAN", "SUM"):
        model = one(op, x, fixed(np.array([1, 2], np.int32)), out=out(dtype, steps(dtype, 0)), keep_dims=True)
    elif op == "AVERAGE_POOL_2D":
        how = {"filter_height": 3, "filter_width": 2, "stride_h": 2, "stride_w": 1, "padding": "SAME"}
        model = one(op, x, out=out(dtype, same), **how)
    else:
        model = one(op, x, fixed(np.array([13, 19], np.int32)), out=out(dtype, same), half_pixel_centers=True)
    off = dtype in SUMS.get(op, ())
    named = checked(model, kernels="builtin" if off else "reference").inexact
    assert [what for what, _, _ in named] == ([op] if off else [])


@pytest.mark.parametrize("scale", [0.003, 0.05, 0.4])
@pytest.mark.parametrize(("dtype", "target"), [("int8", "int8"), ("uint8", "uint8"), ("int8", "int16")])
def test_softmax(dtype: str, target: str, scale: float) -> None:
    low = {"int8": -128, "uint8": 0, "int16": 0}[target]
    quant = (1 / 32768, 0) if target == "int16" else (1 / 256, low)
    x = given([40, 64], dtype, (scale, 3), values=every(dtype, 1, (40, 64)))
    assert not checked(one("SOFTMAX", x, out=out(target, quant), beta=1.0)).inexact


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_rows_of_length_one(dtype: str) -> None:
    x = given([64, 12], dtype, steps(dtype, 1), values=every(dtype, 1, (64, 12)), signature=[-1, 12])
    zero = 128 if dtype == "uint8" else 0
    assert not checked(one("L2_NORMALIZATION", x, out=out(dtype, (1 / 128, zero)))).inexact


SCALED = [(a, b) for a in (*CODES, "float32") for b in CODES if (a, b) != ("int16", "uint8")]


@pytest.mark.parametrize(("source", "target"), SCALED)
def test_codes_at_another_scale(source: str, target: str) -> None:
    if source == "float32":
        scale = steps(target, 2)[0]
        halves = (np.arange(-2000, 2000) / 2 * scale).astype(np.float32)
        model = one("QUANTIZE", given([4000], values=halves), out=out(target, steps(target, 2)))
    else:
        model = one("QUANTIZE", codes(source, 1, 4096), out=out(target, steps(target, 2)))
    assert not checked(model).inexact


def test_uint8_of_several_scales_is_rescaled() -> None:
    parts = [codes("uint8", seed, 4, 64) for seed in (1, 2, 3)]
    checked(one("CONCATENATION", *parts, out=out("uint8", steps("uint8", 2)), axis=1))


def test_uint8_of_several_scales_that_meet_halves() -> None:
    """LiteRT multiplies by the inverse of the output's scale: a division gives other codes at every second half."""
    (scale, wide), every_code = (0.098, 0.196), every("uint8", 1, (1, 256))
    parts = [given([1, 256], "uint8", (s, 0), values=every_code) for s in (scale, wide)]
    checked(one("CONCATENATION", *parts, out=out("uint8", (wide, 10)), axis=1))


def test_magnitudes_of_16_bits() -> None:
    assert not checked(one("ABS", codes("int16", 1, 4096), out=out("int16", (0.0003, 0)))).inexact


@pytest.mark.parametrize("op", ["RELU", "RELU6"])
def test_bounds_of_16_bits(op: str) -> None:
    x = given([4096], "int16", (0.0005, 0), values=every("int16", 1, (4096,)))
    assert not checked(one(op, x, out=out("int16", (0.0003, 0)))).inexact


@pytest.mark.parametrize("opset", [13, newest_opset()])
def test_at_other_opsets(opset: int) -> None:
    model = one("SOFTMAX", codes("int8", 1, 8, 32), out=out("int8", (1 / 256, -128)), beta=1.0)
    assert not checked(model, opset).inexact


OF_CODES = {
    "comparison_logical": "compare_codes compare_quantized select_codes",
    "conv": (
        "16x8_narrow_bias conv_2d_int4_weights conv_2d_per_channel conv_2d_per_channel_activation "
        "conv_2d_per_tensor depthwise_per_channel depthwise_per_tensor empty transpose_conv_quantized "
        "unknown_channels"
    ),
    "elementwise_binary": (
        "add_int16_power_of_two extremum_of_codes floor_of_codes quantized quantized_activation "
        "quantized_constant quantized_extremum quantized_floor quantized_quotient"
    ),
    "elementwise_unary": "gelu gelu_int16 int16 int8_table prelu_quantized quantized scale_ignored",
    "fully_connected_matmul": "batch_matmul_int32_result batch_matmul_quantized few_bits per_channel per_tensor",
    "normalization_softmax": "l2_normalization_quantized log_softmax_quantized softmax_int8_to_int16 softmax_quantized",
    "pool": "quantized quantized_activation",
    "quantize": "computed_weight requantize requantize_int32",
    "recurrent": "lstm_basic lstm_hidden_zero_point lstm_integer lstm_integer_projection svdf_integer",
    "reduce": "quantized quantized_extremes topk",
    "resize": "nearest_to_computed_size quantized",
    "shape_movement": (
        "broadcast_to_dtypes concatenation concatenation_of_codes concatenation_rescales expand_dims pack "
        "split split_v squeeze tile transpose unpack"
    ),
    "slice_pad": "mirror_pad mirror_pad_of_a_dynamic_batch pad_dtypes",
    "space_depth": "batch_and_space_dtypes",
}
"""File => its tests among whose first models are some of codes all through: those are compared, whatever is skipped."""


def _tests() -> Iterator[Any]:
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.stem not in (Path(__file__).stem, "test_unknown_dims"):
            module = importlib.import_module(f".{path.stem}", __package__)
            for name, test in vars(module).items():
                trials = getattr(test, "trials", None)
                if isinstance(trials, Trials) and trials.values and trials.expected is None and name != OVERFLOW:
                    yield pytest.param(name, trials, id=f"{path.stem[5:]}-{name[5:]}")


@pytest.mark.parametrize(("name", "trials"), list(_tests()))
def test_models_of_the_other_tests(name: str, trials: Trials, request: pytest.FixtureRequest) -> None:
    count = 0
    for trial in trials.spread(None if request.config.getoption("--full", default=False) else EACH):
        model = trial.model
        if UNDEFINED.search(f"{name}[{trial.spec}-18]") or not _of_codes(model):
            continue
        ops = {fact["op"]: fact["dtype"] for fact in model.facts}
        kernels = "builtin" if any(dtype in SUMS.get(op, ()) for op, dtype in ops.items()) else "reference"
        try:
            wanted(model, kernels)
        except ConversionError:
            continue  # BUILTIN_REF has no kernel for it
        checked(model, kernels=kernels, **{k: v for k, v in trial.convert.items() if k not in ("exact", "opset")})
        count += 1
    file = trials.build.__module__.rpartition(".test_")[2]
    assert count or name.removeprefix("test_") not in OF_CODES.get(file, "").split()


def test_the_tests_whose_models_are_compared_are_there() -> None:
    there = {param.id for param in _tests()}
    assert {f"{file}-{name}" for file, names in OF_CODES.items() for name in names.split()} <= there
    assert len(there) > 250


def _of_codes(model: Model) -> bool:
    """Whether every tensor that is no constant and no list of sizes holds codes."""
    computed = [t for t in model.tensors if not t.constant and t.dtype not in ("int32", "int64", "bool")]
    return bool(computed) and all(t.quant is not None and t.dtype in CODES for t in computed)


def test_each_op_on_codes_has_a_handler() -> None:
    rules = [rule for rule in HANDLERS if HANDLERS.phase_of(rule) == BITS]
    assert sorted({op for rule in rules if rule.pattern for op in rule.pattern.op_types}) == sorted(BITS_OPS)
    assert all(HANDLERS.find(TFLITE, op) for op in BITS_OPS)


def test_what_is_left_of_real_numbers_is_named() -> None:
    m = Model()
    x = m.op("DEQUANTIZE", [m.input([8], "int8", (0.1, 0))], [m.tensor()])
    y = m.op("SIN", [x], [m.tensor()])
    result = lab.convert(m.outputs(y).bytes(), exact="bits")
    assert [(op, why) for op, _, why in result.inexact] == [("SIN", "it computes with real numbers in the file")]
    assert any("SIN" in step["note"] for step in result.trace.records)
    assert not lab.convert(m.bytes(), exact=True).inexact


def test_your_own_handler_goes_before_it() -> None:
    model = one("MUL", codes("int8", 1, 8), codes("int8", 2, 8), out=out("int8", (0.1, 0)))
    model.facts.clear()
    lab.handler("MUL")(lambda op, node, a, b: op.Mul(b, a))
    try:
        result = lab.convert(model.bytes(), exact="bits")
    finally:
        lab.restore("MUL")
    assert [(op, why) for op, _, why in result.inexact] == [("MUL", "its handler is your own")]
    assert all(ON_CODES not in node.attributes for node in result.ir_model.graph)


@pytest.mark.parametrize("options", [{"dequantize": True}, {"target": "nnapi"}, {"target": "coreml"}])
def test_codes_that_nobody_keeps_cannot_be_exact(options: dict[str, Any]) -> None:
    model = one("MUL", codes("int8", 1, 8), codes("int8", 2, 8), out=out("int8", (0.1, 0)))
    with pytest.raises(ValueError, match="leave one out"):
        lab.convert(model.bytes(), exact="bits", **options)
