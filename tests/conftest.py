"""Every test, not those of the conformance suite alone, counts for the rules that have to fire in some test."""

from conformance.hooks import pytest_configure, pytest_sessionfinish, pytest_testnodedown

__all__ = ["pytest_configure", "pytest_sessionfinish", "pytest_testnodedown"]
