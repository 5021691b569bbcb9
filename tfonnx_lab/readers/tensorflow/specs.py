"""The shapes and types of arguments, as a caller gives them: `x:float32[1,?,3]`, or what has a shape and a type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

_SPEC = re.compile(r"^\s*(?:(?P<name>[^\[\]:]+(?::\d+)?)\s*:)?\s*(?P<dtype>[a-z]+\d*)?\s*(?:\[(?P<dims>[^\]]*)\])?\s*$")
_OPEN = ("?", "none", "-1", "")


@dataclass(frozen=True)
class Spec:
    """An argument.

    shape: None for an open dimension.
    name: empty where it has none.
    dtype: TensorFlow's name.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        dims = ",".join("?" if d is None else str(d) for d in self.shape)
        return f"{self.name}:{self.dtype}[{dims}]" if self.name else f"{self.dtype}[{dims}]"

    def tensor_spec(self, tf: Any) -> Any:
        """As a tf.TensorSpec."""
        return tf.TensorSpec(self.shape, tf.dtypes.as_dtype(self.dtype), name=self.name or None)


def read_spec(given: Any) -> Spec:
    """A specification from text, or from anything that has a shape: tf.TensorSpec, keras.Input, an array.

    Raises ValueError for what is none.
    """
    if isinstance(given, Spec):
        return given
    if isinstance(given, str):
        return _from_text(given)
    shape, dtype = getattr(given, "shape", None), getattr(given, "dtype", "float32")
    if shape is None or getattr(shape, "rank", 0) is None:
        raise ValueError(
            f"input_signature: {given!r} has no shape; write 'x:float32[1,224,224,3]', ? for an open dimension"
        )
    kind = str(getattr(dtype, "name", dtype))
    return Spec(str(getattr(given, "name", None) or ""), kind, tuple(None if d is None else int(d) for d in shape))


def _from_text(text: str) -> Spec:
    found = _SPEC.match(text)
    if found is None or found["dims"] is None:
        raise ValueError(
            f"input_signature: cannot read {text!r}; write x:float32[1,224,224,3], ? for an open dimension"
        )
    dims = [d.strip() for d in found["dims"].split(",")] if found["dims"].strip() else []
    try:
        shape = tuple(None if d.lower() in _OPEN else int(d) for d in dims)
    except ValueError:
        raise ValueError(f"input_signature: {text!r}: a dimension is a number, or ? where it is open") from None
    return Spec((found["name"] or "").strip(), found["dtype"] or "float32", shape)


def as_texts(given: Any) -> tuple[str, ...]:
    """The specifications as texts, from one or a list or dict of them. Raises ValueError, TypeError for what is
    none."""
    if given is None:
        return ()
    if isinstance(given, dict):
        specs = [read_spec(v) for v in given.values()]
        return tuple(str(Spec(str(k), s.dtype, s.shape)) for k, s in zip(given, specs, strict=True))
    if isinstance(given, str) or hasattr(given, "shape"):
        return (str(read_spec(given)),)
    if not isinstance(given, Iterable):
        raise TypeError(
            f"input_signature={given!r}: it is a list of specifications, 'x:float32[1,224,224,3]' or tf.TensorSpec"
        )
    return tuple(str(read_spec(item)) for item in given)


def specs_of(texts: Sequence[str]) -> tuple[Spec, ...]:
    """The texts, read."""
    return tuple(map(read_spec, texts))
