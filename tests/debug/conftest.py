"""What the tests of debugging share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tfonnx_lab.conversion.pipeline import STAGES


@pytest.fixture
def handlers() -> Iterator[None]:
    """Takes the rules that a test registers away again, and puts those back that it took out."""
    with ExitStack() as kept:
        for stage in STAGES:
            kept.enter_context(stage.kept())
        yield
