"""Breaks the product in one place at a time and runs the tests of that piece: a test has to fail each time.

usage: python -m tests.mutations [TEXT ...] [--list] [--from N]

TEXT: only mutations whose file or words have one of these in them. --from: start at the N-th of those, to go on after
an interrupted run (--list and each line of the output show the numbers). The package is copied for each, so the sources
here are never touched. Prints "killed" or "SURVIVED" for each, and ends with 1 where one survives, or where a line that
it changes is no more.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import MUTATIONS, PACKAGE, ROOT, Mutation


def main() -> int:
    """Try them."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("only", nargs="*")
    p.add_argument("--list", action="store_true")
    p.add_argument("--from", dest="first", type=int, default=1, metavar="N")
    a = p.parse_args()
    numbered = list(enumerate((m for m in MUTATIONS if not a.only or any(text in str(m) for text in a.only)), 1))
    chosen = [(number, mutation) for number, mutation in numbered if number >= a.first]
    bad = 0
    for number, mutation in chosen:
        began = time.perf_counter()
        told = "" if a.list else tried(mutation)
        bad += told not in ("", "killed")
        print(
            f"{number:3} {told:9} {mutation}" + ("" if a.list else f" ({time.perf_counter() - began:.0f} s)"),
            flush=True,
        )
    if not a.list:
        print(f"{len(chosen) - bad} of {len(chosen)} killed")
    return 1 if bad or not chosen else 0


def tried(mutation: Mutation) -> str:
    """killed, SURVIVED, STALE (the line is no more), or BROKEN (the tests do not run at all)."""
    source = (PACKAGE / mutation.file).read_text("utf-8")
    if source.count(mutation.old) != 1:
        return "STALE"
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        there = Path(folder)
        copied(there)
        (there / "tfonnx_lab" / mutation.file).write_text(source.replace(mutation.old, mutation.new), "utf-8")
        paths, _, words = mutation.tests.partition(" -k ")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-n",
            "0",  # in processes of its own pytest ends with 2 where a test failed
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            *paths.split(),
        ]
        done = subprocess.run(
            [*command, *(["-k", words] if words else [])],
            cwd=there,
            env={**os.environ, "PYTHONPATH": str(there), "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
            check=False,
        )
    return {0: "SURVIVED", 1: "killed"}.get(done.returncode, f"BROKEN: {done.stdout[-300:]}{done.stderr[-300:]}")


def copied(folder: Path) -> None:
    """The package, its tests, and what those read, without the JavaScript."""
    ignored = shutil.ignore_patterns("__pycache__", "js", "labextension", "static")
    for name in ("tfonnx_lab", "tests", "docs", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)


if __name__ == "__main__":
    sys.exit(main())
