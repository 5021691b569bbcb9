"""Which kernels a model needs: operator, since-version, types of its inputs and outputs, the nodes and the TFLite ops
behind them."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.files import paths_of
from tfonnx_lab.mobile.origins import Kept, Origins
from tfonnx_lab.mobile.ort_file import read_ort
from tfonnx_lab.mobile.ort_model import OrtModel
from tfonnx_lab.mobile.ort_nodes import OrtNode
from tfonnx_lab.mobile.ort_tensors import OrtValue
from tfonnx_lab.mobile.shown import Answer, Section, tail
from tfonnx_lab.mobile.type_names import CPP_OF
from tfonnx_lab.texts import short_name


@dataclass(frozen=True)
class Use:
    """One node and the kernel that it needs.

    domain: "ai.onnx" for ONNX's own.
    inputs, outputs: C++ words of the element types, "" where an input is left out or the file has no type.
    index, name, path: of the node and its graph ("" is the main one).
    origin: the TFLite ops it came from.
    """

    domain: str
    op: str
    since_version: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    index: int = 0
    name: str = ""
    path: str = ""
    origin: tuple[str, ...] = ()

    @property
    def kernel(self) -> tuple[str, str, int]:
        """Domain, operator, since-version."""
        return self.domain, self.op, self.since_version

    def type_of(self, side: str, index: int) -> str:
        """The type of an input or output ("inputs", 0); "" where the node has none."""
        types = self.inputs if side == "inputs" else self.outputs
        return types[index] if index < len(types) else ""

    def __str__(self) -> str:
        where = f" of {self.path}" if self.path else ""
        name = f" {self.name!r}" if self.name else ""
        return f"node {self.index}{where}, {self.op}{name}"


@dataclass(frozen=True)
class Kernel:
    """One operator of one version that a model needs, and all nodes that need it."""

    domain: str
    op: str
    since_version: int
    uses: tuple[Use, ...]

    @property
    def inputs(self) -> tuple[tuple[str, ...], ...]:
        """By input: the element types (C++ words) that the nodes have there, sorted."""
        return _by_position([u.inputs for u in self.uses])

    @property
    def outputs(self) -> tuple[tuple[str, ...], ...]:
        """By output: the element types (C++ words) that the nodes have there, sorted."""
        return _by_position([u.outputs for u in self.uses])

    @property
    def origin(self) -> tuple[str, ...]:
        """The TFLite ops that its nodes came from, each once."""
        return tuple(dict.fromkeys(o for u in self.uses for o in u.origin))


class Kernels(Answer):
    """The kernels that a model needs; iterates over them, sorted by domain, operator and version.

    name: of the model.
    uses: a row a node, those of If, Loop and Scan bodies included; one that is given twice counts once.
    originals: the files that it was read from, as far as they are known.
    """

    def __init__(self, name: str, uses: Iterable[Use]) -> None:
        self.name = name
        self.originals = tuple(filter(os.path.isfile, paths_of(name)))
        self.uses = tuple(dict.fromkeys(uses))

    def __iter__(self) -> Iterator[Kernel]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def rows(self) -> tuple[Kernel, ...]:
        """The kernels."""
        found: dict[tuple[str, str, int], list[Use]] = {}
        for use in self.uses:
            found.setdefault(use.kernel, []).append(use)
        return tuple(Kernel(*kernel, tuple(uses)) for kernel, uses in sorted(found.items()))

    @cached_property
    def distinct(self) -> tuple[tuple[Use, tuple[Use, ...]], ...]:
        """Nodes that need the same kernel with the same types, as (the first, all): what a config has to be asked."""
        found: dict[tuple[Any, ...], list[Use]] = {}
        for use in self.uses:
            found.setdefault((*use.kernel, use.inputs, use.outputs), []).append(use)
        return tuple((uses[0], tuple(uses)) for uses in found.values())

    @property
    def types(self) -> tuple[str, ...]:
        """All element types (C++ words) of the model's values, sorted."""
        return tuple(sorted({t for u in self.uses for t in (*u.inputs, *u.outputs) if t}))

    @property
    def title(self) -> str:
        """The heading."""
        return f"{short_name(self.name)}: {len(self)} kernels for {len(self.uses)} nodes"

    def facts(self) -> Iterator[tuple[str, str]]:
        """Domains and types."""
        domains = Counter(k.domain for k in self)
        yield "domains", ", ".join(f"{d} {n}" for d, n in sorted(domains.items())) or "none"
        yield "types", ", ".join(self.types) or "none"

    def sections(self) -> Iterator[Section]:
        """The table of kernels."""
        rows = tuple(
            (k.domain, k.op, str(k.since_version), str(len(k.uses)), ", ".join(_kinds(k.origin)) or "-", _names(k.uses),
             f"{_sides(k.inputs)} => {_sides(k.outputs)}")
            for k in self
        )  # fmt: skip
        head = ("domain", "op", "version", "count", "from", "nodes", "types: inputs => outputs")
        yield Section("Kernels", head, rows)

    def to_json(self) -> dict[str, Any]:
        """Name and kernels with types, nodes, origins."""
        return {
            "name": self.name,
            "kernels": [
                {
                    "domain": k.domain, "op": k.op, "since_version": k.since_version,
                    "inputs": [list(t) for t in k.inputs], "outputs": [list(t) for t in k.outputs],
                    "origin": list(k.origin),
                    "nodes": [{"index": u.index, "name": u.name, "graph": u.path} for u in k.uses],
                }
                for k in self
            ],
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"Kernels({self.title})"


class HasKernels(Protocol):
    """Who was asked for its kernels already: `Mobile`."""

    @property
    def kernels(self) -> Kernels:
        """The kernels that it needs."""


Asked = OrtModel | Kernels | HasKernels | str | os.PathLike[str]
"""What kernels are asked of: an .ort file or its path, a `Mobile`, an answer of `kernels`."""


def kernels(model: Asked, origins: Origins | None = None) -> Kernels:
    """Which kernels a model of the ORT format needs.

    model: as `read_ort` gives it, the path of an .ort file, or a `Mobile` (an answer of this function is given back as
        it is).
    origins: of the ONNX model that it was made of; without it no TFLite ops are named.
    Raises ConversionError for a file that cannot be read, and for what is no model of this format.
    """
    if isinstance(model, Kernels):
        return model
    if isinstance(model, str | os.PathLike):
        return kernels(read_ort(model), origins)
    if not isinstance(model, OrtModel):
        if isinstance(found := getattr(model, "kernels", None), Kernels):
            return found
        raise ConversionError(
            f"kernels are asked of an .ort file or a Mobile: Mobile(model), not a {type(model).__name__}"
        )
    kept = Kept.of(model.nodes)
    return Kernels(model.name, [_use(model, node, origins, kept) for node in model.nodes])


def _use(model: OrtModel, node: OrtNode, origins: Origins | None, kept: Kept) -> Use:
    def types(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(cpp_word(model.value(name, node.path)) if name else "" for name in names)

    origin = origins.of(node, kept) if origins is not None else ()
    return Use(
        node.domain or "ai.onnx", node.op, node.since_version, types(node.inputs), types(node.outputs),
        node.index, node.name, node.path, origin,
    )  # fmt: skip


def cpp_word(value: OrtValue) -> str:
    """The C++ word of a value's type: of a sequence that of its elements, of a map "std::map<int64_t,float>"; "" if
    unknown."""
    if value.kind == "map" or (value.kind == "sequence" and "map(" in value.type):
        words = re.findall(r"[a-z0-9]+", value.type.split("map(", 1)[1])
        return f"std::map<{','.join(CPP_OF.get(w, w) for w in words)}>"
    return CPP_OF.get(value.dtype, "")


def _by_position(rows: list[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    most = max(map(len, rows))
    return tuple(tuple(sorted({r[i] for r in rows if i < len(r)} - {""})) for i in range(most))


def _sides(types: tuple[tuple[str, ...], ...]) -> str:
    return ", ".join("/".join(t) or "-" for t in types)


def _kinds(origin: tuple[str, ...]) -> list[str]:
    """The types of TFLite ops with how many of each: "CONV_2D x 14"."""
    counts = Counter(o.rsplit(" ", 1)[0] for o in origin)
    return [kind if n == 1 else f"{kind} x {n}" for kind, n in counts.items()]


def _names(uses: tuple[Use, ...], most: int = 3) -> str:
    names = [tail(u.name, 40) or str(u.index) for u in uses]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def all_kernels(models: Asked | Iterable[Asked]) -> list[Kernels]:
    """The kernels of one model, or of each of several."""
    if isinstance(models, OrtModel | Kernels | str | os.PathLike) or isinstance(
        getattr(models, "kernels", None), Kernels
    ):
        return [kernels(models)]  # type: ignore[arg-type]
    if not isinstance(models, Iterable):
        return [kernels(models)]
    return [kernels(model) for model in models]
