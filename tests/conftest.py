"""Every test, not those of the conformance suite alone, counts for the rules that have to fire in some test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest_plugins = ["conformance.hooks", "selection"]


@pytest.fixture
def own_rules() -> Iterator[None]:
    """The package's rules alone are there again after a test that registers rules of its own."""
    import tfonnx_lab as lab

    yield
    lab.restore()
