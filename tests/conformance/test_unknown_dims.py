"""The models of the other tests, with every dimension unknown when they are converted: known only when they run."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from . import against
from .models import Model

EACH = 3
"""How many models of a test are taken: its first ones."""

LEFT_OUT = re.compile(
    r"computed_weights|computed$|groups|channel_activation|mfcc|lsh_projection|scatter|argmax|unpooling|transpose_bias"
    r"|irfft2d|resampler|warp|transform_|spec test_(reshape|broadcast_in_dim|iota|dot_general)"  # a size decides what is made
    r"|skip_gram|refused|scale_missing|split_string"  # refused with known sizes, too
    r"|hybrid|asymmetric|state|lstm|rnn|svdf"  # a batch of unknown size shares one range: docs/schemes.md
    r"|empty|special"  # none at all, infinities: the nodes that make up for ONNX Runtime there are for known sizes
    r"|random|multinomial|rng"  # any numbers
)
"""Tests whose models are not tried here, and why."""

Tried = Iterator[tuple[Model, against.Reference]]


def _tests() -> Iterator[Any]:
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.stem != Path(__file__).stem:
            module = importlib.import_module(f".{path.stem}", __package__)
            for name, test in vars(module).items():
                if hasattr(test, "tried") and not LEFT_OUT.search(f"{path.stem} {name}"):
                    yield pytest.param(test.tried, id=f"{path.stem[5:]}-{name[5:]}")


@pytest.mark.parametrize("tried", list(_tests()))
def test_unknown_dims(tried: Callable[[], Tried]) -> None:
    for model, ref in islice(tried(), EACH):
        against.check(unknown(model), model.feeds(), ref=ref)


def unknown(model: Model) -> bytes:
    """The model with no dimension known but those of constants and variables."""
    model.bytes()  # LiteRT's shapes first: a variable keeps its own
    for tensor, table in zip(model.tensors, model.table.tensors, strict=True):
        if not tensor.constant and not table.isVariable and table.shape:
            table.shape, table.shapeSignature = [1] * len(table.shape), [-1] * len(table.shape)
    return model._pack()
