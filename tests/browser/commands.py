"""JupyterLab's commands, from a test."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

EXECUTE = "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args); }"
"""It returns nothing: what a command returns may be a document with all of JupyterLab behind it, and to send that to
the test takes seconds."""


def command(page: Page, name: str, **arguments: Any) -> None:
    """Have JupyterLab do something, and wait until it has."""
    page.evaluate(EXECUTE, [name, arguments])


def dress(page: Page, dark: bool) -> None:
    """Change the theme, whatever is open, and wait for the splash over the change to go.

    JupyterLab takes one splash out twice where another change begins before that.
    """
    theme = f"JupyterLab {'Dark' if dark else 'Light'}"
    command(page, "apputils:change-theme", theme=theme)
    page.wait_for_selector(f"body[data-jp-theme-name='{theme}']", state="attached")
    page.wait_for_selector("#jupyterlab-splash", state="detached")
