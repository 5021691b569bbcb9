"""The lab as one file: `python benchmarks/lab_html.py MODEL.tflite ...` writes each model's page and opens every tab.

Prints its size, the seconds from opening it to the painted overview (the best and the worst of five), those of each
tab, and what is in the console. The page has no network. Ends with 1 where one is over 5 MB, opens in over 1 s
at its best, a tab shows nothing, or the console is not empty. Needs Chromium and Playwright.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, sync_playwright

TOP = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP / "tests"), str(TOP)]

from browser.conftest import ARGUMENTS, CHROMIUM  # noqa: E402
from browser.desk import new_page  # noqa: E402
from browser.faults_in_sight import DRAWN  # noqa: E402
from browser.looks import settled  # noqa: E402
from tfonnx_lab.widgets import Lab  # noqa: E402

LARGEST, LONGEST, TIMES = 5_000_000, 1.0, 5


def opened(browser: Browser, path: Path) -> tuple[Page, float]:
    """A page with the lab in it, and the seconds until its overview was painted."""
    page = new_page(browser, offline=True)
    began = time.perf_counter()
    page.goto(path.as_uri(), wait_until="commit")
    page.locator(".tlo-flow").wait_for()
    settled(page)
    return page, time.perf_counter() - began


def tabs(page: Page) -> dict[str, float | str]:
    """The seconds of each tab until it shows what it has to show."""
    found: dict[str, float | str] = {}
    for name in page.locator(".tl-lab [role=tab]").all_inner_texts():
        began = time.perf_counter()
        page.get_by_role("tab", name=name, exact=True).click()
        try:
            page.wait_for_function(DRAWN, timeout=30_000)
            found[name] = round(time.perf_counter() - began, 2)
        except Error:
            found[name] = "shows nothing"
    return found


def measured(browser: Browser, model: str, folder: Path) -> bool:
    """Whether the page of a model is as it should be; a line of figures."""
    path = folder / f"{Path(model).stem}.html"
    began = time.perf_counter()
    Lab(model).to_html(path)
    made, size = time.perf_counter() - began, path.stat().st_size
    times, errors, shown = [], [], dict[str, float | str]()
    for turn in range(TIMES):
        page, taken = opened(browser, path)
        times.append(taken)
        if turn == TIMES - 1:
            shown = tabs(page)
        errors += page.errors  # type: ignore[attr-defined]
        page.context.close()
    print(
        f"{Path(model).name}: {size / 1e6:.2f} MB, made in {made:.1f} s, "
        f"opens in {min(times):.2f} to {max(times):.2f} s"
    )
    print(
        f"    tabs: {', '.join(f'{name} {taken}' for name, taken in shown.items())}; console: {errors or 'empty'}",
        flush=True,
    )
    whole = all(isinstance(taken, float) for taken in shown.values())
    return size <= LARGEST and min(times) <= LONGEST and whole and not errors


def main() -> None:
    """Measure every model that was named."""
    with sync_playwright() as play, tempfile.TemporaryDirectory() as folder:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        good = [measured(browser, model, Path(folder)) for model in sys.argv[1:]]
        browser.close()
    sys.exit(0 if good and all(good) else 1)


if __name__ == "__main__":
    main()
