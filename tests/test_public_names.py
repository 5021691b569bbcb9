"""The public face: every name is there, documented, and no other is promised."""

from __future__ import annotations

import inspect

import pytest

import tfonnx_lab as lab
from tfonnx_lab.conversion.pipeline import STAGES


def test_all_is_sorted_and_complete() -> None:
    assert list(lab.__all__) == sorted(lab.__all__)
    public = {n for n, v in vars(lab).items() if not n.startswith("_") and not inspect.ismodule(v)} - {
        "annotations",
        "Any",
        "TYPE_CHECKING",
        "load_ipython_extension",  # IPython calls it
    }
    assert public <= set(lab.__all__)


@pytest.mark.parametrize("name", lab.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    thing = getattr(lab, name)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        assert inspect.getdoc(thing)


@pytest.mark.parametrize("rule", [r for stage in STAGES for r in stage], ids=lambda r: f"{r.stage}.{r.name}")
def test_every_rule_says_what_it_does(rule: object) -> None:
    doc = rule.doc  # type: ignore[attr-defined]
    assert doc, "a rule has a docstring"
    assert "=>" in doc or "stays" in doc, f"its first line is `before => after`, not {doc!r}"
