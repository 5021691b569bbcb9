"""Every kind of TensorFlow model by three roads, Python, the command line, the magic; 0 failures is the aim.

python benchmarks/tensorflow_sources.py
A cell says `ok` where names, order and numbers are the caller's, else one sentence; `-` where a road does not exist.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from IPython.core.interactiveshell import InteractiveShell

import tfonnx_lab as lab
from readers.kinds import KINDS, Kind
from readers.test_sources import checked


def python(kind: Kind, folder: Path) -> None:
    """lab.convert(source)."""
    checked(lab.convert(kind.source, **kind.options).model.SerializeToString(), kind)


def command(kind: Kind, folder: Path) -> None:
    """A process of its own."""
    target = folder / "made.onnx"
    words = [sys.executable, "-m", "tfonnx_lab", "convert", str(kind.source), "--output", str(target), *kind.flags]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:
        raise RuntimeError(done.stderr.strip().splitlines()[0])
    checked(target, kind)


def magic(kind: Kind, folder: Path) -> None:
    """A path, or a variable of the notebook."""
    shell = InteractiveShell.instance()
    shell.user_ns["my_model"] = kind.source
    text = f"'{kind.source}'" if isinstance(kind.source, Path) else "my_model"
    with contextlib.redirect_stdout(io.StringIO()):  # the steps
        shell.run_line_magic("load_ext", "tfonnx_lab")
        made = shell.run_line_magic("tflite2onnx", " ".join([text, *kind.flags]))
    checked(made.model.SerializeToString(), kind)


def cell(road: Callable[[Kind, Path], None], kind: Kind, folder: Path) -> str:
    """`ok`, `-`, or the first line of what went wrong."""
    is_path = isinstance(kind.source, Path)
    if (road is command and not is_path) or (road is magic and kind.options and not kind.flags):
        return "-"
    try:
        road(kind, folder)
    except Exception as error:
        return (str(error).splitlines() or [type(error).__name__])[0][:60]
    return "ok"


def main() -> None:
    """Print the table."""
    print(f"{'kind':36} {'Python':8} {'command':8} {'magic':8}")
    failed = 0
    for name, make in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            kind = make(Path(folder))
            cells = [cell(road, kind, Path(folder)) for road in (python, command, magic)]
        failed += sum(text not in ("ok", "-") for text in cells)
        print(f"{name:36} " + " ".join(f"{text:8}" for text in cells), flush=True)
    print(f"{failed} failures")


if __name__ == "__main__":
    main()
