"""A JupyterLab to test in: starts a server in a folder, runs notebooks, asks their kernels."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

import tfonnx_lab
from browser import kernels
from browser.commands import command, dress

TOKEN = "t0ken"
BASE = "/user/someone/"
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}
RUN = """async (path) => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  await app.commands.execute('notebook:run-all-cells');
}"""
ASK = """async (code) => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  let text = '';
  const future = kernel.requestExecute({ code });
  future.onIOPub = (m) => {
    if (m.header.msg_type === 'stream') text += m.content.text;
    if (m.header.msg_type === 'error') text += m.content.evalue;
  };
  await future.done;
  return text;
}"""

HAS_A_KERNEL = """(path) => {
  const front = window.jupyterapp?.shell?.currentWidget;
  return front?.context?.path === path && front.sessionContext?.session?.kernel;
}"""
ADD = """async (cells) => {
  const { commands, shell } = window.jupyterapp;
  const { content } = shell.currentWidget;
  for (const source of cells) {
    content.model.sharedModel.addCell({ cell_type: 'code', source });
    content.activeCellIndex = content.widgets.length - 1;
    await commands.execute('notebook:run-cell');
  }
}"""
CLEAR = """async () => {
  if (document.fullscreenElement) await document.exitFullscreen();
  const { shell, serviceManager } = window.jupyterapp;
  for (const widget of [...shell.widgets('main')]) widget.dispose();
  await serviceManager.sessions.shutdownAll();
}"""


class Lab:
    """A running server. `open` writes a notebook, opens it in a page, and runs it.

    python: of another environment, in which the package is installed; its server and kernels are as they come there.
    """

    def __init__(self, root: Path, python: str | None = None) -> None:
        self.root = root
        self.python = python
        self.port = 0  # the server chooses
        self.count = 0

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"http://127.0.0.1:{self.port}{BASE}"

    def __enter__(self) -> Lab:
        settings = self.root / "settings"
        settings.mkdir()
        (settings / "overrides.json").write_text(json.dumps(SETTINGS))
        command = [
            self.python or sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            "--port=0",
        ]
        command += [
            f"--IdentityProvider.token={TOKEN}",
            f"--ServerApp.base_url={BASE}",
            f"--ServerApp.root_dir={self.root}",
        ]
        command += [
            "--LabApp.expose_app_in_browser=True",
            f"--LabApp.app_settings_dir={settings}",
            "--LabApp.news_url=",
        ]
        self.log = (self.root / "server.log").open("w")
        env = os.environ | folders(self.root) | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        self.kernels: subprocess.Popen[bytes] | None = None
        self.socket = tempfile.TemporaryDirectory(prefix="kernels")  # such a path may have 108 characters, no more
        place = Path(self.socket.name) / "door"
        if self.python is None:
            env |= extensions(self.root)
            kernels.kernel_spec(self.root / "data" / "kernels", place)
            forks = [sys.executable, kernels.__file__, "serve", str(place)]
            self.kernels = subprocess.Popen(forks, env=env, stdout=self.log, stderr=self.log, start_new_session=True)
        else:
            env.pop("PYTHONPATH", None)
        self.server = subprocess.Popen(command, env=env, stdout=self.log, stderr=self.log)
        self._wait(place)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.terminate()
        _ended(self.server)
        if self.kernels is not None:
            os.killpg(self.kernels.pid, signal.SIGTERM)
            _ended(self.kernels)
        self.socket.cleanup()
        self.log.close()

    def open(self, page: Page, *cells: str, dark: bool = False) -> None:
        """Open a notebook with these cells and run them all."""
        self._open(page, notebook(*cells), dark)

    def open_file(self, page: Page, path: Path) -> None:
        """Open a copy of a notebook and run all its cells."""
        self._open(page, path.read_text("utf-8"), dark=False)

    def open_text(self, page: Page, text: str, dark: bool = False) -> None:
        """Open a notebook whose file holds this, and run all its cells."""
        self._open(page, text, dark)

    def open_beside(self, page: Page, *cells: str) -> None:
        """Open one more notebook, at the right of what is open, and run it."""
        name = self.write(notebook(*cells))
        command(page, "docmanager:open", path=name, options={"mode": "split-right"})
        page.wait_for_function(HAS_A_KERNEL, arg=name)
        self.run(page)

    def add(self, page: Page, *cells: str) -> None:
        """Write further cells at the end of the notebook in front, and run them one after the other."""
        page.evaluate(ADD, list(cells))

    def start(self, page: Page) -> None:
        """Open an empty workspace, its file browser at the server's folder."""
        self.count += 1
        page.goto(f"{self.url}lab/workspaces/w{self.count}?token={TOKEN}&reset")
        page.wait_for_function("window.jupyterapp?.shell")
        page.evaluate("async () => { await window.jupyterapp.restored; }")

    def _open(self, page: Page, notebook: str, dark: bool) -> None:
        name = self.write(notebook)
        if page.evaluate("!!window.jupyterapp"):
            self.clear(page)
            command(page, "docmanager:open", path=name)
        else:
            page.goto(f"{self.url}lab/workspaces/w{self.count}/tree/{name}?token={TOKEN}&reset")
        page.wait_for_function(HAS_A_KERNEL, arg=name)
        dress(page, dark)  # the server remembers the last one
        page.evaluate("window.jupyterapp.shell.collapseLeft()")
        self.run(page)

    def folder(self, name: str) -> Path:
        """A fresh folder that the server shows."""
        self.count += 1
        made = self.root / f"{name} {self.count}"
        made.mkdir()
        return made

    def write(self, notebook: str) -> str:
        """Put a notebook into the server's folder; its name."""
        self.count += 1
        name = f"test_{self.count}.ipynb"
        (self.root / name).write_text(notebook, "utf-8")
        return name

    def run(self, page: Page) -> None:
        """Run all cells of the notebook in front."""
        page.evaluate(RUN)

    def ask(self, page: Page, code: str) -> str:
        """What the kernel prints for some code."""
        return str(page.evaluate(ASK, code)).strip()

    def asked(self, page: Page, code: str, wanted: str) -> bool:
        """Whether the kernel prints this in the end: what is done in a page reaches it a little later."""
        for _ in range(100):
            if self.ask(page, code) == wanted:
                return True
            page.wait_for_timeout(100)
        return False

    def clear(self, page: Page) -> None:
        """Close all that is open in JupyterLab, for the next test."""
        page.evaluate(CLEAR)

    def close(self, page: Page) -> None:
        """End the notebook's kernel."""
        page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def _wait(self, place: Path) -> None:
        while self.server.poll() is None and (self.kernels is None or self.kernels.poll() is None):
            found = [text for file in (self.root / "runtime").glob("jpserver-*.json") if (text := file.read_text())]
            if found and (self.kernels is None or place.exists()):  # it is written when the server listens
                self.port = int(json.loads(found[0])["port"])
                return
            time.sleep(0.1)
        raise RuntimeError((self.root / "server.log").read_text())


def _ended(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of a process that was told to end; a busy machine takes its time, and a stubborn one is
    killed."""
    try:
        process.wait(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def folders(root: Path) -> dict[str, str]:
    """The environment of a server that has no settings of anybody."""
    paths = {
        "JUPYTER_CONFIG_DIR": root / "config",
        "JUPYTER_DATA_DIR": root / "data",
        "JUPYTER_RUNTIME_DIR": root / "runtime",
        "IPYTHONDIR": root / "ipython",  # another suite may run beside this one
    }
    return {name: str(path) for name, path in paths.items()}


def extensions(root: Path) -> dict[str, str]:
    """Give a server the package's extensions, as a wheel installs them; what its environment needs for that."""
    jupyter = Path(tfonnx_lab.__file__).parent / "jupyter"
    (root / "data" / "labextensions").mkdir(parents=True)
    (root / "data" / "labextensions" / "tfonnx-lab").symlink_to(jupyter / "labextension")
    shutil.copytree(jupyter / "config", root / "config" / "jupyter_server_config.d")
    # what was installed into the environment may be older
    return {"JUPYTER_PREFER_ENV_PATH": "0", "PYTHONPATH": str(jupyter.parent.parent)}


def notebook(*cells: str) -> str:
    """The file of a notebook with these cells."""
    code: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
        for i, source in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": code, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})
