"""The README as the package index shows it, and the project's links: hatchling calls this when it packs.

An index knows no relative links. Where the repository's address is known (TFONNX_LAB_REPOSITORY, or what GitHub's and
GitLab's runners set) they become absolute, at the tag of the release; else pictures are left out and links are text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r"!\[([^\]]*)\]\((?!https?:)([^)]+)\)\n*")
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:|#)([^)]+)\)")


class ReadmeHook(MetadataHookInterface):
    """Fills in what pyproject.toml calls dynamic: `readme` and `urls`."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Write both into the metadata."""
        home = repository(os.environ)
        text = Path(self.root, "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": for_index(text, home, metadata["version"])}
        metadata["urls"] = urls(home)


def repository(environment: Mapping[str, str]) -> str:
    """The repository's address; empty where nobody tells it."""
    server, name = (environment.get(f"GITHUB_{what}", "") for what in ("SERVER_URL", "REPOSITORY"))
    found = environment.get("TFONNX_LAB_REPOSITORY") or environment.get("CI_PROJECT_URL") or ""
    return (found or (f"{server}/{name}" if server and name else "")).rstrip("/")


def urls(home: str) -> dict[str, str]:
    """The links beside the package's page."""
    if not home:
        return {}
    return {"Repository": home, "Issues": f"{home}/issues", "Changelog": f"{home}/blob/main/CHANGELOG.md"}


def for_index(text: str, home: str, version: str) -> str:
    """`![stepper](docs/stepper.png)` => `![stepper](<home>/raw/v0.1.0/docs/stepper.png)`; links in the same way."""
    if not home:
        return _LINK.sub(r"\1", _PICTURE.sub("", text))
    text = _PICTURE.sub(lambda m: m[0].replace(f"({m[2]})", f"({home}/raw/v{version}/{m[2]})"), text)
    return _LINK.sub(rf"[\1]({home}/blob/v{version}/\2)", text)
