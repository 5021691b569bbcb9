"""Latency and closeness of quantized models, side by side: `python benchmarks/quantized.py FOLDER_OR_FILE ... [--peers
FOLDER]`.

For each model: milliseconds of a run with two threads of the converted model, of the same with `exact=True`, of
tf2onnx's where it is to be had (PY_TF2ONNX names the Python that has it; --peers keeps its models), and of LiteRT with
XNNPACK; how many times as fast as the last two ours is; nrmse of the outputs against LiteRT's reference kernels, over
three inputs, ours, ours with `exact=True`, and XNNPACK's; the share of integer groups, and the Transposes that ONNX
Runtime runs. The runs alternate, so a busy machine is busy for all. Each model has a process of its own, since LiteRT
can crash.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import onnxruntime as ort
from ai_edge_litert.interpreter import Interpreter, OpResolverType

import tfonnx_lab as lab

Name = TypeVar("Name", bound=str)

THREADS = 2
INPUTS = 3
_CONVERT = (
    "import sys, os, logging; os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'; logging.disable(50)\n"
    "from tf2onnx import convert; convert.from_tflite(sys.argv[1], opset=18, output_path=sys.argv[2])"
)


def litert(path: Path, reference: bool) -> Interpreter:
    """The model in LiteRT, allocated."""
    kind = {"experimental_op_resolver_type": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES} if reference else {}
    interpreter = Interpreter(str(path), num_threads=THREADS, **kind)
    interpreter.allocate_tensors()
    return interpreter


def inputs(interpreter: Interpreter, seed: int = 0) -> list[np.ndarray]:
    """Random inputs over the whole range of each dtype, floats from -1 to 1."""
    rng = np.random.default_rng(seed)
    made = []
    for detail in interpreter.get_input_details():
        kind, shape = np.dtype(detail["dtype"]), [int(d) for d in detail["shape"]]
        if kind.kind in "iu" and kind.itemsize < 4:
            low, high = np.iinfo(kind).min, np.iinfo(kind).max
            made.append(rng.integers(low, high + 1, shape).astype(kind))
        else:
            made.append(rng.uniform(-1, 1, shape).astype(kind))
    return made


def answers(interpreter: Interpreter, values: Sequence[np.ndarray]) -> list[np.ndarray]:
    """LiteRT's outputs."""
    for detail, value in zip(interpreter.get_input_details(), values, strict=True):
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]


Run = Callable[..., list[np.ndarray]]


def runner(model: str | bytes, first: Sequence[np.ndarray]) -> Run:
    """A function that runs an ONNX model once; inputs are matched by position and may be channels first."""
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = THREADS, 4
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    details = session.get_inputs()

    def run(values: Sequence[np.ndarray] = first) -> list[np.ndarray]:
        feeds = {}
        for detail, value in zip(details, values, strict=False):  # states that are not fed start anew
            same = list(detail.shape)[1:] == list(value.shape)[1:] or value.ndim != 4
            feeds[detail.name] = value if same else _moved(value, detail.shape)
        return [np.asarray(v) for v in session.run(None, feeds)]

    return run


def _moved(value: np.ndarray, shape: Sequence[Any]) -> np.ndarray:
    return value.transpose(0, 3, 1, 2) if list(value.transpose(0, 3, 1, 2).shape)[1:] == list(shape)[1:] else value


def by_tf2onnx(path: Path, folder: str) -> str | None:
    """The model that tf2onnx makes, None where it makes none or is not there."""
    python = os.environ.get("PY_TF2ONNX")
    target = Path(folder) / f"{path.stem}.onnx"
    if python is not None and not target.exists():
        subprocess.run([python, "-c", _CONVERT, str(path), str(target)], capture_output=True, check=False)
    return str(target) if target.exists() else None


def latencies(runs: dict[Name, Callable[[], Any]], seconds: float = 3.0) -> dict[Name, float]:
    """Least milliseconds of each, the runs alternating: what a busy machine disturbs least."""
    times: dict[Name, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end and len(next(iter(times.values()))) < 300:
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - began)
    return {name: min(found) * 1e3 for name, found in times.items()}


def nrmse(want: Sequence[np.ndarray], got: Sequence[np.ndarray]) -> float:
    """The worst output's root mean square error over its standard deviation."""
    worst = 0.0
    for a, b in zip(want, got, strict=False):
        if a.shape == b.shape and a.size > 1:
            wide, other = a.astype(np.float64), b.astype(np.float64)
            worst = max(worst, float(np.sqrt(np.mean((wide - other) ** 2)) / max(float(wide.std()), 1e-6)))
    return worst


@dataclass(frozen=True)
class Row:
    """What was measured of a model; times in milliseconds."""

    times: dict[str, float]
    default: float
    exact: float
    xnnpack: float
    share: float | None
    transposes: int

    @property
    def faster(self) -> float | None:
        """How many times as fast as tf2onnx's model ours is."""
        return self.times["tf2onnx"] / self.times["lab"] if "tf2onnx" in self.times else None

    def __str__(self) -> str:
        t = self.times
        cells = [t["lab"], t["exact"], t.get("tf2onnx"), t["litert"], self.faster, t["litert"] / t["lab"]]
        text = "".join(f"{c:9.2f}" if c is not None else f"{'-':>9}" for c in cells)
        text += "".join(f"{c:9.4f}" for c in (self.default, self.exact, self.xnnpack))
        text += f"{self.share:7.0%}" if self.share is not None else f"{'-':>7}"
        return f"{text}{self.transposes:5}"


def measured(path: Path, folder: str, seconds: float) -> Row:
    """One row of the table."""
    reference, fast = litert(path, True), litert(path, False)
    given = [inputs(reference, seed) for seed in range(INPUTS)]
    results = {"lab": lab.convert(path), "exact": lab.convert(path, exact=True)}
    runs = {name: runner(result.model.SerializeToString(), given[0]) for name, result in results.items()}
    want, other = (
        [answers(litert(path, kernels), values) for values in given] for kernels in (True, False)
    )  # each anew, for states are kept from run to run
    close = {
        name: max(nrmse(a, run(values)) for a, values in zip(want, given, strict=True)) for name, run in runs.items()
    }
    band = max(map(nrmse, want, other))
    theirs = by_tf2onnx(path, folder)
    if theirs is not None:
        try:
            runs["tf2onnx"] = runner(theirs, given[0])
            runs["tf2onnx"]()
        except Exception as error:  # ONNX Runtime's errors share no base class
            runs.pop("tf2onnx", None)
            print(f"    tf2onnx's model does not run: {str(error)[:90]}", file=sys.stderr)
    took = latencies({**runs, "litert": fast.invoke}, seconds)
    runtime = results["lab"].runtime()
    left = runtime.kernels["Transpose"]
    return Row(took, close["lab"], close["exact"], band, runtime.fused_share, left)


def alone(path: Path, folder: str, seconds: float) -> Row | str:
    """`measured` in a process of its own, or why there is no row."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(measured, path, folder, seconds).result()
        except BrokenProcessPool:
            return "LiteRT crashes"
        except Exception as error:  # one model that fails must not end the table
            return f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--peers", help="a folder where tf2onnx's models are kept")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each model is measured")
    given = parser.parse_args()
    paths = [p for m in given.models for p in (sorted(m.glob("*.tflite")) if m.is_dir() else [m])]
    names = ("lab", "exact", "tf2onnx", "XNNPACK", "x tf2onnx", "x XNNP.", "nrmse", "exact", "XNNPACK", "fused", "left")
    print(f"{'ms, two threads':40}" + "".join(f" {n:>8}" for n in names[:4]) + f"{names[4]:>9}{names[5]:>9}"
          + "".join(f"{n:>9}" for n in names[6:9]) + f"{names[9]:>7}{names[10]:>5}")  # fmt: skip
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            row = alone(path, given.peers or folder, given.seconds)
            print(f"{path.stem[:40]:40}{row if isinstance(row, Row) else ' ' + row}", flush=True)
            ratios += [row.faster] if isinstance(row, Row) and row.faster else []
    if ratios:
        mean = np.exp(np.mean(np.log(ratios)))
        print(
            f"geometric mean over {len(ratios)} models: {mean:.2f} times as fast as tf2onnx's, worst {min(ratios):.2f}"
        )


if __name__ == "__main__":
    main()
