"""How equal one-op quantized models are to LiteRT's kernels, op by op: `python benchmarks/one_op.py [--only TEXT] [--count 12]`.

For each op and dtype, models with random shapes, scales, zero points, weights and activations; the output's range is that of
the same op in float. Printed: the share of codes that are equal, that are within one step, and the largest distance, by
default and with exact=True. Exit status 1 where a code is off by more than a step (16 bits: two) or fewer than nine in ten are equal.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import tfonnx_lab as lab
from conformance.against import run_litert
from conformance.models import Model
from tfonnx_lab.parity.runtime import OnnxRuntime

Rng = np.random.Generator
LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}
FIXED: dict[str, dict[str, tuple[float, int]]] = {
    "SOFTMAX": {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (1 / 32768, 0)},
    "LOGISTIC": {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (1 / 32768, 0)},
    "TANH": {"int8": (1 / 128, 0), "uint8": (1 / 128, 128), "int16": (1 / 32768, 0)},
    "L2_NORMALIZATION": {"int8": (1 / 128, 0), "uint8": (1 / 128, 128)},
    "LOG_SOFTMAX": {"int8": (16 / 256, 127), "uint8": (16 / 256, 255)},
}
"""Ops whose output has the quantization that LiteRT demands."""


@dataclass
class Case:
    """One op: shapes of its activations, constants behind them, options.

    same: the output has the input's quantization. weights: (shape, axis of the channels or None). positive: no negative
    inputs. indices: constants that are no codes, put before or behind the activations.
    """

    shapes: list[list[int]]
    options: dict[str, Any] = field(default_factory=dict)
    same: bool = False
    weights: list[int] | None = None
    axis: int | None = None
    channels: int = 0
    bias: bool = False
    positive: bool = False
    before: list[Any] = field(default_factory=list)
    behind: list[Any] = field(default_factory=list)
    alpha: list[int] | None = None
    one_scale: bool = False


def _shape(rng: Rng, size: int = 4, most: int = 12) -> list[int]:
    return [1, *(int(d) for d in rng.integers(2, most, size - 1))]


def _elementwise(rng: Rng) -> Case:
    shape = _shape(rng)
    other = [shape, shape, [1, 1, 1, shape[3]], [1]][int(rng.integers(4))]
    return Case([shape, other])


def _unary(rng: Rng) -> Case:
    return Case([_shape(rng)])


def _conv(rng: Rng) -> Case:
    x, out, k = _shape(rng), int(rng.integers(2, 24)), int(rng.integers(1, 4))
    options = {
        "padding": "SAME",
        "stride_h": int(rng.integers(1, 3)),
        "fused_activation_function": str(rng.choice(["NONE", "RELU6"])),
    }
    return Case(
        [x], options | {"stride_w": options["stride_h"]}, weights=[out, k, k, x[3]], axis=0, channels=out, bias=True
    )


def _depthwise(rng: Rng) -> Case:
    x, k = _shape(rng), int(rng.integers(1, 4))
    options = {
        "padding": "SAME",
        "stride_h": 1,
        "stride_w": 1,
        "fused_activation_function": str(rng.choice(["NONE", "RELU"])),
    }
    return Case([x], options, weights=[1, k, k, x[3]], axis=3, channels=x[3], bias=True)


def _dense(rng: Rng) -> Case:
    rows, width, out = (int(d) for d in (rng.integers(1, 6), rng.integers(3, 200), rng.integers(2, 40)))
    return Case([[rows, width]], weights=[out, width], axis=0, channels=out, bias=True)


def _transposed(rng: Rng) -> Case:
    x, out = _shape(rng, most=8), int(rng.integers(2, 9))
    size = [1, x[1] * 2, x[2] * 2, out]
    options = {"padding": "SAME", "stride_h": 2, "stride_w": 2}
    return Case([x], options, weights=[out, 3, 3, x[3]], axis=0, channels=out, bias=True, before=[size])


def _matmul(rng: Rng) -> Case:
    n, m, k, p = (int(d) for d in rng.integers(2, 20, 4))
    return Case([[n, m, k], [n, k, p]])


def _pool(rng: Rng) -> Case:
    k = int(rng.integers(2, 4))
    options = {
        "padding": str(rng.choice(["SAME", "VALID"])),
        "filter_height": k,
        "filter_width": k,
        "stride_h": 1,
        "stride_w": 2,
    }
    return Case([_shape(rng)], options, same=True)


def _reduce(rng: Rng) -> Case:
    axes = [[1, 2], [1, 2], [3], [1], [2, 3]][int(rng.integers(5))]
    return Case([_shape(rng)], {"keep_dims": bool(rng.integers(2))}, behind=[np.array(axes, np.int32)])


def _global(rng: Rng) -> Case:
    return Case([_shape(rng)], {"keep_dims": True}, behind=[np.array([1, 2], np.int32)])


def _concat(rng: Rng) -> Case:
    shape = _shape(rng)
    return Case([shape, shape, [*shape[:3], int(rng.integers(1, 9))]], {"axis": 3})


def _rows(rng: Rng) -> Case:
    return Case([[int(rng.integers(1, 9)), int(rng.integers(2, 40))]])


def _pad(rng: Rng) -> Case:
    pads = rng.integers(0, 3, (4, 2)).astype(np.int32)
    return Case([_shape(rng)], same=True, behind=[pads])


def _resize(rng: Rng) -> Case:
    x = _shape(rng)
    size = np.array([int(x[1] * rng.uniform(0.6, 3)) + 1, int(x[2] * rng.uniform(0.6, 3)) + 1], np.int32)
    mode = int(rng.integers(3))
    return Case([x], {"align_corners": mode == 1, "half_pixel_centers": mode == 2}, same=True, behind=[size])


def _leaky(rng: Rng) -> Case:
    return Case([_shape(rng)], {"alpha": float(np.float32(rng.uniform(0.01, 0.5)))})


def _prelu(rng: Rng) -> Case:
    x = _shape(rng)
    return Case([x], alpha=[1, 1, x[3]])


def _positive(rng: Rng) -> Case:
    return Case([_shape(rng)], positive=True)


def _divide(rng: Rng) -> Case:
    shape = _shape(rng)
    return Case([shape, shape], positive=True)


def _beta(rng: Rng) -> Case:
    return Case([[int(rng.integers(1, 9)), int(rng.integers(2, 40))]], {"beta": float(rng.choice([1.0, 1.0, 0.5]))})


BOTH, ALL, ONE = ("int8", "uint8"), ("int8", "uint8", "int16"), ("int8",)
OPS: dict[str, tuple[Callable[[Rng], Case], tuple[str, ...]]] = {
    "ADD": (_elementwise, ALL), "SUB": (_elementwise, ALL), "MUL": (_elementwise, ALL), "DIV": (_divide, ("uint8",)),
    "SQUARED_DIFFERENCE": (_elementwise, ("int8", "int16")), "MAXIMUM": (_elementwise, ALL),
    "CONV_2D": (_conv, ALL), "DEPTHWISE_CONV_2D": (_depthwise, ALL), "FULLY_CONNECTED": (_dense, ALL),
    "TRANSPOSE_CONV": (_transposed, ALL), "BATCH_MATMUL": (_matmul, ("int8", "int16")),
    "AVERAGE_POOL_2D": (_pool, ALL), "MAX_POOL_2D": (_pool, ALL), "MEAN": (_reduce, ALL), "MEAN global": (_global, ALL),
    "SUM": (_reduce, ALL), "REDUCE_MAX": (_reduce, ALL), "CONCATENATION": (_concat, BOTH),
    "SOFTMAX": (_beta, ALL), "LOG_SOFTMAX": (_rows, BOTH), "L2_NORMALIZATION": (_rows, BOTH), "LOGISTIC": (_unary, ALL),
    "TANH": (_unary, ALL), "HARD_SWISH": (_unary, BOTH), "LEAKY_RELU": (_leaky, ALL), "PRELU": (_prelu, BOTH),
    "RELU": (_unary, ALL), "RELU6": (_unary, ALL), "ELU": (_unary, ONE), "GELU": (_unary, BOTH), "EXP": (_unary, ("int8", "int16")),
    "SQRT": (_positive, ONE), "RSQRT": (_positive, ("int8", "int16")), "ABS": (_unary, ("int8", "int16")),
    "PAD": (_pad, ALL), "RESIZE_BILINEAR": (_resize, ALL), "RESIZE_NEAREST_NEIGHBOR": (_resize, ALL),
    "QUANTIZE": (_unary, ALL), "DEQUANTIZE": (_unary, ALL),
}  # fmt: skip
SAME = ("REDUCE_MAX", "MAXIMUM")
"""Further ops whose output LiteRT wants in its input's quantization."""


def parameters(rng: Rng, dtype: str, low: float, high: float) -> tuple[float, int]:
    """Scale and zero point for a range; 16 bits have no zero point."""
    low, high = min(low, 0.0), max(high, 1e-3)
    if dtype == "int16":
        return float(np.float32(max(-low, high) / 32767)), 0
    least, most = LIMITS[dtype]
    scale = float(np.float32((high - low) / (most - least)))
    return scale, int(np.clip(round(least - low / scale), least, most))


@dataclass
class Sample:
    """A case with numbers: codes and quantizations."""

    op: str
    case: Case
    dtype: str
    codes: list[np.ndarray]
    quants: list[tuple[float, int]]
    weights: np.ndarray | None
    scales: np.ndarray | None
    biases: np.ndarray | None
    alpha: np.ndarray | None

    def model(self, real: bool, out: tuple[float, int] | None) -> Model:
        """The quantized model, or the same op in float."""
        m, case = Model(), self.case
        inputs: list[Any] = [m.const(np.array(c, np.int32)) for c in case.before]
        activations = [self._input(m, i, real) for i in range(len(self.codes))]
        if self.weights is not None:
            w = self._weights(m, real)
            inputs += [w, *activations] if self.op == "TRANSPOSE_CONV" else [*activations, w]
            inputs.append(self._bias(m, real))
        else:
            inputs += activations
        if self.alpha is not None:
            values = self.alpha * np.float32(0.01)
            inputs.append(m.const(values.astype("f")) if real else m.const(self.alpha, self.dtype, (0.01, 0)))
        inputs += [m.const(c) for c in case.behind]
        kind = self.op.split()[0]
        to_real = real or kind == "DEQUANTIZE"
        y = m.tensor() if to_real else m.tensor(self.dtype, quant=out)
        return m.outputs(m.op(kind, inputs, [y], **case.options))

    def _input(self, m: Model, i: int, real: bool) -> Any:
        scale, zero = self.quants[i]
        if not real:
            return m.input(list(self.codes[i].shape), self.dtype, (scale, zero), values=self.codes[i])
        values = ((self.codes[i].astype(np.float64) - zero) * scale).astype("f")
        return m.input(list(values.shape), values=values)

    def _weights(self, m: Model, real: bool) -> Any:
        assert self.weights is not None and self.scales is not None
        kind = "uint8" if self.dtype == "uint8" else "int8"
        zero = 128 if kind == "uint8" else 0
        shape = [1] * self.weights.ndim
        if self.scales.size > 1 and self.case.axis is not None:
            shape[self.case.axis] = -1
            if not real:
                return m.const(self.weights, kind, (self.scales, [zero] * self.scales.size, self.case.axis))
        if not real:
            return m.const(self.weights, kind, (float(self.scales[0]), zero))
        return m.const(((self.weights.astype(np.float64) - zero) * self.scales.reshape(shape)).astype("f"))

    def _bias(self, m: Model, real: bool) -> Any:
        assert self.biases is not None and self.scales is not None
        scale = (self.scales * np.float32(self.quants[0][0])).astype("f")
        if real:
            return m.const((self.biases * scale).astype("f"))
        kind = "int64" if self.dtype == "int16" else "int32"
        quant: Any = (scale, [0] * scale.size, 0) if scale.size > 1 else (float(scale[0]), 0)
        return m.const(self.biases.astype(kind), kind, quant)


def sample(rng: Rng, op: str, dtype: str) -> Sample:
    """Random numbers for an op."""
    case = OPS[op][0](rng)
    least, most = LIMITS[dtype]
    codes, quants = [], []
    for shape in case.shapes:
        low = 0.0 if case.positive else -float(rng.uniform(0.5, 5))
        quant = parameters(rng, dtype, low, float(rng.uniform(0.5, 6)))
        if case.same or op in SAME:
            quant = quants[0] if quants else quant
        spread = (
            rng.normal((least + most) / 2, (most - least) / 5, shape)
            if rng.integers(2)
            else rng.uniform(least, most, shape)
        )
        made = np.clip(np.round(spread), least + int(op == "RSQRT") + int(op == "DIV"), most).astype(dtype)
        codes.append(made)
        quants.append(quant)
    weights = scales = biases = alpha = None
    if case.weights is not None:
        kind = "uint8" if dtype == "uint8" else "int8"
        weights = rng.integers(1 if kind == "uint8" else -127, 256 if kind == "uint8" else 128, case.weights).astype(
            kind
        )
        channels = dtype != "uint8" and bool(rng.integers(2)) and case.axis is not None
        scales = rng.uniform(0.002, 0.02, case.channels if channels else 1).astype("f")
        biases = rng.integers(-2000, 2000, case.channels)
    if case.alpha is not None:
        alpha = rng.integers(1, 60, case.alpha).astype(dtype)
    return Sample(op, case, dtype, codes, quants, weights, scales, biases, alpha)


def output_of(rng: Rng, s: Sample) -> tuple[float, int] | None:
    """The quantization of the output."""
    if s.op in FIXED:
        return FIXED[s.op][s.dtype]
    if s.case.same or s.op in SAME:
        return s.quants[0]
    if s.op == "DEQUANTIZE":
        return None
    if s.op == "QUANTIZE":
        return parameters(rng, s.dtype, -float(rng.uniform(0.5, 5)), float(rng.uniform(0.5, 6)))
    real = s.model(True, None)
    (values,) = run_litert(real.bytes(), real.feeds())
    finite = values[np.isfinite(values)]
    tail = float(rng.uniform(0.85, 1.1))
    return parameters(rng, s.dtype, float(finite.min(initial=0)) * tail, float(finite.max(initial=0)) * tail)


@dataclass
class Tally:
    """Distances between two answers, in steps."""

    count: int = 0
    equal: int = 0
    near: int = 0
    worst: float = 0.0
    where: str = ""

    def add(self, want: np.ndarray, got: np.ndarray, what: str) -> None:
        """Count the elements of one model."""
        error = np.abs(want.astype(np.float64) - got.astype(np.float64))
        if want.dtype.kind == "f":
            error = np.where(error <= 1e-6 * np.abs(want).max(initial=1e-9), 0, 2)
        self.count += error.size
        self.equal += int((error == 0).sum())
        self.near += int((error <= 1).sum())
        if error.max(initial=0) > self.worst:
            self.worst, self.where = float(error.max(initial=0)), what

    def __str__(self) -> str:
        return f"{self.equal / max(self.count, 1):9.2%}{self.near / max(self.count, 1):9.2%}{self.worst:7.0f}"

    def ok(self, dtype: str) -> bool:
        """Whether it is what is aimed at."""
        return self.worst <= (2 if dtype == "int16" else 1) and self.equal >= 0.9 * self.count


def measured(op: str, dtype: str, count: int, opset: int) -> tuple[Tally, Tally, str]:
    """Tallies by default and exact, and what failed."""
    usual, exact, failed = Tally(), Tally(), ""
    for seed in range(count):
        rng = np.random.default_rng([seed, len(op), sum(map(ord, op + dtype))])
        try:
            s = sample(rng, op, dtype)
            m = s.model(False, output_of(rng, s))
            (want,) = run_litert(m.bytes(), m.feeds())
        except Exception as error:  # LiteRT refuses what it has no kernel for
            failed = failed or f"LiteRT: {str(error).splitlines()[0][:70]}"
            continue
        for tally, options in ((usual, {}), (exact, {"exact": True})):
            try:
                (got,) = OnnxRuntime(lab.convert(m.bytes(), opset, **options).model).run(m.feeds())  # type: ignore[arg-type]
                tally.add(want, got, f"seed {seed}")
            except Exception as error:  # ONNX Runtime's errors share no base class
                failed = f"{type(error).__name__}: {str(error).splitlines()[0][:90]}"
    return usual, exact, failed


def rows(only: str, count: int, opset: int) -> Iterator[tuple[str, bool]]:
    """The table's rows, and whether each is what is aimed at."""
    for op, (_, dtypes) in OPS.items():
        for dtype in dtypes:
            if only not in f"{op} {dtype}":
                continue
            usual, exact, failed = measured(op, dtype, count, opset)
            good = usual.ok(dtype) and exact.ok(dtype)
            mark = "" if good else f"  <-- {usual.where or exact.where}"
            yield (
                f"{op:26}{dtype:7}{usual.count:8}{usual}   {exact}{mark} {failed}",
                good and not (failed and not usual.count),
            )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--opset", type=int, default=18)
    given = parser.parse_args(arguments)
    print(
        f"{'op':26}{'dtype':7}{'codes':>8}{'equal':>9}{'near':>9}{'worst':>7}   {'exact: equal':>9}{'near':>6}{'worst':>7}"
    )
    bad = 0
    for row, good in rows(given.only, given.count, given.opset):
        print(row, flush=True)
        bad += not good
    print(f"{bad} rows fall short" if bad else "all rows are as they should be")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
