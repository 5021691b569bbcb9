"""The words that explain themselves: one source, one sentence each, and what a view shows is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

import tfonnx_lab as lab
from tfonnx_lab import samples
from tfonnx_lab.texts.glossary import as_markdown, glossary
from tfonnx_lab.widgets.view import View

DOCS = Path(__file__).parents[1] / "docs"
ASKED = [
    "zero point", "scale", "per channel", "QDQ group", "island", "float island", "opset", "partition", "origin",
    "rewriter", "handler", "optimizer", "kernel", "verdict", "wrong", "amplified", "within", "exact", "nrmse", "trace",
    "step",
]  # fmt: skip


@pytest.mark.parametrize("term", ASKED)
def test_a_term_has_its_sentence(term: str) -> None:
    assert term in glossary()


def test_each_is_one_sentence() -> None:
    for term, sentence in glossary().items():
        assert sentence[0].isupper() and sentence.endswith(".") and ". " not in sentence, term
        assert len(sentence) < 200, term


def test_the_page_of_the_documentation_is_this_list() -> None:
    assert (DOCS / "glossary.md").read_text("utf-8") == as_markdown()


def test_the_statuses_and_stages_that_views_show() -> None:
    it = lab.Lab(samples.path("digits_int8"), samples.inputs("digits_int8"))
    words = {stage.removesuffix("s") for stage in it.result.trace.header["stages"] if stage != "ONNX Runtime"}
    parity = it.view("Parity")
    assert isinstance(parity, View)
    words |= {row["status"] for row in parity.data["rows"]}
    words |= {"nrmse", "verdict"} & {c["title"] for c in parity.data["columns"]}
    assert words and words <= set(glossary())
    it.close()
