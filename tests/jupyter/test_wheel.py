"""The wheel: both extensions where Jupyter looks for them, nothing that does not belong there, the same bytes each
time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import tfonnx_lab

ROOT = Path(tfonnx_lab.__file__).parent.parent


def built(folder: Path) -> Path:
    """The wheel of this checkout, in a folder."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, f"{run.stderr}\nafter a change of the JavaScript: pip install -e ."
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this checkout."""
    return zipfile.ZipFile(built(tmp_path_factory.mktemp("wheel")))


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
    assert {f"tfonnx_lab/widgets/static/{name}" for name in ("served.js", "model.js", "netron.js", "lab.js")} <= names
    assert not [n for n in names if "node_modules" in n or n.startswith("tfonnx_lab/widgets/js/")]


def test_each_file_in_it_is_accounted_for(wheel: zipfile.ZipFile) -> None:
    """The package's Python, notebooks, and these kinds of data; nothing else gets in by accident."""
    version = tfonnx_lab.__version__
    python = {
        p.relative_to(ROOT).as_posix() for p in (ROOT / "tfonnx_lab").rglob("*.py") if "widgets/js/" not in p.as_posix()
    }
    notebooks = {f"tfonnx_lab/notebooks/{p.name}" for p in (ROOT / "notebooks").iterdir() if p.is_file()}
    rest = set(wheel.namelist()) - python - notebooks
    assert len(python) > 300 and python <= set(wheel.namelist())
    known = [
        r"tfonnx_lab/py\.typed",
        r"tfonnx_lab/graph/tflite_options\.json",
        r"tfonnx_lab/jupyter/(config/.*\.json|labextension/.*\.(js|json))",
        r"tfonnx_lab/(mobile|mobile/\w+)/.*\.(json|json\.gz|md|config)",
        r"tfonnx_lab/samples/.*\.(tflite|npz|npy|md|json|png)",
        r"tfonnx_lab/texts/glossary\.json",
        r"tfonnx_lab/widgets/static/(.*\.(js|css|sha256|json)|NETRON-LICENSE)",
        rf"tfonnx_lab-{version}\.data/data/(share/jupyter/labextensions/tfonnx-lab|etc/jupyter/jupyter_server_config\.d)/.*\.(js|json)",
        rf"tfonnx_lab-{version}\.dist-info/(METADATA|WHEEL|RECORD|entry_points\.txt|licenses/.*LICENSE)",
    ]
    assert [n for n in sorted(rest) if not any(re.fullmatch(kind, n) for kind in known)] == []


def test_it_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    first, second = (built(tmp_path / name).read_bytes() for name in ("a", "b"))
    assert first == second
