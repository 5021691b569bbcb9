"""One node against its op's schema and against the kernels of the installed ONNX Runtime: dtypes, attributes, arity.

What is not known yet (a value without a dtype) is not held against it; `model.py` looks at the finished graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cache

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph import MICROSOFT, quantization
from tfonnx_lab.validity.functions import parts
from tfonnx_lab.validity.kernels import Kernel, kernels, runtime_version
from tfonnx_lab.validity.schemas import (
    ML,
    Formal,
    Schema,
    known_domain,
    newer_opset_that_makes,
    newer_opset_that_takes,
    no_such_op,
    schema_of,
)
from tfonnx_lab.validity.types import FLOATS, WORDS, listed, plain, type_of

_VERSIONS = {ML: 2, MICROSOFT: 1}
"""The versions of the domains that are not ONNX's own, in the files that the package writes."""

_FLOAT16, _FLOAT = WORDS[ir.DataType.FLOAT16], WORDS[ir.DataType.FLOAT]


def check_node(node: ir.Node, opset: int) -> None:
    """Raise Unsupported for a node that no ONNX model can hold, or whose dtypes the installed ONNX Runtime has no
    kernel for.

    An op that has no kernel of that opset at all passes: an optimizer may write it in another way
    (`optimizers/qdq.py`).
    """
    if (problem := node_problem(node, opset)) and not problem.startswith(_OF_NO_DTYPE):
        raise Unsupported(problem)


def check_schema(node: ir.Node, opset: int) -> None:
    """Raise Unsupported for a node that no ONNX model can hold, whatever the installed ONNX Runtime has kernels for."""
    if (problem := node_problem(node, opset)) and not is_of_kernels(problem):
        raise Unsupported(problem)


def is_of_kernels(problem: str) -> bool:
    """Whether the ONNX Runtime that is installed is at fault, and another runtime may take the node."""
    return problem.startswith((_NO_KERNEL, _OF_NO_DTYPE))


def node_problem(node: ir.Node, opset: int, version: int | None = None) -> str:
    """What is wrong with a node, and what to do; empty where nothing is.

    opset: of ONNX's own domain.
    version: of the node's domain, where that is another; None: what the package writes.
    """
    if not known_domain(node.domain):
        return ""
    kinds = tuple([(name, a.type._name_) for name, a in node.attributes.data.items()])  # `name` takes four calls
    found = _problem(
        node.domain, node.op_type, opset if node.domain == "" else version or _VERSIONS[node.domain],
        tuple(map(type_of, node.inputs)),
        tuple([v is not None for v in node.inputs]), tuple(map(type_of, node.outputs)), kinds,
    )  # fmt: skip
    if found is None:
        return ""
    text, index = found
    if is_of_kernels(text) and (inside := parts(node, opset)):
        return text if any(node_problem(part, inside[0]) for part in inside[1]) else ""
    return text + (_remedy(node, index, opset) if index is not None else "")


_CODES = frozenset(WORDS[d] for d in (ir.DataType.INT8, ir.DataType.UINT8))
"""Values of these dtypes are nearly always codes; what a handler computed of codes has no scale to tell so."""

_NO_KERNEL = "ONNX Runtime has no kernel for"
_OF_NO_DTYPE = "ONNX Runtime has no kernel for any dtype of"

Found = tuple[str, int | None] | None
"""What is wrong, and the index of the input whose dtype it is; None where nothing is."""


@cache
def _problem(
    domain: str,
    op: str,
    version: int,
    inputs: tuple[str, ...],
    given: tuple[bool, ...],
    outputs: tuple[str, ...],
    attributes: tuple[tuple[str, str], ...],
) -> Found:
    schema = schema_of(domain, op, version)
    if schema is None:
        return no_such_op(domain, op, version), None
    text = _arity(schema, given) or _attributes(schema, attributes)
    if text:
        return text, None
    return _types(schema, inputs) or _same_types(schema, inputs, outputs) or _kernel(schema, inputs, outputs)


def _arity(schema: Schema, given: Sequence[bool]) -> str:
    if not schema.fewest <= len(given) <= schema.most:
        many = str(schema.fewest) if schema.fewest == schema.most else f"{schema.fewest} to {schema.most}"
        return f"{schema.op} takes {many} inputs, not {len(given)}"
    for formal, there in zip(schema.inputs, given, strict=False):
        if not there and not formal.optional and not formal.variadic:
            return f"{schema.op} needs its input {formal.name!r}"
    return ""


def _attributes(schema: Schema, given: Sequence[tuple[str, str]]) -> str:
    names = {name for name, _ in given}
    for name, kind in given:
        if name not in schema.attributes:
            near = get_close_matches(name, schema.attributes, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(schema.attributes) or 'none'}"
            return f"{schema.op} has no attribute {name!r} at this opset; {hint}"
        wanted = schema.attributes[name][0]
        if kind != wanted:
            return f"the attribute {name!r} of {schema.op} is of type {wanted}, not {kind}"
    for name, (_, required) in schema.attributes.items():
        if required and name not in names:
            return f"{schema.op} needs the attribute {name!r}"
    return ""


def _paired(formals: Sequence[Formal], types: Sequence[str]) -> Iterator[tuple[int, Formal, str]]:
    """(index, what the schema says, type) of those whose type is known."""
    for index, kind in enumerate(types):
        formal = formals[min(index, len(formals) - 1)] if formals else None
        if kind and formal is not None:
            yield index, formal, kind


def _types(schema: Schema, inputs: Sequence[str]) -> Found:
    for index, formal, kind in _paired(schema.inputs, inputs):
        if kind not in formal.types:
            return f"{schema.op} takes no {plain(kind)}{_which(schema, index)}", index
    return None


def _which(schema: Schema, index: int) -> str:
    """` as its input 'indices'`, of an op that has several."""
    if len(schema.inputs) < 2 or index >= len(schema.inputs):
        return ""
    return f" as its input {schema.inputs[index].name!r}"


def _same_types(schema: Schema, inputs: Sequence[str], outputs: Sequence[str]) -> Found:
    """A type parameter stands for one type."""
    bound: dict[str, tuple[str, str]] = {}
    for index, formal, kind in _paired(schema.inputs, inputs):
        if formal.variadic and not formal.homogeneous:
            continue
        name = f"{formal.name}[{index}]" if formal.variadic else formal.name
        first, other = bound.setdefault(formal.kind, (kind, name))
        if first != kind:
            both = f"{plain(first)} ({other}) and {plain(kind)} ({name})"
            return f"{schema.op} takes inputs of one dtype, not {both}; cast one of them", None
    for index, formal, kind in _paired(schema.outputs, outputs):
        if formal.variadic and not formal.homogeneous:
            continue
        first, other = bound.get(formal.kind, (kind, ""))
        if kind not in formal.types or first != kind:
            if kind in formal.types:
                return f"{schema.op} returns {plain(first)}, not {plain(kind)}", None
            newer = newer_opset_that_makes(schema, index, kind)
            later = f"; opset {newer} does" if newer else f", only {listed(formal.types)}"
            return f"{schema.op} of opset {schema.since} returns no {plain(kind)}{later}", None
    return None


def _kernel(schema: Schema, inputs: Sequence[str], outputs: Sequence[str]) -> Found:
    """Whether a kernel takes these types. float16 is computed in float32 where a kernel takes that."""
    fitting = [k for k in kernels().get((schema.domain, schema.op), ()) if k.versions.runs(schema.since)]
    wide_in = [_FLOAT if k == _FLOAT16 else k for k in inputs]
    wide_out = [_FLOAT if k == _FLOAT16 else k for k in outputs]
    known = (inputs, outputs), (wide_in, wide_out)
    if schema.op == "Constant" or any(_takes(k, schema, *types) for k in fitting for types in known):
        return None  # a Constant is read as an initializer
    if not fitting:
        return f"{_OF_NO_DTYPE} {schema.op} of opset {schema.since} ({runtime_version()})", None
    for index, formal, kind in _paired(schema.inputs, inputs):
        taken = frozenset().union(*(_allowed(k, formal) or formal.types for k in fitting))
        if kind not in taken:
            which = _which(schema, index)
            return (
                f"{_NO_KERNEL} {schema.op} of {plain(kind)}{which}, only of {listed(taken)} ({runtime_version()})",
                index,
            )
    shown = ", ".join(plain(k) or "?" for k in inputs)
    return f"{_NO_KERNEL} {schema.op} that takes {shown} together ({runtime_version()})", None


def _takes(kernel: Kernel, schema: Schema, inputs: Sequence[str], outputs: Sequence[str]) -> bool:
    pairs = [*_paired(schema.inputs, inputs), *_paired(schema.outputs, outputs)]
    return all(kind in (_allowed(kernel, formal) or (kind,)) for _, formal, kind in pairs)


def _allowed(kernel: Kernel, formal: Formal) -> frozenset[str] | None:
    return kernel.types.get(formal.kind) or kernel.types.get(formal.name)


def _remedy(node: ir.Node, index: int, opset: int) -> str:
    """What to do about an input's dtype."""
    value, schema = node.inputs[index], schema_of(node.domain, node.op_type, opset)
    kind = type_of(value)
    if schema is None or value is None:
        return ""
    allowed = schema.inputs[min(index, len(schema.inputs) - 1)].types
    if kind not in allowed and (newer := newer_opset_that_takes(schema, index, kind)):
        return f" at opset {opset}; opset {newer} does"
    if (kind in _CODES or quantization(value) is not None) and allowed & FLOATS and kind not in FLOATS:
        return "; dequantize first"
    return f"; cast it to {plain(_FLOAT) if _FLOAT in allowed else listed(allowed)} first"
