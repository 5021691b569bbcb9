"""The documentation site: `sphinx-build -W --keep-going docs build/docs`."""

from __future__ import annotations

import re
import shutil
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
project, author, release = "tfonnx_lab", "the tfonnx_lab authors", installed("tfonnx-lab")
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinxcontrib.mermaid"]
html_theme, html_title = "furo", "tfonnx_lab"
html_extra_path: list[str] = []
nb_execution_mode = "off"  # the notebooks are run by their own tests
nb_render_markdown_format = "myst"
myst_heading_anchors = 3
myst_fence_as_directive = ["mermaid"]
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
exclude_patterns = ["notebooks/.ipynb_checkpoints"]
suppress_warnings = ["myst.xref_missing"]  # links of the notebooks to files that are no pages

_PARAMETER = re.compile(r"^(\w+(?:, \w+)*): (?=\S)")
_SPECIAL = re.compile(r"([*|_\\])")


def as_rest(lines: list[str]) -> list[str]:
    """A docstring of this project in reStructuredText: `name: what it is` a list, indented lines code, the rest text.

    A docstring is plain text, so what reStructuredText would read as markup is escaped outside of backticks.
    """
    made: list[str] = []
    code = False
    for number, line in enumerate(lines):
        indented = line.startswith("    ") and bool(line.strip())
        if indented and not code and (not made or not made[-1].strip()):
            made += ["::", ""]
            code = True
        elif line.strip() and not indented:
            code = False
        if code:
            made.append(line)
        elif number and (found := _PARAMETER.match(line)) is not None:
            made += ["", f"* **{found[1]}**: {_text(line[found.end() :])}"]
        elif made and made[-1].startswith(("* **", "  ")) and line.strip():
            made.append(f"  {_text(line.strip())}")
        else:
            made.append(_text(line))
    return [*made, ""]


def _text(line: str) -> str:
    """Escaped outside of backticks; single backticks become the double ones of code."""
    parts = line.split("`")
    if len(parts) % 2 == 0:
        return _SPECIAL.sub(r"\\\1", line.replace("`", "'"))
    return "".join(f"``{p}``" if n % 2 and p else _SPECIAL.sub(r"\\\1", p) for n, p in enumerate(parts))


def _docstring(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    lines[:] = as_rest(lines)


def _notebooks(app: Any) -> None:
    """The lessons, beside the pages, as Sphinx wants them."""
    target = HERE / "notebooks"
    target.mkdir(exist_ok=True)
    for path in sorted((HERE.parent / "notebooks").glob("*.ipynb")):
        shutil.copyfile(path, target / path.name)


def _command_line(app: Any) -> None:
    """What `--help` prints, of each command."""
    from tfonnx_lab.commands.cli import parser

    top = parser()
    helps = [top.format_help()]
    for action in top._subparsers._group_actions if top._subparsers is not None else ():
        helps += [command.format_help() for command in (action.choices or {}).values()]  # type: ignore[attr-defined]
    (HERE / "_command_line.txt").write_text("\n\n".join(helps), "utf-8")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("builder-inited", _notebooks)
    app.connect("builder-inited", _command_line)
    app.connect("autodoc-process-docstring", _docstring)
