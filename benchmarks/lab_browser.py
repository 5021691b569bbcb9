"""Opening the lab in a real JupyterLab, and how long the page is held: `python benchmarks/lab_browser.py [MODEL.tflite
...]`.

Without arguments: models of 150, 1,000 and 5,000 ops that are made for it. Needs Chromium, Playwright and JupyterLab.
The kernel has imported the package; the time runs from the execution of the cell to the picture of the first step,
conversion included. "held" is the longest task of the page, as its long-task observer sees it; "CPU" the longest task's
own processor time, which other work on the machine does not lengthen.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

sys.path[:0] = [str(Path(__file__).parent.parent / "tests"), str(Path(__file__).parent.parent)]

from browser.lab import Lab  # noqa: E402
from conformance.models import Model  # noqa: E402

WATCH = """() => {
  window.held = [];
  new PerformanceObserver((list) => window.held.push(...list.getEntries().map((e) => e.duration))).observe({
    type: 'longtask' });
}"""
TABS = {
    "Source": "iframe.tl-netron",
    "Rewriters": ".tlv-rewriters tbody tr",
    "Handlers": ".tlv-handlers tbody tr",
    "Optimizers": ".tlv-optimizers .tlv-line",
    "Parity": ".tlv-parity .tlv-dot",
}
KEYS = 60


def made(ops: int) -> bytes:
    """A residual network of so many ops."""
    model = Model()
    rng = np.random.default_rng(0)
    x = model.input([1, 8, 8, 4], "float32")
    for _ in range(ops // 4):
        w = model.const(rng.normal(size=(4, 3, 3, 4)).astype(np.float32) * 0.1)
        b = model.const(np.zeros(4, np.float32))
        conv: dict[str, Any] = {
            "padding": "SAME",
            "stride_w": 1,
            "stride_h": 1,
            "dilation_w_factor": 1,
            "dilation_h_factor": 1,
        }
        y = model.op("CONV_2D", [x, w, b], [model.tensor()], fused_activation_function="RELU6", **conv)
        y = model.op("TANH", [y], [model.tensor()])
        y = model.op("RESHAPE", [y, model.const(np.array([1, 8, 8, 4], np.int32))], [model.tensor()])
        x = model.op("ADD", [x, y], [model.tensor()], fused_activation_function="NONE")
    return model.outputs(x).bytes()


class Tasks:
    """The page's tasks while something is done: the longest as the page sees it, and the longest in processor time."""

    def __init__(self, browser: Browser, page: Page) -> None:
        self.browser, self.page = browser, page

    def during(self, action: Any) -> tuple[float, float, float]:
        """(seconds that the action took, longest task and longest CPU time of one in ms)."""
        self.page.evaluate("window.held.length = 0")
        self.browser.start_tracing(page=self.page, categories=["toplevel", "devtools.timeline"])
        began = time.perf_counter()
        action()
        seconds = time.perf_counter() - began
        self.page.wait_for_timeout(400)
        events = json.loads(self.browser.stop_tracing())["traceEvents"]
        mains = {
            (e["pid"], e["tid"])
            for e in events
            if e.get("name") == "thread_name" and e["args"]["name"] == "CrRendererMain"
        }
        cpu = [
            e["tdur"] / 1e3
            for e in events
            if e.get("tdur") and e["name"].endswith("RunTask") and (e["pid"], e["tid"]) in mains
        ]
        return seconds, max(self.page.evaluate("window.held"), default=0.0), max(cpu, default=0.0)


def line(what: str, seconds: float, held: float, cpu: float) -> None:
    """One line of figures."""
    print(f"  {what:34} {seconds:6.2f} s   held {held:5.0f} ms, CPU {cpu:4.0f} ms", flush=True)


def steps(page: Page) -> list[float]:
    """Milliseconds from a key to the end of the frame that shows the step, sorted."""
    page.locator(".tl-head").first.click()
    page.evaluate(
        """() => {
      window.times = [];
      document.querySelector('.tl-root:has(.tl-counter)').addEventListener('keydown', (event) =>
        requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => window.times.push(performance.now() - event.timeStamp);
        channel.port2.postMessage(0);
      }), true);
    }"""
    )
    for _ in range(KEYS):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(40)
    page.wait_for_timeout(200)
    return sorted(page.evaluate("window.times"))


def measure(lab: Lab, browser: Browser, name: str, path: Path) -> None:
    """Open, step, and look at every tab."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    lab.open(
        page,
        "import tfonnx_lab as lab\nimport tfonnx_lab.conversion.pipeline, tfonnx_lab.widgets.lab",
        f"it = lab.Lab({str(path)!r})\nit",
    )
    first = page.locator(".tl-after svg .tl-node").first
    first.wait_for(timeout=300_000)
    page.wait_for_timeout(3000)
    page.evaluate(WATCH)
    tasks = Tasks(browser, page)
    again = (
        "async () => { const { content } = window.jupyterapp.shell.currentWidget; content.activeCellIndex = 1; "
        "await window.jupyterapp.commands.execute('notebook:run-cell'); }"
    )

    def opened() -> None:
        page.evaluate("document.querySelector('.tl-after svg')?.setAttribute('data-old', '')")
        page.evaluate(again)
        page.locator(".tl-after svg:not([data-old]) .tl-node").first.wait_for(timeout=300_000)

    cost = lab.ask(
        page,
        "import time; b = time.process_time(); lab.convert(it.result.source, on_error='keep'); "
        "print(time.process_time() - b)",
    )
    print(
        f"{name}: {lab.ask(page, 'print(it.result)')}; conversion {float(cost):.2f} s of CPU; load of the machine "
        f"{os.getloadavg()[0]:.1f}"
    )
    line("open the lab", *tasks.during(opened))
    page.wait_for_timeout(5000)
    times = steps(page)
    print(
        f"  {'a step, key to picture':34} median {times[len(times) // 2]:.0f} ms, p95 "
        f"{times[int(len(times) * 0.95)]:.0f} ms, {len(times)} keys"
    )

    def click(tab: str, shown: str) -> None:
        page.get_by_role("tab", name=tab, exact=True).first.click()
        page.locator(shown).locator("visible=true").first.wait_for(timeout=300_000)
        for k in range(2 if tab == "Source" else 0):
            page.frame_locator(f"iframe.tl-netron >> nth={k}").locator("body.default g.graph-node").first.wait_for(
                timeout=300_000
            )

    for tab, shown in TABS.items():
        line(f"the tab {tab}", *tasks.during(lambda tab=tab, shown=shown: click(tab, shown)))
    lab.close(page)
    page.close()


def main() -> None:
    """Measure and print."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab, sync_playwright() as play:
        models = [Path(name).resolve() for name in sys.argv[1:]]
        for ops in () if models else (150, 1000, 5000):
            models.append(Path(folder) / f"made_{ops}.tflite")
            models[-1].write_bytes(made(ops))
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for path in models:
            measure(lab, browser, path.stem, path)
        browser.close()


if __name__ == "__main__":
    main()
