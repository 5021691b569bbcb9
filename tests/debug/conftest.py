"""What the tests of debugging share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tfonnx_lab.conversion.pipeline import STAGES


@pytest.fixture
def handlers() -> Iterator[None]:
    """Takes the rules that a test registers away again, and puts those back that it took out."""
    before = [{phase: list(rules) for phase, rules in stage._rules.items()} for stage in STAGES]
    yield
    for stage, old in zip(STAGES, before, strict=True):
        stage._rules = old
        stage._newest.clear()
