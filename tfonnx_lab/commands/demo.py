"""`tfonnx-lab demo`: the main job on an embedded sample."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tfonnx_lab import samples
from tfonnx_lab.conversion.pipeline import convert
from tfonnx_lab.files import made_folder, write_bytes
from tfonnx_lab.parity import compare

SAMPLE = "digits_int8"
NOTEBOOK = "01_step_through_a_conversion.ipynb"
_LINK = re.compile(r"\]\(((?:\.?/)?\w+\.ipynb)\)")
"""A link of a notebook to another one beside it."""


def demo(browser: bool = True, folder: Path | None = None) -> int:
    """Convert the sample, print what each stage did and the parity with LiteRT, then open the notebook in JupyterLab.

    folder: where the notebooks and the model are put (default: `tfonnx_lab_demo` in the current one): the first one and
    all that it leads to. What lies there already stays as it is: somebody may have written into it.
    """
    result = convert(samples.path(SAMPLE))
    print(f"{SAMPLE}.tflite -> ONNX opset {result.options.opset} in {result.seconds * 1e3:.0f} ms\n")
    print(result.trace)
    print()
    parity = compare(result, samples.inputs(SAMPLE))
    print(parity)
    print(f"\n{parity.verdict.sentence}")
    if not browser:
        return 0
    target = Path("tfonnx_lab_demo") if folder is None else folder
    made_folder(target)
    result.save(target / f"{SAMPLE}.onnx")
    for name in course(notebooks(), NOTEBOOK):
        if not (target / name).exists():
            write_bytes(target / name, (notebooks() / name).read_bytes())
    print(f"\nopening {target / NOTEBOOK} in JupyterLab (Ctrl+C ends it)")
    return subprocess.call([sys.executable, "-m", "jupyterlab", str(target / NOTEBOOK)])


def course(folder: Path, first: str) -> list[str]:
    """A notebook and all that it leads to by links, in the order they are met; links to what is not there are left
    out."""
    found, waiting = [], [first]
    while waiting:
        name = waiting.pop(0)
        if name in found or not (folder / name).is_file():
            continue
        found.append(name)
        waiting += [link.removeprefix("./") for link in _LINK.findall((folder / name).read_text("utf-8"))]
    return found


def notebooks() -> Path:
    """The folder of the notebooks: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "notebooks"
    return inside if inside.is_dir() else package.parent / "notebooks"
