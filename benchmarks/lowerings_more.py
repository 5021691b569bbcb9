"""Ways to run the 8-bit ops without an integer kernel of their own: `python benchmarks/lowerings_more.py [--threads
2]`.

Microseconds as in benchmarks/lowerings.py, for PRELU, DIV, SUM, L2_NORMALIZATION, LOG_SOFTMAX and straight lines
(QUANTIZE).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

import numpy as np
import onnx
import onnxruntime as ort
from lowerings import least

HEAD = '<ir_version: 8, opset_import: ["" : 18]>\n'
SCALES = "float s = {0.05}, uint8 z = {120}, float t = {0.04}, uint8 o = {60}, float sum_s = {0.0001}"
IMAGE = "uint8[1, 64, {side}, {side}]"

PRELU = {
    "float PRelu": "d = DequantizeLinear(x, s, z)\np = PRelu(d, alpha)\ny = QuantizeLinear(p, t, o)",
    "a table for each channel": (
        "f = Reshape(x, rows)\ni = Cast <to = 6> (f)\ng = GatherElements <axis = 1> (tables, i)\nn = Shape(x)\ny = "
        "Reshape(g, n)"
    ),
    "QLinearMul, line, Max": (
        "d = DequantizeLinear(x, s, z)\nk = DequantizeLinear(codes, t, z)\nm = Mul(d, k)\na = QuantizeLinear(m, t, o)\n"
        "e = DequantizeLinear(x, s, z)\nl = LeakyRelu <alpha = 1.0> (e)\nb = QuantizeLinear(l, t, o)\ny = Max(a, b)"
    ),
}
DIV = {
    "float Div": (
        "d = DequantizeLinear(x, s, z)\ne = DequantizeLinear(w, t, z)\nq = Div(d, e)\ny = QuantizeLinear(q, t, o)"
    ),
    "a table of all pairs": (
        "a = Cast <to = 6> (x)\nb = Cast <to = 6> (w)\nm = Mul(a, k256)\ni = Add(m, b)\ny = Gather(pairs, i)"
    ),
}
LINE = {
    "DQ, Q": "d = DequantizeLinear(x, s, z)\ny = QuantizeLinear(d, t, o)",
    "DQ, Round, Q": "d = DequantizeLinear(x, s, z)\nr = Round(d)\ny = QuantizeLinear(r, t, o)",
    "QLinearLeakyRelu": "d = DequantizeLinear(x, s, z)\nl = LeakyRelu <alpha = 0.9> (d)\ny = QuantizeLinear(l, t, o)",
    "two of them, Max": (
        "d = DequantizeLinear(x, s, z)\nl = LeakyRelu <alpha = 1.0> (d)\na = QuantizeLinear(l, t, o)\n"
        "e = DequantizeLinear(x, t, z)\nm = LeakyRelu <alpha = 1.0> (e)\nb = QuantizeLinear(m, t, o)\ny = Max(a, b)"
    ),
}
SUM = {
    "float ReduceSum": "d = DequantizeLinear(x, s, z)\nr = ReduceSum(d, axes)\ny = QuantizeLinear(r, t, o)",
    "QLinearGlobalAveragePool": (
        "d = DequantizeLinear(x, s, z)\nr = GlobalAveragePool(d)\ny = QuantizeLinear(r, sum_s, o)"
    ),
}
ROWS = "uint8[{side}, 1024]"
L2_NORMALIZATION = {
    "Mul, ReduceSum, Sqrt, Div": (
        "d = DequantizeLinear(x, s, z)\nm = Mul(d, d)\nr = ReduceSum(m, last)\nq = Sqrt(r)\nn = Max(q, s)\n"
        "v = Div(d, n)\ny = QuantizeLinear(v, t, o)"
    ),
    "LpNormalization": "d = DequantizeLinear(x, s, z)\nv = LpNormalization <axis = 1> (d)\ny = QuantizeLinear(v, t, o)",
    "squares by table": (
        "d = DequantizeLinear(x, s, z)\ni = Cast <to = 6> (x)\nm = Gather(floats, i)\nr = ReduceSum(m, last)\nq = "
        "Sqrt(r)\n"
        "n = Max(q, s)\nv = Div(d, n)\ny = QuantizeLinear(v, t, o)"
    ),
}
LOG_SOFTMAX = {
    "float LogSoftmax": "d = DequantizeLinear(x, s, z)\nl = LogSoftmax <axis = 1> (d)\ny = QuantizeLinear(l, t, o)",
    "exponentials by table": (
        "d = DequantizeLinear(x, s, z)\ni = Cast <to = 6> (x)\ne = Gather(floats, i)\nr = ReduceSum(e, last)\nl = "
        "Log(r)\n"
        "v = Sub(d, l)\ny = QuantizeLinear(v, t, o)"
    ),
}


def session(body: str, kind: str, threads: int) -> ort.InferenceSession:
    """The body as a model from codes x and w to codes y."""
    made = onnx.parser.parse_model(f"{HEAD} g ({kind} x, {kind} w) => (uint8[a] y) <{SCALES}> {{ {body} }}")
    del made.graph.output[0].type.tensor_type.shape.dim[:]
    made.graph.output[0].type.tensor_type.ClearField("shape")
    rng = np.random.default_rng(0)
    constants: dict[str, np.ndarray] = {
        "alpha": rng.uniform(0, 1, (64, 1, 1)).astype(np.float32),
        "codes": rng.integers(0, 256, (64, 1, 1)).astype(np.uint8),
        "tables": rng.integers(0, 256, (64, 256)).astype(np.uint8),
        "pairs": rng.integers(0, 256, 65536).astype(np.uint8),
        "floats": rng.uniform(1, 2, 256).astype(np.float32),
        "rows": np.array([64, -1]),
        "axes": np.array([2, 3]),
        "last": np.array([1]),
        "k256": np.array(256, np.int32),
    }
    used = {name for node in made.graph.node for name in node.input}
    made.graph.initializer.extend(onnx.numpy_helper.from_array(v, k) for k, v in constants.items() if k in used)
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 4
    return ort.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])


def table(title: str, bodies: dict[str, str], kind: str, sides: list[int], threads: int) -> None:
    """One table: a column for each side of the image, or number of rows."""
    columns = []
    for side in sides:
        runs: dict[str, Callable[[], object]] = {}
        for name, body in bodies.items():
            made = session(body, kind.format(side=side), threads)
            feeds = {
                i.name: np.random.default_rng(1).integers(1, 256, i.shape).astype(np.uint8) for i in made.get_inputs()
            }
            runs[name] = partial(made.run, None, feeds)
        columns.append(least(runs))
    print(f"{title:28}" + "".join(f"{kind.format(side=s)[5:]:>17}" for s in sides))
    for name in bodies:
        print(f"{name:28}" + "".join(f"{c[name]:17.0f}" for c in columns), flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    threads = parser.parse_args().threads
    for title, bodies in {"PRELU": PRELU, "DIV": DIV, "straight lines": LINE, "SUM": SUM}.items():
        table(title, bodies, IMAGE, [8, 28, 56], threads)
    table("L2_NORMALIZATION", L2_NORMALIZATION, ROWS, [1, 64], threads)
    table("LOG_SOFTMAX", LOG_SOFTMAX, ROWS, [1, 64], threads)


if __name__ == "__main__":
    main()
