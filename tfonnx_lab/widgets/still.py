"""The whole lab in one file, with no kernel, server or network: what its tabs show, what follows from a selection."""

from __future__ import annotations

import base64
import gzip
import html
import json
from typing import Any

from tfonnx_lab.graph.collector import collector_paused
from tfonnx_lab.widgets import _handlers as tables
from tfonnx_lab.widgets import _mobile as shaped
from tfonnx_lab.widgets._host import Host, own_state
from tfonnx_lab.widgets._neighbours import Neighbours
from tfonnx_lab.widgets.assets import asset, netron

_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' blob:;
 style-src 'unsafe-inline'; img-src data: blob:; frame-src 'self'; worker-src blob:">
<link rel="icon" href="data:,">
<title>{title}</title>
<body class="tl-page">
<div id="lab"><p>{title}</p></div>
<script type="application/octet-stream" id="saved">{saved}</script>
<script type="application/octet-stream" id="blobs">{blobs}</script>
<script type="application/octet-stream" id="netron">{netron}</script>
<script>{script}</script>
</body>
</html>
"""


class Blobs:
    """Bytes by their place in the page; equal ones are held once."""

    def __init__(self) -> None:
        self.found: dict[bytes, int] = {}

    def place(self, data: bytes) -> int:
        """Where these bytes are."""
        return self.found.setdefault(data, len(self.found))

    def text(self) -> str:
        """A line of base64 each."""
        return "\n".join(base64.b64encode(data).decode() for data in self.found)


def lab_to_html(lab: Any, *, parity: bool = True, mobile: bool = True, build: bool = True) -> str:
    """The page of a lab.

    lab: what is shown as it is now.
    parity: compare with LiteRT first, if that has not been done.
    mobile: answer all questions of the tab Mobile first.
    build: build the tabs that nobody has opened yet; without it they say that they were not computed.
    """
    blobs = Blobs()
    with collector_paused():
        data = _saved(lab, blobs, parity, mobile, build)
    packed = gzip.compress(json.dumps(data, separators=(",", ":")).encode(), compresslevel=6, mtime=0)
    return _PAGE.format(
        title=html.escape(str(lab.about.data["title"])),
        saved=base64.b64encode(packed).decode(),
        blobs=blobs.text(),
        netron=base64.b64encode(netron()).decode(),
        script=asset("labpage.js").replace("</", "<\\/"),
    )


def _saved(lab: Any, blobs: Blobs, parity: bool, mobile: bool, build: bool) -> dict[str, Any]:
    slow = {"Parity": parity, "Mobile": mobile, "Quantization": build}
    names = [n for n in lab.tabs if n in lab._views or slow.get(n, build or n in _QUICK)]
    answers = _mobile(lab) if mobile and "Mobile" in names else None
    parts: dict[str, Any] = {"about": _part(lab.about, blobs)}
    for name in names:
        try:
            parts[name] = _part(lab.view(name), blobs)
        except Exception as error:  # LiteRT or ONNX Runtime may not run a model: the page says it, as the lab does
            parts[name] = {"failed": lab.why_not(name, error)}
    state = {"tabs": lab.tabs, "tab": lab.tab, "selection": lab.selection}
    return {"state": state, "index": lab.index, "node": lab.node, "parts": parts, "mobile": answers, **_links(lab)}


_QUICK = ("Overview", "Layers", "File", "Steps", "Source", "Rewriters", "Handlers", "Optimizers", "ONNX Runtime")
"""Tabs that are built at once."""


def _part(view: Any, blobs: Blobs) -> dict[str, Any]:
    """A view's state; of one with parts also theirs."""
    if hasattr(view, "draw"):
        view.draw()
    state, paths, buffers = own_state(view)
    if isinstance(state.get("data"), dict) and "live" in state["data"]:
        state["data"] = state["data"] | {"live": False}  # no kernel: nothing can be tried again
    places = [blobs.place(bytes(b)) for b in buffers]
    found = {"front": view.FRONT, "state": state, "buffer_paths": paths, "blobs": places}
    if isinstance(view, Host):
        found["parts"] = {name: _part(inner, blobs) for name, inner in view.inner().items()}
    return found


def _links(lab: Any) -> dict[str, Any]:
    """What follows from a selection: of each op its node and step and all that is told of it, of each node its op."""
    facts = lab._facts
    handlers = lab.view("Handlers") if "Handlers" in lab.tabs else None
    pair = {int(n["origin"][0]): n["id"] for n in facts.brief.start if n["origin"]}
    ops = {
        op: {
            "main": facts.main(op),
            "made": facts.maker(op),
            "first": pair.get(op),
            "about": facts.about(op, None),
            "detail": {} if handlers is None else tables.detail(facts.brief, op),
        }
        for op in facts.ops
    }
    nodes = {
        number: [facts.origin(number), facts.node_text(number), facts.made_by(number), number in facts.brief.live]
        for number in facts.wide.nodes
    }
    rules = [step.rule.get("name", "no handler") for step in facts.wide.steps]
    quantization = lab._views.get("Quantization")
    tensors = {} if quantization is None else {op: i for i, op in reversed(quantization.makers.items())}
    return {
        "ops": ops, "nodes": nodes, "rules": rules, "tensors": tensors, "last": len(lab.result.trace) - 1,
        "numbers": lab._views["Mobile"].numbers if "Mobile" in lab._views else {},
    }  # fmt: skip


def _mobile(lab: Any) -> dict[str, Any] | None:
    """All answers of the tab Mobile, the graph around each node, and what is copied at the borders."""
    try:
        view = lab.view("Mobile")
    except Exception:  # the tab itself says why
        return None
    shown = view.shown
    providers = {}
    for question in shaped.QUESTIONS:
        view.ask(question)
        if question in shaped.PROVIDERS:
            providers[question] = view.provider
    view.shown = shown
    try:
        near = Neighbours(view.mobile.source.as_onnx)
        view.draw_graph()
    except Exception:  # the answers tell what stands in the way
        return {"providers": providers, "arounds": {}, "crossings": {}}
    indices = {row["node"] for data in providers.values() for row in data.get("rows", ())}
    crossings = {
        name: {
            row["node"]: shaped.crossings(view.answers[name], near.values(row["node"]))
            for row in data.get("rows", ())
            if row["partition"] is None and name in view.answers
        }
        for name, data in providers.items()
    }
    return {"providers": providers, "arounds": {i: near.of(i, {}) for i in sorted(indices)}, "crossings": crossings}


def framed(page: str, table: str, height: str = "820px") -> str:
    """The page in a frame, for the saved output of a notebook, and a table where frames are not shown.

    page: what `lab_to_html` gives.
    """
    style = f"width:100%;height:{height};border:0"
    frame = (
        f'<iframe srcdoc="{html.escape(page, quote=True)}" style="{style}" title="the lab, as it was saved"></iframe>'
    )
    return f"{frame}<details><summary>the same as a table</summary>{table}</details>"
