"""From key to picture in the stepper: `python benchmarks/stepper_browser.py [MODEL.tflite | TRACE.tfltrace]`.

Without an argument: a synthetic trace of 1,000 steps. Needs Chromium and Playwright. The time runs from the key event
to the end of the first frame that shows the step.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

PAUSE_MS = 33  # between keys: as fast as a key that is held down
WATCH = """() => {
  window.times = [];
  window.stepper.element.addEventListener('keydown', (event) => {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.times.push(performance.now() - event.timeStamp);
      channel.port2.postMessage(0);
    });
  }, true);
}"""


def source(arguments: list[str]) -> Any:
    """What to step through."""
    if not arguments:
        from widgets.synthetic import Synthetic

        return Synthetic(1000)
    if arguments[0].endswith(".tfltrace"):
        return arguments[0]
    import tfonnx_lab as lab

    return lab.convert(arguments[0]).trace


def measure(page: Page, key: str, times: int) -> list[float]:
    """Press a key so many times; the milliseconds that each took."""
    page.evaluate("window.times.length = 0")
    for _ in range(times):
        page.keyboard.press(key)
        page.wait_for_timeout(PAUSE_MS)
    page.wait_for_timeout(100)
    found: list[float] = page.evaluate("window.times")
    return found


def report(what: str, times: list[float]) -> None:
    """One line of figures."""
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    figures = {"median": statistics.median(times), "p95": p95, "max": ordered[-1]}
    print(f"{what:32} {len(times):4} keys", *(f"  {name} {ms:6.1f} ms" for name, ms in figures.items()))


def main() -> None:
    """Measure and print."""
    from tfonnx_lab.widgets import trace_to_html

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        path = Path(folder) / "trace.html"
        path.write_text(trace_to_html(source(sys.argv[1:])), encoding="utf-8")
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1400, "height": 800})
        page.goto(path.as_uri())
        page.wait_for_selector(".tl-graph")
        opened = page.evaluate("performance.now()")
        page.evaluate(WATCH)
        print(f"{page.title()}: open after {opened:.0f} ms")
        report("step forward", measure(page, "ArrowRight", 200))
        page.keyboard.press("End")
        report("step back", measure(page, "ArrowLeft", 200))
        report("next rule", measure(page, "ArrowUp", 20) + measure(page, "ArrowDown", 20))
        report(
            "from end to end of the trace",
            [t for _ in range(10) for key in ("Home", "End") for t in measure(page, key, 1)],
        )
        browser.close()


if __name__ == "__main__":
    main()
