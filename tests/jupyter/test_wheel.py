"""The wheel brings both extensions to where Jupyter looks for them."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import tfonnx_lab

ROOT = Path(tfonnx_lab.__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, f"{run.stderr}\nafter a change of the JavaScript: pip install -e ."
    [path] = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def data(wheel: zipfile.ZipFile, path: str) -> str:
    """The text of a file that goes to the environment's own folders."""
    return wheel.read(f"tfonnx_lab-{tfonnx_lab.__version__}.data/data/{path}").decode()


def test_the_labextension_is_installed_with_its_script(wheel: zipfile.ZipFile) -> None:
    about = json.loads(data(wheel, "share/jupyter/labextensions/tfonnx-lab/package.json"))
    assert about["version"] == tfonnx_lab.__version__
    script = data(wheel, f"share/jupyter/labextensions/tfonnx-lab/{about['jupyterlab']['_build']['load']}")
    assert "_JUPYTERLAB" in script and "tfonnx-lab:viewers" in script and "tfonnx-lab:convert" in script
    assert json.loads(data(wheel, "share/jupyter/labextensions/tfonnx-lab/install.json"))["packageName"] == "tfonnx-lab"


def test_the_server_extension_is_enabled(wheel: zipfile.ZipFile) -> None:
    config = json.loads(data(wheel, "etc/jupyter/jupyter_server_config.d/tfonnx_lab.json"))
    assert config == {"ServerApp": {"jpserver_extensions": {"tfonnx_lab": True}}}


def test_what_the_pages_load_is_in_it_and_no_sources_are(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert {
        f"tfonnx_lab/widgets/static/{name}" for name in ("served.js", "model.js", "netron.js", "lab.js")
    } <= names
    assert not [n for n in names if "node_modules" in n or n.startswith("tfonnx_lab/widgets/js/")]
