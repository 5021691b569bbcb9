"""The three forms of Q/DQ side by side: `python benchmarks/targets.py FOLDER_OR_FILE ...`.

For each model and `target=`: the share of quantized groups that ONNX Runtime runs on integers, with its default options
(x86-64) and with int8 allowed (what it does on ARM); milliseconds of a run with two threads on this machine; nrmse of
the outputs against LiteRT's reference kernels.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Literal

import numpy as np
from quantized import answers, inputs, latencies, litert, nrmse, runner

import tfonnx_lab as lab

TARGETS: tuple[Literal["x86_64", "arm64", "portable"], ...] = ("x86_64", "arm64", "portable")


def measured(path: Path, seconds: float) -> list[tuple[str, float, float, float, float]]:
    """(target, share on x86-64, share on ARM, milliseconds, nrmse) of a model."""
    reference = litert(path, True)
    values = inputs(reference)
    want = answers(reference, values)
    results = {target: lab.convert(path, target=target) for target in TARGETS}
    runs = {target: runner(r.model.SerializeToString(), values) for target, r in results.items()}
    took = latencies(runs, seconds)
    rows: list[tuple[str, float, float, float, float]] = []
    for target, result in results.items():
        shares = [result.runtime(t).fused_share or 0.0 for t in ("portable", "arm64")]
        rows.append((target, shares[0], shares[1], took[target], nrmse(want, runs[target]())))
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=3.0)
    given = parser.parse_args()
    paths = [p for m in given.models for p in (sorted(m.glob("*.tflite")) if m.is_dir() else [m])]
    print(f"{'model':40}{'target':>10}{'x86-64':>8}{'ARM':>7}{'ms here':>9}{'slower':>8}{'nrmse':>9}")
    slower: dict[str, list[float]] = {t: [] for t in TARGETS}
    for path in paths:
        try:
            rows = measured(path, given.seconds)
        except Exception as error:  # one model that fails must not end the table
            print(f"{path.stem[:40]:40} {type(error).__name__}: {str(error).splitlines()[0][:80]}", file=sys.stderr)
            continue
        least = rows[0][3]
        for target, x86, arm, took, off in rows:
            slower[target].append(took / least)
            print(
                f"{path.stem[:40]:40}{target:>10}{x86:8.0%}{arm:7.0%}{took:9.2f}{took / least:8.2f}{off:9.4f}",
                flush=True,
            )
    for target, ratios in slower.items():
        if ratios:
            print(f"{target}: {np.exp(np.mean(np.log(ratios))):.2f} times the milliseconds of x86_64 (geometric mean)")


if __name__ == "__main__":
    main()
