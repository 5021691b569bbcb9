"""What an execution provider answers about a model: verdicts, partitions, what stays on the CPU, whether a session
starts.

One shape for NNAPI, CoreML and XNNPACK. Plain frozen data; prints as text, shows as HTML, goes to JSON.
"""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tfonnx_lab.texts.tables import grid

CREATED = "created"


@dataclass(frozen=True)
class NodeVerdict:
    """What the provider says of one node.

    index: position in the graph that the provider sees (after ONNX Runtime's basic optimizations), in topological
        order.
    name, op: of the ONNX node.
    domain: "" for ai.onnx.
    supported: the support check's verdict; it can be True where `partition` is None (the partition was dropped).
    reason: why not, in words that name the value or attribute; empty where supported.
    rule: which row of the provider's table decided, with its source file, as "Op: rule (file)".
    partition: position in `ProviderAnswer.partitions`, None on the CPU.
    unit: index of the node at the centre of the QDQ group that it was judged with; its own index where it stands alone.
    advice: what would change the verdict, empty where nothing known would.
    origin: positions of the TFLite ops it came from.
    """

    index: int
    name: str
    op: str
    supported: bool
    reason: str = ""
    rule: str = ""
    partition: int | None = None
    advice: str = ""
    domain: str = ""
    unit: int | None = None
    origin: tuple[int, ...] = ()


@dataclass(frozen=True)
class Crossing:
    """A tensor that is copied between the CPU and a partition at each run.

    value: its name.
    shape, dtype: as far as known.
    nbytes: None where a dimension is unknown.
    """

    value: str
    dtype: str
    shape: tuple[int | str | None, ...] | None
    nbytes: int | None


@dataclass(frozen=True)
class Partition:
    """A run of nodes that the provider takes as one.

    index: its position.
    nodes: indexes of its nodes, in the order the provider runs them.
    inputs, outputs: tensors that are copied in and out.
    constants: initializers that it holds, copied once at load.
    """

    index: int
    nodes: tuple[int, ...]
    inputs: tuple[Crossing, ...]
    outputs: tuple[Crossing, ...]
    constants: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int | None:
        """Bytes copied in and out at each run; None where a size is unknown."""
        sizes = [c.nbytes for c in (*self.inputs, *self.outputs)]
        return None if None in sizes else sum(s for s in sizes if s is not None)


@dataclass(frozen=True)
class Pass:
    """One look of the provider at the graph: the first as it is given, the second after its change of layout."""

    nodes: tuple[NodeVerdict, ...]
    partitions: tuple[Partition, ...]


@dataclass(frozen=True)
class ProviderAnswer:
    """A provider's whole answer.

    provider: "NNAPI", ....
    setting: what was asked, e.g. {"level": 31, "nchw": False}.
    nodes: one verdict a node, in the order the provider sees them.
    partitions: what it would run.
    session: "created", or what creating the session would say.
    second: the same after the change of layout (None where the provider makes none); it is what runs.
    notes: what a reader has to know about the answer.
    """

    provider: str
    setting: Mapping[str, Any]
    nodes: tuple[NodeVerdict, ...]
    partitions: tuple[Partition, ...]
    session: str = CREATED
    second: Pass | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def fallback(self) -> tuple[NodeVerdict, ...]:
        """The nodes that stay on the CPU."""
        return tuple(n for n in self.nodes if n.partition is None)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why nodes stay on the CPU, the most frequent first."""
        return Counter(n.reason or "its partition is too small to be worth it" for n in self.fallback).most_common()

    @property
    def crossings(self) -> tuple[Crossing, ...]:
        """All tensors copied at each run."""
        return tuple(c for p in self.partitions for c in (*p.inputs, *p.outputs))

    @property
    def nbytes(self) -> int | None:
        """Bytes copied at each run; None where a size is unknown."""
        sizes = [p.nbytes for p in self.partitions]
        return None if None in sizes else sum(s for s in sizes if s is not None)

    def to_json(self) -> dict[str, Any]:
        """The answer as plain dictionaries and lists, with `fallback` as indexes and sums of bytes."""
        plain = asdict(replace(self, setting=dict(self.setting)))
        plain["fallback"] = [n.index for n in self.fallback]
        plain["nbytes"] = self.nbytes
        return json.loads(json.dumps(plain))

    def __str__(self) -> str:
        lines = [self._head(), f"session: {self.session}"]
        lines += [_partition_line(p) for p in self.partitions]
        lines += [f"{count:5} on the CPU: {reason}" for reason, count in self.reasons]
        if self.second is not None:
            taken = sum(n.partition is not None for n in self.second.nodes)
            lines.append(
                f"after the change of layout: {taken} of {len(self.second.nodes)} nodes "
                f"in {len(self.second.partitions)} partitions"
            )
        return "\n".join([*lines, *self.notes])

    def __repr__(self) -> str:
        return f"ProviderAnswer({self._head()})"

    def _head(self) -> str:
        setting = ", ".join(f"{k} {v}" for k, v in self.setting.items())
        taken = len(self.nodes) - len(self.fallback)
        copied = _size(self.nbytes)
        return (
            f"{self.provider} ({setting}): {taken} of {len(self.nodes)} nodes in {len(self.partitions)} partitions, "
            f"{copied} copied at each run"
        )

    def _repr_html_(self) -> str:
        table = grid(("#", "op", "partition", "why not", "rule", "what would help", "node"), map(_row, self.nodes))
        parts = "".join(f"<li>{html.escape(_partition_line(p))}</li>" for p in self.partitions)
        notes = "".join(f"<p>{html.escape(n)}</p>" for n in self.notes)
        return (
            f"<div class='tfonnx-provider'><p><b>{html.escape(self._head())}</b></p>"
            f"<p>Session: {html.escape(self.session)}</p>{notes}<ul>{parts}</ul>{table}</div>"
        )


def _size(nbytes: int | None) -> str:
    return "an unknown number of bytes" if nbytes is None else f"{nbytes:,} bytes"


def _partition_line(p: Partition) -> str:
    into = ", ".join(c.value for c in p.inputs[:3]) + (", ..." if len(p.inputs) > 3 else "")
    out = ", ".join(c.value for c in p.outputs[:3]) + (", ..." if len(p.outputs) > 3 else "")
    return (
        f"partition {p.index}: {len(p.nodes)} nodes, {len(p.inputs)} tensors in ({into}), "
        f"{len(p.outputs)} out ({out}), {_size(p.nbytes)}"
    )


def _row(n: NodeVerdict) -> tuple[str, ...]:
    where = "CPU" if n.partition is None else str(n.partition)
    return str(n.index), n.op, where, n.reason, n.rule, n.advice, n.name
