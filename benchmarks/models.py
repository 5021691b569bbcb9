"""Every .tflite of a folder: converted, run, compared with LiteRT; a table, and exit status 1 where one is off.

usage: python benchmarks/models.py FOLDER [--opset 18] [--only TEXT]
Float models: largest error over the output's largest magnitude, at most 1e-3 (or an error of 1e-6). Quantized ones:
nrmse of each output, at most twice that of LiteRT's own optimised kernels (XNNPACK), or 0.02.
A model that LiteRT itself cannot run (it crashes, it lacks its ops) is not judged: ONNX Runtime has to run it to finite
numbers, and the last line counts it apart.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import onnxruntime

import tfonnx_lab as lab
from tfonnx_lab.parity import Parity, compare

Verdict = Literal["right", "wrong", "not judged"]
_PATIENCE = 120


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    p = argparse.ArgumentParser()
    p.add_argument("folder", type=Path)
    p.add_argument("--opset", type=int, default=18)
    p.add_argument("--only", default="")
    a = p.parse_args(arguments)
    print(f"{'model':52} {'ops':>5} {'ms':>6} {'nodes':>6} {'T':>3} {'relative':>9} {'nrmse':>8} {'xnnpack':>8}")
    found: Counter[Verdict] = Counter()
    paths = [path for path in sorted(a.folder.glob("*.tflite")) if a.only in path.name]
    with ThreadPoolExecutor(os.cpu_count()) as threads:  # each waits for a process
        judged = threads.map(lambda path: alone(one, path, a.opset), paths)
        for path, (verdict, line) in zip(paths, judged, strict=True):
            found[verdict] += 1
            print(f"{path.stem[:52]:52} {line}{'' if verdict == 'right' else f'  <-- {verdict}'}", flush=True)
    print(summary(found))
    return 0 if found["right"] and not found["wrong"] else 1


def summary(found: Counter[Verdict]) -> str:
    """The last line: all are right only where each was judged."""
    total = found.total()
    if not total:
        return "no models"
    if found["right"] == total:
        return f"all {total} models are right"
    rest = ", ".join(f"{found[kind]} {word}" for kind, word in _WORDS.items() if found[kind])
    return f"{found['right']} of {total} models are right, {rest}"


_WORDS: dict[Verdict, str] = {"wrong": "wrong", "not judged": "not judged, as LiteRT does not run them"}


def alone(task: Callable[[Path, int], tuple[Verdict, str]], path: Path, opset: int) -> tuple[Verdict, str]:
    """`task` in a process of its own, since ONNX Runtime can crash. (LiteRT has one anyway.)"""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(task, path, opset).result(_PATIENCE)
        except BrokenProcessPool:
            return "wrong", "the process died"
        except TimeoutError:
            return "wrong", f"no answer in {_PATIENCE} s"


def one(path: Path, opset: int) -> tuple[Verdict, str]:
    """Whether the model is right, and its row."""
    try:
        lab.convert(path, opset)
        began = time.perf_counter()
        result = lab.convert(path, opset)
        took = (time.perf_counter() - began) * 1e3
    except lab.ConversionError as error:
        return "wrong", str(error).splitlines()[0][-90:]
    nodes = list(result.ir_model.graph.all_nodes())
    transposes = sum(n.op_type == "Transpose" for n in nodes)
    ops = len(result.trace.start["nodes"])
    head = f"{ops:5} {took:6.0f} {len(nodes):6} {transposes:3}"
    try:
        parity = compare(result)
    except lab.ConversionError as error:
        return not_judged(str(error), result.model, head)
    except Exception as error:
        return "wrong", f"{head}  {type(error).__name__}: {str(error).splitlines()[0][-90:]}"
    quantized = any(v["quant"] for v in result.trace.start["values"])
    return judge(parity, head, quantized)


def not_judged(why: str, model: onnx.ModelProto, head: str) -> tuple[Verdict, str]:
    """For a model without a reference: whether the fault is LiteRT's, and ONNX Runtime runs the model to finite
    numbers."""
    line = f"{head}  {why.splitlines()[0][:90]}"
    if not any(f"LiteRT {word}" in why for word in ("itself crashed", "cannot load", "cannot run", "did not run")):
        return "wrong", line
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        outputs = session.run(None, random_feed(model))
    except Exception as error:  # of ONNX Runtime: they share no base class
        return "wrong", f"{line}; ONNX Runtime: {str(error).splitlines()[0][-90:]}"
    finite = all(np.isfinite(v).all() for v in outputs if v.dtype.kind == "f")
    return ("not judged", line) if finite else ("wrong", f"{line}; its numbers are not finite")


def random_feed(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """Numbers of -1 to 1, codes of 0 to 99; sizes that are not known are 1. States have defaults."""
    rng, given = np.random.default_rng(0), {i.name for i in model.graph.initializer}
    feed = {}
    for value in model.graph.input:
        if value.name not in given:
            shape = [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]
            kind = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
            numbers = rng.uniform(-1, 1, shape) if kind.kind == "f" else rng.integers(0, 100, shape)
            feed[value.name] = numbers.astype(kind)
    return feed


def judge(parity: Parity, head: str, quantized: bool) -> tuple[Verdict, str]:
    """The criteria of this file's docstring."""
    outputs = parity.outputs
    relative = max((r.relative for r in outputs), default=0.0)
    nrmse = max((r.nrmse for r in outputs), default=0.0)
    band = max((r.band or 0.0 for r in outputs), default=0.0)
    floats = all(r.relative <= 1e-3 or r.error <= 1e-6 for r in outputs)
    ok = nrmse <= max(2 * band, 0.02) if quantized else floats
    line = f"{head} {relative:9.2g} {nrmse:8.2g} {band:8.2g}"
    return "right" if ok and outputs and np.isfinite(nrmse) else "wrong", line


if __name__ == "__main__":
    sys.exit(main())
