"""Transposes left in the converted models, beside tf2onnx's, and the time that each conversion took.

usage: PY_TF2ONNX=/path/to/python python benchmarks/transposes.py FOLDER [MODEL ...]
PY_TF2ONNX names an interpreter that has tf2onnx and TensorFlow; without it that column stays empty.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import tfonnx_lab as lab

PEER = """
import json, sys, time, logging
logging.disable(logging.CRITICAL)
from tf2onnx import convert
from collections import Counter
convert.from_tflite(sys.argv[1], opset=18)
began = time.perf_counter()
model, _ = convert.from_tflite(sys.argv[1], opset=18)
took = time.perf_counter() - began
count = Counter(n.op_type for n in model.graph.node)
print("RESULT " + json.dumps([count["Transpose"], sum(count.values()), took]))
"""


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1])
    paths = [folder / f"{name}.tflite" for name in sys.argv[2:]] or sorted(folder.glob("*.tflite"))
    print(
        f"{'model':48} {'own':>4} | {'ours':>4} {'nodes':>6} {'ms':>6} | {'tf2onnx':>7} {'nodes':>6} {'ms':>7} | faster"
    )
    for path in paths:
        result = lab.convert(path)
        began = time.perf_counter()
        result = lab.convert(path)
        took = time.perf_counter() - began
        own = sum(n["op"] == "TRANSPOSE" for n in result.trace.start["nodes"])
        count = Counter(n.op_type for n in result.ir_model.graph.all_nodes())
        ours = f"{own:4} | {count['Transpose']:4} {sum(count.values()):6} {took * 1e3:6.0f}"
        peer = peer_counts(path)
        theirs = (
            f"{peer[0]:7} {peer[1]:6} {peer[2] * 1e3:7.0f} | {peer[2] / took:5.0f} x"
            if peer
            else f"{'-':>7} {'-':>6} {'-':>7} |"
        )
        print(f"{path.stem[:48]:48} {ours} | {theirs}", flush=True)


def peer_counts(path: Path) -> list[float] | None:
    """tf2onnx's Transposes, nodes and seconds (its second conversion in one process);

    None where it fails or is not there.
    """
    python = os.environ.get("PY_TF2ONNX")
    if not python:
        return None
    run = subprocess.run([python, "-c", PEER, str(path)], capture_output=True, text=True, check=False)
    lines = [line for line in run.stdout.splitlines() if line.startswith("RESULT ")]
    return json.loads(lines[0][7:]) if lines else None


if __name__ == "__main__":
    main()
