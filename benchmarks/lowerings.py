"""What each way to run a quantized op costs in ONNX Runtime: `python benchmarks/lowerings.py [--threads 2]`.

Microseconds (the least of many runs, the candidates in turn) for 8-bit tensors of several sizes: what
docs/quantization.md and the rules that choose quote.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import onnx
import onnxruntime as ort

SIZES = (1_024, 16_384, 65_536, 200_704, 802_816)
SECONDS = 1.0

Body = Callable[[int], str]


def between(op: str) -> Body:
    """The op in float between DequantizeLinear and QuantizeLinear."""
    return lambda size: f"r = DequantizeLinear(x, s, z)\nf = {op}(r)\ny = QuantizeLinear(f, s, z)"


def shape_of(size: int) -> list[int]:
    """Channels last where there are three of them."""
    return [1, 1, size // 3, 3] if size % 3 == 0 else [1, 16, 1, size // 16]


def rows_of(size: int) -> int:
    """How many rows a lookup is split into, so that threads share it."""
    return max(k for k in range(1, 17) if size % k == 0)


def by_gather(size: int) -> str:
    """The plain lookup."""
    return "i = Cast <to = 6> (x)\ny = Gather(table, i)"


def by_elements(size: int) -> str:
    """GatherElements of one row."""
    return (
        "flat = Reshape(x, minus)\ni = Cast <to = 6> (flat)\n"
        "g = GatherElements <axis = 0> (table, i)\ny = Reshape(g, shape)"
    )


def by_rows(size: int) -> str:
    """GatherElements of several rows, each with its copy of the table."""
    return (
        "flat = Reshape(x, rows)\ni = Cast <to = 6> (flat)\n"
        "g = GatherElements <axis = 1> (tables, i)\ny = Reshape(g, shape)"
    )


def by_product(size: int) -> str:
    """HardSwish as x times its gate, whose codes are those of x, rescaled."""
    return (
        "r = DequantizeLinear(x, s, z)\nl = LeakyRelu <alpha = 1.0> (r)\ng = QuantizeLinear(l, sg, zg)\n"
        "a = DequantizeLinear(x, s, z)\nb = DequantizeLinear(g, so, zero)\nm = Mul(a, b)\ny = QuantizeLinear(m, s, z)"
    )


TABLES: dict[str, Body] = {
    "float HardSwish": between("HardSwish"),
    "float Tanh": between("Tanh"),
    "float Elu": between("Elu"),
    "Gather": by_gather,
    "GatherElements": by_elements,
    "GatherElements, rows": by_rows,
    "QLinearSigmoid": between("Sigmoid"),
    "QLinearLeakyRelu": between("LeakyRelu"),
    "gate and QLinearMul": by_product,
}
"""Ways to run an 8-bit unary op."""

BINARY: dict[str, Body] = {
    f"{'QLinear' * (op in ('Add', 'Mul')) or 'float '}{op}": (
        lambda size, op=op: (
            "a = DequantizeLinear(x, s, z)\nb = DequantizeLinear(w, sw, z)\n"
            f"f = {op}(a, b)\ny = QuantizeLinear(f, s, z)"
        )
    )
    for op in ("Add", "Mul", "Sub", "Div", "Max")
} | {
    "Sub as QLinearAdd": lambda size: (
        "a = DequantizeLinear(x, s, z)\nb = DequantizeLinear(w, minus_s, z)\nf = Add(a, b)\ny = QuantizeLinear(f, s, z)"
    ),
    "Max on codes": lambda size: "y = Max(x, w)",
}
"""Ways to run an op of two 8-bit tensors."""


ROW: dict[str, Body] = {
    "QLinearAdd of 3 channels": lambda size: (
        "a = DequantizeLinear(x, s, z)\nb = DequantizeLinear(row, sw, z)\nf = Add(a, b)\ny = QuantizeLinear(f, s, z)"
    ),
    "QLinearAdd of a number": lambda size: (
        "a = DequantizeLinear(x, s, z)\nb = DequantizeLinear(one, sw, z)\nf = Add(a, b)\ny = QuantizeLinear(f, s, z)"
    ),
}
"""Ways to add one constant to every pixel."""


def convolution(kind: str, kernel: int, transposed: bool = False) -> bytes:
    """A convolution of 56 x 56 x 64 codes with weights of this dtype, to as many channels."""
    zero = 128 if kind == "uint8" else 0
    op = f"ConvTranspose <strides = [{kernel}, {kernel}]>" if transposed else "Conv"
    text = f"""<ir_version: 8, opset_import: ["" : 18]>
    g (uint8[1, 64, 56, 56] x) => (uint8[1, 64, a, b] y) <float s = {{0.05}}, uint8 z = {{120}}, {kind} wz = {{{zero}}}>
      {{
      d = DequantizeLinear(x, s, z)
      k = DequantizeLinear(w, s, wz)
      f = {op}(d, k)
      y = QuantizeLinear(f, s, z)
    }}"""
    made = onnx.parser.parse_model(text)
    codes = np.random.default_rng(0).integers(-100, 100, [64, 64, kernel, kernel]) + zero
    made.graph.initializer.append(onnx.numpy_helper.from_array(codes.astype(kind), "w"))
    return made.SerializeToString()


def parts_of_transposed(kernel: int) -> bytes:
    """The same sums as a transposed convolution with stride `kernel`, as the converter writes them."""
    rng = np.random.default_rng(0)
    count = kernel * kernel * 64
    text = f"""<ir_version: 8, opset_import: ["" : 18]>
    g (uint8[1, 64, 56, 56] x) => (uint8[1, 64, a, b] y) <
      float s = {{0.05}}, uint8 z = {{120}}, int8 wz = {{0}}, int64[6] wide = {{1, 56, 56, {kernel}, {kernel}, 64}},
      int64[4] whole = {{1, {56 * kernel}, {56 * kernel}, 64}}
    > {{
      d = DequantizeLinear(x, s, z)
      k = DequantizeLinear(w, s, wz)
      f = Conv(d, k)
      q = QuantizeLinear(f, s, z)
      n = Transpose <perm = [0, 2, 3, 1]> (q)
      r = Reshape(n, wide)
      t = Transpose <perm = [0, 1, 3, 2, 4, 5]> (r)
      u = Reshape(t, whole)
      y = Transpose <perm = [0, 3, 1, 2]> (u)
    }}"""
    made = onnx.parser.parse_model(text)
    codes = rng.integers(-100, 100, [count, 64, 1, 1]).astype(np.int8)
    made.graph.initializer.append(onnx.numpy_helper.from_array(codes, "w"))
    return made.SerializeToString()


def model(body: str, size: int) -> bytes:
    """The body as a model from codes x (and w) to codes y."""
    rows = rows_of(size)
    shape = ", ".join(map(str, shape_of(size)))
    text = f"""<ir_version: 8, opset_import: ["" : 18]>
    g (uint8[{shape}] x, uint8[{shape}] w) => (uint8[{shape}] y) <
      float s = {{0.05}}, uint8 z = {{120}}, float sw = {{0.04}}, float minus_s = {{-0.04}}, uint8 zero = {{0}},
      float sg = {{0.023622}}, uint8 zg = {{127}}, float so = {{0.003937}},
      int64[1] minus = {{-1}}, int64[2] rows = {{{rows}, -1}}, int64[4] shape = {{{shape}}}
    > {{ {body} }}"""
    made = onnx.parser.parse_model(text)
    table = np.arange(256)[::-1].astype(np.uint8)
    made.graph.initializer.append(onnx.numpy_helper.from_array(np.array([100, 101, 102], np.uint8), "row"))
    made.graph.initializer.append(onnx.numpy_helper.from_array(np.array(100, np.uint8), "one"))
    made.graph.initializer.append(onnx.numpy_helper.from_array(table, "table"))
    made.graph.initializer.append(onnx.numpy_helper.from_array(np.tile(table, (rows, 1)), "tables"))
    return made.SerializeToString()


def runs(bodies: dict[str, Body], size: int, threads: int) -> dict[str, Callable[[], object]]:
    """A function for each candidate."""
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 4
    made: dict[str, Callable[[], object]] = {}
    rng = np.random.default_rng(0)
    for name, body in bodies.items():
        session = ort.InferenceSession(model(body(size), size), options, providers=["CPUExecutionProvider"])
        feeds = {i.name: rng.integers(0, 256, shape_of(size)).astype(np.uint8) for i in session.get_inputs()}
        made[name] = partial(session.run, None, feeds)
    return made


def convolutions(threads: int) -> None:
    """The table of convolutions."""
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 4
    models = {
        "Conv 1 x 1, int8 weights": convolution("int8", 1),
        "Conv 1 x 1, uint8 weights": convolution("uint8", 1),
        "Conv 3 x 3, int8 weights": convolution("int8", 3),
        "Conv 3 x 3, uint8 weights": convolution("uint8", 3),
        "ConvTranspose 2 x 2, float": convolution("int8", 2, transposed=True),
        "ConvTranspose 2 x 2, parts": parts_of_transposed(2),
    }
    x = np.random.default_rng(0).integers(0, 256, [1, 64, 56, 56]).astype(np.uint8)
    made: dict[str, Callable[[], object]] = {}
    for name, data in models.items():
        session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        made[name] = partial(session.run, None, {"x": x})
    print("us, 56 x 56 x 64 codes")
    for name, took in least(made).items():
        print(f"{name:28}{took:10.0f}", flush=True)


def least(candidates: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The least microseconds of each, the candidates in turn."""
    best = dict.fromkeys(candidates, float("inf"))
    end = time.perf_counter() + SECONDS * len(candidates)
    while time.perf_counter() < end:
        for name, run in candidates.items():
            for _ in range(3):
                began = time.perf_counter()
                run()
                best[name] = min(best[name], time.perf_counter() - began)
    return {name: seconds * 1e6 for name, seconds in best.items()}


def show(title: str, bodies: dict[str, Body], threads: int, sizes: Iterable[int] = SIZES) -> None:
    """One table."""
    found = [least(runs(bodies, size, threads)) for size in sizes]
    print(f"{title:28}" + "".join(f"{size:>10}" for size in sizes))
    for name in bodies:
        print(f"{name:28}" + "".join(f"{row[name]:10.0f}" for row in found), flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    threads = parser.parse_args().threads
    show("us, elements", TABLES, threads)
    show("us, elements", BINARY, threads)
    show("us, elements", ROW, threads, [3 * 64 * 64, 3 * 192 * 192])
    convolutions(threads)


if __name__ == "__main__":
    main()
