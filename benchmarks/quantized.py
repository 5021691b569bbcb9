"""Latency and closeness of quantized models, side by side: `python benchmarks/quantized.py FOLDER_OR_FILE ... [--exact]`.

For each model: milliseconds of a run with two threads of the converted model, of tf2onnx's where it is to be had (PY_TF2ONNX
names the Python that has it), and of LiteRT with XNNPACK; nrmse of the outputs against LiteRT's reference kernels, ours and
XNNPACK's; the share of integer groups. The runs of the three alternate, so a busy machine is busy for all.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from ai_edge_litert.interpreter import Interpreter, OpResolverType

import tfonnx_lab as lab

THREADS = 2
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


def inputs(interpreter: Interpreter) -> list[np.ndarray]:
    """Random inputs over the whole range of each dtype, floats from -1 to 1."""
    rng = np.random.default_rng(0)
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


def runner(model: str | bytes, values: Sequence[np.ndarray]) -> Callable[[], list[np.ndarray]]:
    """A function that runs an ONNX model once; inputs are matched by position and may be channels first."""
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = THREADS, 4
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feeds = {}
    for detail, value in zip(session.get_inputs(), values, strict=True):
        feeds[detail.name] = (
            value if list(detail.shape)[1:] == list(value.shape)[1:] or value.ndim != 4 else _moved(value, detail.shape)
        )
    return lambda: list(session.run(None, feeds))


def _moved(value: np.ndarray, shape: Sequence[Any]) -> np.ndarray:
    return value.transpose(0, 3, 1, 2) if list(value.transpose(0, 3, 1, 2).shape)[1:] == list(shape)[1:] else value


def by_tf2onnx(path: Path, folder: str) -> str | None:
    """The model that tf2onnx makes, None where it makes none or is not there."""
    python = os.environ.get("PY_TF2ONNX")
    if python is None:
        return None
    target = str(Path(folder) / f"{path.stem}.onnx")
    done = subprocess.run([python, "-c", _CONVERT, str(path), target], capture_output=True, check=False)
    return target if done.returncode == 0 and os.path.exists(target) else None


def latencies(runs: dict[str, Callable[[], Any]], seconds: float = 3.0) -> dict[str, float]:
    """Median milliseconds of each, the runs alternating."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end and len(next(iter(times.values()))) < 300:
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - began)
    return {name: float(np.median(found)) * 1e3 for name, found in times.items()}


def nrmse(want: Sequence[np.ndarray], got: Sequence[np.ndarray]) -> float:
    """The worst output's root mean square error over its standard deviation."""
    worst = 0.0
    for a, b in zip(want, got, strict=True):
        if a.shape == b.shape and a.size > 1:
            wide, other = a.astype(np.float64), b.astype(np.float64)
            worst = max(worst, float(np.sqrt(np.mean((wide - other) ** 2)) / max(float(wide.std()), 1e-6)))
    return worst


def measured(path: Path, folder: str, exact: bool) -> tuple[str, float | None]:
    """The table's row for a model, and how many times as fast as tf2onnx's it is."""
    reference, fast = litert(path, True), litert(path, False)
    values = inputs(reference)
    want, other = answers(reference, values), answers(fast, values)
    result = lab.convert(path, exact=exact)
    runs: dict[str, Callable[[], Any]] = {
        "lab": runner(result.model.SerializeToString(), values),
        "litert": fast.invoke,
    }
    theirs = by_tf2onnx(path, folder)
    if theirs is not None:
        try:
            runs["tf2onnx"] = runner(theirs, values)
            runs["tf2onnx"]()
        except Exception as error:  # ONNX Runtime's errors share no base class
            runs.pop("tf2onnx", None)
            print(f"    tf2onnx's model does not run: {str(error)[:90]}", file=sys.stderr)
    took = latencies(runs)
    share = result.runtime().fused_share
    ratio = took["tf2onnx"] / took["lab"] if "tf2onnx" in took else None
    cells = [f"{took['lab']:9.2f}", f"{took['tf2onnx']:9.2f}" if ratio else f"{'-':>9}", f"{took['litert']:9.2f}"]
    cells += [f"{ratio:8.2f}" if ratio else f"{'-':>8}", f"{took['lab'] / took['litert']:9.2f}"]
    cells += [
        f"{nrmse(want, runs['lab']()):9.4f}",
        f"{nrmse(want, other):9.4f}",
        f"{share:7.0%}" if share is not None else f"{'-':>7}",
    ]
    return f"{path.stem[:44]:44}" + "".join(cells), ratio


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--exact", action="store_true")
    given = parser.parse_args()
    paths = [p for m in given.models for p in (sorted(m.glob("*.tflite")) if m.is_dir() else [m])]
    print(
        f"{'ms, two threads':44}{'lab':>9}{'tf2onnx':>9}{'XNNPACK':>9}{'faster':>8}{'to LiteRT':>9}{'nrmse':>9}{'XNNPACK':>9}{'fused':>7}"
    )
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            try:
                row, ratio = measured(path, folder, given.exact)
            except Exception as error:  # one model that fails must not end the table
                row, ratio = f"{path.stem[:44]:44} {type(error).__name__}: {str(error).splitlines()[0][:80]}", None
            print(row, flush=True)
            ratios += [ratio] if ratio else []
    if ratios:
        print(
            f"geometric mean over {len(ratios)} models: {np.exp(np.mean(np.log(ratios))):.2f} times as fast as tf2onnx's, worst {min(ratios):.2f}"
        )


if __name__ == "__main__":
    main()
