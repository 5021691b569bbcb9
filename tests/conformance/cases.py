"""`@cases`: a function that builds a model becomes tests of it, one for each case and opset."""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import onnxruntime
import pytest

from tfonnx_lab import ConversionError

from . import against
from .models import Model

_RUNTIME = onnxruntime.capi.onnxruntime_pybind11_state.__name__
"""The module of ONNX Runtime's exceptions, which share no base class."""

Expected = Callable[..., Sequence[Any]]
"""A reference in numpy: the inputs' values to the outputs' values."""


_CRASH = re.compile(r"^[A-Za-z_]*(Error|Exception|Exit|Interrupt|Iteration): |please report it, with the file")
"""What a failure's reason has in it when a rule raised anything but Unsupported."""


UNDEFINED = re.compile(
    r"test_detection_postprocess\[per_detection=2.*regular=True|test_bidirectional_lstm\[.*merge=True-time_major=False"
)
"""Cases whose answer from LiteRT differs from run to run (memory that it leaves uninitialised): shapes and dtypes are
all that can be compared."""


@contextlib.contextmanager
def refusal(reason: str) -> Iterator[None]:
    """The conversion is refused, by each op that fails with these words in its reason; a crash of a rule is no refusal.

    reason: words of the message that the rule gives, as in `raise Unsupported(reason)`.
    """
    with pytest.raises(ConversionError) as caught:
        yield
    failures = caught.value.failures
    assert failures, f"no op is named: {caught.value}"
    for failure in failures:
        assert not _CRASH.search(failure.reason), f"a rule crashed, which is no refusal: {failure.reason}"
        assert reason in failure.reason, f"refused, but not because {reason!r}: {failure.reason}"


@dataclass(frozen=True)
class Limit:
    """What happens instead of the right answer where no dimension is known before the model runs.

    how: "refused" (the conversion, by a reason), "fails" (ONNX Runtime, when the model runs), "differs" (other values).
    words: of the reason, of ONNX Runtime's error, or of the mismatch.
    """

    how: Literal["refused", "fails", "differs"]
    words: str

    @contextlib.contextmanager
    def met(self) -> Iterator[None]:
        """The limit is met within the block; one that is overcome is a failure, so that it goes from the case."""
        if self.how == "refused":
            with refusal(self.words):
                yield
            return
        with pytest.raises(Exception, match=re.escape(self.words)) as caught:
            yield
        kind = "Mismatch" if isinstance(caught.value, against.Mismatch) else type(caught.value).__module__
        assert kind == ("Mismatch" if self.how == "differs" else _RUNTIME), f"it {self.how}, but by {caught.value!r}"


@dataclass(frozen=True)
class Case:
    """Arguments of one model; `min_opset` below which, and `unsupported` (words of the reason) for which, it is
    refused.

    unknown_dims: the limit that it meets where no dimension is known (`test_unknown_dims.py`), or None.
    """

    args: dict[str, Any]
    min_opset: int = 0
    unsupported: str | None = None
    unknown_dims: Limit | None = None

    def __str__(self) -> str:
        text = "-".join(v if isinstance(v, str) else f"{k}={_short(v)}" for k, v in self.args.items()) or "model"
        return text if len(text) <= 100 else f"{text[:90]}~{zlib.crc32(text.encode()):08x}"


@dataclass(frozen=True)
class Trial:
    """A case's model with what has to come out: for tests that try the models in other ways."""

    spec: Case
    model: Model
    reference: against.Reference
    values: bool
    convert: dict[str, Any]


def case(*, min_opset: int = 0, unsupported: str | None = None, unknown_dims: Limit | None = None, **args: Any) -> Case:
    """One set of arguments for the decorated function."""
    return Case(args, min_opset, unsupported, unknown_dims)


def _short(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "x".join(_short(v) for v in value) or "scalar"
    if isinstance(value, dict):
        return ",".join(f"{k}={_short(v)}" for k, v in value.items())
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype}{'x'.join(map(str, value.shape))}"
    return str(value)[:40]


def cases(*some: Case, values: bool = True, min_opset: int = 0, unsupported: str | None = None,
expected: Expected | None = None,
          convert: dict[str, Any] | None = None, unknown_dims: Limit | Callable[..., Limit | None] | None = None,
          **grid: Any) -> Callable[[Callable[..., Model]], Callable[..., None]]:  # fmt: skip
    """Test the model that the function builds: every `case` crossed with the grid (keyword = list of values), at each
    opset.

    `values=False` compares shapes and dtypes only (random ops); `min_opset` and `unsupported` say where a
    refusal is what should happen, for which reason (see `refusal`); `expected` is the reference for ops that LiteRT has
    no kernel for: a function of the inputs' values, and of the case's arguments by name, that returns the outputs';
    `convert` holds options of `tfonnx_lab.convert`; `unknown_dims` is the limit met where no dimension is known, or a
    function of the case's arguments that tells it.
    """
    crossed = [dict(zip(grid, combination, strict=True)) for combination in itertools.product(*grid.values())]
    all_cases = [
        Case(
            {**c.args, **g},
            max(min_opset, c.min_opset),
            c.unsupported or unsupported,
            c.unknown_dims or (unknown_dims(**c.args, **g) if callable(unknown_dims) else unknown_dims),
        )
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
            told = values and not UNDEFINED.search(f"{build.__name__}[{spec}-{opset}]")
            reason = spec.unsupported or (f"opset {spec.min_opset} on" if opset < spec.min_opset else None)
            if reason is None:
                against.check(model, opset=opset, values=told, ref=ref, **(convert or {}))
            else:
                with refusal(reason):
                    against.check(model, opset=opset, values=told, ref=ref, **(convert or {}))

        functools.update_wrapper(run, build)
        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in ("spec", "opset")]
        )
        run.trials = Trials(build, all_cases, expected, values, convert or {})  # type: ignore[attr-defined]
        pairs = [pytest.param(spec, opset, id=f"{spec}-{opset}") for spec in all_cases for opset in against.opsets()]
        parametrized: Callable[..., None] = pytest.mark.parametrize(("spec", "opset"), pairs)(run)
        return parametrized

    return decorate


def reference_of(model: Model, expected: Expected | None, args: dict[str, Any]) -> against.Reference:
    """What LiteRT says, or the given function."""
    if expected is None:
        return against.reference(model.bytes(), model.feeds())
    return against.given_reference(model, expected(*model.feeds(), **args))


@dataclass(frozen=True)
class Trials:
    """The models of a test, for tests that try them in other ways."""

    build: Callable[..., Model]
    cases: Sequence[Case]
    expected: Expected | None
    values: bool
    convert: dict[str, Any]

    @property
    def some(self) -> list[Case]:
        """The cases that can be converted at opset 18."""
        return [c for c in self.cases if not c.unsupported and c.min_opset <= 18]

    def spread(self, most: int | None) -> Iterator[Trial]:
        """Those that can be converted at opset 18; of more than `most`, so many at equal distances."""
        some = self.some
        if most is not None and len(some) > most:
            some = [some[i * (len(some) - 1) // (most - 1)] for i in range(most)]
        for spec in some:
            model = self.build(**spec.args)
            yield Trial(spec, model, reference_of(model, self.expected, spec.args), self.values, self.convert)
