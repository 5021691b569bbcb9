"""Every view in a real JupyterLab, in both themes, 1400 and 1000 wide: `python benchmarks/screenshots.py FOLDER
[MODEL.tflite ...]`.

Of each model every tab of the lab, and of the package's samples a lab with a failing op, a lab of an ONNX model, a
comparison, and every view that stands alone in a cell. What can be told without eyes (tests/browser/faults_in_sight.py)
is printed beside the picture's name. Needs Chromium, Playwright and JupyterLab.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from browser.commands import dress  # noqa: E402
from browser.faults_in_sight import DRAWN, faults_in_sight  # noqa: E402
from browser.lab import Lab  # noqa: E402
from browser.looks import into_view, settled  # noqa: E402

SIZES = ((1400, 1000), (1000, 800))
PATIENCE = 60_000
BEGIN = f"""
import sys; sys.path.insert(0, {str(TESTS)!r})
import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.widgets import *
"""
ALONE = {
    "trace": "result.trace",
    "result": "result",
    "stepper": "Stepper(result)",
    "explorer": "QuantizationExplorer(result)",
    "ranges": "lab.plot_ranges(result)",
    "compared": "compared = lab.compare(result)\ncompared",
    "errors": "compared.plot()",
    "netron": "GraphView(result)",
    "mobile": "MobileView(result)",
    "runtime": "result.runtime()",
    "report": "lab.report(result)",
    "verdict": "compared.verdict",
    "signature": "result.signature",
    "options": "result.options",
    "step": "result.trace[40]",
    "phone": "result.mobile()",
    "question": "lab.Question.of_lesson(1, 1)",
}
COMPARE = """
model = samples.path("digits_int8")
it = lab.Compare(lab.convert(model), lab.convert(model, dequantize=True))
it
"""
RAN = """(n) => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]
  .filter((e) => /\\d/.test(e.textContent)).length === n"""


@dataclass(frozen=True)
class Scene:
    """A notebook and the pictures that are taken of it: `names` are the tabs, or else its cells one after the other."""

    name: str
    cells: list[str]
    tabs: tuple[str, ...] = ()
    alone: tuple[str, ...] = field(default=())


def scenes(models: list[Path]) -> Iterator[Scene]:
    """All that is looked at."""
    tabs = ("Overview", "Layers", "Steps", "Source", "Rewriters", "Handlers", "Optimizers", "ONNX Runtime",
            "Quantization", "Parity", "Mobile")  # fmt: skip
    for path in models:
        yield Scene(path.stem, [BEGIN, f"it = lab.Lab({str(path.resolve())!r})\nit"], tabs)
    failing = "it = lab.Lab(samples.path('digits_unsupported'))\nit"
    yield Scene("failing", [BEGIN, failing], tabs)
    onnx = "from widgets.test_onnx_lab import theirs\nit = lab.Lab(theirs())\nit"
    yield Scene(
        "onnx", [BEGIN, onnx], ("Overview", "Steps", "Source", "Optimizers", "ONNX Runtime", "Ranges", "Parity")
    )
    ort = "lab.convert(samples.path('digits_int8')).save('digits.ort')\nit = lab.Lab('digits.ort')\nit"
    yield Scene("ort", [BEGIN, ort], ("Overview", "Steps", "Source", "Optimizers", "ONNX Runtime", "Ranges", "Mobile"))
    yield Scene("compare", [BEGIN, COMPARE], ("Summary", "Graphs", "Ops", "Steps", "Kernels", "Parity"))
    first = BEGIN + "result = lab.convert(samples.path('digits_int8'))"
    yield Scene("alone", [first, *ALONE.values()], alone=tuple(ALONE))


def take(lab: Lab, page: Page, scene: Scene, folder: Path) -> int:
    """Take the pictures of a scene; the number of faults."""
    lab.open(page, *scene.cells)
    page.locator(".jp-OutputArea-output .tl-own, .jp-OutputArea-output .tl-root").first.wait_for()
    if scene.alone:
        page.wait_for_function(RAN, arg=len(scene.cells))
    count = 0
    for dark in (False, True):
        dress(page, dark)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            look = f"{scene.name[:24]}_{width}_{'dark' if dark else 'light'}"
            for name, show in [*_tabs(page, scene), *_cells(page, scene)]:
                show()
                settled(page)
                page.wait_for_timeout(300)
                path = folder / f"{look}_{name.lower().replace(' ', '_')}.png"
                page.screenshot(path=path)
                found = faults_in_sight(page)
                count += len(found)
                print(path.name, *found, sep="\n    ", flush=True)
    lab.close(page)
    return count


def _tabs(page: Page, scene: Scene) -> Iterator[tuple[str, Callable[[], None]]]:
    for name in scene.tabs:
        yield name, lambda name=name: _tab(page, scene, name)  # type: ignore[misc]


def _tab(page: Page, scene: Scene, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).first.click()
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    page.locator(".tl-lab").evaluate("(e) => e.scrollIntoView({ block: 'start' })")


def _cells(page: Page, scene: Scene) -> Iterator[tuple[str, Callable[[], None]]]:
    for at, name in enumerate(scene.alone, 1):
        cell = page.locator(f".jp-CodeCell >> nth={at}")
        yield name, lambda cell=cell: into_view(cell) or cell.evaluate("(e) => e.scrollIntoView({ block: 'start' })")  # type: ignore[misc,func-returns-value]


def main() -> None:
    """Take all pictures and print what is wrong in them."""
    folder, models = Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
    only = os.environ.get("TFONNX_LAB_SCENES", "").split()
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    count = 0
    with tempfile.TemporaryDirectory() as root, Lab(Path(root)) as lab, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for scene in scenes(models):
            if only and scene.name not in only:
                continue
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            page.set_default_timeout(PATIENCE)
            expect.set_options(timeout=PATIENCE)
            page.on("console", lambda m: print("    console:", m.text, m.location) if m.type == "error" else None)
            page.on("pageerror", lambda e: print("    page error:", e))
            count += take(lab, page, scene, folder)
            page.close()
        browser.close()
    print(f"{count} faults")
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
