"""An error in the console of any page fails its test: the instrument itself, each kind planted."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser.desk import new_page, unharmed

pytestmark = pytest.mark.browser
PLANTED = {
    "written": "console.error('planted')",
    "thrown": "setTimeout(() => { throw new Error('planted'); })",
    "refused": "Promise.reject(new Error('planted'))",
    "in_a_frame": "document.body.append(Object.assign(document.createElement('iframe'), "
    "{ srcdoc: '<script>console.error(1)</script>' }))",
    "in_another_page": "window.open('other.html')",
    "not_there": "document.body.append(Object.assign(new Image(), { src: 'nowhere.png' }))",
    "another_host": "fetch('http://127.0.0.2:9/').catch(() => null)",
}


@pytest.mark.parametrize("kind", PLANTED)
def test_an_error_is_heard(browser: Browser, tmp_path: Path, kind: str) -> None:
    (tmp_path / "page.html").write_text("<!doctype html><title>page</title><body>")
    (tmp_path / "other.html").write_text("<!doctype html><title>other</title><script>throw new Error(1)</script>")
    page = new_page(browser)
    page.goto((tmp_path / "page.html").as_uri())
    page.evaluate("console.warn('a warning is none'); console.log('nor is a line')")
    unharmed(page)
    page.evaluate(f"() => {{ {PLANTED[kind]}; }}")
    while not page.errors:  # type: ignore[attr-defined]
        page.wait_for_timeout(20)
    with pytest.raises(AssertionError):
        unharmed(page)
    page.context.close()
