"""A handler's options: keyword parameters with the names and defaults of the schema, checked when it registers.

    @handler("CONV_2D")
    def conv_2d(op, node, x, w, b, *, padding="SAME", stride_h, stride_w, dilation_h_factor=1, ...):

A parameter without a default is an option that the op has to have: the schema's own default (a stride of 0) is of no
use.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final

import onnx_ir as ir

from tfonnx_lab.errors import Unsupported
from tfonnx_lab.graph.op_schema import NOTHING, known_options

NEEDED: Final = inspect.Parameter.empty
"""The default of an option that the op has to have."""


def keywords(function: Callable[..., Any]) -> dict[str, Any]:
    """The names of a function's keyword parameters => their defaults, NEEDED for those that have none."""
    function = inspect.unwrap(function)
    code = function.__code__
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    defaults = function.__kwdefaults__ or {}
    return {name: defaults.get(name, NEEDED) for name in names}


def check_options(function: Callable[..., Any], domain: str, op_type: str) -> None:
    """Raise TypeError where the function has a keyword that the op does not have, or gives one another default."""
    wanted = keywords(function)
    known = known_options(domain, op_type) if wanted else None
    for name, default in wanted.items():
        if known is None:
            if default is NEEDED:
                why = "a custom op has its options in `custom_options(node)`"
                raise TypeError(f"{function.__name__} wants the option {name!r} of {op_type}; {why}")
        elif name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'none'}"
            raise TypeError(f"{function.__name__} wants the option {name!r}, which {op_type} does not have; {hint}")
        elif default is not NEEDED and not _is_default(default, known[name]):
            raise TypeError(
                f"{function.__name__} gives {name} the default {default!r}; the schema's for {op_type} is "
                f"{known[name]!r} (leave the default out where an op without the option is an error)"
            )


def _is_default(given: Any, known: Any) -> bool:
    if known is None:
        return any(given is nothing or (given == nothing and given is not None) for nothing in NOTHING)
    return type(given) is type(known) and given == known


def bound(wanted: Mapping[str, Any], node: ir.Node) -> dict[str, Any]:
    """The values of the options that a handler wants. Raises Unsupported where the op lacks one that it needs."""
    found = {}
    attributes = node.attributes.data
    for name, default in wanted.items():
        attribute = attributes.get(name)
        if attribute is not None:
            found[name] = bool(attribute.value) if type(default) is bool else attribute.value
        elif default is NEEDED:
            raise Unsupported(f"its option {name} is missing: the file has no options for this op")
        else:
            found[name] = default
    return found
