"""What the package index shows: pictures and links that lead somewhere, or none."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import tfonnx_lab as lab

TOP = Path(lab.__file__).parents[1]


def hook() -> Any:
    spec = importlib.util.spec_from_file_location("readme_hook", TOP / "docs" / "readme_hook.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_readme_has_no_relative_links_where_it_is_shown() -> None:
    text, made = (TOP / "README.md").read_text("utf-8"), hook()
    assert "](docs/stepper.png)" in text
    alone = made.for_index(text, "", "1.2.3")
    assert "png" not in re.sub(r"`[^`]*`", "", alone) and not re.search(r"\]\((?!https?:|#)", alone)
    linked = made.for_index(text, "https://example.org/lab", "1.2.3")
    assert "](https://example.org/lab/raw/v1.2.3/docs/stepper.png)" in linked
    assert "](https://example.org/lab/blob/v1.2.3/docs/architecture.md)" in linked
    assert not re.search(r"\]\((?!https?:|#)", linked)


def test_the_repository_is_told_by_the_environment() -> None:
    made = hook()
    assert made.repository({}) == "" and made.urls("") == {}
    assert made.repository({"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b"}) == (
        "https://github.com/a/b"
    )
    told = {"CI_PROJECT_URL": "https://gitlab.com/a/b", "TFONNX_LAB_REPOSITORY": "https://example.org/lab/"}
    assert made.urls(made.repository(told))["Issues"] == "https://example.org/lab/issues"
