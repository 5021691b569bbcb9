"""All figures beside the peers' in one run: `python -m benchmarks FOLDER_OR_FILE ... [--peers tf2onnx,litert]`.

For each model: CPU time of a warm conversion and of a whole process, its memory, the file's size and nodes, a run on
one and two threads, the verdict; the tools take turns and the least counts. PY_TF2ONNX names the Python that has
tf2onnx. Then geometric means of ours over each peer's. --json, --markdown and --picture write them to files; --against
an older --json file ends with 1 where a mean has become worse by more than a third, and still is when all is measured
once more: only ratios are compared, each within one run, so another or a busy machine makes no difference.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import platform
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

beside: Any = importlib.import_module("benchmarks.beside")
MEASURES, least, limits, python_of = beside.MEASURES, beside.least, beside.limits, beside.python_of
Row = dict[str, Any]

PEERS = ("tf2onnx", "litert", "tflite", "floor")
WORSE = 4 / 3
"""What a ratio may become of what it was."""


def ratios(found: Sequence[Row], measure: str, peer: str) -> list[float]:
    """Ours over the peer's, for each model that has both."""
    both = [row[measure] for row in found if "ours" in row.get(measure, {}) and row[measure].get(peer)]
    return [one["ours"] / one[peer] for one in both]


def means(found: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Measure => peer => geometric mean of our ratio."""
    table: dict[str, dict[str, float]] = {}
    for measure, _, _ in MEASURES:
        for peer in PEERS:
            if over := ratios(found, measure, peer):
                table.setdefault(measure, {})[peer] = math.exp(sum(map(math.log, over)) / len(over))
    return table


def line(row: Row) -> str:
    """A model's row of the table."""
    cells = []
    for measure, _, _ in MEASURES:
        values = row.get(measure, {})
        over = "/".join(f"{values['ours'] / values[p]:.2f}" for p in PEERS if "ours" in values and values.get(p))
        cells.append(f"{values.get('ours', math.nan):9.3f} {over:14}")
    faults = " ".join(f"{who}: {why};" for who, why in row["errors"].items())
    return f"{row['model'][:40]:40}{''.join(cells)} {'right' if row['ok'] else row['verdict'][:60]} {faults[:100]}"


def markdown(found: Sequence[Row], about: dict[str, Any]) -> str:
    """The means as a table, with the date and the versions."""
    table = means(found)
    peers = [p for p in PEERS if any(p in by for by in table.values())]
    names = {"tflite": ".tflite", "litert": "LiteRT", "floor": "reading and writing"}
    head = " | ".join(f"over {names.get(p, p)}" for p in peers)
    lines = [f"| ours | {head} |", f"|---{'|---' * len(peers)}|"]
    for measure, what, _ in MEASURES:
        if measure in table:
            cells = " | ".join(f"{table[measure][p]:.2f}" if p in table[measure] else "" for p in peers)
            lines.append(f"| {what} | {cells} |")
    right = sum(row["ok"] for row in found)
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    lines += ["", f"Geometric means over {len(found)} models ({right} judged right), {about['date']}, {versions}, "
              f"{about['cpus']} cores of {about['processor'] or about['machine']}."]  # fmt: skip
    return "\n".join(lines)


def picture(found: Sequence[Row], target: Path) -> None:
    """Our ratio to each peer's, a dot a model, a line for each measure; left of 1 is better."""
    import matplotlib.pyplot as plt

    table = means(found)
    kinds = [(m, what, p) for m, what, _ in MEASURES for p in PEERS if p in table.get(m, {})]
    figure, axes = plt.subplots(figsize=(9, 0.45 * len(kinds) + 1.2), layout="constrained")
    for place, (measure, _, peer) in enumerate(kinds):
        over = ratios(found, measure, peer)
        axes.scatter(over, [place] * len(over), s=14, alpha=0.5, color="tab:blue")
        axes.scatter([table[measure][peer]], [place], s=60, marker="|", color="tab:red", zorder=3)
    axes.set_yticks(range(len(kinds)), [f"{what} / {peer}" for _, what, peer in kinds])
    axes.set_xscale("log")
    axes.axvline(1, color="0.5", linewidth=1)
    axes.invert_yaxis()
    axes.set_xlabel("ours over the peer's, a dot a model, red: geometric mean; less is better")
    figure.savefig(target)


def regressions(now: dict[str, dict[str, float]], before: dict[str, dict[str, float]]) -> list[str]:
    """The means that have become worse by more than a third."""
    return [
        f"{measure} over {peer}: {was:.3f} => {now[measure][peer]:.3f}"
        for measure, by in before.items()
        for peer, was in by.items()
        if peer in now.get(measure, {}) and now[measure][peer] > WORSE * was
    ]


def measured(paths: Sequence[Path], peers: Sequence[str], opset: int, seconds: float) -> list[Row]:
    """A row a model, printed as they come."""
    found = []
    for row in beside.rows(paths, peers, opset, seconds):
        found.append(row)
        print(line(row), flush=True)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--peers", default="tf2onnx,litert")
    parser.add_argument("--opset", type=int, default=18)
    parser.add_argument("--seconds", type=float, default=2.0, help="how long the runs of each model are measured")
    parser.add_argument("--only", default="", help="models whose names hold this")
    for name in ("--json", "--markdown", "--picture", "--against"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args(arguments)
    peers = [p for p in given.peers.split(",") if p]
    for peer in peers:
        if peer != "litert" and python_of(peer) is None:
            print(f"{peer} is left out: PY_{peer.upper()} names no interpreter that has it", file=sys.stderr)
    paths = [
        p for m in given.models for p in (sorted(m.glob("*.tflite")) if m.is_dir() else [m]) if given.only in p.name
    ]
    if not paths:
        print("no models", file=sys.stderr)
        return 2
    print(f"{'model':40}" + "".join(f"{what[:24]:24}" for _, what, _ in MEASURES))
    before = json.loads(given.against.read_text())["means"] if given.against else {}
    found = measured(paths, peers, given.opset, given.seconds)
    worse = regressions(means(found), before)
    if worse and all(row["ok"] for row in found):
        print(f"worse by more than a third, so all is measured once more: {'; '.join(worse)}", file=sys.stderr)
        found = list(map(least, found, measured(paths, peers, given.opset, given.seconds)))
        worse = regressions(means(found), before)
    packages = ("tfonnx-lab", "onnxruntime", "ai-edge-litert", "tensorflow")
    about = limits() | {
        "date": time.strftime("%Y-%m-%d"),
        "processor": platform.processor(),
        "versions": {name: version(name) for name in packages},
    }
    print(markdown(found, about))
    table = means(found)
    if given.json:
        given.json.write_text(json.dumps({"about": about, "means": table, "rows": found}, indent=1))
    if given.markdown:
        given.markdown.write_text(markdown(found, about) + "\n")
    if given.picture:
        picture(found, given.picture)
    for one in worse:
        print(f"worse by more than a third: {one}", file=sys.stderr)
    return 1 if worse or not all(row["ok"] for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
