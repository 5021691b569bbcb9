"""The page in which JupyterLab stays open from test to test: to load it takes longer than most tests."""

from __future__ import annotations

import os
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page

from browser.lab import Lab

SIZE = {"width": 1500, "height": 1000}
PATIENCE = int(os.environ.get("TFONNX_LAB_PATIENCE", "120000"))
"""Milliseconds until something that is waited for is missing: so long that a busy machine is not mistaken for an
error."""
TURNS = 12
"""Tests after which the page is a new one: what has grown in it is not theirs."""

NOTEBOOK_7_S_OWN = ("schema", "filebrowser:open-path", "No provider for", "updateRenderOption")
"""Parts of what Notebook 7 complains of without any extension."""


class Desk:
    """A page that one test after the other gets, as long as none of them failed in it."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.page: Page | None = None
        self.turns = 0

    def sit(self) -> Page:
        """The page, with no error in it."""
        if self.page is None:
            self.page, self.turns = new_page(self.browser), 0
        self.page.errors.clear()  # type: ignore[attr-defined]
        return self.page

    def tidy(self, lab: Lab) -> None:
        """Close what a test opened."""
        assert self.page is not None
        self.turns += 1
        if self.turns == TURNS or not self.page.evaluate("!!window.jupyterapp"):
            self.leave()
            return
        lab.clear(self.page)
        self.page.set_viewport_size(SIZE)  # type: ignore[arg-type]
        self.page.mouse.move(0, 0)

    def leave(self) -> None:
        """Close the page; the next test gets a new one."""
        if self.page is not None:
            self.page.context.close()
        self.page = None


def new_page(browser: Browser, **how: Any) -> Page:
    """A page with an empty cache that collects its `errors`: what scripts throw, what is written to the console as an
    error, and requests to other hosts, of all its frames and of every page that it opens.

    how: further options of the browser's context.
    """
    context = browser.new_context(**{"viewport": SIZE, "color_scheme": "light"} | how)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    if not os.environ.get("TFONNX_LAB_SHOTS"):
        page.screenshot = lambda **_: b""  # type: ignore[method-assign]  # nobody asked for pictures, and they take time
    errors: list[str] = []
    page.errors = errors  # type: ignore[attr-defined]

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"console: {message.text} {message.location}")

    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", hear)
    context.on(
        "request", lambda request: None if _is_local(request.url) else errors.append(f"request to {request.url}")
    )
    return page


def forgive(page: Page, *parts: str) -> None:
    """Strike out the errors that are not ours, each by a part of it."""
    errors: list[str] = page.errors  # type: ignore[attr-defined]
    errors[:] = [error for error in errors if not any(part in error for part in parts)]


def unharmed(page: Page) -> None:
    """Nothing went wrong in a page."""
    errors: list[str] = page.errors  # type: ignore[attr-defined]
    assert errors == [], "\n".join(errors)


def _is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "file:", "blob:", "data:"))
