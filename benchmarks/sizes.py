"""The ONNX files' sizes against the .tflite's and tf2onnx's; exit status 1 where a goal is missed.

usage: [PY_TF2ONNX=/path/to/python] python -m benchmarks.sizes FOLDER [--opset 18] [--least 100000] [--only TEXT]
PY_TF2ONNX names an interpreter that has tf2onnx and TensorFlow; without it that column stays empty.
Goals, over the models of `least` bytes or more: a geometric mean of 1.03 of the .tflite, none above 1.25 for which the
report does not tell why, none more than 3 % larger than tf2onnx's.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import tfonnx_lab as lab
from tfonnx_lab.reports.size import LARGER, reasons

MEAN = 1.03
PEER = 1.03


@dataclass(frozen=True)
class Row:
    """Bytes of one model's files; peer: None where there is none. why: what the report tells of its size."""

    name: str
    tflite: int
    onnx: int
    peer: int | None
    why: tuple[str, ...] = ()

    @property
    def ratio(self) -> float:
        return self.onnx / self.tflite

    @property
    def faults(self) -> list[str]:
        """The goals that it misses."""
        found = []
        if self.ratio > LARGER and not self.why:
            found.append("larger, without a reason")
        if self.peer is not None and self.onnx > PEER * self.peer:
            found.append(f"{self.onnx / self.peer:.2f} of tf2onnx's")
        return found


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    p = argparse.ArgumentParser()
    p.add_argument("folder", type=Path)
    p.add_argument("--opset", type=int, default=18)
    p.add_argument("--least", type=int, default=100_000)
    p.add_argument("--only", default="")
    a = p.parse_args(arguments)
    peer = os.environ.get("PY_TF2ONNX", "")
    rows = []
    print(f"{'model':48} {'.tflite kB':>10} {'ratio':>6} {'tf2onnx':>7}")
    for path in sorted(a.folder.glob("*.tflite")):
        if path.stat().st_size >= a.least and a.only in path.name:
            rows.append(measured(path, a.opset, peer))
            print(line(rows[-1]), flush=True)
    if not rows:
        print("no models")
        return 1
    mean = math.exp(sum(math.log(row.ratio) for row in rows) / len(rows))
    faults = sum(bool(row.faults) for row in rows)
    print(f"geometric mean of {len(rows)}: {mean:.3f}; {faults} miss a goal")
    return 1 if faults or mean > MEAN else 0


def measured(path: Path, opset: int, peer: str) -> Row:
    """The model's row."""
    result = lab.convert(path, opset)
    size = result.model.ByteSize()
    return Row(path.stem, path.stat().st_size, size, peer_size(path, opset, peer), tuple(reasons(result, size)))


def line(row: Row) -> str:
    """A row as text, its reasons and faults below and behind it."""
    peer = "-" if row.peer is None else f"{row.peer / row.tflite:.3f}"
    faults = "".join(f"  <-- {fault}" for fault in row.faults)
    return "\n".join(
        [
            f"{row.name[:48]:48} {row.tflite / 1e3:10.0f} {row.ratio:6.3f} {peer:>7}{faults}",
            *(f"    {w}" for w in row.why),
        ]
    )


def peer_size(path: Path, opset: int, python: str) -> int | None:
    """Bytes of tf2onnx's file; None where it is not asked or fails."""
    if not python:
        return None
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "peer.onnx"
        command = [
            python,
            "-m",
            "tf2onnx.convert",
            "--tflite",
            str(path),
            "--output",
            str(target),
            "--opset",
            str(opset),
        ]
        done = subprocess.run(command, capture_output=True, timeout=600, check=False)
        return target.stat().st_size if done.returncode == 0 and target.exists() else None


if __name__ == "__main__":
    sys.exit(main())
