"""Replay: the graph at any step of a trace, forwards and back, from the records alone. The one interpreter of edits."""

from __future__ import annotations

from tfonnx_lab.graph.collector import collector_paused
from tfonnx_lab.trace.edits import Edit, World
from tfonnx_lab.trace.graphs import Graphs
from tfonnx_lab.trace.records import Record
from tfonnx_lab.trace.trace import Trace

_UNFIT = (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError)
"""What a damaged edit raises."""


class Replay:
    """The graph of a trace at a position: 0 is the start, `len(trace)` the end.

    state: the graphs now; `graphs`, `nodes`, `values` and `size` are its own. An edit leaves its inverse behind when it
    is applied, so going back costs what going forwards did.

    plain: whether records hold JSON alone; else they are as recorded, with onnx_ir's attributes and tensors, which is
        quicker.
    follower: something that every edit is applied to as well; then there is no going back.
    """

    def __init__(self, trace: Trace, plain: bool = True, follower: World | None = None) -> None:
        self.trace = trace
        self.position = 0
        self._plain = plain
        self._follower = follower
        self._undo: list[list[Edit]] = []
        try:
            self.state = Graphs(trace.start if plain else trace.recorded_start)
        except _UNFIT as error:
            raise ValueError("the trace is damaged: its start graph cannot be read") from error

    @property
    def graphs(self) -> dict[int, Record]:
        """The graphs that there are, by id."""
        return self.state.graphs

    @property
    def nodes(self) -> dict[int, Record]:
        """The nodes that there are and were, by id."""
        return self.state.nodes

    @property
    def values(self) -> dict[int, Record]:
        """The values that there are and were, by id."""
        return self.state.values

    @property
    def size(self) -> int:
        """How many nodes the graph holds, with those of its subgraphs."""
        return self.state.size

    def goto(self, position: int) -> Replay:
        """Go to a position. Raises IndexError outside of 0 to len(trace), ValueError where the trace is damaged."""
        if not 0 <= position <= len(self.trace):
            raise IndexError(f"position {position} is outside of 0 to {len(self.trace)}")
        if position < self.position and self._follower is not None:
            raise ValueError("a replay that something follows does not go back")
        with collector_paused():
            while self.position < position:
                self._forward()
            while self.position > position:
                self._back(self._undo.pop())
                self.position -= 1
        return self

    def graph(self) -> Record:
        """The whole state: the graphs in order, with the live nodes and the values that they use."""
        state = self.state
        graphs = [state.graphs[number] for number in state.live()]
        nodes = {n: state.nodes[n] for g in graphs for n in g["nodes"]}
        used = {v for node in nodes.values() for v in (*node["in"], *node["out"]) if v is not None}
        used |= {v for g in graphs for v in (*g["inputs"], *g["outputs"])}
        return {
            "graphs": {g["id"]: dict(g, nodes=list(g["nodes"])) for g in graphs},
            "nodes": nodes,
            "values": {v: state.values[v] for v in sorted(used)},
        }

    def _forward(self) -> None:
        """Take a step; one that cannot be taken leaves the state as it was."""
        undo: list[Edit] = []
        try:
            edits = self.trace.plain(self.position) if self._plain else self.trace.recorded(self.position)
            for edit in edits:
                inverse = edit.inverse(self.state)
                edit.apply(self.state)
                undo += reversed(inverse)
        except _UNFIT as error:
            self._back(undo)
            raise ValueError(f"the trace is damaged: step {self.position} cannot be applied") from error
        if self._follower is not None:
            for edit in edits:
                edit.apply(self._follower)
        self._undo.append(undo)
        self.position += 1

    def _back(self, undo: list[Edit]) -> None:
        for edit in reversed(undo):
            edit.apply(self.state)
