"""The hooks of the conformance suite, and the cases of which nothing can be expected."""

import pytest

from .hooks import pytest_configure, pytest_sessionfinish, pytest_testnodedown
from .support_table import UNDEFINED

__all__ = ["pytest_collection_modifyitems", "pytest_configure", "pytest_sessionfinish", "pytest_testnodedown"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the cases fail that LiteRT answers differently from run to run."""
    for item in items:
        if UNDEFINED.search(item.nodeid):
            item.add_marker(pytest.mark.xfail(reason="LiteRT's own answer differs from run to run", strict=False))
