"""Where else anywidget runs: marimo, and a page with a strict Content-Security-Policy that stands for the others."""

from __future__ import annotations

import functools
import http.server
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import tfonnx_lab as lab
from browser.looks import LOOK, open_tab
from tfonnx_lab import samples

pytestmark = pytest.mark.browser
NOTEBOOK = """
import marimo
app = marimo.App()
@app.cell
def _():
    import tfonnx_lab as lab
    from tfonnx_lab import samples
    it = lab.Lab(samples.path("digits_int8"))
    it
    return
if __name__ == "__main__":
    app.run()
"""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def served_by_marimo(folder: Path, notebook: str) -> Iterator[str]:
    """The address of a marimo app."""
    path, port, log = folder / "notebook.py", free_port(), folder / "log"
    path.write_text(notebook)
    command = [sys.executable, "-m", "marimo", "run", str(path), "--headless", "--port", str(port)]
    with log.open("w") as said, subprocess.Popen(command, stdout=said, stderr=said) as server:
        url = f"http://127.0.0.1:{port}/"
        for _ in range(600):  # a busy machine takes its time
            assert server.poll() is None, log.read_text()
            try:
                urllib.request.urlopen(url)
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        yield url
        server.terminate()


@pytest.fixture
def marimo(tmp_path: Path) -> Iterator[str]:
    """The address of a marimo app with the lab in it."""
    with served_by_marimo(tmp_path, NOTEBOOK) as url:
        yield url


def test_marimo(marimo: str, page: Page, shots: Path) -> None:
    page.goto(marimo)
    page.locator(".tlo-flow").wait_for()
    for name in LOOK:
        open_tab(page, name)
        page.screenshot(path=shots / f"marimo_{name.replace(' ', '_').lower()}.png")
    all_follow(page)


def all_follow(page: Page) -> None:
    """A row chosen in one tab is chosen in the others: what is done in a part goes to Python and back."""
    open_tab(page, "Handlers")
    page.locator('.tlv-handlers tr[data-origin="4"]').click()
    expect(page.locator(".tlv-side h3")).to_have_text("op 4  CONV_2D")
    expect(page.locator(".tlv-selection")).to_contain_text("op 4 CONV_2D")
    open_tab(page, "Parity")
    expect(page.locator('.tlv-parity tr[aria-selected="true"]')).to_contain_text("4 CONV_2D")


POLICY = (
    "default-src 'none'; script-src 'nonce-abc' blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:; frame-src 'self'; connect-src 'none'"
)
HOST = """<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="POLICY">
<link rel="icon" href="data:,"><body><div id="el"></div><script nonce="abc">
  const heard = new Map();
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  window.start = async (state) => {
    const fire = (event, ...what) => (heard.get(event) ?? []).forEach((f) => f(...what));
    window.arrive = (content, buffers) => fire('msg:custom', content, buffers.map(bytes));
    window.changed = (name, value) => { state[name] = value; fire(`change:${name}`); };
    const model = {
      get: (name) => state[name],
      set: (name, value) => { state[name] = value; fire(`change:${name}`); },
      save_changes: () => {},
      on: (event, f) => heard.set(event, [...(heard.get(event) ?? []), f]),
      off: (event, f) => heard.set(event, (heard.get(event) ?? []).filter((g) => g !== f)),
      send: (content) => window.toPython(JSON.stringify(content)),
    };
    const url = URL.createObjectURL(new Blob([state._esm], { type: 'text/javascript' }));
    (await import(url)).default.render({ model, el: document.getElementById('el') });
  };
</script>""".replace("POLICY", POLICY)


class Host:
    """The widget protocol between a page and a widget in this process, as a notebook's extension speaks it."""

    def __init__(self, page: Page, widget: Any) -> None:
        self.page, self.widget = page, widget
        self.waiting: list[tuple[str, list[str]]] = []
        widget.send = self._send
        page.expose_function("toPython", self._hear)

    def _send(self, content: Any, buffers: Any = None) -> None:
        import base64

        self.waiting.append((json.dumps(content), [base64.b64encode(bytes(b)).decode() for b in buffers or []]))

    def _hear(self, message: str) -> None:
        self.widget._handle_custom_msg(json.loads(message), [])

    def settle(self) -> None:
        """Hand over what the widget said, until it says no more."""
        for _ in range(20):
            self.page.wait_for_timeout(50)
            sent, self.waiting = self.waiting, []
            for content, buffers in sent:
                self.page.evaluate("([c, b]) => window.arrive(JSON.parse(c), b)", [content, buffers])


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "index.html").write_text(HOST)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


def test_a_strict_policy(strict: str, page: Page, shots: Path) -> None:
    it = lab.Lab(samples.path("digits_int8"))
    host = Host(page, it)
    page.goto(strict)
    state = {name: getattr(it, name) for name in ("tabs", "tab", "selection", "_esm", "_code", "_front")}
    page.evaluate("(state) => window.start(state)", state)
    for name in LOOK:
        page.get_by_role("tab", name=name, exact=True).click()
        host.settle()
        page.locator(LOOK[name]).locator("visible=true").first.wait_for()
        page.screenshot(path=shots / f"strict_{name.replace(' ', '_').lower()}.png")
    page.get_by_role("tab", name="Source", exact=True).click()
    for side in (0, 1):
        frame = page.frame_locator(f"iframe.tl-netron >> nth={side}")
        frame.locator("body.default g.graph-node").first.wait_for()
    page.get_by_role("tab", name="Handlers", exact=True).click()
    page.locator('.tlv-handlers tr[data-origin="4"]').click()
    host.settle()
    expect(page.locator(".tlv-side h3")).to_have_text("op 4  CONV_2D")
    it.close()
