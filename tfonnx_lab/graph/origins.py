"""The TFLite ops that led to a node, as numbers and as the text that an ONNX file keeps of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import onnx

from tfonnx_lab.graph.meta import ORIGIN_PROPERTY


def called(kind: str, origins: frozenset[int]) -> str:
    """The name of what was made of these ops: `Conv_12`, by the last of them, whose output it makes; `v12` for `v`."""
    if not origins:
        return kind
    return f"{kind}{max(origins)}" if len(kind) == 1 else f"{kind}_{max(origins)}"


def origin_text(origins: Iterable[int]) -> str:
    """The ops in order, runs of three and more by their ends: `3,7-12`."""
    numbers = sorted(origins)
    parts: list[str] = []
    at = 0
    while at < len(numbers):
        end = at
        while end + 1 < len(numbers) and numbers[end + 1] == numbers[end] + 1:
            end += 1
        if end - at > 1:
            parts.append(f"{numbers[at]}-{numbers[end]}")
        else:
            parts += map(str, numbers[at : end + 1])
        at = end + 1
    return ",".join(parts)


def origins_in(text: str) -> tuple[int, ...]:
    """What `origin_text` wrote."""
    return tuple(_numbers(text))


def origins_of(node: onnx.NodeProto | None) -> tuple[int, ...]:
    """The TFLite ops that a node of a converted model came from; empty where that is not known."""
    if node is None:
        return ()
    return origins_in(next((p.value for p in node.metadata_props if p.key == ORIGIN_PROPERTY), ""))


def _numbers(text: str) -> Iterator[int]:
    for part in text.split(",") if text else ():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)
