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
from .cases import Trial, Trials
from .models import Model
from .support_table import UNDEFINED

EACH = 4
"""How many models of a test are taken, from its first to its last; `--full` takes all."""


def _tests() -> Iterator[Any]:
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.stem != Path(__file__).stem:
            module = importlib.import_module(f".{path.stem}", __package__)
            for name, test in vars(module).items():
                if isinstance(trials := getattr(test, "trials", None), Trials):
                    yield pytest.param(name, trials, id=f"{path.stem[5:]}-{name[5:]}")


@pytest.mark.parametrize(("name", "trials"), list(_tests()))
def test_unknown_dims(name: str, trials: Trials, request: pytest.FixtureRequest) -> None:
    for trial in trials.spread(None if request.config.getoption("--full", default=False) else EACH):
        if not UNDEFINED.search(f"{name}[{trial.spec}-18]"):
            tried(trial)


def tried(trial: Trial) -> None:
    """The right answer, or the limit that the case states.

    Rounded inputs: a batch of unknown size shares a range unless exactness is asked for, and the trace says so.
    """
    how = {**trial.convert, **({"exact": True} if is_rounded(trial.model) else {})}
    limit = trial.spec.unknown_dims
    with limit.met() if limit is not None else contextlib.nullcontext():
        against.check(unknown(trial.model), trial.model.feeds(), ref=trial.reference, values=trial.values, **how)


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
