"""Handlers: did every op make it, and is it right?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import traitlets

from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.debug import changes_of, isolate, session, skeleton, tried_again
from tfonnx_lab.graph import TFLITE_CUSTOM
from tfonnx_lab.handlers.custom.attributes import custom_options
from tfonnx_lab.parity import Parity, compare, last_parity
from tfonnx_lab.trace.summary import summary_of
from tfonnx_lab.widgets import _handlers as tables
from tfonnx_lab.widgets._source import shown
from tfonnx_lab.widgets.view import View


class HandlerView(View):
    """A table of all TFLite ops, what needs attention first; choosing one shows everything that is known about it.

    source: a Conversion, or what `convert` takes; or a Trace or its file (then nothing can be isolated or retried).
    parity: a comparison, for the errors.
    folder: where "isolate" writes.
    selection: the op that is open.
    `result` is the conversion that is shown: `retry` and the button make a new one with the handlers that are
    registered now.
    """

    KIND = "handlers"

    def __init__(self, source: Any, parity: Parity | None = None, folder: str | Path = ".", **traits: Any) -> None:
        source = shown(source)
        self.result = source if isinstance(source, Conversion) else None
        self.parity = parity
        self.folder = Path(folder)
        self._brief = summary_of(getattr(source, "trace", source))
        self.inputs: Sequence[np.ndarray] | None = None
        super().__init__(self._data(), source=source, **traits)

    def _data(self) -> dict[str, Any]:
        changes = None if self.result is None else changes_of(self.result)
        return tables.table(self._brief, self.parity, changes) | {"live": self.result is not None}

    @traitlets.observe("selection")
    def _open(self, change: Any = None) -> None:
        self.detail = {} if self.selection is None else tables.detail(self._brief, self.selection)
        if self.detail and (options := self._options(self.selection)):
            others = [row for row in self.detail["attributes"] if row[0] != "custom_options"]
            self.detail = {**self.detail, "attributes": [*others, *([k, str(v)] for k, v in options.items())]}

    def _options(self, position: int | None) -> dict[str, Any]:
        """What a custom op's options say, where they are a map."""
        op = self._op(position)
        return {} if op is None or op[0].domain != TFLITE_CUSTOM else custom_options(op[0])

    def _op(self, position: int | None) -> tuple[ir.Node, list[ir.Value | None]] | None:
        """The TFLite op as the reader made it, and its inputs."""
        record = None if position is None else tables.ops(self._brief).get(position)
        if record is None or self.result is None or self.result.resumable is None:
            return None
        find = self.result.resumable.recorder.find
        return find(record["id"]), [None if v is None else find(v) for v in record["in"]]

    def compare(self) -> Parity:
        """Run LiteRT and ONNX Runtime and show each op's error.

        Raises ConversionError where LiteRT cannot run the model.
        """
        return self.show(compare(self._conversion(), self.inputs))

    def show(self, parity: Parity) -> Parity:
        """Show the errors of a comparison."""
        self.parity = parity
        self.data = self._data()
        return parity

    def retry(self) -> Conversion:
        """Convert again with the handlers that are registered now; this view and every other of the conversion show
        it."""
        return tried_again(self._conversion(), self.inputs)

    def replaced(self, result: Conversion) -> None:
        """Show another conversion of the same model, and what changed."""
        before = {row["op"]: row["status"] for row in self.data["rows"]}
        session.watch(result, self)
        self.result = result
        self._brief = summary_of(result.trace)
        self.parity = last_parity(result)
        self.data = self._data()
        changed = [f"op {r['op']} {r['type']}: {before.get(r['op'])} => {r['status']}" for r in self.data["rows"]
                   if before.get(r["op"]) != r["status"]]  # fmt: skip
        self.message = "\n".join([*changed, str(changes_of(result) or "")])
        self._open()

    def act(self, name: str, content: dict[str, Any]) -> None:
        """Isolate the selected op, write a test or a handler for it, try again, or compare with LiteRT."""
        if name == "retry":
            with self.at_work("converting again"):
                self.retry()
        elif name == "compare":
            with self.at_work("running LiteRT and ONNX Runtime"):
                self.compare()
            self.message = "compared with LiteRT"
        elif name == "handler" and (op := self._op(self.selection)) is not None:
            self.message = skeleton(*op)
        elif name in ("isolate", "test") and self.selection is not None:
            cut = isolate(self._conversion(), self.selection)
            if name == "isolate":
                self.message = f"wrote {cut.save(self.folder)} and its inputs beside it (.npz)"
            else:
                self.message = cut.test()

    def _conversion(self) -> Conversion:
        if self.result is None:
            raise ValueError("this view shows a saved trace; give it a Conversion to run anything")
        return self.result
