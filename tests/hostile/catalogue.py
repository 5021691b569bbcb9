"""The register of hostile files: a builder each, and what comes of its file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance import Model
from conformance.models import finished, packed

Build = Callable[[Model], Any]

CASES: dict[str, tuple[Callable[[], bytes], str, bool]] = {}
"""By name: what makes the file, what its error says (empty where it converts), whether LiteRT has an answer."""


def hostile(error: str = "", judged: bool = True) -> Callable[[Build], Build]:
    """Register a builder: it gets an empty model, and gives the file's bytes, or nothing where the model is the file.

    error: what the one error says that comes of it; empty: it converts.
    judged: whether LiteRT runs the file, so that the answers are compared; else the file only has to load.
    """

    def register(build: Build) -> Build:
        def make() -> bytes:
            model = Model()
            made = build(model)
            return made if isinstance(made, bytes) else model.bytes()

        assert build.__name__ not in CASES, build.__name__
        CASES[build.__name__] = make, error, judged
        return build

    return register


def sound(m: Model) -> Any:
    """A sound model of two ops, as the schema's object, to be spoilt: 2 inputs, a constant, ADD, RELU."""
    x = m.input([2, 2])
    y = m.op("ADD", [x, m.const([[1.0, 2.0], [3.0, 4.0]])], [m.tensor(shape=[2, 2])])
    m.outputs(m.op("RELU", [y], [m.tensor(shape=[2, 2])]))
    return packed(m)


def written(model: Any) -> bytes:
    """The file of a schema's object."""
    return finished(model)
