"""What the views of the lab have in common: plain data in, the selection out, buttons as messages."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from tfonnx_lab.texts import without_middle
from tfonnx_lab.texts.progress import heard, part_of
from tfonnx_lab.texts.tables import grid
from tfonnx_lab.widgets._watching import watch
from tfonnx_lab.widgets.assets import FrontEnd

if TYPE_CHECKING:
    from tfonnx_lab.conversion.result import Conversion
    from tfonnx_lab.debug import Changes

_LONGEST = 100
RETRY = [{"key": "retry", "title": "since the retry", "hint": "new, changed or gone"}]
"""The column that tells which steps a retry added, changed or removed."""
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0c\x0e-\x1f]")
_MOST = 200
"""Rows in the forms without a front end: they are saved with the notebook."""


class View(FrontEnd):
    """A table or a chart of a conversion.

    data: what is shown, JSON.
    selection: the number of the TFLite op that is selected.
    index: the step (from 0) that was chosen last.
    node: the node (docs/trace.md) that was chosen last.
    detail: more about the selection.
    message: what a button answered.
    height: in CSS units.
    Views are linked by linking `selection`, `node` and `index`.
    """

    FRONT = "view"
    KIND: ClassVar[str] = ""
    KNOWS_PLACE: ClassVar[bool] = False
    """Whether its rows lead to a step of their own."""

    kind = traitlets.Unicode().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)
    detail = traitlets.Dict().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)
    selection = traitlets.Int(None, allow_none=True).tag(sync=True)
    index = traitlets.Int(None, allow_none=True).tag(sync=True)
    node = traitlets.Int(None, allow_none=True).tag(sync=True)
    height = traitlets.Unicode("420px").tag(sync=True)

    def __init__(self, data: dict[str, Any], height: str = "420px", source: Any = None, **traits: Any) -> None:
        super().__init__(kind=self.KIND, data=data, height=height, **traits)
        watch(source, self)

    def shows(self, result: Conversion) -> dict[str, Any]:
        """What is shown of a conversion."""
        raise NotImplementedError

    def replaced(self, result: Conversion) -> None:
        """Show another conversion of the same model, and what changed."""
        if self.comm is not None:
            watch(result, self)
            self.data = self.shows(result)

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Heading and rows, for text and HTML without a front end."""
        return table_of(self.data.get("columns", []), self.data.get("rows", []))

    def text(self) -> str:
        """The table, for places that show no widgets."""
        return f"{type(self).__name__}: {as_text(str(self.data.get('title', '')), *self.table())}"

    def html(self) -> str | None:
        """The table as HTML; names of the model are escaped."""
        return as_html(str(self.data.get("title", "")), *self.table())

    def doing(self, text: str, part: float | None = None) -> None:
        """Tell the front end what is being done.

        part: how much of it is done, from 0 to 1.
        """
        self.send({"doing": text, "part": part})

    @contextmanager
    def at_work(self, text: str) -> Iterator[None]:
        """Within the block something is done, and the front end is told how far it is."""
        self.doing(text)
        with heard(lambda said: self.doing(said, part_of(said))):
            yield

    def act(self, name: str, content: dict[str, Any]) -> None:
        """Do what a button asks for."""

    def _answer(self, widget: Any, content: Any, buffers: Any) -> None:
        super()._answer(widget, content, buffers)
        if isinstance(content, dict) and isinstance(content.get("do"), str):
            try:
                if content["do"] != "nothing":  # which only asks whether somebody is there
                    self.act(content["do"], content)
            except Exception as error:  # a button must say what went wrong, whatever it was
                self.message = f"{type(error).__name__}: {error}"
            self.send({"done": content["do"]})


def table_of(columns: list[dict[str, Any]], rows: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Heading and rows as text."""
    return [c["title"] for c in columns], [[_cell(row.get(c["key"])) for c in columns] for row in rows]


def as_text(title: str, heading: list[str], rows: list[list[str]]) -> str:
    """A title and a table in columns."""
    shown = rows[:_MOST]
    widths = [max([len(h), *(len(r[i]) for r in shown)]) for i, h in enumerate(heading)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
             for line in (heading, *shown)]  # fmt: skip
    return "\n".join([title, *lines, *_more(rows)])


def as_html(title: str, heading: list[str], rows: list[list[str]]) -> str:
    """A title and a table as HTML."""
    more = "".join(f"<p>{line}</p>" for line in _more(rows))
    return f"<p>{html.escape(title)}</p>{grid(heading, rows[:_MOST])}{more}"


def _more(rows: list[list[str]]) -> list[str]:
    return [f"... {len(rows) - _MOST} more rows"] if len(rows) > _MOST else []


def marked(data: dict[str, Any], changes: Changes | None, stage: str, gone: str) -> dict[str, Any]:
    """A table of steps with what a retry did to each;

    `gone` is the column that tells what the steps that are gone did.
    """
    if changes is None or not changes.why:
        return data
    missing = [(rule, what) for of, rule, what in changes.gone if of == stage]
    rows = [{**row, "retry": changes.marks.get(row["index"], "")} for row in data["rows"]]
    rows += [{"rule": rule, gone: what, "retry": "gone", "index": None, "origin": None} for rule, what in missing]
    count = sum(bool(row["retry"]) for row in rows)
    title = f"{data['title']}; {count or 'nothing'} new, changed or gone since the retry"
    return {**data, "title": title, "columns": [*data["columns"], *RETRY], "rows": rows}


def number(x: float | None) -> float | str | None:
    """A number that JSON can hold: infinities and NaN as text."""
    return x if x is None or math.isfinite(x) else str(x)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else line(str(value))


def line(text: str) -> str:
    """A name for a line of a table: without what would break it or turn its order around, and not too long."""
    plain = " ".join(_TURNS.sub("", text).split())
    return without_middle(plain, _LONGEST)
