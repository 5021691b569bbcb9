"""The shapes and types of arguments, as a caller gives them: `x:float32[1,?,3]`, or what has a shape and a type."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
    """The specifications as texts, from one or a list or dict of them; what lies in an argument that is a dict or a
    list itself is named by its path, `features/age`, or `0/age` for the first argument.

    Raises ValueError, TypeError for what is none.
    """
    if given is None:
        return ()
    if isinstance(given, str) or (hasattr(given, "shape") and not isinstance(given, Mapping)):
        return (str(read_spec(given)),)
    if not isinstance(given, Iterable):
        raise TypeError(
            f"input_signature={given!r}: it is a list of specifications, 'x:float32[1,224,224,3]' or tf.TensorSpec"
        )
    specs = []
    for path, item in _leaves(given):
        spec = read_spec(item)
        own = isinstance(given, Mapping) or len(path) > 1
        specs.append(replace(spec, name="/".join(path)) if own else spec)
    return tuple(map(str, specs))


def _leaves(given: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What dicts, lists and tuples hold in the end, each behind the keys and numbers that lead to it."""
    if isinstance(given, Mapping):
        parts: Iterable[tuple[Any, Any]] = given.items()
    elif (isinstance(given, Iterable) and not isinstance(given, str) and not hasattr(given, "shape")) or not path:
        parts = enumerate(given)
    else:
        yield path, given
        return
    for key, item in parts:
        yield from _leaves(item, (*path, str(key)))


def grouped(specs: Sequence[Spec], parameters: Collection[str] = ()) -> list[Any]:
    """The arguments of a call: `features/age`, `features/sex` => the dict {age, sex}, where a parameter is named so, or
    the name begins with a number; keys that count from 0 make a tuple. Raises ValueError where names contradict."""
    made: dict[str, Any] = {}
    for n, spec in enumerate(specs):
        head, *path = spec.name.split("/")
        if not path or not (head.isdigit() or head in parameters):
            made[f"{n}:"] = spec  # no head has a colon
            continue
        inner = made
        for key in (head, *path[:-1]):
            inner = inner.setdefault(key, {})
            if not isinstance(inner, dict):
                raise ValueError(f"input_signature: {spec} lies in what is a tensor itself")
        inner[path[-1]] = replace(spec, name="")
    return [_listed(part) for part in made.values()]


def _listed(tree: Any) -> Any:
    if isinstance(tree, Spec):
        return tree
    parts = {key: _listed(part) for key, part in tree.items()}
    return tuple(parts.values()) if all(key == str(n) for n, key in enumerate(parts)) else parts


def specs_of(texts: Sequence[str]) -> tuple[Spec, ...]:
    """The texts, read."""
    return tuple(map(read_spec, texts))
