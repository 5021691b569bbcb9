"""The steps that a trace goes on with for the ORT format: each under its rule, with the ops that it concerns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tfonnx_lab.mobile._rewiring import Rewiring
from tfonnx_lab.mobile.ort_model import OrtModel
from tfonnx_lab.mobile.ort_nodes import OrtRecord
from tfonnx_lab.runtime.sessions import REPLAY
from tfonnx_lab.trace import Edit, Trace

STAGE = "ORT format"
"""The stage's name in the header."""


class Steps:
    """Adds steps to a trace.

    numbers: (path of a graph of the file, index of a node in it) => the node's id in the trace.
    """

    def __init__(self, trace: Trace, model: OrtModel) -> None:
        self.trace = trace
        self.model = model
        self.graph = Rewiring(trace)
        self.rules: dict[tuple[str, str], int] = {}
        self.numbers: dict[tuple[str, int], int] = {}

    def step(
        self, name: str, doc: str, edits: list[Edit], root: int | None, origin: Sequence[int], note: str = ""
    ) -> None:
        """Add a step.

        name, doc: of the rule that the step is a case of.
        edits: what it changes, applied already.
        root: id of the node that it is about; None: the whole graph.
        origin: places of the TFLite ops that it concerns.
        note: what is shown beside the step.
        """
        self.trace.add_step({"i": len(self.trace), "rule": self._rule(name, doc), "root": root,
                             "bind": {} if root is None else {"op": {"node": root}}, "origin": sorted(set(origin)),
                             "note": note, "ms": 0.0, "edits": edits, "error": None})  # fmt: skip

    def _rule(self, name: str, doc: str) -> int:
        if (name, doc) not in self.rules:
            number = self.rules[name, doc] = 1 + max(self.trace.rules, default=0)
            self.trace.add_rule(number, {"id": number, "stage": STAGE, "name": name, "doc": doc, "file": "onnxruntime",
                                         "line": 0, "source": "", "pattern": None})  # fmt: skip
        return self.rules[name, doc]

    def assign(self) -> None:
        """Every node gets the provider and the kernel that run it; nothing changes in the graph."""
        providers = Counter(n.provider or "no provider" for n in self.model.nodes)
        ops = len({n.identifier for n in self.model.nodes})
        note = f"{', '.join(f'{n} nodes to {p}' for p, n in providers.most_common())}; {ops} ops and versions"
        doc = "Every node => the same, with the provider that runs it and the since-version of its op."
        self.step("assign_kernels", doc, [], None, (), note)

    def later(self, record: OrtRecord) -> None:
        """A recorded optimization: nothing changes now."""
        numbers = [self.numbers.get((record.path, i)) for i in record.nodes if i is not None]
        present = [n for n in numbers if n is not None]
        ops = " + ".join(self.graph.nodes[n]["op"] for n in present)
        made = ", ".join(record.produced) or "other nodes"
        origin = [p for n in present for p in self.graph.nodes[n]["origin"]]
        target = numbers[record.num_inputs] if record.num_inputs < len(numbers) else None
        doc = f"{record.optimizer}, {record.action}: stays now, recorded for a session with {REPLAY}=1."
        self.step("recorded_for_later", doc, [], target, origin, f"{ops} => {made}")
