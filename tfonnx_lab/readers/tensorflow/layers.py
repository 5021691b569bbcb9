"""Which of Keras's layers made which of TensorFlow's ops: asked of the layers themselves while the function is
traced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

Told = Callable[[str, Any], None]


@dataclass(frozen=True)
class Layer:
    """A layer of a Keras model.

    path: its name, behind those of the models it lies in.
    kind: its class.
    """

    path: str
    kind: str


@dataclass
class Layers:
    """The layers of a model and the name scopes in which they made their ops.

    known: every layer, in the order of the model.
    scopes: name scope => its layer.
    outputs: the tensors of the function's outputs, in order, by TensorFlow's names.
    results: path of a layer => the tensors of its last call, by TensorFlow's names, in the order of the calls.
    live: the operations that something fed leads to; the others are constants, which several layers may share.
    """

    known: list[Layer] = field(default_factory=list)
    scopes: dict[str, Layer] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    results: dict[str, list[str]] = field(default_factory=dict)
    live: frozenset[str] = frozenset()

    def operation(self, name: str) -> str | None:
        """The operation that a tensor's name in the TFLite file means: digits at its end may only make it unique."""
        while name and name not in self.live and name[-1].isdigit():
            name = name[:-1]
        return name if name in self.live else None

    def of(self, name: str) -> Layer | None:
        """The layer of an operation of TensorFlow, by its name: the innermost scope that it lies in."""
        parts = name.split("/")
        for end in range(len(parts), 0, -1):
            found = self.scopes.get("/".join(parts[:end]))
            if found is not None:
                return found
        return None


@contextmanager
def watched(tf: Any, model: Any, told: Told = lambda path, result: None) -> Iterator[Layers]:
    """While this is open, each layer of the model that is called tells the name scope of its ops.

    Its `call` is one that notes it first, until the end. An operation that is no layer (`x + 1` of Keras's tensors) has
    no scope of its own, and gets one by its name.

    told: called with the path of a layer and what it returns, a nested structure of tensors.
    """
    found = Layers()
    changed: list[Any] = []
    for path, layer in _walk(model):
        known = Layer(path, type(layer).__name__)
        found.known.append(known)
        for name in ("call", "quantized_call"):
            if callable(getattr(layer, name, None)):
                with suppress(Exception):  # a layer that takes no attributes is found by its name, or not at all
                    before = layer.__dict__.get(name)
                    object.__setattr__(layer, name, _noting(tf, getattr(layer, name), layer, known, found, told))
                    changed.append((layer, name, before))
    try:
        yield found
    finally:
        for layer, name, before in changed:
            layer.__dict__.pop(name, None)
            if before is not None:
                object.__setattr__(layer, name, before)


def _walk(model: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, layer) of all layers and operations below a model, each before those that it holds."""
    seen: set[int] = {id(model)}

    def below(layer: Any, path: str) -> Iterator[tuple[str, Any]]:
        for inner in _parts(layer):
            if id(inner) not in seen and type(inner).__name__ != "InputLayer":
                seen.add(id(inner))
                own = f"{path}/{inner.name}" if path else str(inner.name)
                yield own, inner
                yield from below(inner, own)

    yield from below(model, path)


def _parts(layer: Any) -> list[Any]:
    """The layers, and operations that are none, directly below a layer."""
    operations = getattr(layer, "operations", None)
    if operations:
        return list(operations)
    own = getattr(layer, "layers", None) or getattr(layer, "_layers", None) or ()
    return [item for item in own if hasattr(item, "call") and hasattr(item, "name")]


def _noting(
    tf: Any, call: Callable[..., Any], layer: Any, known: Layer, found: Layers, told: Told
) -> Callable[..., Any]:
    is_layer = hasattr(layer, "weights")

    @wraps(call)
    def noting(*arguments: Any, **keywords: Any) -> Any:
        if is_layer:
            found.scopes.setdefault(tf.get_current_name_scope(), known)
            result = call(*arguments, **keywords)
        else:
            with tf.name_scope(known.path.rpartition("/")[2]):
                found.scopes.setdefault(tf.get_current_name_scope(), known)
                result = call(*arguments, **keywords)
        made = [getattr(value, "name", "") for value in tf.nest.flatten(result) if hasattr(value, "op")]
        found.results.pop(known.path, None)
        found.results[known.path] = made
        told(known.path, result)
        return result

    return noting
