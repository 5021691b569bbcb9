"""The server extension: the pages that the JupyterLab extension opens model files and traces in.

It serves two pages and the program files that they need, all behind the server's authentication, and reads no file of the
user: a page fetches the model or the trace through the server's own `/files/`, with the rights that the reader has there.
The policy of the pages lets them talk to this server and to no other host.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import resources
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from tfonnx_lab.jupyter import pages

STATIC = Path(__file__).parent.parent / "widgets" / "static"
STEPPER_FILES = frozenset({"served.js", "netron.js"})
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"
)


def policy(server: str) -> str:
    """The pages' Content-Security-Policy. Who may put them into a frame is what the server's own policy says."""
    ancestors = [d.strip() for d in server.split(";") if d.strip().startswith("frame-ancestors")]
    return "; ".join([POLICY, *ancestors])


def netron_files(folder: Path) -> frozenset[str]:
    """The files of the netron package that its page may load: scripts, metadata and pictures."""
    return frozenset(f.name for f in folder.iterdir() if f.suffix in {".js", ".json", ".png", ".ico"})


class _Guarded(JupyterHandler):
    """What both kinds of answers have: who may see them, and what they may do."""

    auth_resource = "contents"

    @property
    def content_security_policy(self) -> str:
        return policy(super().content_security_policy)


class _Text(_Guarded):
    """A page or a style sheet that depends on the theme."""

    def initialize(self, make: Callable[[str], str], kind: str = "html", cookie: str = "") -> None:
        self.make = make
        self.kind = kind
        self.cookie = cookie

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Send it."""
        if self.cookie:
            self.set_cookie(self.cookie, "1", path=self.request.path, samesite="Strict")
        self.set_header("Content-Type", f"text/{self.kind}; charset=utf-8")
        self.finish(self.make(self.get_query_argument("theme", "")))


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
    netron = Path(str(resources.files("netron")))
    base = url_path_join(app.web_app.settings["base_url"], "tfonnx_lab")

    def page(theme: str) -> str:
        return pages.netron_page((netron / "index.html").read_text("utf-8"), theme)

    def style(theme: str) -> str:
        return pages.themed((netron / "grapher.css").read_text("utf-8"), theme)

    # without that cookie Netron asks for consent, and a stranger's server for the country that the reader is in
    routes: list[Any] = [
        (url_path_join(base, "netron/"), _Text, {"make": page, "cookie": "consent"}),
        (url_path_join(base, "netron/grapher.css"), _Text, {"make": style, "kind": "css"}),
        (url_path_join(base, "netron/(.+)"), _Files, {"path": netron, "names": netron_files(netron)}),
        (url_path_join(base, "stepper/"), _Text, {"make": pages.stepper_page}),
        (url_path_join(base, "stepper/(.+)"), _Files, {"path": STATIC, "names": STEPPER_FILES}),
    ]
    app.web_app.add_handlers(".*$", routes)


_load_jupyter_server_extension = load
