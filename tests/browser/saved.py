"""A notebook that was run and saved as a page: what nbconvert makes of it, opened without a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Page

from browser.desk import forgive, new_page, unharmed

NBCONVERT_S_OWN = ("https://cdnjs.cloudflare.com/", "console: Failed to load resource: net::ERR_FAILED")
"""Parts of the errors of every page that nbconvert makes, without a network: it asks another host for MathJax."""


@contextmanager
def saved(browser: Browser, path: Path, *cells: str) -> Iterator[Page]:
    """A page that shows a notebook of these cells, executed and exported to `path`."""
    v4: Any = nbformat.v4
    notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, store_widget_state=False).execute()
    exporter: Any = HTMLExporter
    html, _ = exporter().from_notebook_node(notebook)
    path.write_text(html, "utf-8")
    page = new_page(browser, offline=True)
    page.route("http*://**", lambda route: route.abort())
    page.goto(path.as_uri())
    yield page
    page.context.close()
    forgive(page, *NBCONVERT_S_OWN)
    unharmed(page)
