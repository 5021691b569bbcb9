"""Cases for `keras_layers.py`: how a small model of one Keras layer is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from networks import keras, layers
from numpy.typing import NDArray

Array = NDArray[Any]
_DRAWN = np.random.RandomState(0)
BATCH = 2
"""How many samples every input has."""


@dataclass(frozen=True)
class Case:
    """A model of one layer.

    name: for the table. make: the layer. inputs: what it is fed, the batch first. call: how it is called on the
        inputs, where that is not `layer(inputs)`. alone: whether Keras makes no graph of the layer's own ops, and it is
        called by a model that is a class.
    """

    name: str
    make: Callable[[], Any]
    inputs: tuple[Array, ...]
    call: Callable[..., Any] | None = None
    alone: bool = False

    def model(self, batch: int | None) -> Any:
        """The Keras model, its weights drawn, with this batch (None: an unknown one)."""
        given = [
            layers.Input(batch_shape=(batch, *v.shape[1:]), dtype="string" if v.dtype == object else str(v.dtype))
            for v in self.inputs
        ]
        layer = self.make()
        if self.alone:
            return Alone(layer, given)
        made = self.call(layer, *given) if self.call else layer(given[0] if len(given) == 1 else given)
        model = keras.Model(given, made)
        draw = np.random.RandomState(3)
        model.set_weights([_drawn(draw, w) for w in model.get_weights()])
        return model


class Alone(keras.Model):  # type: ignore[misc]
    """A model that calls one layer."""

    def __init__(self, layer: Any, inputs: Sequence[Any]) -> None:
        super().__init__()
        self.layer = layer
        self.signature = [f"x:{i.dtype}{[d or -1 for d in i.shape]}" for i in inputs]

    def call(self, x: Any) -> Any:
        return self.layer(x)


def _drawn(draw: np.random.RandomState, weight: Array) -> Array:
    """Numbers in place of what a fresh layer starts with (zeros and ones would hide a lost bias): above zero, since
    some are variances."""
    if weight.dtype.kind != "f":
        return weight
    return (np.abs(draw.randn(*weight.shape)) * 0.5 + 0.2).astype(weight.dtype)


def normal(*shape: int) -> Array:
    """Numbers around zero."""
    return _DRAWN.randn(BATCH, *shape).astype(np.float32)


def picture(*shape: int) -> Array:
    """Numbers from 0 to 255."""
    return (_DRAWN.rand(BATCH, *shape) * 255).astype(np.float32)


def ids(high: int, *shape: int, dtype: str = "int32") -> Array:
    """Whole numbers below `high`."""
    return _DRAWN.randint(0, high, (BATCH, *shape)).astype(dtype)


def text(*rows: Sequence[str]) -> Array:
    """Strings."""
    return np.array(rows, dtype=object)


SEQUENCE, IMAGE, VOLUME, VECTOR = normal(6, 4), normal(8, 8, 3), normal(5, 6, 7, 2), normal(5)
PICTURE = picture(8, 8, 3)
BY_RANK = {1: SEQUENCE, 2: IMAGE, 3: VOLUME}
"""The dimensions of space => an input that has them."""


def of(kind: str, x: Array | Sequence[Array], *options: dict[str, Any]) -> list[Case]:
    """A case for each set of options of a layer; without any, one of its defaults."""
    inputs = tuple(x) if isinstance(x, (list, tuple)) else (np.asarray(x),)
    made = getattr(layers, kind)
    return [
        Case(f"{kind} {', '.join(f'{k}={_short(v)}' for k, v in o.items())}".strip(), partial(made, **o), inputs)
        for o in options or ({},)
    ]


def _short(value: Any) -> str:
    return getattr(value, "name", None) or getattr(value, "__name__", None) or str(value).replace(" ", "")[:40]
