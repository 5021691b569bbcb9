"""Mobile: what would a phone do with it? A question a button; each is answered when it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import traitlets

from tfonnx_lab.conversion.checks import no_such
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.answer import ProviderAnswer
from tfonnx_lab.mobile.config import KernelConfig
from tfonnx_lab.mobile.model import Mobile
from tfonnx_lab.widgets import _mobile as shaped
from tfonnx_lab.widgets._neighbours import Neighbours, numbers_of
from tfonnx_lab.widgets._phone import Phone
from tfonnx_lab.widgets.view import View, as_html, as_text, table_of

_ANSWERS = ("ort", "kernels", "size", "provider", "advice")


class MobileView(View):
    """A model on its way to a phone: its .ort file, its kernels, the size of a build, what an accelerator would run.

    source: a Conversion, a `Mobile`, or what `Mobile` takes (the path of a .tflite, .onnx or .ort file).
    question: the one to answer at once: "ort", "kernels", "size", "nnapi", "coreml", "xnnpack", "advice"; without it
        nothing is computed until one is asked.
    mobile: the `Mobile`.
    build: the `KernelConfig` that is being edited.
    picked: the node (ONNX Runtime's index) whose verdict is open. `selection` is its TFLite op.
    `ask(question)` is what the button of a question does.
    Raises ConversionError for a model that cannot be read.
    """

    KIND = "mobile"

    shown = traitlets.Unicode("").tag(sync=True)
    brief = traitlets.Dict().tag(sync=True)
    busy = traitlets.Unicode("").tag(sync=True)
    ort = traitlets.Dict().tag(sync=True)
    kernels = traitlets.Dict().tag(sync=True)
    size = traitlets.Dict().tag(sync=True)
    provider = traitlets.Dict().tag(sync=True)
    advice = traitlets.Dict().tag(sync=True)
    picked = traitlets.Int(None, allow_none=True).tag(sync=True)
    around = traitlets.Dict().tag(sync=True)
    graph = traitlets.Bytes().tag(sync=True)

    def __init__(self, source: Any, question: str = "", height: str = "640px", **traits: Any) -> None:
        data = self._begin(Phone(source if isinstance(source, Mobile) else Mobile(source)))
        super().__init__(data, height, source=self.mobile.source.conversion, **traits)
        if question:
            self.ask(question)

    @property
    def mobile(self) -> Mobile:
        """The model that is asked."""
        return self._phone.mobile

    @property
    def build(self) -> KernelConfig:
        """The config of the build, as it was edited."""
        return self._phone.build.config

    @property
    def answers(self) -> dict[str, ProviderAnswer]:
        """What the accelerators' rules answered, by the question."""
        return self._phone.answers

    @property
    def numbers(self) -> dict[str, int]:
        """Name of an ONNX node => its number in the trace."""
        return self._numbers

    def _begin(self, phone: Phone) -> dict[str, Any]:
        """What there is to say of a model before anything is asked."""
        self._phone = phone
        self._neighbours: Neighbours | None = None
        source = phone.mobile.source
        self._numbers = numbers_of(source.conversion)
        buttons = [[key, name, asked] for key, (name, asked) in shaped.QUESTIONS.items()]
        title = Path(phone.mobile.name).name
        return {"title": title, "questions": buttons, "converted": source.conversion is not None}

    def shows(self, result: Conversion) -> dict[str, Any]:
        """Another conversion: nothing is answered yet."""
        data = self._begin(Phone(Mobile(result)))
        for trait in ("brief", *_ANSWERS, "around"):
            setattr(self, trait, {})
        self.shown, self.picked, self.message, self.graph = "", None, "", b""
        return data

    # questions

    def ask(self, question: str) -> None:
        """Answer a question and show it.

        Raises KeyError for an unknown one; where there is no answer, the reason is shown instead.
        """
        if question not in shaped.QUESTIONS:
            raise KeyError(no_such(f"there is no question {question!r}", question, list(shaped.QUESTIONS)))
        self._tell(f"{shaped.QUESTIONS[question][0]}: computing ...")
        self.message = ""
        try:
            self._answered(question)
        except ConversionError as error:
            self.message = str(error)
            self.brief = {**self.brief, question: "no answer"}
        finally:
            self.shown, self.busy = question, ""

    def _answered(self, question: str) -> None:
        if question in shaped.PROVIDERS:
            data, brief = self._phone.provider(question)
            if self.provider.get("key") != question:
                self.picked, self.around = None, {}
            self.provider = data
            self._follow()
        elif question == "advice":
            self.advice, brief = self._phone.advice(self._tell)
            others = {name: shaped.provider_brief(answer) for name, answer in self._phone.answers.items()}
            self.brief = {**self.brief, **others}
        else:
            data, brief = getattr(self._phone, question)()
            setattr(self, question, data)
        self.brief = {**self.brief, question: brief}

    def _tell(self, text: str) -> None:
        self.busy = text

    # what buttons do

    def act(self, name: str, content: dict[str, Any]) -> None:
        """Do what a button asks for, and tell the front end when it is done."""
        try:
            self._act(name, content)
        finally:
            self.busy = ""
            self.send({"done": True})  # also where the answer is the one that is shown

    def _act(self, name: str, content: dict[str, Any]) -> None:
        phone = self._phone
        if name == "ask":
            self.ask(content["question"])
        elif name == "graph":
            self.draw_graph()
        elif name == "choose":
            chosen = {k: v for k, v in content.items() if k in ("level", "nchw", "format", "version")}
            phone.choice[content["provider"]].update(chosen)
            self.ask(content["provider"])
        elif name == "file":
            self.data = self._begin(phone.with_style(content["style"], content["platform"]))
            self.brief = {k: v for k, v in self.brief.items() if k in shaped.PROVIDERS}
            self.kernels, self.size = {}, {}
            self._phone.answers = phone.answers
            self.ask("ort")
        elif name in ("keep", "type", "typed", "reset"):
            phone.edit(name, content)
            self.message = ""
            self._answered("kernels")
        elif name == "build":
            libcxx = "static" if content["static"] else "shared"
            phone.size_choice = {
                "exceptions": content["exceptions"],
                "providers": content["providers"],
                "libcxx": libcxx,
            }
            self.ask("size")
        elif name == "folder":
            self.message = phone.folder(str(content["path"]), self._tell)
            self._answered("kernels")
        elif name == "save":
            self.message = phone.save(content["what"], str(content["path"]), self._tell)
        elif name == "try":
            self.message = phone.tried(content["options"], self._tell)

    def draw_graph(self) -> None:
        """Hand over the whole graph as the accelerators see it, for Netron."""
        if not self.graph:
            self.graph = self._near().trace(Path(self.mobile.name).name)

    def _near(self) -> Neighbours:
        if self._neighbours is None:
            self._neighbours = Neighbours(self.mobile.source.as_onnx)
        return self._neighbours

    # the selection

    @traitlets.observe("picked")
    def _picked(self, change: Any) -> None:
        """A node was picked: its TFLite op is the selection, its ONNX node the node, and its surroundings are drawn."""
        row = self._picked_row()
        if row is None:
            self.around = {}
            return
        near = self._near()
        crossing: list[str] = []
        if row["partition"] is None:
            answer = self._phone.answers[self.provider["key"]]
            crossing = shaped.crossings(answer, near.values(row["node"]))
        where = {r["node"]: r["partition"] for r in self.provider["rows"]}
        self.around = {**near.of(row["node"], where), "crossings": crossing}
        if row["tflite"] is not None and self.selection not in row["origins"]:
            self.selection = row["tflite"]
        if (number := self._numbers.get(row["name"])) is not None:
            self.node = number

    def _picked_row(self) -> dict[str, Any] | None:
        return next((r for r in self.provider.get("rows", ()) if r["node"] == self.picked), None)

    @traitlets.observe("selection")
    def _follow(self, change: Any = None) -> None:
        """An op was chosen elsewhere: open the first of its nodes, one that stays on the CPU before others."""
        row = self._picked_row()
        if self.selection is None or (row is not None and self.selection in row["origins"]):
            return
        own = [r for r in self.provider.get("rows", ()) if self.selection in r["origins"]]
        if own:
            self.picked = min(own, key=lambda r: r["partition"] is not None)["node"]

    # without a front end

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The questions with their answers, as far as asked."""
        rows = [[asked, self.brief.get(key, "not asked yet")] for key, (_, asked) in shaped.QUESTIONS.items()]
        return ["question", "answer"], rows

    def text(self) -> str:
        """Questions and answers, then the steps of the size and the nodes that stay on the CPU, where these were
        asked."""
        return "\n\n".join([super().text(), *(as_text(*part) for part in self._more())])

    def html(self) -> str:
        """The same as HTML."""
        return "".join([cast("str", super().html()), *(as_html(*part) for part in self._more())])

    def _more(self) -> list[tuple[str, list[str], list[list[str]]]]:
        parts = []
        if self.size:
            steps = [[step["name"], step["total"]] for step in self.size["steps"]]
            parts.append((self.size["title"], ["kept", "library"], steps))
        if self.provider:
            title = f"{shaped.QUESTIONS[self.provider['key']][0]}: {self.provider['title']}"
            left = [row for row in self.provider["rows"] if row["partition"] is None]
            parts.append((title, *table_of(self.provider["columns"], left)))
        return parts
