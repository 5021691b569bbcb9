"""What an op takes and gives, by its schema: ONNX's from the onnx package, com.microsoft's from ONNX Runtime itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

import onnx

from tfonnx_lab.graph import MICROSOFT, ONNX

ML = "ai.onnx.ml"


@dataclass(frozen=True)
class Formal:
    """An input or output as the schema states it.

    kind: the type parameter ("T"), or the type itself ("tensor(int64)").
    types: those that it may have.
    optional: may be left out.
    variadic: stands for any number.
    homogeneous: of which all are of one type.
    """

    name: str
    kind: str
    types: frozenset[str]
    optional: bool
    variadic: bool
    homogeneous: bool


@dataclass(frozen=True)
class Schema:
    """An op of one version.

    attributes: name => (its type's name, whether it must be there).
    """

    domain: str
    op: str
    since: int
    inputs: tuple[Formal, ...]
    outputs: tuple[Formal, ...]
    fewest: int
    most: int
    attributes: Mapping[str, tuple[str, bool]]


@cache
def schema_of(domain: str, op: str, version: int) -> Schema | None:
    """The op's schema at a version of its domain; None where there is none."""
    if domain == MICROSOFT:
        return _of_runtime().get(op)
    try:
        return _made(onnx.defs.get_schema(op, version, domain))
    except onnx.defs.SchemaError:
        return None


def known_domain(domain: str) -> bool:
    """Whether the ops of a domain have schemas here; those of users' own domains have none."""
    return domain in (ONNX, MICROSOFT, ML)


def no_such_op(domain: str, op: str, version: int) -> str:
    """What to tell of an op that its domain does not have at this version."""
    since = [
        v for v in range(version + 1, onnx.defs.onnx_opset_version() + 1) if domain == ONNX and schema_of(domain, op, v)
    ]
    if since:
        return f"ONNX has {op} from opset {since[0]} on, not at opset {version}: convert with opset={since[0]}"
    near = get_close_matches(op, _names(domain), 1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"{domain or 'ONNX'} has no op {op} at opset {version}{meant}"


def newer_opset_that_takes(schema: Schema, index: int, kind: str) -> int | None:
    """The first opset after the schema's own at which the op's input takes a type; None where no opset does."""
    return _newer(schema, lambda s: s.inputs, index, kind)


def newer_opset_that_makes(schema: Schema, index: int, kind: str) -> int | None:
    """The same of an output."""
    return _newer(schema, lambda s: s.outputs, index, kind)


def _newer(schema: Schema, side: Callable[[Schema], tuple[Formal, ...]], index: int, kind: str) -> int | None:
    for version in range(schema.since + 1, onnx.defs.onnx_opset_version() + 1) if schema.domain == ONNX else ():
        newer = schema_of(schema.domain, schema.op, version)
        if newer is not None and index < len(side(newer)) and kind in side(newer)[index].types:
            return version
    return None


@cache
def _names(domain: str) -> tuple[str, ...]:
    if domain == MICROSOFT:
        return tuple(_of_runtime())
    return tuple({s.name for s in onnx.defs.get_all_schemas() if s.domain == domain})


@cache
def _of_runtime() -> Mapping[str, Schema]:
    """com.microsoft's ops."""
    from onnxruntime.capi import onnxruntime_pybind11_state as runtime

    return {s.name: _made(s) for s in runtime.get_all_operator_schema() if s.domain == MICROSOFT}


def _made(schema: Any) -> Schema:
    allowed = {c.type_param_str: frozenset(c.allowed_type_strs) for c in schema.type_constraints}
    attributes = {
        name: (str(getattr(a.type, "name", a.type)).rpartition(".")[2], bool(a.required))
        for name, a in schema.attributes.items()
    }
    return Schema(
        schema.domain, schema.name, schema.since_version, tuple(_formal(f, allowed) for f in schema.inputs),
        tuple(_formal(f, allowed) for f in schema.outputs), schema.min_input, schema.max_input, attributes,
    )  # fmt: skip


def _formal(formal: Any, allowed: Mapping[str, frozenset[str]]) -> Formal:
    """From onnx's formal parameter or ONNX Runtime's, which spell two fields differently."""
    kind = formal.type_str if hasattr(formal, "type_str") else formal.typeStr
    homogeneous = formal.is_homogeneous if hasattr(formal, "is_homogeneous") else formal.isHomogeneous
    option = formal.option.name
    return Formal(
        formal.name,
        kind,
        allowed.get(kind, frozenset([kind])),
        option == "Optional",
        option == "Variadic",
        bool(homogeneous),
    )
