"""What the views of the lab have in common: plain data in, the selection out, buttons as messages."""

from __future__ import annotations

import html
import math
from typing import Any, ClassVar

import traitlets

from tfonnx_lab.widgets.assets import FrontEnd, asset


class View(FrontEnd):
    """A table or a chart of a conversion.

    data: what is shown, JSON. selection: the number of the TFLite op that is selected. index: the step (from 0) that was
    chosen last. detail: more about the selection. message: what a button answered. height: in CSS units. Views are linked
    by linking `selection` and `index`.
    """

    KIND: ClassVar[str] = ""

    _esm = traitlets.Unicode().tag(sync=True)
    kind = traitlets.Unicode().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)
    detail = traitlets.Dict().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)
    selection = traitlets.Int(None, allow_none=True).tag(sync=True)
    index = traitlets.Int(None, allow_none=True).tag(sync=True)
    height = traitlets.Unicode("420px").tag(sync=True)

    def __init__(self, data: dict[str, Any], height: str = "420px", **traits: Any) -> None:
        super().__init__(_esm=asset("view.js"), kind=self.KIND, data=data, height=height, **traits)

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Heading and rows, for text and HTML without a front end."""
        columns = self.data.get("columns", [])
        return [c["title"] for c in columns], [
            [_cell(row.get(c["key"])) for c in columns] for row in self.data.get("rows", [])
        ]

    def text(self) -> str:
        """The table, for places that show no widgets."""
        heading, rows = self.table()
        widths = [max([len(h), *(len(r[i]) for r in rows)]) for i, h in enumerate(heading)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
                 for line in (heading, *rows)]  # fmt: skip
        return "\n".join([f"{type(self).__name__}: {self.data.get('title', '')}", *lines])

    def html(self) -> str:
        """The table as HTML; names of the model are escaped."""
        heading, rows = self.table()
        head = "".join(f"<th>{html.escape(h)}</th>" for h in heading)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in rows)
        title = html.escape(str(self.data.get("title", "")))
        return f"<p>{title}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def act(self, name: str, content: dict[str, Any]) -> None:
        """Do what a button asks for."""

    def _answer(self, widget: Any, content: Any, buffers: Any) -> None:
        super()._answer(widget, content, buffers)
        if isinstance(content, dict) and isinstance(content.get("do"), str):
            try:
                self.act(content["do"], content)
            except Exception as error:  # a button must say what went wrong, whatever it was
                self.message = f"{type(error).__name__}: {error}"


def number(x: float | None) -> float | str | None:
    """A number that JSON can hold: infinities and NaN as text."""
    return x if x is None or math.isfinite(x) else str(x)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
