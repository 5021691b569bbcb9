"""The hooks of the conformance suite."""

from .hooks import pytest_configure, pytest_sessionfinish, pytest_testnodedown

__all__ = ["pytest_configure", "pytest_sessionfinish", "pytest_testnodedown"]
