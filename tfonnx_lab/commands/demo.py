"""`tfonnx-lab demo`: the main job on an embedded sample."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tfonnx_lab import samples
from tfonnx_lab.conversion.pipeline import convert
from tfonnx_lab.files import write_bytes
from tfonnx_lab.parity import compare

SAMPLE = "digits_int8"
NOTEBOOK = "01_step_through_a_conversion.ipynb"


def demo(browser: bool = True, folder: Path | None = None) -> int:
    """Convert the sample, print what each stage did and the parity with LiteRT, then open the notebook in JupyterLab.

    folder: where the notebook and the model are put (default: `tfonnx_lab_demo` in the current one).
    """
    result = convert(samples.path(SAMPLE))
    print(f"{SAMPLE}.tflite -> ONNX opset {result.options.opset} in {result.seconds * 1e3:.0f} ms\n")
    print(result.trace)
    print()
    print(compare(result, samples.inputs(SAMPLE)))
    if not browser:
        return 0
    target = Path("tfonnx_lab_demo") if folder is None else folder
    target.mkdir(exist_ok=True)
    result.save(target / f"{SAMPLE}.onnx")
    if not (target / NOTEBOOK).exists():  # one that is there may hold what somebody wrote into it
        write_bytes(target / NOTEBOOK, (notebooks() / NOTEBOOK).read_bytes())
    print(f"\nopening {target / NOTEBOOK} in JupyterLab (Ctrl+C ends it)")
    return subprocess.call([sys.executable, "-m", "jupyterlab", str(target / NOTEBOOK)])


def notebooks() -> Path:
    """The folder of the notebooks: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "notebooks"
    return inside if inside.is_dir() else package.parent / "notebooks"
