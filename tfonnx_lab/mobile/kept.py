"""Which kernel registrations a build of a config keeps.

Source: tools/ci_build/reduce_op_kernels.py (versions) and
onnxruntime/tools/ort_format_model/operator_type_usage_processors.py (registrations of one type each; what is always
kept is in type_control.py).
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from tfonnx_lab.mobile.config_algebra import Config
from tfonnx_lab.mobile.config_types import TRIPLES, Types
from tfonnx_lab.mobile.size_table import ALL_TYPES, Registration, SizeTable, size_table, type_bits
from tfonnx_lab.mobile.type_control import TypeControl, type_control


def kept(config: Config, table: SizeTable) -> tuple[np.ndarray, np.ndarray]:
    """What of a table a build of a config keeps: bool, one a registration; and the bits of the types that each
    keeps."""
    keeps = np.zeros(len(table.registrations), bool)
    types = np.full(len(table.registrations), ALL_TYPES, np.int64)
    versions: dict[tuple[str, str], list[int]] = {}
    for (domain, version), ops in config.ops.items():
        for op in ops:
            versions.setdefault((domain, op), []).append(version)
    for key in table.by_op if config.keeps_all else versions:
        for index in table.by_op.get(key, ()):
            registration = table.registrations[index]
            keeps[index] = (config.keeps_all or _covered(registration, versions[key])) and keeps_type(
                config, registration
            )
        if key in table.by_op:
            types[table.by_op[key]] = _type_bits(config, key)
    return keeps, types


def keeps_type(config: Config, registration: Registration) -> bool:
    """A build keeps the type of a registration (one that is for all types always)."""
    if registration.type is None:
        return True
    words = words_of(registration.type)
    control = type_control(registration.domain, registration.op)
    if config.global_types is not None:
        return _in_global(config.global_types, control, words)
    listed = config.types.get((registration.domain, registration.op))
    return listed is None or control is None or _in_list(listed, control, words)


def _covered(registration: Registration, versions: list[int]) -> bool:
    return any(registration.start <= v and (registration.end is None or v <= registration.end) for v in versions)


def _in_global(allowed: frozenset[str], control: TypeControl | None, words: tuple[str, ...]) -> bool:
    """An operator without type control is kept by the name of its registration, so one that names two types never
    is."""
    if control is None:
        return len(words) == 1 and words[0] in allowed
    if control.registered_by is None:
        return all(word in allowed for word in words)
    return words[0] in allowed | control.always.get(control.registered_by, frozenset())


def _in_list(listed: Types, control: TypeControl, words: tuple[str, ...]) -> bool:
    if control.triple:
        return words in listed.get(TRIPLES, frozenset())
    if control.registered_by is None or control.registered_by not in listed:
        return True
    return words[0] in listed[control.registered_by] | control.always.get(control.registered_by, frozenset())


def _type_bits(config: Config, key: tuple[str, str]) -> int:
    """The bits of all types that an operator keeps in its code."""
    control = type_control(*key)
    if config.global_types is not None:
        always = frozenset[str]().union(*control.always.values()) if control else frozenset()
        return type_bits(config.global_types | always)
    listed = config.types.get(key)
    if listed is None or control is None:
        return ALL_TYPES
    if control.triple:
        return type_bits({word for triple in listed[TRIPLES] for word in triple})
    bits = 0
    for arg in control.args:
        bits |= type_bits(listed[arg] | control.always.get(arg, frozenset())) if arg in listed else ALL_TYPES
    return bits


def words_of(label: str) -> tuple[str, ...]:
    """The types in the name of a registration: "float_int64_t_int64_t" => float, int64_t, int64_t."""
    found = re.findall(r"[A-Za-z0-9]+(?:_t(?![A-Za-z0-9]))?", label)
    return tuple("std::string" if word == "string" else word for word in found)


@cache
def labels(domain: str, op: str, since_version: int) -> frozenset[str | None]:
    """The types of the registrations that a node of an operator's version may find; {None} where one is for all types.

    From the release table; empty for an operator that it does not have.
    """
    table = size_table("release")
    rows = [table.registrations[i] for i in table.by_op.get((domain, op), ())]
    return frozenset(r.type for r in rows if r.start == since_version or (r.end and r.start < since_version <= r.end))
