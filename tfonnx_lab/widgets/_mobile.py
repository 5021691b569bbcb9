"""What the view of a small device shows, as JSON: each answer of `tfonnx_lab.mobile` in the form that its part
draws."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.mobile.answer import CREATED, Crossing, NodeVerdict, Partition, ProviderAnswer
from tfonnx_lab.mobile.size import Size
from tfonnx_lab.texts import human

QUESTIONS: dict[str, tuple[str, str]] = {
    "ort": ("ORT file", "Does it load as .ort, with the same numbers?"),
    "kernels": ("Kernels", "Which kernels does it need, of which types?"),
    "size": ("Build size", "How large is the build?"),
    "nnapi": ("NNAPI", "What would Android's NNAPI run, and why not the rest?"),
    "coreml": ("CoreML", "What would Apple's CoreML run, and why not the rest?"),
    "xnnpack": ("XNNPACK", "What would XNNPACK's kernels run, and why not the rest?"),
    "advice": ("What to change", "What should I change?"),
}
"""Question => what its button says, and what it asks."""
PROVIDERS = ("nnapi", "coreml", "xnnpack")
_OPTION = re.compile(r"\b([a-z_]+)=(\w+|\"\w+\")")


def ort_data(answer: Any, style: str, platform: str | None, target: str) -> dict[str, Any]:
    """A file that was made and checked: facts, outputs.

    target: the name that "save" suggests.
    """
    tables = [
        {"title": s.title, "head": list(s.head), "rows": [list(r) for r in s.rows], "numbers": s.numbers}
        for s in answer.sections()
        if s.rows
    ]
    return {
        "facts": [list(fact) for fact in answer.facts()],
        "tables": tables,
        "style": style,
        "platform": platform or "",
        "target": target,
    }


def ort_brief(answer: Any) -> str:
    """`3.1 MB, same numbers`; of an .ort file that somebody else wrote its size."""
    size = human(answer.model.size)
    if not hasattr(answer, "bit_equal"):
        return f"{size}, it loads"
    return f"{size}, {'same numbers' if answer.bit_equal else 'not run' if not answer.outputs else 'OTHER NUMBERS'}"


def size_data(size: Size) -> dict[str, Any]:
    """Bars, the most expensive kernels, commands by platform, notes."""
    plain = size.to_json()
    steps = [
        {"name": s.name, "total": human(s.sum.total), "bytes": s.sum.total,
         "parts": [["base", s.sum.base], ["matrix code", s.sum.matrix], ["kernels", s.sum.kernels]]}
        for s in size.steps
    ]  # fmt: skip
    commands = {p: {"command": c["command"], "cmake": size.build.flags(p)} for p, c in plain["commands"].items()}
    choice = plain["choice"]
    return {
        "title": size.title,
        "build": plain["build"],
        "steps": steps,
        "saved": [_saved(a, b) for a, b in zip(size.steps, size.steps[1:], strict=False)],
        "costs": [
            {"op": c.op, "domain": c.domain, "matrix": c.matrix, "estimated": c.estimated, "alone": c.alone,
            "on_top": c.on_top}
            for c in size.costs[:10]
        ],
        "notes": [*plain["notes"], *plain["explanation"]],
        "published": plain["published"],
        "commands": commands,
        "build_notes": list(size.build.notes),
        "exceptions": choice["exceptions"],
        "static": choice["libcxx"] == "static",
        "providers": choice["providers"],
    }  # fmt: skip


def _saved(before: Any, after: Any) -> str:
    share = 1 - after.sum.total / before.sum.total
    return f"{after.name}: {human(before.sum.total - after.sum.total)} less ({share:.0%})"


def provider_brief(answer: ProviderAnswer) -> str:
    """`501 of 570 nodes, 8 partitions`; where no session comes up, that."""
    return _taken(answer) if answer.session == CREATED else f"{_taken(answer)}; NO SESSION"


def _taken(answer: ProviderAnswer) -> str:
    taken, parts = len(answer.nodes) - len(answer.fallback), len(answer.partitions)
    return f"{taken} of {len(answer.nodes)} nodes, {parts} partition{'' if parts == 1 else 's'}"


def provider_data(key: str, answer: ProviderAnswer) -> dict[str, Any]:
    """A row a node, the partitions with what crosses their borders, why nodes fall back."""
    name = QUESTIONS[key][0]
    rows = [_row(name, node) for node in answer.nodes]
    copied = "an unknown number of bytes" if answer.nbytes is None else human(answer.nbytes)
    on_cpu = len(answer.fallback)
    return {
        "key": key,
        "title": f"{_taken(answer)}; {copied} copied at each run.",
        "session": answer.session,
        "notes": [*answer.notes, *_second(answer)],
        "setting": {k: v for k, v in answer.setting.items() if isinstance(v, str | int | bool)},
        "partitions": [_partition(p) for p in answer.partitions],
        "reasons": [list(reason) for reason in answer.reasons],
        "columns": [
            {"key": "where", "title": "runs on", "hint": "the accelerator or the CPU"},
            {"key": "op", "title": "ONNX op", "hint": "of the node"},
            {"key": "reason", "title": "why not", "hint": "what the accelerator does not take"},
            {"key": "advice", "title": "what would help", "hint": "a form that it takes"},
            {"key": "tflite", "title": "TFLite op", "numeric": True, "hint": "the op that it came from"},
            {"key": "node", "title": "#", "numeric": True, "hint": "its place in the graph"},
            {"key": "name", "title": "node", "hint": "its name"},
        ],
        "rows": rows,
        "statuses": [[s, n] for s, n in (("CPU", on_cpu), (name, len(rows) - on_cpu)) if n],
    }


def _second(answer: ProviderAnswer) -> Iterable[str]:
    if answer.second is not None:
        taken = sum(n.partition is not None for n in answer.second.nodes)
        parts = len(answer.second.partitions)
        yield f"After its change of layout it takes {taken} of {len(answer.second.nodes)} nodes in {parts} partitions."


def _row(provider: str, node: NodeVerdict) -> dict[str, Any]:
    reason = node.reason or ("its partition is too small to be worth it" if node.partition is None else "")
    return {
        "where": "CPU" if node.partition is None else f"{provider} {node.partition + 1}",
        "status": "CPU" if node.partition is None else provider,
        "op": f"{node.domain}:{node.op}" if node.domain else node.op,
        "reason": reason.replace(f"Node [{node.name}] type: [{node.op}]", "It") if node.name else reason,
        "said": reason,
        "rule": node.rule,
        "advice": node.advice,
        "node": node.index,
        "name": node.name,
        "partition": node.partition,
        "unit": node.unit,
        "tflite": node.origin[0] if node.origin else None,
        "origins": list(node.origin),
    }


def crossings(answer: ProviderAnswer, values: Iterable[str]) -> list[str]:
    """What is copied between the CPU and an accelerator, of the values that a node reads and makes."""
    own = set(values)
    return list(dict.fromkeys(_crossing(c) for c in answer.crossings if c.value in own))


def _crossing(c: Crossing) -> str:
    return f"{c.value}  {c.dtype} {_shape(c.shape)}  {'?' if c.nbytes is None else human(c.nbytes)}"


def _partition(partition: Partition) -> dict[str, Any]:
    def side(values: Sequence[Crossing]) -> list[str]:
        return [_crossing(c) for c in values]

    nbytes = "an unknown size" if partition.nbytes is None else human(partition.nbytes)
    return {
        "nodes": len(partition.nodes),
        "in": side(partition.inputs),
        "out": side(partition.outputs),
        "copied": nbytes,
        "first": partition.nodes[0] if partition.nodes else None,
    }


def _shape(shape: Sequence[Any] | None) -> str:
    return "?" if shape is None else "x".join("?" if d is None else str(d) for d in shape) or "scalar"


Piece: TypeAlias = tuple[str, str, int, dict[str, Any] | None, bool]
"""Provider, what to change, how many nodes it wins or is said of, the options of the conversion that try it, and
whether it was tried (else the rules of the provider say so)."""


def advice_data(rows: Sequence[Piece], nodes: dict[str, int]) -> dict[str, Any]:
    """A row a piece of advice, with the options that try it where there are such.

    nodes: provider => how many it has.
    """
    return {
        "title": "" if rows else "Nothing is known that would help",
        "rows": [
            {"provider": p, "nodes": n, "of": nodes.get(p), "what": w, "try": options, "won": won}
            for p, w, n, options, won in rows
        ],
    }


def tries(advice: str) -> dict[str, Any] | None:
    """`convert with dequantize=True` => {"dequantize": True}; None where no option of a conversion is named."""
    found = {name: _value(text) for name, text in _OPTION.findall(advice) if name in Options.__dataclass_fields__}
    return found or None


def _value(text: str) -> Any:
    words: dict[str, Any] = {"True": True, "False": False, "None": None}
    return words[text] if text in words else int(text) if text.isdigit() else text.strip('"')
