"""One global list of types for all operators: what it would break, node by node, and the smallest one that runs some
models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tfonnx_lab.mobile.config import ALL, KernelConfig
from tfonnx_lab.mobile.kernels import Asked, Use, all_kernels
from tfonnx_lab.mobile.runs import Impact, impact_of, needed_globally
from tfonnx_lab.mobile.shown import Answer, Section
from tfonnx_lab.mobile.type_names import ONNX_OF, global_types
from tfonnx_lab.texts import short_name


def what_breaks(models: Asked | Iterable[Asked], types: Iterable[str]) -> Impact:
    """What a global list of types would break, of each model node by node, with the operators kept all.

    models: of the ORT format, or their kernels.
    types: words of either world ("float16" or "MLFloat16").
    Raises ConversionError for a word that is no type, or one that no global list may hold.
    """
    return impact_of(ALL.with_global_types(global_types(types)), all_kernels(models))


@dataclass(frozen=True)
class SmallestTypes(Answer):
    """The smallest global list of types that runs some models.

    types: C++ words.
    needs: type => (model, node) of those that need it.
    impossible: nodes that no global list keeps.
    config: the operators of the models with this list.
    """

    types: frozenset[str]
    needs: dict[str, tuple[tuple[str, Use], ...]]
    impossible: tuple[tuple[str, Use], ...]
    config: KernelConfig

    def __bool__(self) -> bool:
        return not self.impossible

    @property
    def title(self) -> str:
        """The heading."""
        listed = ", ".join(sorted(self.types)) or "no type at all"
        return listed if self else f"no global list runs all: {len(self.impossible)} nodes need types by operator"

    def sections(self) -> Iterator[Section]:
        """Each type in the words of both worlds, and what needs it; then what no list keeps."""
        rows = tuple(
            (word, ONNX_OF.get(word, word), f"{len(uses)} in {len({m for m, _ in uses})}", _told(Counter(u.op for _,
            u in uses)))
            for word, uses in sorted(self.needs.items())
        )  # fmt: skip
        yield Section("Types", ("C++", "ONNX", "nodes in models", "operators that need it"), rows)
        lost = tuple((short_name(m), u.op, u.name or str(u.index)) for m, u in self.impossible)
        yield Section("No global list keeps", ("model", "operator", "node"), lost)

    def to_json(self) -> dict[str, Any]:
        """Types, who needs them, what is impossible, the config."""
        return {
            "types": sorted(self.types),
            "onnx_types": sorted(ONNX_OF.get(t, t) for t in self.types),
            "needs": {t: [_node(m, u) for m, u in uses] for t, uses in sorted(self.needs.items())},
            "impossible": [_node(m, u) for m, u in self.impossible],
            "config": str(self.config),
        }

    def __repr__(self) -> str:
        return f"SmallestTypes({self.title})"


def smallest_types(models: Asked | Iterable[Asked]) -> SmallestTypes:
    """The smallest global list of types that runs all of some models: each type in it is needed by a node that is
    named."""
    together = all_kernels(models)
    needs: dict[str, list[tuple[str, Use]]] = {}
    impossible: list[tuple[str, Use]] = []
    for model in together:
        for first, uses in model.distinct:
            words = [w for option in needed_globally(first) for w in option]
            named = [(model.name, use) for use in uses]
            if None in words:
                impossible += named
                continue
            for word in dict.fromkeys(w for w in words if w):
                needs.setdefault(word, []).extend(named)
    types = frozenset(needs)
    operators = KernelConfig.of(together, types=False)
    config = replace(operators, types={}, global_types=types)
    return SmallestTypes(types, {t: tuple(uses) for t, uses in needs.items()}, tuple(impossible), config)


def _told(counts: Counter[str]) -> str:
    return ", ".join(op if n == 1 else f"{op} x {n}" for op, n in counts.most_common())


def _node(model: str, use: Use) -> dict[str, Any]:
    return {"model": model, "index": use.index, "name": use.name, "op": use.op, "graph": use.path}
