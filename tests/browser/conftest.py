"""A headless Chromium, and a JupyterLab to look at; without Chromium nothing of this folder is collected."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
READY = CHROMIUM is not None and importlib.util.find_spec("playwright") is not None
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

PATIENCE = int(os.environ.get("TFONNX_LAB_PATIENCE", "120000"))
"""Milliseconds until something that is waited for is missing: so long that a busy machine is not mistaken for an
error."""

collect_ignore_glob = [] if READY else ["test_*.py"]

if READY:
    from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

    from browser.lab import Lab

    expect.set_options(timeout=PATIENCE)

    @pytest.fixture(scope="session")
    def browser() -> Iterator[Browser]:
        """The browser, for all tests of the session."""
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            yield browser
            browser.close()

    @pytest.fixture
    def page(browser: Browser) -> Iterator[Page]:
        """A fresh page with an empty cache; a script error in it fails the test, and so does a request to another host,
        of this page or of one that it opens."""
        context = browser.new_context(viewport={"width": 1500, "height": 1000}, color_scheme="light")
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        errors: list[str] = []
        page.errors = errors  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: errors.append(str(error)))
        context.on("request", lambda request: _local(page, request.url))
        yield page
        context.close()
        assert errors == []

    @pytest.fixture(scope="session")
    def lab(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Lab]:
        """A JupyterLab under a base URL, as on a JupyterHub."""
        with Lab(tmp_path_factory.mktemp("lab")) as lab:
            yield lab


def _local(page: Page, url: str) -> None:
    if not url.startswith(("http://127.0.0.1:", "file:", "blob:", "data:")):
        page.errors.append(f"request to {url}")  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: a temporary folder, or the one that TFONNX_LAB_SHOTS names."""
    chosen = os.environ.get("TFONNX_LAB_SHOTS")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def console(page: Page) -> Iterator[list[str]]:
    """What is written to the console as an error: nothing, or the test fails."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            said.append(f"{message.text} {message.location}")

    page.on("console", hear)
    yield said
    assert said == []
