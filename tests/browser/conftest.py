"""A headless Chromium, and a JupyterLab to look at; without Chromium nothing of this folder is collected."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
READY = CHROMIUM is not None and importlib.util.find_spec("playwright") is not None
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

FAILED: pytest.StashKey[bool] = pytest.StashKey()
collect_ignore_glob = [] if READY else ["test_*.py"]

if READY:
    from playwright.sync_api import Browser, Page, expect, sync_playwright

    from browser.desk import NOTEBOOK_7_S_OWN, PATIENCE, Desk, forgive, new_page, unharmed
    from browser.lab import Lab

    expect.set_options(timeout=PATIENCE)

    @pytest.fixture(scope="session")
    def browser() -> Iterator[Browser]:
        """The browser, for all tests of the session."""
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            yield browser
            browser.close()

    @pytest.fixture(scope="session")
    def desk(browser: Browser) -> Iterator[Desk]:
        """JupyterLab in a page, from test to test."""
        desk = Desk(browser)
        yield desk
        desk.leave()

    @pytest.fixture
    def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
        """A page. An error in its console fails the test, and so does a request to another host, of this page or of
        one that it opens.

        A fresh one with an empty cache; with `lab` and without the marker `fresh_page` JupyterLab may be open in it,
        with nothing open in that.
        """
        lab: Lab | None = request.getfixturevalue("lab") if "lab" in request.fixturenames else None
        if lab is not None and request.node.get_closest_marker("fresh_page") is None:
            desk: Desk = request.getfixturevalue("desk")
            yield (page := desk.sit())
            desk.leave() if request.node.stash.get(FAILED, False) else desk.tidy(lab)
        else:
            yield (page := new_page(browser))
            page.context.close()
        unharmed(page)

    @pytest.fixture
    def seven(page: Page) -> Iterator[Page]:
        """A page for Notebook 7, which may see its own errors."""
        yield page
        forgive(page, *NOTEBOOK_7_S_OWN)

    @pytest.fixture(scope="session")
    def lab(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Lab]:
        """A JupyterLab under a base URL, as on a JupyterHub."""
        with Lab(tmp_path_factory.mktemp("lab")) as lab:
            yield lab


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember what failed: its page is not for the next test."""
    report = yield
    item.stash[FAILED] = report.failed or item.stash.get(FAILED, False)
    return report


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: a temporary folder, or the one that TFONNX_LAB_SHOTS names."""
    chosen = os.environ.get("TFONNX_LAB_SHOTS")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
