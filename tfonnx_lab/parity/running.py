"""What of a converted model runs: where ONNX Runtime refuses the whole, its parts tell which node it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.graph.meta import ORIGIN
from tfonnx_lab.parity.forcing import reduced
from tfonnx_lab.runtime.sessions import Endless, run, session

_TRIES = 64
"""So many sessions at most to find the values that do not run: the first is what is asked for."""

_LONG = 240
"""Characters of what ONNX Runtime says."""

_STATUS = re.compile(r"^.*?running (?P<op>\w+) node\. Name:'.*?' Status Message: ")
_CODE = re.compile(r"^.*?\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : ")
_PATH = re.compile(r"^/\S+?:\d+ \S.*?\) ")


@dataclass(frozen=True)
class DoesNotRun:
    """What stands in the place of a value whose node ONNX Runtime does not run.

    reason: what it says.
    """

    reason: str


@dataclass(frozen=True)
class Stop:
    """Where an ordinary run ends.

    position: the op that the node came from, None where no rule said.
    reason: ONNX Runtime's.
    """

    position: int | None
    reason: str


def reason_of(error: Exception) -> str:
    """What ONNX Runtime says of a node, without its codes and the paths of its sources."""
    text = str(error).splitlines()[0]
    told = _STATUS.match(text)
    rest = text[told.end() :] if told else _CODE.sub("", text)
    rest = _PATH.sub("", rest)
    rest = rest if len(rest) <= _LONG else f"{rest[:_LONG]} ..."
    return f"{told['op']}: {rest}" if told else rest


def values_of(model: onnx.ModelProto, names: Sequence[str], given: Mapping[str, Any], *, optimised: bool) -> list[Any]:
    """The named values of one run. Raises ConversionError where ONNX Runtime does not load or run what makes them."""
    loaded = session(reduced(model, names), optimised=optimised)
    taken = {value.name for value in (*loaded.get_inputs(), *loaded.get_overridable_initializers())}
    return run(loaded, names, {k: v for k, v in given.items() if k in taken})


def in_parts(
    model: onnx.ModelProto, names: Sequence[str], given: Mapping[str, Any], *, optimised: bool
) -> dict[str, Any]:
    """Name => its value, or `DoesNotRun`; found by halving, the first names first.

    Names that were not reached within a number of tries are left out. Raises Endless where a part does not end.
    """
    found: dict[str, Any] = {}
    waiting = [list(names)]
    for _ in range(_TRIES):
        if not waiting:
            break
        part = waiting.pop()
        try:
            found |= zip(part, values_of(model, part, given, optimised=optimised), strict=True)
        except Endless:
            raise
        except ConversionError as error:
            if len(part) == 1:
                found[part[0]] = DoesNotRun(reason_of(error))
            else:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
    return found


def up_to_failure(
    model: onnx.ModelProto, names: Sequence[str], given: Mapping[str, Any], *, optimised: bool
) -> tuple[dict[str, Any], DoesNotRun | None]:
    """The values of the longest row of names, from the first on, that runs; and why the next one does not.

    Raises Endless where they do not end.
    """
    made: dict[str, Any] = {}
    why = None
    low, high = 0, len(names)
    count = high  # all of them first; then by halving
    while low < high:
        part = names[:count]
        try:
            made = dict(zip(part, values_of(model, part, given, optimised=optimised), strict=True))
            low = count
        except Endless:
            raise
        except ConversionError as error:
            high, why = count - 1, DoesNotRun(reason_of(error))
        count = (low + high + 1) // 2
    return made, why


def stop_of(result: Conversion, given: Mapping[str, Any]) -> Stop | None:
    """The first node of the model that does not run, each as ONNX Runtime runs it fused; None where all of them do."""
    nodes = [node for node in result.model.graph.node if any(node.output)]
    names = [next(filter(None, node.output)) for node in nodes]
    for optimised in (True, False):
        made, why = up_to_failure(result.model, names, given, optimised=optimised)
        if why is not None:
            name = names[len(made)]
            return Stop(_position_of(result, name), why.reason)
    return None


def _position_of(result: Conversion, name: str) -> int | None:
    """The TFLite op that the node which makes a value came from; of a node of several ops the last."""
    for node in result.ir_model.graph:
        if any(value.name == name for value in node.outputs):
            return max(node.meta.get(ORIGIN, ()), default=None)
    return None
