"""The models of the other tests, with every dimension unknown when they are converted: known only when they run.

None is left out. What cannot be right without a size is stated at its case (`unknown_dims=Limit(...)`) and tested here.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import against
from .cases import UNDEFINED, Trial, Trials
from .models import Model

EACH = 4
"""How many models of a test are taken, from its first to its last; `--full` takes all."""


def _tests() -> Iterator[Any]:
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.stem != Path(__file__).stem:
            module = importlib.import_module(f".{path.stem}", __package__)
            for name, test in vars(module).items():
                trials = getattr(test, "trials", None)
                if isinstance(trials, Trials) and trials.some:
                    yield pytest.param(name, trials, id=f"{path.stem[5:]}-{name[5:]}")


@pytest.mark.parametrize(("name", "trials"), list(_tests()))
def test_unknown_dims(name: str, trials: Trials, request: pytest.FixtureRequest) -> None:
    count = 0
    for trial in trials.spread(None if request.config.getoption("--full", default=False) else EACH):
        tried(trial, told=trial.values and not UNDEFINED.search(f"{name}[{trial.spec}-18]"))
        count += 1
    assert count


def test_tests_of_every_file_are_tried() -> None:
    """But those whose cases are all refused at opset 18, or are no `@cases`."""
    assert len(list(_tests())) > 250


def tried(trial: Trial, told: bool) -> None:
    """The right answer, or the limit that the case states. told: whether LiteRT's values are the same in each run.

    Rounded inputs: a batch of unknown size shares a range unless exactness is asked for, and the trace says so.
    """
    how = {**trial.convert, **({"exact": True} if is_rounded(trial.model) else {})}
    limit = trial.spec.unknown_dims
    with limit.met() if limit is not None else contextlib.nullcontext():
        against.check(unknown(trial.model), trial.model.feeds(), ref=trial.reference, values=told, **how)


def is_rounded(model: Model) -> bool:
    """Whether an op multiplies floats with integer weights: LiteRT rounds its input to 8 bits."""
    return any("hybrid" in fact["scheme"] for fact in model.facts)


def unknown(model: Model) -> bytes:
    """The model with no dimension known but those of constants and variables."""
    model.bytes()  # LiteRT's shapes first: a variable keeps its own
    for tensor, table in zip(model.tensors, model.table.tensors, strict=True):
        if not tensor.constant and not table.isVariable and table.shape:
            table.shape, table.shapeSignature = [1] * len(table.shape), [-1] * len(table.shape)
    return model._pack()
