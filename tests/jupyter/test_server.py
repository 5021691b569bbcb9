"""The server extension in a real Jupyter server under a base URL: what it serves, to whom, and what not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

import tfonnx_lab
from tfonnx_lab.jupyter.server import POLICY, policy

TOKEN, BASE = "t0ken", "/user/bob/"
LOGGED_IN = {"Authorization": f"token {TOKEN}"}
ROUTES = ["netron/", "netron/model.js", "netron/netron.js", "stepper/", "stepper/served.js", "stepper/netron.js"]
PACKAGE = Path(tfonnx_lab.__file__).parent


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server that has the extension by its packaged configuration alone."""
    root = tmp_path_factory.mktemp("server")
    config = PACKAGE / "jupyter" / "config" / "tfonnx_lab.json"
    (root / "jupyter_server_config.d").mkdir()
    (root / "jupyter_server_config.d" / config.name).write_text(config.read_text())
    (root / "secret.tfltrace").write_text("{}")
    env = os.environ | {
        "JUPYTER_CONFIG_DIR": str(root),
        "JUPYTER_DATA_DIR": str(root),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
    }
    env["PYTHONPATH"] = str(PACKAGE.parent)
    command = [
        sys.executable,
        "-m",
        "jupyter_server",
        "--no-browser",
        "--allow-root",
        "--port=0",
        f"--ServerApp.root_dir={root}",
    ]
    command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.base_url={BASE}"]
    with (root / "log").open("w") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=root)
        try:
            yield _port(root, server)
        finally:
            server.terminate()
            server.wait(timeout=20)


def _port(root: Path, server: subprocess.Popen[bytes]) -> int:
    for _ in range(300):
        for found in (root / "runtime").glob("jpserver-*.json"):
            if (text := found.read_text()) and _listens(port := int(json.loads(text)["port"])):
                return port
        assert server.poll() is None, (root / "log").read_text()
        time.sleep(0.1)
    raise AssertionError((root / "log").read_text())


def _listens(port: int) -> bool:
    """The server writes its file a moment before it listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def get(
    port: int, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of one request: the path goes out as it stands, nothing is followed."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    text = answer.read().decode("utf-8", "replace")
    connection.close()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("route", ROUTES)
def test_nobody_gets_anything_without_the_token(port: int, route: str, method: str) -> None:
    status, headers, text = get(port, f"{BASE}tfonnx_lab/{route}", method=method)
    assert status in (302, 403, 405)
    assert "/login" in headers.get("location", "/login")
    assert "script" not in text


@pytest.mark.parametrize("route", ROUTES)
def test_with_the_token_everything_is_there_and_may_talk_to_this_server_only(port: int, route: str) -> None:
    status, headers, text = get(port, f"{BASE}tfonnx_lab/{route}", LOGGED_IN)
    assert status == 200 and text
    found = headers["content-security-policy"]
    assert "default-src 'none'" in found and "connect-src 'self'" in found and "script-src 'self';" in found
    assert "http" not in found and "unsafe-eval" not in found and "frame-ancestors 'self'" in found


def test_who_may_frame_the_pages_is_who_may_frame_the_server() -> None:
    assert policy("default-src *; frame-ancestors https://portal.example 'self'").endswith(
        "; frame-ancestors https://portal.example 'self'"
    )
    assert policy("default-src *; script-src *") == POLICY


@pytest.mark.parametrize(
    "path",
    [
        "netron/view.js", "netron/served.js", "netron/index.html", "netron/nothing.js", "netron/NETRON-LICENSE",
        "netron/../../../../../../etc/passwd", "netron/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "netron/%2e%2e/page.py",
        "netron//etc/passwd", "netron/..\\assets.py", "netron/model.js%00.png", "netron/./model.js/../view.js",
        "stepper/stepper.js", "stepper/sources.sha256", "stepper/../../jupyter/server.py",
        "stepper/%2e%2e%2f%2e%2e%2fcli.py",
        "stepper/secret.tfltrace", "other",
    ],
)  # fmt: skip
def test_what_is_not_in_the_list_is_not_there(port: int, path: str) -> None:
    status, _, text = get(port, f"{BASE}tfonnx_lab/{path}", LOGGED_IN)
    assert status in (400, 403, 404)
    assert "root:" not in text and "import" not in text.replace("!important", "")


def test_the_routes_are_under_the_base_url_only(port: int) -> None:
    assert get(port, "/tfonnx_lab/netron/", LOGGED_IN)[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(port: int, method: str) -> None:
    assert get(port, f"{BASE}tfonnx_lab/netron/model.js", LOGGED_IN, method)[0] in (403, 404, 405)


def test_an_unchanged_file_is_not_sent_again(port: int) -> None:
    path = f"{BASE}tfonnx_lab/netron/model.js"
    etag = get(port, path, LOGGED_IN)[1]["etag"]
    assert get(port, path, LOGGED_IN | {"If-None-Match": etag})[0] == 304


def test_the_theme_is_one_of_two_and_never_text_of_the_page(port: int) -> None:
    for route in ("netron/", "stepper/"):
        assert "<b>" not in get(port, f"{BASE}tfonnx_lab/{route}?theme=%22%3E%3Cb%3E", LOGGED_IN)[2]
        assert 'data-jp-theme-light="false"' in get(port, f"{BASE}tfonnx_lab/{route}?theme=dark", LOGGED_IN)[2]


def test_a_server_loads_the_extension_without_the_converter() -> None:
    code = "import sys, tfonnx_lab.jupyter.server; print(*{m.partition('.')[0] for m in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(run.stdout.split()) & {"onnx", "onnx_ir", "numpy", "tensorflow", "ai_edge_litert", "onnxruntime"}


def test_jupyter_finds_both_extensions() -> None:
    from jupyter_server.extension.manager import ExtensionPackage

    package = ExtensionPackage(name="tfonnx_lab", enabled=True)
    assert [point.module.__name__ for point in package.extension_points.values()] == ["tfonnx_lab.jupyter.server"]
    [paths] = tfonnx_lab._jupyter_labextension_paths()
    about = json.loads((PACKAGE / paths["src"] / "package.json").read_text())
    assert about["name"] == paths["dest"] and about["version"] == tfonnx_lab.__version__
    assert (PACKAGE / paths["src"] / about["jupyterlab"]["_build"]["load"]).exists()
