"""Values of options: what an annotation allows, and one sentence where a value is something else."""

from __future__ import annotations

import numbers
import types
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal, Union, get_args, get_origin

_MANY = 40
"""How many names are listed at most."""


def checked(name: str, value: Any, annotation: Any) -> Any:
    """The value, in the type that the annotation names: a list of names becomes a tuple.

    name: of the option, for the message.
    annotation: bool, int, str, Literal, a union, a tuple of one type, or a Mapping.
    Raises TypeError for a value of another type, ValueError for one that is none of the allowed ones.
    """
    kind = get_origin(annotation) or annotation
    if kind is Literal:
        return _one_of(name, value, get_args(annotation))
    if kind in (Union, types.UnionType):
        return _any_of(name, value, annotation)
    if kind is int and isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    if kind is tuple and isinstance(value, Sequence) and not isinstance(value, str):
        item = get_args(annotation)[0]
        return tuple(checked(f"{name}[{place}]", one, item) for place, one in enumerate(value))
    if kind is Mapping and isinstance(value, Mapping):
        key, item = get_args(annotation)
        return {checked(name, k, key): checked(f"{name}[{k!r}]", v, item) for k, v in value.items()}
    if kind in (bool, str, types.NoneType) and isinstance(value, kind):
        return value
    raise TypeError(f"{name}={value!r}: it is {described(annotation)}, not {type(value).__name__}")


def no_such(message: str, name: str, known: Sequence[str]) -> str:
    """The message, and the known name that was meant, perhaps."""
    near = get_close_matches(name, known, 1)
    if near:
        return f"{message}; did you mean {near[0]!r}?"
    more = f" ... ({len(known)})" if len(known) > _MANY else ""
    return f"{message}; there {'are' if known else 'is none'} {', '.join(sorted(known)[:_MANY])}{more}".rstrip()


def one_of(name: str, value: Any, allowed: Sequence[Any]) -> None:
    """Raises ValueError where an argument is none of the allowed values, with the one that was meant, perhaps."""
    _one_of(name, value, allowed)


def _one_of(name: str, value: Any, allowed: Sequence[Any]) -> Any:
    if any(value == item and type(value) is type(item) for item in allowed):
        return value
    shown = [repr(item) for item in allowed]
    known = f"{', '.join(shown[:-1])} or {shown[-1]}" if len(shown) > 1 else shown[0]
    near = get_close_matches(str(value).lower(), [str(item) for item in allowed], 1)
    raise ValueError(f"{name}={value!r}: it is {known}" + (f"; did you mean {near[0]!r}?" if near else ""))


def _any_of(name: str, value: Any, annotation: Any) -> Any:
    for choice in get_args(annotation):
        try:
            return checked(name, value, choice)
        except (TypeError, ValueError):
            if get_origin(choice) is tuple and isinstance(value, Sequence) and not isinstance(value, str):
                raise  # the right kind: what is wrong is an item, which that names
    raise TypeError(f"{name}={value!r}: it is {described(annotation)}, not {type(value).__name__}")


def described(annotation: Any) -> str:
    """An annotation in words: "a whole number", "a sequence of names"."""
    kind, arguments = get_origin(annotation) or annotation, get_args(annotation)
    if kind in (Union, types.UnionType):
        return " or ".join(described(choice) for choice in arguments)
    if kind is tuple:
        return f"a list or tuple, each item {described(arguments[0])}"
    if kind is Mapping:
        return f"a dict, each key {described(arguments[0])}, each value {described(arguments[1])}"
    if kind is Literal:
        return " or ".join(map(repr, arguments))
    return {bool: "True or False", int: "a whole number", str: "a name", types.NoneType: "None"}[kind]
