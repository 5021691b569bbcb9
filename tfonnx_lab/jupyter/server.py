"""The server extension: the pages that the JupyterLab extension opens model files and traces in.

It serves two pages and the program files that they need, all behind the server's authentication, and reads no file of
the
user: a page fetches the model or the trace through the server's own `/files/`, with the rights that the reader has
there. The policy of the pages lets them talk to this server and to no other host.
"""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from tfonnx_lab.jupyter import pages

STATIC = Path(__file__).parent.parent / "widgets" / "static"
SCRIPTS = {"netron": "model.js", "stepper": "served.js"}
"""The pages, and the script of each."""
VIEWER = "netron.js"
"""What both load when a graph is to be drawn."""
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"
)


def policy(server: str) -> str:
    """The pages' Content-Security-Policy. Who may put them into a frame is what the server's own policy says."""
    ancestors = [d.strip() for d in server.split(";") if d.strip().startswith("frame-ancestors")]
    return "; ".join([POLICY, *ancestors])


class _Guarded(JupyterHandler):
    """What both kinds of answers have: who may see them, and what they may do."""

    auth_resource = "contents"

    @property
    def content_security_policy(self) -> str:
        return policy(super().content_security_policy)


class _Page(_Guarded):
    """A page with one of the scripts."""

    def initialize(self, script: str) -> None:
        self.script = script

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Send it."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(pages.page(self.script, self.get_query_argument("theme", "")))


class _Files(_Guarded, web.StaticFileHandler):
    """The files of a list. A path is looked up in the list and never made into one of the file system before that."""

    def initialize(self, path: Path, names: frozenset[str]) -> None:  # type: ignore[override]
        super().initialize(str(path))
        self.names = names

    @web.authenticated
    @authorized
    def get(self, path: str, include_body: bool = True) -> Awaitable[None]:  # type: ignore[override]
        """Send a file of the list."""
        self._refuse(path)
        return super().get(path, include_body)

    @web.authenticated
    @authorized
    def head(self, path: str) -> Awaitable[None]:  # type: ignore[override]
        """Send the headers of a file of the list."""
        self._refuse(path)
        return web.StaticFileHandler.get(self, path, include_body=False)

    def _refuse(self, path: str) -> None:
        if path not in self.names:
            raise web.HTTPError(404)

    def set_extra_headers(self, path: str) -> None:
        """Files change with the installed packages: the browser asks, and is told that nothing did."""
        self.set_header("Cache-Control", "no-cache")


def load(app: Any) -> None:
    """Add the routes to a Jupyter server."""
    base = url_path_join(app.web_app.settings["base_url"], "tfonnx_lab")
    routes: list[Any] = []
    for name, script in SCRIPTS.items():
        files = {"path": STATIC, "names": frozenset({script, VIEWER})}
        routes += [(url_path_join(base, f"{name}/"), _Page, {"script": script})]
        routes += [(url_path_join(base, f"{name}/(.+)"), _Files, files)]
    app.web_app.add_handlers(".*$", routes)


_load_jupyter_server_extension = load
