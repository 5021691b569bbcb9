"""Reads config files of reduced builds, which people edit: every mistake with its line, its column and the near name.

The format is ONNX Runtime's (onnxruntime/tools/reduced_build_config_parser.py), a line each:

    # a comment
    ai.onnx;11,12;Add,Cast{"inputs": {"0": ["float"]}, "outputs": {"0": ["int64_t"]}}
    !globally_allowed_types;float,int64_t
    !no_ops_specified_means_all_ops_are_required

What its parser accepts and a build then reads another way is a mistake here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches

from tfonnx_lab.mobile import kernel_registry
from tfonnx_lab.mobile.config_errors import ConfigError, Problem
from tfonnx_lab.mobile.config_text import SPACE, near_operator, no_comma, no_name, skip, split
from tfonnx_lab.mobile.config_types import Types, TypesMistake, read_types
from tfonnx_lab.mobile.type_names import GLOBAL_TYPES, type_problem

GLOBAL = "!globally_allowed_types"
ALL_IF_NONE = "!no_ops_specified_means_all_ops_are_required"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass
class Parsed:
    """What a file says: (domain, version) => ops; (domain, op) => types; the global list; the line of all operators."""

    ops: dict[tuple[str, int], set[str]] = field(default_factory=dict)
    types: dict[tuple[str, str], Types] = field(default_factory=dict)
    global_types: frozenset[str] | None = None
    all_if_none: bool = False


def parse(text: str, name: str) -> Parsed:
    """Read the text of a config file. Raises ConfigError with all mistakes of all lines."""
    reader = _Reader()
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        reader.line(number, line)
    reader.whole_file()
    if reader.problems:
        raise ConfigError(name, sorted(reader.problems, key=lambda p: (p.line, p.column)))
    return reader.found


class _Mistake(Exception):
    """Ends the reading of one line: column from 0, what is wrong, what to write."""

    def __init__(self, at: int, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.at, self.message, self.advice = at, message, advice


@dataclass(frozen=True)
class _Place:
    line: int
    at: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.at + 1}"


class _Reader:
    def __init__(self) -> None:
        self.found = Parsed()
        self.problems: list[Problem] = []
        self.seen: dict[tuple[str, str, int], _Place] = {}
        self.uses: dict[tuple[str, str], list[tuple[_Place, Types | None]]] = {}
        self.global_place: _Place | None = None

    def tell(self, place: _Place, message: str, advice: str = "") -> None:
        self.problems.append(Problem(place.line, place.at + 1, message, advice, place.text))

    def line(self, number: int, line: str) -> None:
        self.number, self.text = number, line
        try:
            if number == 1 and line.startswith("\ufeff"):
                raise _Mistake(0, "the file begins with a byte order mark", "save it as UTF-8 without one")
            bare = line.strip(SPACE)
            if not bare or bare.startswith("#"):
                return
            if bare.startswith("!"):
                self._directive(line.index("!"), bare)
            else:
                self._operators(*self._fields())
        except _Mistake as mistake:
            self.tell(self._place(mistake.at), mistake.message, mistake.advice)

    def _place(self, at: int) -> _Place:
        return _Place(self.number, at, self.text)

    def _directive(self, at: int, bare: str) -> None:
        word = bare.split(";")[0].strip(SPACE)
        if word == ALL_IF_NONE:
            if bare != ALL_IF_NONE:
                raise _Mistake(at + len(word), "nothing may follow on this line", "remove it")
            self.found.all_if_none = True
        elif word == GLOBAL:
            self._global(at, bare)
        else:
            near = get_close_matches(word, [GLOBAL, ALL_IF_NONE], 1, 0.5)
            advice = f"did you mean {near[0]}?" if near else f"it is {GLOBAL} or {ALL_IF_NONE}"
            raise _Mistake(at, f"{word} is not known", advice)

    def _global(self, at: int, bare: str) -> None:
        if self.global_place is not None:
            raise _Mistake(
                at, f"globally allowed types stand in line {self.global_place.line} already", "write one list"
            )
        self.global_place = self._place(at)
        if bare.count(";") != 1:
            raise _Mistake(at + len(bare), f"one ';' and the types follow {GLOBAL}", f"write {GLOBAL};float,int64_t")
        found: set[str] = set()
        for start, word in split(self.text, self.text.index(";") + 1, len(self.text), ","):
            if word in found:
                self.tell(self._place(start), f"{word} is listed twice", "remove one")
                continue
            message, advice = type_problem(word) if word else ("a type is missing here", "remove the comma")
            if not message and word not in GLOBAL_TYPES:
                message, advice = (
                    f"{word} cannot be in a global list",
                    "the build knows it in lists of single operators only",
                )
            if message:
                self.tell(self._place(start), message, advice)
            found.add(word)
        self.found.global_types = frozenset(found)

    def _fields(self) -> tuple[str, list[int], int]:
        """Domain, versions, and where the operators begin."""
        end = (self.text + "{").index("{")
        marks = [i for i, c in enumerate(self.text[:end]) if c == ";"][:2]
        if len(marks) < 2:
            at = len(self.text.rstrip(SPACE))
            missing = "versions and operators" if not marks else "operators"
            raise _Mistake(
                at, f"the {missing} are missing", "a line is domain;version,version;Op,Op, e.g. ai.onnx;11;Add,Mul"
            )
        domain = self._domain(self.text[: marks[0]])
        return domain, self._versions(marks[0] + 1, marks[1]), marks[1] + 1

    def _domain(self, field: str) -> str:
        domain = field.strip(SPACE)
        at = len(field) - len(field.lstrip(SPACE)) if domain else 0
        if not domain:
            raise _Mistake(at, "the domain is missing", "ONNX's own is written ai.onnx")
        known = kernel_registry.operators()
        if domain not in known:
            if not re.fullmatch(r"[A-Za-z0-9_.\-]+", domain):
                raise _Mistake(
                    at, f"{domain!r} is no name of a domain", "it is made of letters, digits, '.', '_' and '-'"
                )
            near = get_close_matches(domain, list(known), 1, 0.7)
            if near:
                raise _Mistake(at, f"no operator has the domain {domain}", f"did you mean {near[0]}?")
        return domain

    def _versions(self, start: int, end: int) -> list[int]:
        found: list[int] = []
        for at, word in split(self.text, start, end, ","):
            if not re.fullmatch(r"[0-9]{1,9}", word, re.ASCII) or int(word) < 1:
                message = f"{word!r} is no operator version" if word else "a version is missing here"
                self.tell(self._place(at), message, "it is a whole number from 1 on, e.g. 13")
            elif int(word) in found:
                self.tell(self._place(at), f"version {int(word)} stands here twice", "remove one")
            else:
                found.append(int(word))
        return found

    def _operators(self, domain: str, versions: list[int], at: int) -> None:
        text = self.text
        while True:
            at = skip(text, at)
            match = _NAME.match(text, at)
            if match is None:
                raise _Mistake(at, *no_name(text, at))
            start, op, at = at, match[0], skip(text, match.end())
            types = None
            if text[at : at + 1] == "{":
                types, at = self._types(domain, op, at)
            self._operator(domain, op, versions, self._place(start), types)
            at = skip(text, at)
            if at == len(text):
                return
            if text[at] != ",":
                raise _Mistake(at, *no_comma(text, at, op))
            at += 1

    def _types(self, domain: str, op: str, at: int) -> tuple[Types | None, int]:
        try:
            return read_types(self.text, at, domain, op)
        except TypesMistake as mistake:
            self.tell(self._place(mistake.at), mistake.message, mistake.advice)
            if mistake.end is None:
                raise _Mistake(mistake.at, "", "") from None
            return None, mistake.end

    def _operator(self, domain: str, op: str, versions: list[int], place: _Place, types: Types | None) -> None:
        known = kernel_registry.operators().get(domain)
        if known is not None and op not in known:
            return self.tell(place, f"{domain} has no operator {op}", near_operator(domain, op, known))
        kept = [v for v in versions if known is None or kernel_registry.covers(domain, op, v)]
        if versions and not kept:
            asked = " or ".join(map(str, versions))
            has = kernel_registry.versions_of(domain, op)
            return self.tell(place, f"{op} has no kernel for version {asked}", f"its kernels are for versions {has}")
        for version in kept:
            first = self.seen.setdefault((domain, op, version), place)
            if first is not place:
                return self.tell(place, f"{op} of version {version} stands at {first} already", "remove one of the two")
            self.found.ops.setdefault((domain, version), set()).add(op)
        self.uses.setdefault((domain, op), []).append((place, types))
        return None

    def whole_file(self) -> None:
        """What only the whole file shows: types that contradict, global types beside those of operators."""
        for (domain, op), uses in self.uses.items():
            first, types = uses[0]
            for place, others in uses[1:]:
                if others != types:
                    self.tell(
                        place, f"{op} has other types at {first}", "types hold for all versions: write the same in both"
                    )
            if types is not None:
                self.found.types[domain, op] = types
                if self.global_place is not None:
                    advice = f"remove the types here, or {GLOBAL} in line {self.global_place.line}"
                    self.tell(first, f"{op} has types of its own beside globally allowed types", advice)
        self.problems = [p for p in self.problems if p.message]
