"""The selection: which op is looked at, which step made its node, how its tensor is held and how far off it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfonnx_lab.widgets.view import View, line


class SelectionView(View):
    """Two lines over the tabs of the lab.

    detail: what `_facts.Facts.about` says of the selection.
    opens: called with the name of a tab that a button asks for.
    compare: called where the error is asked for.
    """

    KIND = "selection"

    def __init__(self, title: str, opens: Callable[[str], None], compare: Callable[[], Any], **traits: Any) -> None:
        self._opens = opens
        self._compare = compare
        super().__init__({"title": title}, **traits)

    def text(self) -> str:
        """The selection on lines of text."""
        about = self.detail
        if not about:
            return f"{self.data['title']}\nnothing is selected"
        step = about["step"]
        lines = [self.data["title"], f"op {about['op']} {about['type']} {line(about['name'])}"]
        lines += [f"node: {line(about['node'])}"] if about["node"] else []
        lines += [f"made by step {step['index'] + 1}, {step['rule']}"] if step else []
        lines += [f"tensor: {tensor}" for tensor in about["tensors"]]
        return "\n".join([*lines, f"error: {about['error'] or 'not compared yet'}"])

    def act(self, name: str, content: dict[str, Any]) -> None:
        """Open a tab, or compare with LiteRT."""
        if name == "compare":
            self.message = "comparing with LiteRT ..."
            with self.at_work("running LiteRT and ONNX Runtime"):
                self._compare()
            self.message = ""
        elif name == "open":
            self._opens(str(content.get("tab")))
