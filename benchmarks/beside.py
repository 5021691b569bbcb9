"""What `python -m benchmarks` measures of one model: conversion, process, memory, size, nodes, latency, verdict."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import onnx

latency: Any = importlib.import_module("benchmarks.latency")
nodes_of: Any = importlib.import_module("benchmarks.latency_runs").nodes_of

_ALONE = Path(__file__).with_name("convert_alone.py")
ROUNDS = 2
"""How often each tool has its turn, all of them one after the other; the least counts."""

MEASURES = (
    ("warm", "conversion, warm", "CPU s"),
    ("process", "a whole process", "CPU s"),
    ("memory", "its memory", "MB"),
    ("size", "size of the file", "kB"),
    ("nodes", "nodes", ""),
    ("run1", "a run on one thread", "ms"),
    ("run2", "a run on two threads", "ms"),
)
"""Key, what it is, unit: for all of them less is better."""

Row = dict[str, Any]
"""`model`, and for each measure a dict by peer (ours, tf2onnx, litert, tflite, floor); `verdict`, `ok`; `errors`."""


def python_of(peer: str) -> str | None:
    """The interpreter that has a tool: PY_TF2ONNX in the environment; None where there is none."""
    return sys.executable if peer in ("ours", "floor") else os.environ.get(f"PY_{peer.upper()}")


def rows(paths: Sequence[Path], peers: Sequence[str], opset: int, seconds: float) -> Iterator[Row]:
    """A row a model, as they come. seconds: how long the latency of each is measured."""
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            row: Row = {"model": path.stem, "errors": {}}
            _converted(row, path, ["ours", *peers], opset, Path(folder))
            _ran(row, path, opset, seconds, folder)
            row |= _judged(path, opset)
            yield row


def _converted(row: Row, path: Path, peers: Sequence[str], opset: int, folder: Path) -> None:
    """Conversion, process and memory, the tools and the floor in turn; then the files' sizes and nodes."""
    tools = [tool for tool in peers if tool != "litert" and python_of(tool)]
    outputs = {tool: folder / (f"{path.stem}_{opset}.onnx" if tool == "tf2onnx" else f"{tool}.onnx") for tool in tools}
    for _ in range(ROUNDS):
        for tool in tools:
            if tool in row["errors"]:
                continue
            single = _alone(tool, path, outputs[tool], opset, 0)
            warm = _alone(tool, path, outputs[tool], opset, 3)
            for found in (single, warm):
                if "error" in found:
                    row["errors"][tool] = found["error"]
            if "error" not in single and "error" not in warm:
                _keep(row, "process", tool, single["cpu"])
                _keep(row, "memory", tool, single["memory"] / 1e6)
                _keep(row, "warm", tool, warm["warm"])
        if outputs["ours"].exists():
            _keep(row, "warm", "floor", _alone("floor", path, outputs["ours"], opset, 3)["warm"])
    row["size"] = {"tflite": path.stat().st_size / 1e3}
    row["nodes"] = {}
    for tool in tools:
        if outputs[tool].exists() and tool not in row["errors"]:
            row["size"][tool] = outputs[tool].stat().st_size / 1e3
            row["nodes"][tool] = len(list(nodes_of(onnx.load(outputs[tool], load_external_data=False).graph)))


def _keep(row: Row, measure: str, peer: str, value: float) -> None:
    known = row.setdefault(measure, {})
    known[peer] = min(known.get(peer, value), value)


def least(row: Row, again: Row) -> Row:
    """A row and that of a second measurement as one: of each peer the less, which other work disturbed less."""
    found = row | {"errors": row["errors"] | again["errors"], "ok": row["ok"] and again["ok"]}
    for measure, _, _ in MEASURES:
        one, other = row.get(measure, {}), again.get(measure, {})
        if one or other:
            found[measure] = {p: min(by[p] for by in (one, other) if p in by) for p in {**one, **other}}
    return found


def _alone(tool: str, path: Path, output: Path, opset: int, turns: int) -> dict[str, Any]:
    """What a process of its own prints, with its CPU seconds and bytes of memory; `error` where it ends badly."""
    python = python_of(tool)
    assert python is not None
    command = [python, str(_ALONE), tool, str(path), str(output), str(opset), str(turns)]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=out, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said.seek(0)
        lines = out.read().strip().splitlines()
        if process.returncode or not lines:
            return {"error": (said.read().strip().splitlines() or [f"exit code {process.returncode}"])[-1][:120]}
    unit = 1 if sys.platform == "darwin" else 1024
    return json.loads(lines[-1]) | {"cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss * unit}


def _ran(row: Row, path: Path, opset: int, seconds: float, kept: str) -> None:
    """The latencies; tf2onnx's file is the one that it has just written."""
    for found in latency.alone(path, (1, 2), seconds, opset, kept):
        if "error" in found:
            row["errors"]["run"] = found["error"]
            continue
        row[f"run{found['threads']}"] = found["ms"]
        row["nodes"]["tflite"] = found["nodes"]["tflite"]


def _judged(path: Path, opset: int) -> Row:
    """LiteRT's word on ours, by the command."""
    command = [sys.executable, "-m", "tfonnx_lab.commands.cli", "compare", "-q", str(path), "--opset", str(opset)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = (done.stdout.strip() or done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
    return {"verdict": said, "ok": done.returncode == 0}


def limits() -> dict[str, Any]:
    """Of this machine, for the record."""
    return {
        "cpus": os.cpu_count(),
        "machine": os.uname().machine,
        "memory": resource.getpagesize() * os.sysconf("SC_PHYS_PAGES"),
    }
