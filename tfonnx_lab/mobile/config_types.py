"""The types behind an operator in a config file: `Cast{"inputs": {"0": ["float"]}, "outputs": {"0": ["int64_t"]}}`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tfonnx_lab.mobile.type_control import Arg, TypeControl, arg_name, type_control
from tfonnx_lab.mobile.type_names import type_problem

Types = Mapping[Arg, frozenset[Any]]
"""An operator's types: ("inputs", 0) => C++ words; of OneHot ("custom", 0) => triples of words."""

TRIPLES: Arg = ("custom", 0)


class TypesMistake(Exception):
    """What is wrong in an operator's types: `at` from 0, what to write;

    `end` is where the types end, None where none is.
    """

    def __init__(self, at: int, message: str, advice: str = "", end: int | None = None) -> None:
        super().__init__(message)
        self.at, self.message, self.advice, self.end = at, message, advice, end


class _Twice(ValueError):
    pass


def write_types(types: Types) -> str:
    """An operator's types as ONNX Runtime's own script writes them: JSON on one line, everything sorted."""
    if TRIPLES in types:
        return json.dumps({"custom": [list(triple) for triple in sorted(types[TRIPLES])]})
    plain: dict[str, dict[str, list[str]]] = {}
    for side, index in sorted(types):
        plain.setdefault(side, {})[str(index)] = sorted(types[side, index])
    return json.dumps(plain)


def read_types(text: str, at: int, domain: str, op: str) -> tuple[Types, int]:
    """Read the types that begin at `at` with "{".

    Gives them and the position behind. Raises TypesMistake.
    """
    try:
        plain, end = json.JSONDecoder(object_pairs_hook=_pairs).raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise TypesMistake(min(error.pos, len(text)), f"these types are no JSON: {error.msg}", _EXAMPLE) from None
    except (RecursionError, ValueError) as error:
        told = str(error) if isinstance(error, _Twice) else "too deep or too large"
        raise TypesMistake(at, f"these types cannot be read: {told}", _EXAMPLE) from None
    control = type_control(domain, op)
    if control is None:
        raise TypesMistake(at, f"{op} has no type control: it keeps all its types", f"write {op} alone", end)
    return _Types(text, at, end, op, control).of(plain), end


_EXAMPLE = 'e.g. Cast{"inputs": {"0": ["float"]}, "outputs": {"0": ["int64_t"]}}'


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for i, (key, _) in enumerate(pairs) if key in dict(pairs[:i]))
        raise _Twice(f"{twice!r} stands twice")
    return found


class _Types:
    """Checks the JSON of one operator against its type control."""

    def __init__(self, text: str, start: int, end: int, op: str, control: TypeControl) -> None:
        self.text, self.start, self.end, self.op, self.control = text, start, end, op, control

    def mistake(self, word: str | None, message: str, advice: str) -> TypesMistake:
        """A mistake at the first place of a word of the JSON, or at its beginning."""
        found = -1 if word is None else self.text.find(f'"{word}"', self.start, self.end)
        return TypesMistake(self.start if found < 0 else found + 1, message, advice, self.end)

    def of(self, plain: Any) -> Types:
        if not isinstance(plain, dict) or not plain:
            raise self.mistake(None, "no types are listed", f"write {self.op} alone to keep all")
        if self.control.triple:
            return {TRIPLES: self._triples(plain)}
        found: dict[Arg, frozenset[Any]] = {}
        for side, lists in plain.items():
            if side not in ("inputs", "outputs"):
                raise self.mistake(side, f"{side!r} is not known here", "types stand under inputs and outputs")
            if not isinstance(lists, dict) or not lists:
                raise self.mistake(side, f"{side} lists nothing", _EXAMPLE)
            for index, words in lists.items():
                found[self._arg(side, index)] = self._words(index, words)
        return found

    def _arg(self, side: str, index: str) -> Arg:
        allowed = {(s, str(i)): (s, i) for s, i in self.control.args}
        if (side, index) not in allowed:
            has = " and ".join(arg_name(a) for a in self.control.args)
            raise self.mistake(
                index, f"types of {side[:-1]} {index} of {self.op} cannot be chosen", f"only those of {has}"
            )
        return allowed[side, index]

    def _words(self, index: str, words: Any) -> frozenset[str]:
        if not isinstance(words, list) or not words:
            raise self.mistake(index, f"{index!r} lists no types", "remove it to keep all types")
        for word in words:
            self._word(word)
        if len(set(words)) < len(words):
            twice = next(w for w in words if words.count(w) > 1)
            raise self.mistake(twice, f"{twice} is listed twice", "remove one")
        return frozenset(words)

    def _word(self, word: Any) -> None:
        if not isinstance(word, str):
            raise self.mistake(None, f"{word!r} is no name of a type", _EXAMPLE)
        message, advice = type_problem(word)
        if message:
            raise self.mistake(word, message, advice)

    def _triples(self, plain: dict[str, Any]) -> frozenset[tuple[str, ...]]:
        example = f'e.g. {self.op}{{"custom": [["float", "int64_t", "int64_t"]]}}: input 0, output, input 1'
        rows = plain.get("custom")
        if set(plain) != {"custom"} or not isinstance(rows, list) or not rows:
            raise self.mistake(next(iter(plain)), f"{self.op} lists triples of types under custom", example)
        for row in rows:
            if not isinstance(row, list) or len(row) != 3:
                raise self.mistake("custom", f"{row!r} is no triple of types", example)
            for word in row:
                self._word(word)
        return frozenset(tuple(row) for row in rows)
