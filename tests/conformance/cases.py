"""`@cases`: a function that builds a model becomes tests of it, one for each case and opset."""

from __future__ import annotations

import functools
import inspect
import itertools
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from . import against
from .models import Model

ERROR = "ConversionError"


Expected = Callable[..., Sequence[Any]]
"""A reference in numpy: the inputs' values to the outputs' values."""


@dataclass(frozen=True)
class Case:
    """Arguments of one model; `min_opset` below which, and `unsupported` (why) for which, conversion has to fail."""

    args: dict[str, Any]
    min_opset: int = 0
    unsupported: str | None = None

    def __str__(self) -> str:
        text = "-".join(v if isinstance(v, str) else f"{k}={_short(v)}" for k, v in self.args.items()) or "model"
        return text if len(text) <= 100 else f"{text[:90]}~{zlib.crc32(text.encode()):08x}"


def case(*, min_opset: int = 0, unsupported: str | None = None, **args: Any) -> Case:
    """One set of arguments for the decorated function."""
    return Case(args, min_opset, unsupported)


def _short(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "x".join(_short(v) for v in value) or "scalar"
    if isinstance(value, dict):
        return ",".join(f"{k}={_short(v)}" for k, v in value.items())
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype}{'x'.join(map(str, value.shape))}"
    return str(value)[:40]


def cases(*some: Case, values: bool = True, min_opset: int = 0, unsupported: str | None = None, expected: Expected | None = None,
          convert: dict[str, Any] | None = None, **grid: Any) -> Callable[[Callable[..., Model]], Callable[..., None]]:  # fmt: skip
    """Test the model that the function builds: every `case` crossed with the grid (keyword = list of values), at each opset.

    `values=False` compares shapes and dtypes only (random ops); `min_opset` and `unsupported` say where a
    `ConversionError` is what should happen; `expected` is the reference for ops that LiteRT has no kernel for: a function
    of the inputs' values, and of the case's arguments by name, that returns the outputs'; `convert` holds options of `tfonnx_lab.convert`.
    """
    crossed = [dict(zip(grid, combination, strict=True)) for combination in itertools.product(*grid.values())]
    all_cases = [
        Case({**c.args, **g}, max(min_opset, c.min_opset), c.unsupported or unsupported)
        for c in (some or (Case({}),))
        for g in crossed
    ]

    def decorate(build: Callable[..., Model]) -> Callable[..., None]:
        known: dict[int, tuple[Model, against.Reference]] = {}

        def run(spec: Case, opset: int) -> None:
            if id(spec) not in known:
                known.clear()
                model = build(**spec.args)
                known[id(spec)] = model, reference_of(model, expected, spec.args)
            model, ref = known[id(spec)]
            refusal = spec.unsupported or (f"opset {spec.min_opset}" if opset < spec.min_opset else None)
            if refusal is None or against.converter() is None:
                against.check(model, opset=opset, values=values, ref=ref, **(convert or {}))
                return
            with pytest.raises(Exception) as caught:
                against.check(model, opset=opset, values=values, ref=ref, **(convert or {}))
            assert type(caught.value).__name__ == ERROR, f"{ERROR} expected ({refusal}), not {caught.value!r}"

        functools.update_wrapper(run, build)
        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in ("spec", "opset")]
        )
        run.tried = lambda: _tried(build, all_cases, expected)  # type: ignore[attr-defined]
        pairs = [pytest.param(spec, opset, id=f"{spec}-{opset}") for spec in all_cases for opset in against.opsets()]
        parametrized: Callable[..., None] = pytest.mark.parametrize(("spec", "opset"), pairs)(run)
        return parametrized

    return decorate


def reference_of(model: Model, expected: Expected | None, args: dict[str, Any]) -> against.Reference:
    """What LiteRT says, or the given function."""
    if expected is None:
        return against.reference(model.bytes(), model.feeds())
    return against.given_reference(model, expected(*model.feeds(), **args))


def _tried(
    build: Callable[..., Model], specs: list[Case], expected: Expected | None
) -> Iterator[tuple[Model, against.Reference]]:
    """Model and reference of each case: for tests that try the models in other ways."""
    for spec in specs:
        model = build(**spec.args)
        yield model, reference_of(model, expected, spec.args)
