"""Every .tflite of a folder: converted, run, compared with LiteRT; a table, and exit status 1 where one is off.

usage: python benchmarks/models.py FOLDER [--opset 18] [--only TEXT]
Float models: largest error over the output's largest magnitude, at most 1e-3 (or an error of 1e-6). Quantized ones: nrmse of each output, at
most twice that of LiteRT's own optimised kernels (XNNPACK), or 0.02.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import numpy as np

import tfonnx_lab as lab
from tfonnx_lab.parity import Parity, compare

KNOWN = {
    "micro_speech_lstm_int8": "an integer LSTM, computed in float between Q and DQ",
    "keyword_scrambled_svdf_int8_stateful": "LiteRT takes its 8-bit states (of LiteRT for microcontrollers) for 16-bit ones, and crashes",
    "mediapipe_hair_segmentation_fp32": "LiteRT's Python build lacks its custom ops",
    "op_test_flex_softplus": "LiteRT's Python build lacks Flex ops",
}
"""Models that cannot be judged here, or are known to be off, and why."""
_PATIENCE = 120


def main() -> int:
    """Print the table."""
    p = argparse.ArgumentParser()
    p.add_argument("folder", type=Path)
    p.add_argument("--opset", type=int, default=18)
    p.add_argument("--only", default="")
    a = p.parse_args()
    print(f"{'model':52} {'ops':>5} {'ms':>6} {'nodes':>6} {'T':>3} {'relative':>9} {'nrmse':>8} {'xnnpack':>8}")
    bad = 0
    for path in sorted(a.folder.glob("*.tflite")):
        if a.only in path.name:
            ok, line = alone(path, a.opset)
            bad += not ok and path.stem not in KNOWN
            mark = "" if ok else f"  <-- {KNOWN.get(path.stem, '')}"
            print(f"{path.stem[:52]:52} {line}{mark}", flush=True)
    print(f"{bad} models are off" if bad else "all models are right")
    return 1 if bad else 0


def alone(path: Path, opset: int) -> tuple[bool, str]:
    """`one` in a process of its own, since LiteRT can crash."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(one, path, opset).result(_PATIENCE)
        except BrokenProcessPool:
            return False, "the process died"
        except TimeoutError:
            return False, f"no answer in {_PATIENCE} s"


def one(path: Path, opset: int) -> tuple[bool, str]:
    """Whether the model is right, and its row."""
    try:
        lab.convert(path, opset)
        began = time.perf_counter()
        result = lab.convert(path, opset)
        took = (time.perf_counter() - began) * 1e3
    except lab.ConversionError as error:
        return False, str(error).splitlines()[0][-90:]
    nodes = list(result.ir_model.graph.all_nodes())
    transposes = sum(n.op_type == "Transpose" for n in nodes)
    ops = len(result.trace.start["nodes"])
    head = f"{ops:5} {took:6.0f} {len(nodes):6} {transposes:3}"
    try:
        parity = compare(result)
    except lab.ConversionError as error:
        ok = "Select TensorFlow op" in str(error)
        return ok, f"{head}  {str(error).splitlines()[0][:60]}"
    except Exception as error:
        return False, f"{head}  {type(error).__name__}: {str(error).splitlines()[0][-90:]}"
    quantized = any(v["quant"] for v in result.trace.start["values"])
    return judge(parity, head, quantized)


def judge(parity: Parity, head: str, quantized: bool) -> tuple[bool, str]:
    """The criteria of this file's docstring."""
    outputs = parity.outputs
    relative = max((r.relative for r in outputs), default=0.0)
    nrmse = max((r.nrmse for r in outputs), default=0.0)
    band = max((r.band or 0.0 for r in outputs), default=0.0)
    floats = all(r.relative <= 1e-3 or r.error <= 1e-6 for r in outputs)
    ok = nrmse <= max(2 * band, 0.02) if quantized else floats
    return ok and np.isfinite(nrmse), f"{head} {relative:9.2g} {nrmse:8.2g} {band:8.2g}"


if __name__ == "__main__":
    sys.exit(main())
