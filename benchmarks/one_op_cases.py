"""The ops that benchmarks/one_op.py measures, each with a function that draws a model's shapes and options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Draw:
    """Where random shapes come from: of a few hundred elements, or of many times as many."""

    rng: np.random.Generator
    dtype: str
    times: int = 1

    def shape(self, most: int = 12) -> list[int]:
        """One image."""
        return [1, *(int(n) for n in self.rng.integers(2 * self.times, most * self.times, 3))]


@dataclass
class Case:
    """One op: shapes of its activations, constants behind them, options.

    same: the output has the input's quantization. weights: (shape, axis of the channels or None). positive: no negative
    inputs. before, behind: constants that are no codes, put before or behind the activations. result: the output's
    dtype, where it holds no codes.
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
    result: str = ""


def _elementwise(d: Draw) -> Case:
    shape = d.shape()
    other = [shape, shape, [1, 1, 1, shape[3]], [1]][int(d.rng.integers(4))]
    return Case([shape, other])


def _unary(d: Draw) -> Case:
    return Case([d.shape()])


def _conv(d: Draw) -> Case:
    x, out, k = d.shape(), int(d.rng.integers(2, 24)), int(d.rng.integers(1, 4))
    options = {
        "padding": "SAME",
        "stride_h": int(d.rng.integers(1, 3)),
        "fused_activation_function": str(d.rng.choice(["NONE", "RELU6"])),
    }
    return Case(
        [x], options | {"stride_w": options["stride_h"]}, weights=[out, k, k, x[3]], axis=0, channels=out, bias=True
    )


def _depthwise(d: Draw) -> Case:
    x, k = d.shape(), int(d.rng.integers(1, 4))
    options = {
        "padding": "SAME",
        "stride_h": 1,
        "stride_w": 1,
        "fused_activation_function": str(d.rng.choice(["NONE", "RELU"])),
    }
    return Case([x], options, weights=[1, k, k, x[3]], axis=3, channels=x[3], bias=True)


def _dense(d: Draw) -> Case:
    rows, width, out = (int(n) for n in (d.rng.integers(1, 6), d.rng.integers(3, 200 * d.times), d.rng.integers(2, 40)))
    return Case([[rows, width]], weights=[out, width], axis=0, channels=out, bias=True)


def _transposed(d: Draw) -> Case:
    x, out = d.shape(8), int(d.rng.integers(2, 9))
    size = [1, x[1] * 2, x[2] * 2, out]
    options = {"padding": "SAME", "stride_h": 2, "stride_w": 2}
    return Case([x], options, weights=[out, 3, 3, x[3]], axis=0, channels=out, bias=True, before=[size])


def _matmul(d: Draw) -> Case:
    n, m, k, p = (int(v) for v in d.rng.integers(2, 20 * d.times, 4))
    return Case([[n, m, k], [n, k, p]])


def _pool(d: Draw) -> Case:
    k = int(d.rng.integers(2, 4))
    options = {
        "padding": str(d.rng.choice(["SAME", "VALID"])),
        "filter_height": k,
        "filter_width": k,
        "stride_h": 1,
        "stride_w": 2,
    }
    return Case([d.shape()], options, same=True)


def _reduce(d: Draw) -> Case:
    axes = [[1, 2], [1, 2], [3], [1], [2, 3]][int(d.rng.integers(5))]
    return Case([d.shape()], {"keep_dims": bool(d.rng.integers(2))}, behind=[np.array(axes, np.int32)])


def _global(d: Draw) -> Case:
    return Case([d.shape()], {"keep_dims": True}, behind=[np.array([1, 2], np.int32)])


def _concat(d: Draw) -> Case:
    shape = d.shape()
    return Case([shape, shape, [*shape[:3], int(d.rng.integers(1, 9))]], {"axis": 3}, same=d.dtype == "int8")


def _rows(d: Draw) -> Case:
    return Case([[int(d.rng.integers(1, 9)), int(d.rng.integers(2, 40))]])


def _pad(d: Draw) -> Case:
    pads = d.rng.integers(0, 3, (4, 2)).astype(np.int32)
    return Case([d.shape()], same=True, behind=[pads])


def _resize(d: Draw) -> Case:
    x = d.shape()
    size = np.array([int(x[1] * d.rng.uniform(0.6, 3)) + 1, int(x[2] * d.rng.uniform(0.6, 3)) + 1], np.int32)
    mode = int(d.rng.integers(3))
    return Case([x], {"align_corners": mode == 1, "half_pixel_centers": mode == 2}, same=True, behind=[size])


def _leaky(d: Draw) -> Case:
    return Case([d.shape()], {"alpha": float(np.float32(d.rng.uniform(0.01, 0.5)))})


def _prelu(d: Draw) -> Case:
    x = d.shape()
    return Case([x], alpha=[1, 1, x[3]])


def _positive(d: Draw) -> Case:
    return Case([d.shape()], positive=True)


def _divide(d: Draw) -> Case:
    shape = d.shape()
    return Case([shape, shape], positive=True)


def _beta(d: Draw) -> Case:
    return Case(
        [[int(d.rng.integers(1, 9)), int(d.rng.integers(2, 40))]], {"beta": float(d.rng.choice([1.0, 1.0, 0.5]))}
    )


def _extreme(d: Draw) -> Case:
    x = d.shape()
    axes = [[1, 2], [3], [1], [2, 3]][int(d.rng.integers(4))]
    return Case([x], {"keep_dims": bool(d.rng.integers(2))}, same=True, behind=[np.array(axes, np.int32)])


def _product(d: Draw) -> Case:
    return Case([[1, 3, int(d.rng.integers(2, 9)), 4]], behind=[np.array([1], np.int32)])


def _position(d: Draw) -> Case:
    return Case(
        [d.shape()], {"output_type": "int32"}, result="int32", behind=[np.array(int(d.rng.integers(1, 4)), np.int32)]
    )


def _compared(d: Draw) -> Case:
    shape = d.shape()
    return Case([shape, shape], result="bool")


def _gathered(d: Draw) -> Case:
    x = d.shape()
    where = d.rng.integers(0, x[2], 7).astype(np.int32)
    return Case([x], {"axis": 2}, same=True, behind=[where])


def _tiled(d: Draw) -> Case:
    return Case([d.shape()], same=True, behind=[np.array([1, 2, 1, 3], np.int32)])


def _reversed(d: Draw) -> Case:
    return Case([d.shape()], same=True, behind=[np.array([2], np.int32)])


def _blocks(d: Draw) -> Case:
    x = d.shape()
    return Case([[1, x[1] * 2, x[2] * 2, x[3]]], {"block_size": 2}, same=True)


def _permuted(d: Draw) -> Case:
    return Case([d.shape()], same=True, behind=[np.array([0, 3, 1, 2], np.int32)])


BOTH, ALL, ONE = ("int8", "uint8"), ("int8", "uint8", "int16"), ("int8",)
OPS: dict[str, tuple[Callable[[Draw], Case], tuple[str, ...]]] = {
    "ADD": (_elementwise, ALL), "SUB": (_elementwise, ALL), "MUL": (_elementwise, ALL), "DIV": (_divide, ("uint8",)),
    "SQUARED_DIFFERENCE": (_elementwise, ONE), "MAXIMUM": (_elementwise, ALL), "MINIMUM": (_elementwise, ALL),
    "CONV_2D": (_conv, ALL), "DEPTHWISE_CONV_2D": (_depthwise, ALL), "FULLY_CONNECTED": (_dense, ALL),
    "TRANSPOSE_CONV": (_transposed, ALL), "BATCH_MATMUL": (_matmul, ("int8", "int16")),
    "AVERAGE_POOL_2D": (_pool, ALL), "MAX_POOL_2D": (_pool, ALL), "MEAN": (_reduce, ALL), "MEAN global": (_global, ALL),
    "SUM": (_reduce, ALL), "REDUCE_MAX": (_extreme, ALL), "REDUCE_MIN": (_extreme, ALL), "REDUCE_PROD": (_product,
    ONE), "CONCATENATION": (_concat, BOTH),
    "SOFTMAX": (_beta, ALL), "LOG_SOFTMAX": (_rows, BOTH), "L2_NORMALIZATION": (_rows, BOTH), "LOGISTIC": (_unary, ALL),
    "TANH": (_unary, ALL), "HARD_SWISH": (_unary, BOTH), "LEAKY_RELU": (_leaky, ALL), "PRELU": (_prelu, BOTH),
    "RELU": (_unary, ALL), "RELU6": (_unary, ALL), "ELU": (_unary, ONE), "GELU": (_unary, BOTH), "EXP": (_unary,
    ("int8", "int16")),
    "SQRT": (_positive, ONE), "RSQRT": (_positive, ONE), "ABS": (_unary, ("int8", "int16")),
    "PAD": (_pad, ALL), "RESIZE_BILINEAR": (_resize, ALL), "RESIZE_NEAREST_NEIGHBOR": (_resize, ALL),
    "QUANTIZE": (_unary, ALL), "DEQUANTIZE": (_unary, ALL), "ARG_MAX": (_position, BOTH), "GREATER": (_compared, BOTH),
    "EQUAL": (_compared, BOTH), "GATHER": (_gathered, ALL), "TILE": (_tiled, BOTH), "REVERSE_V2": (_reversed, BOTH),
    "SPACE_TO_DEPTH": (_blocks, BOTH), "TRANSPOSE": (_permuted, ALL),
}  # fmt: skip
SAME = ("MAXIMUM", "MINIMUM")
"""Further ops whose output LiteRT wants in its input's quantization."""
