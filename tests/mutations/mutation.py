"""A mutation, and what it is tried with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tfonnx_lab"
C = "tests/conformance/"


@dataclass(frozen=True)
class Mutation:
    """One change: file (in the package), old => new (`old` stands in it once), what it breaks, and the tests of that
    piece."""

    file: str
    old: str
    new: str
    breaks: str
    tests: str

    def __str__(self) -> str:
        return f"{self.file}: {self.breaks}"
