"""The tabs of the lab that know it: the handlers, whose retry is one of the whole lab, and the steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from tfonnx_lab.parity import last_parity
from tfonnx_lab.trace import Trace
from tfonnx_lab.widgets._source import packed
from tfonnx_lab.widgets.handler_view import HandlerView
from tfonnx_lab.widgets.stepper import Stepper


class Handlers(HandlerView):
    """The handlers' tab: a comparison there is one of the whole lab."""

    def __init__(self, lab: Any, **traits: Any) -> None:
        super().__init__(lab.result, last_parity(lab.result), **traits)
        self._lab = lab
        self.inputs = lab.inputs

    def act(self, name: str, content: dict[str, Any]) -> None:
        """As in the view, but a comparison is one for all tabs."""
        if name == "compare":
            with self.at_work("running LiteRT and ONNX Runtime"):
                self._lab.compare()
            self.message = "compared with LiteRT"
        else:
            super().act(name, content)


class Steps(Stepper):
    """The stepper with the selection of the lab: a node stands for the TFLite op that it came from."""

    KNOWS_PLACE = True
    selection = traitlets.Int(None, allow_none=True)
    node = traitlets.Int(None, allow_none=True)

    def __init__(self, trace: Trace, origin: Callable[[int | None], int | None], **traits: Any) -> None:
        self._origin = origin
        super().__init__(trace, **traits)

    def replace(self, trace: Trace, origin: Callable[[int | None], int | None]) -> None:
        """Show a trace with further steps."""
        self._origin = origin
        self.trace = packed(trace)

    @traitlets.observe("selected")
    def _picked(self, change: Any) -> None:
        self.node = self.selected
        op = self._origin(self.selected)
        if op is not None:
            self.selection = op

    @traitlets.observe("node")
    def _shown(self, change: Any) -> None:
        self.selected = self.node
