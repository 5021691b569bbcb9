"""Kernels for the browser tests that begin with the package imported: each is forked of one process that has it.

`python kernels.py serve SOCKET` is that process; `python kernels.py SOCKET CONNECTION_FILE` is what JupyterLab starts
as a kernel: it asks for a child, hands signals on to it, and ends with it. A fresh process for every notebook, then,
as always, without two seconds of imports in each.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import Any

NOT_ITS_PARENT = ("JPY_PARENT_PID", "JPY_INTERRUPT_EVENT")
"""Variables by which a kernel watches who started it: that is not who forked it."""


def kernel_spec(folder: Path, place: Path) -> None:
    """Write the kernel "python3" into a folder of kernels."""
    (folder / "python3").mkdir(parents=True)
    argv = [sys.executable, "-S", "-E", __file__, str(place), "{connection_file}"]
    spec = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (folder / "python3" / "kernel.json").write_text(json.dumps(spec))


def serve(place: str) -> None:
    """Import what a notebook needs, and fork a kernel for whoever asks."""
    import ipykernel.kernelapp
    import onnxruntime

    import tfonnx_lab.conversion.pipeline
    import tfonnx_lab.widgets.lab

    assert ipykernel.kernelapp and onnxruntime and tfonnx_lab
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them here
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(place)
        door.listen()
        while True:
            asking, _ = door.accept()
            child = os.fork()
            if child == 0:
                door.close()
                _be_a_kernel(asking)
            asking.close()


def _be_a_kernel(asking: socket.socket) -> None:
    """Become the kernel that was asked for; never returns."""
    import threading

    from ipykernel.kernelapp import IPKernelApp
    from ipywidgets import register_comm_target

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    wanted = json.loads(asking.makefile().readline())
    os.chdir(wanted["cwd"])
    os.environ.clear()
    os.environ.update({name: text for name, text in wanted["env"].items() if name not in NOT_ITS_PARENT})
    asking.sendall(f"{os.getpid()}\n".encode())

    def watch() -> None:
        while asking.recv(1):
            pass
        os._exit(1)  # whom JupyterLab started was killed

    threading.Thread(target=watch, daemon=True).start()
    app: Any = IPKernelApp.instance()
    app.initialize(["-f", wanted["file"]])
    register_comm_target(app.kernel)  # as ipywidgets does when a kernel imports it
    app.start()
    os._exit(0)


def ask(place: str, file: str) -> None:
    """Ask for a kernel, and stand for it until it ends."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(place)
        line.sendall((json.dumps({"file": file, "cwd": str(Path.cwd()), "env": dict(os.environ)}) + "\n").encode())
        kernel = int(line.makefile().readline())

        def hand_on(number: int, _: FrameType | None) -> None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(kernel, number)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, hand_on)
        while line.recv(1):
            pass


if __name__ == "__main__":
    serve(sys.argv[2]) if sys.argv[1] == "serve" else ask(sys.argv[1], sys.argv[2])
