"""Dynamic range models, each way of computing them: `python benchmarks/hybrid.py FOLDER_OR_FILE ... [--threads 2]`.

For each model: the fastest of the alternating runs in milliseconds, and nrmse against LiteRT's kernels without a
delegate, of hybrid="litert" (the default), of that with exact=True, of hybrid="float", of tf2onnx's model (PY_TF2ONNX
names the Python that has it) and of LiteRT with XNNPACK. Exit status 1 where the default is slower than tf2onnx's by
more than a tenth.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import quantized
from closing import printed
from quantized import answers, by_tf2onnx, inputs, litert, nrmse, runner

import tfonnx_lab as lab

WAYS: dict[str, dict[str, Any]] = {"default": {}, "exact": {"exact": True}, "float": {"hybrid": "float"}}
COLUMNS = (*WAYS, "tf2onnx", "XNNPACK")


def fastest(runs: dict[str, Callable[[], Any]], seconds: float) -> dict[str, float]:
    """The shortest time of each in milliseconds, the runs alternating: a busy machine only ever adds to it."""
    times = dict.fromkeys(runs, float("inf"))
    for run in runs.values():
        run()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            times[name] = min(times[name], time.perf_counter() - began)
    return {name: took * 1e3 for name, took in times.items()}


def measured(path: Path, folder: str, seconds: float) -> tuple[str, bool]:
    """The table's row for a model, and whether the default is no slower than tf2onnx's."""
    reference, fast = litert(path, True), litert(path, False)
    values = inputs(reference)
    want, other = answers(reference, values), answers(fast, values)
    runs: dict[str, Callable[[], Any]] = {}
    nodes = 0
    for name, options in WAYS.items():
        result = lab.convert(path, **options)
        nodes = nodes or len(list(result.ir_model.graph.all_nodes()))
        runs[name] = runner(result.model.SerializeToString(), values)
    theirs = by_tf2onnx(path, folder)
    if theirs is not None:
        try:
            runs["tf2onnx"] = runner(theirs, values)
            runs["tf2onnx"]()
        except Exception:  # ONNX Runtime's errors share no base class
            runs.pop("tf2onnx", None)
    off = {name: nrmse(want, run()) for name, run in runs.items()} | {"XNNPACK": nrmse(want, other)}
    took = fastest(runs | {"XNNPACK": fast.invoke}, seconds)
    cells = "".join(f"{took[c]:9.3f}" if c in took else f"{'-':>9}" for c in COLUMNS)
    cells += " |" + "".join(f"{off[c]:9.2g}" if c in off else f"{'-':>9}" for c in COLUMNS)
    return f"{path.stem[:40]:40}{cells}{nodes:7}", took["default"] <= 1.1 * took.get("tf2onnx", float("inf"))


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3)
    given = parser.parse_args()
    quantized.THREADS = given.threads
    paths = [p for m in given.models for p in (sorted(m.glob("*dynamic_range*.tflite")) if m.is_dir() else [m])]
    print(
        f"{'ms | nrmse':40}"
        + "".join(f"{c:>9}" for c in COLUMNS)
        + " |"
        + "".join(f"{c:>9}" for c in COLUMNS)
        + "  nodes"
    )
    with tempfile.TemporaryDirectory() as folder:
        table = (measured(path, folder, given.seconds) for path in paths)
        return printed(table, "models are slower than tf2onnx's", "no model is slower than tf2onnx's")


if __name__ == "__main__":
    sys.exit(main())
