"""How long a run takes beside LiteRT's and tf2onnx's: `python -m benchmarks.latency FOLDER_OR_FILE ... [--threads 1]`.

For each model and number of threads: milliseconds of a run of the converted model, of LiteRT with XNNPACK, and of
tf2onnx's model (PY_TF2ONNX names the Python that has it; --kept keeps its models); ours over each; the TFLite file's
ops and both ONNX files' nodes. In the end geometric means over the models that take LiteRT half a millisecond or more,
and
of all. `python benchmarks/latency_networks.py FOLDER` writes networks of Keras's to measure.

The runs alternate, a block of each in turn, and the least counts: of one thread its processor time, of several the time
that passes. Inputs stand ready and outputs stay where they are (`IOBinding`, `invoke`). Each model has a process of its
own, since LiteRT can crash. --json FILE writes all of it. Exit status 1 where a model is slower than the goals below.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import onnx

latency_runs: Any = importlib.import_module("benchmarks.latency_runs")


LONG = 0.5
"""Milliseconds: models that take LiteRT less are judged by their nodes."""
GOALS = {"litert": (1.0, 1.5), "tf2onnx": (0.7, 1.02)}
"""Peer: our time over its, as a geometric mean and at most."""
NODES = 2.0
"""Nodes of a short model, over the TFLite file's ops."""
BLOCK = 2e-3
"""Seconds of a peer's turn."""

Row = dict[str, Any]
"""model, threads, ms (peer => milliseconds), nodes (peer => nodes), error (instead of the last two)."""


def turns(runs: dict[str, Callable[[], Any]], threads: int, seconds: float) -> dict[str, float]:
    """The least milliseconds of each, blocks of runs alternating.

    runs: what runs once, by name.
    threads: of one, this thread's processor time is measured; of several, the time that passes.
    seconds: how long all of it may take.
    """
    clock = time.thread_time if threads == 1 else time.perf_counter
    least, many = {}, {}
    for name, run in runs.items():
        run()
        began = clock()
        run()
        least[name] = clock() - began
        many[name] = max(1, int(BLOCK / max(least[name], 1e-6)))
    end = time.perf_counter() + seconds
    rounds = 0
    while rounds < 3 or time.perf_counter() < end:
        rounds += 1
        for name, run in runs.items():
            for _ in range(many[name]):
                began = clock()
                run()
                least[name] = min(least[name], clock() - began)
    return {name: value * 1e3 for name, value in least.items()}


def measured(path: Path, threads: Sequence[int], seconds: float, opset: int, kept: str) -> list[Row]:
    """A row for each number of threads."""
    models = latency_runs.models_of(path, opset, kept)
    protos = {name: onnx.load_from_string(data) for name, data in models.items()}
    nodes = {name: len(list(latency_runs.nodes_of(proto.graph))) for name, proto in protos.items()}
    rows = []
    for count in threads:
        litert = latency_runs.litert(path, count)
        values = latency_runs.feeds(litert)
        runs: dict[str, Callable[[], Any]] = {"litert": litert.invoke}
        failed = {}
        for name, data in models.items():
            try:
                runs[name] = latency_runs.onnx_runtime(data, values, count)
                runs[name]()
            except Exception as error:  # ONNX Runtime's errors share no base class
                runs.pop(name, None)
                failed[name] = str(error).splitlines()[0][:120]
        ops = {"tflite": latency_runs.ops_of(path), **nodes}
        took = turns(runs, count, seconds)
        rows.append({"model": path.stem, "threads": count, "ms": took, "nodes": ops, "failed": failed})
    return rows


def alone(path: Path, threads: Sequence[int], seconds: float, opset: int, kept: str) -> list[Row]:
    """`measured` in a process of its own, or one row that says why there is none."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(measured, path, threads, seconds, opset, kept).result()
        except BrokenProcessPool:
            why = "LiteRT crashes"
        except Exception as error:  # one model that fails must not end the table
            why = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:100]}"
    return [{"model": path.stem, "threads": count, "error": why} for count in threads]


def rows(
    paths: Sequence[Path],
    threads: Sequence[int] = (1, 2),
    seconds: float = 2.0,
    opset: int = 18,
    kept: str | None = None,
) -> Iterator[Row]:
    """All rows, as they come. kept: a folder where tf2onnx's models are, and are left."""
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            yield from alone(path, threads, seconds, opset, kept or folder)


def ratio(row: Row, peer: str) -> float | None:
    """Our time over a peer's."""
    took = row.get("ms", {})
    return took["ours"] / took[peer] if "ours" in took and peer in took else None


def is_long(row: Row) -> bool:
    """Whether the model takes LiteRT long enough to be judged by time."""
    return bool(row.get("ms", {}).get("litert", 0) >= LONG)


def short_of(row: Row) -> str:
    """Which goal the row misses; empty where none."""
    if "error" in row or "ours" in row["failed"]:
        return str(row.get("error") or row["failed"]["ours"])
    found = []
    for peer, (_, most) in GOALS.items():
        over = ratio(row, peer)
        if over is not None and over > most and is_long(row):
            found.append(f"{over:.2f} of {peer}")
    nodes = row["nodes"]
    if not is_long(row) and nodes["tflite"] and nodes["ours"] > NODES * nodes["tflite"]:
        found.append(f"{nodes['ours'] / nodes['tflite']:.1f} nodes an op")
    return ", ".join(found)


def means(found: Sequence[Row]) -> Iterator[str]:
    """The geometric means, line by line."""
    for count in sorted({row["threads"] for row in found}):
        for peer, (goal, most) in GOALS.items():
            for kept, what in ((is_long, f"{LONG} ms and more"), (lambda row: True, "all")):
                ratios = [r for row in found if row["threads"] == count and kept(row) and (r := ratio(row, peer))]
                if ratios:
                    mean = np.exp(np.mean(np.log(ratios)))
                    above = sum(r > most for r in ratios)
                    yield (
                        f"{count} thread(s), {len(ratios)} models ({what}): {mean:.3f} of {peer} (goal {goal}), "
                        f"worst {max(ratios):.2f}, {above} above {most}"
                    )


def shown(row: Row) -> str:
    """The row of the table."""
    head = f"{row['model'][:44]:44}{row['threads']:3}"
    if "error" in row:
        return f"{head}  {row['error']}"
    cells = [row["ms"].get(p) for p in ("ours", "litert", "tf2onnx")]
    text = "".join(f"{c:9.3f}" if c is not None else f"{'-':>9}" for c in cells)
    for peer in GOALS:
        over = ratio(row, peer)
        text += f"{over:8.2f}" if over is not None else f"{'-':>8}"
    text += "".join(f"{row['nodes'].get(p, '-'):>6}" for p in ("tflite", "ours", "tf2onnx"))
    short = short_of(row)
    return f"{head}{text}{f'  <-- {short}' if short else ''}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each model is measured")
    parser.add_argument("--opset", type=int, default=18)
    parser.add_argument("--only", default="", help="models whose names hold this")
    parser.add_argument("--kept", help="a folder where tf2onnx's models are kept")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    paths = [p for m in given.models for p in (sorted(m.glob("*.tflite")) if m.is_dir() else [m])]
    names = f"{'ours':>9}{'LiteRT':>9}{'tf2onnx':>9}{'/LiteRT':>8}{'/tf2onnx':>8}"
    print(f"{'milliseconds':44}{'thr':>3}{names}{'ops':>6}{'nodes':>6}{'tf2o.':>6}")
    found = []
    for row in rows([p for p in paths if given.only in p.name], given.threads, given.seconds, given.opset, given.kept):
        found.append(row)
        print(shown(row), flush=True)
    print("\n".join(means(found)))
    if given.json:
        given.json.write_text(json.dumps({"date": time.time(), "machine": os.uname()[1], "rows": found}, indent=1))
    return 1 if any(short_of(row) for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
