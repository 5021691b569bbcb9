"""The hooks of the conformance suite, and the list of what is known not to be right yet."""

import os
from pathlib import Path

import pytest

from .hooks import pytest_configure, pytest_sessionfinish, pytest_testnodedown
from .support_table import UNDEFINED

__all__ = ["pytest_collection_modifyitems", "pytest_configure", "pytest_sessionfinish", "pytest_testnodedown"]

GAPS = Path(__file__).parent / "gaps.txt"
"""Cases that differ from LiteRT or are refused, one test id a line. With TFONNX_LAB_STRICT=1 a case that passes fails the
suite until its line is taken out; without it, LiteRT's uninitialised outputs cannot fail a run by chance."""

STRICT = os.environ.get("TFONNX_LAB_STRICT") == "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect the known gaps to fail."""
    gaps = set(GAPS.read_text("utf-8").split("\n"))
    for item in items:
        name = item.nodeid.split("conformance/")[-1]
        if UNDEFINED.search(name):
            item.add_marker(pytest.mark.xfail(reason="LiteRT's own answer differs from run to run", strict=False))
        elif name in gaps:
            item.add_marker(pytest.mark.xfail(reason="a known gap, listed in gaps.txt", strict=STRICT))
