"""Mobile: what would a phone do with it? A question a button; each is answered when it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import traitlets

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.pipeline import convert_with
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.answer import ProviderAnswer
from tfonnx_lab.mobile.model import Mobile
from tfonnx_lab.mobile.overview import advice
from tfonnx_lab.widgets import _mobile as shaped
from tfonnx_lab.widgets._kernel_table import Build, build_data
from tfonnx_lab.widgets._neighbours import Neighbours, numbers_of
from tfonnx_lab.widgets.view import View, as_html, as_text, table_of

_ENDINGS = (".tflite", ".onnx", ".ort")
_USUAL: dict[str, dict[str, Any]] = {
    "nnapi": {"level": 31},
    "coreml": {"format": "MLProgram", "version": 7},
    "xnnpack": {},
}


class MobileView(View):
    """A model on its way to a phone: its .ort file, its kernels, the size of a build, what an accelerator would run.

    source: a Conversion, a `Mobile`, or what `Mobile` takes (the path of a .tflite, .onnx or .ort file). question: the one to
    answer at once: "ort", "kernels", "size", "nnapi", "coreml", "xnnpack", "advice"; without it nothing is computed until one
    is asked. `ask(question)` is what its button does. mobile: the `Mobile`; build: the `KernelConfig` that is being edited;
    picked: the node (ONNX Runtime's index) whose verdict is open. `selection` is its TFLite op.
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

    def __init__(self, source: Any, question: str = "", height: str = "640px", **traits: Any) -> None:
        data = self._begin(source if isinstance(source, Mobile) else Mobile(source))
        result = self.mobile.source.conversion
        super().__init__(data, height, source=result, **traits)
        if question:
            self.ask(question)

    def _begin(self, mobile: Mobile) -> dict[str, Any]:
        """Forget all answers; what there is to say of a model before anything is asked."""
        self.mobile = mobile
        self._choice: dict[str, dict[str, Any]] = {k: dict(v) for k, v in _USUAL.items()}
        self._answers: dict[str, ProviderAnswer] = {}
        self._size_choice: dict[str, Any] = {}
        self._build: Build | None = None
        self._neighbours: Neighbours | None = None
        self._numbers = numbers_of(mobile.source.conversion)
        buttons = [[key, name, asked] for key, (name, asked) in shaped.QUESTIONS.items()]
        return {
            "title": Path(mobile.name).name,
            "kind": mobile.source.kind,
            "questions": buttons,
            "live": True,
            "converted": mobile.source.conversion is not None,
        }

    @property
    def build(self) -> Any:
        """The config of the build, as it was edited (a `KernelConfig`)."""
        return self._chosen().config

    def shows(self, result: Conversion) -> dict[str, Any]:
        """Another conversion: nothing is answered yet."""
        data = self._begin(Mobile(result))
        for trait in ("brief", "ort", "kernels", "size", "provider", "advice", "around"):
            setattr(self, trait, {})
        self.shown, self.picked, self.message = "", None, ""
        return data

    # questions

    def ask(self, question: str) -> None:
        """Answer a question and show it. Raises KeyError for one that is none; an error of the answer becomes the message."""
        name = shaped.QUESTIONS[question][0]
        self.busy, self.message = f"{name}: computing ...", ""
        try:
            self._answer_to(question)
            self.shown = question
        except ConversionError as error:
            self.message, self.shown = str(error), question
            self.brief = {**self.brief, question: "no answer"}
        finally:
            self.busy = ""

    def _answer_to(self, question: str) -> None:
        if question in shaped.PROVIDERS:
            self._ask_provider(question)
        elif question == "ort":
            answer = self.mobile.check()
            settings = self.mobile.settings
            self.ort = shaped.ort_data(answer, settings.style, settings.target_platform, self._name(".ort"))
            self._say("ort", shaped.ort_brief(answer))
        elif question == "kernels":
            self._show_build(self._chosen())
        elif question == "size":
            self._show_size()
        else:
            self._show_advice()

    def _chosen(self) -> Build:
        if self._build is None:
            self._build = Build((self.mobile.kernels,), self.mobile.config())
        return self._build

    def _show_build(self, build: Build) -> None:
        self._build = build
        self.kernels = build_data(build, self._name(".required_operators_and_types.config"))
        edited = ", edited" if self.kernels["changed"] else ""
        self._say("kernels", f"{sum(r['on'] for r in self.kernels['rows'])} kernels{edited}, {self.kernels['bytes']}")

    def _show_size(self) -> None:
        config = self._chosen().config
        size = self.mobile.size(
            config, config_file=self._name(".required_operators_and_types.config"), **self._size_choice
        )
        self.size = shaped.size_data(size)
        self._say("size", f"{self.size['steps'][-1]['total']} of {self.size['steps'][0]['total']}")

    def _ask_provider(self, name: str) -> None:
        answer = self._provider(name)
        if self.provider.get("key") != name:
            self.picked, self.around = None, {}
        self.provider = shaped.provider_data(name, answer)
        self._say(name, shaped.provider_brief(answer))
        self._follow()

    def _provider(self, name: str) -> ProviderAnswer:
        self._answers[name] = getattr(self.mobile, name)(**self._choice[name])
        return self._answers[name]

    def _show_advice(self) -> None:
        found = []
        for name in shaped.PROVIDERS:
            self.busy = f"{shaped.QUESTIONS[name][0]}: computing ..."
            found.append(self._provider(name))
            self._say(name, shaped.provider_brief(found[-1]))
        told = advice(found)
        self.advice = shaped.advice_data(told, {a.provider: len(a.nodes) for a in found})
        self._say("advice", f"{len(told.rows)} pieces of advice")

    def _say(self, question: str, text: str) -> None:
        self.brief = {**self.brief, question: text}

    def _name(self, ending: str) -> str:
        return f"{Path(self.mobile.name).stem or 'model'}{ending}"

    # what buttons do

    def act(self, name: str, content: dict[str, Any]) -> None:
        """Ask, choose, write a file, pick a node; `name` is the method below without its "do_"."""
        known: dict[str, Callable[[dict[str, Any]], None]] = {
            "ask": lambda c: self.ask(c["question"]), "choose": self._choose, "file": self._file, "save": self._save,
            "keep": self._keep, "type": self._type, "typed": self._typed, "reset": self._reset, "folder": self._folder,
            "build": self._build_choice, "try": self._try,
        }  # fmt: skip
        if name in known:
            try:
                known[name](content)
            finally:
                self.busy = ""
                self.send({"done": True})  # also where the answer is the one that is shown

    def _choose(self, content: dict[str, Any]) -> None:
        """Another setting of a provider: {"provider": "nnapi", "level": 27}."""
        chosen = {k: v for k, v in content.items() if k in ("level", "nchw", "format", "version")}
        self._choice[content["provider"]].update(chosen)
        self.ask(content["provider"])

    def _file(self, content: dict[str, Any]) -> None:
        """Another style or platform of the .ort file, of which kernels and size are asked, too."""
        source = self.mobile.source
        model: Any = source.conversion or source.given or source.path or source.data
        data = self._begin(Mobile(model, style=content["style"], target_platform=content["platform"] or None))
        self.brief = {k: v for k, v in self.brief.items() if k in shaped.PROVIDERS}
        self.kernels, self.size, self.data = {}, {}, data
        self.ask("ort")

    def _save(self, content: dict[str, Any]) -> None:
        """Write the .ort file, or the config."""
        path = Path(str(content["path"])).expanduser()
        if content["what"] == "ort":
            self.busy = f"writing {path.name}, loading it again, comparing ..."
            saved = self.mobile.save(path)
            self.message = f"wrote {path.resolve()}: {shaped.ort_brief(saved)}"
        else:
            self._chosen().config.save(path)
            self.message = f"wrote {path.resolve()}: {self._chosen().config.title}"

    def _keep(self, content: dict[str, Any]) -> None:
        key = content["domain"], content["op"], int(content["version"])
        self._show_build(self._chosen().keep(*key, bool(content["on"])))

    def _type(self, content: dict[str, Any]) -> None:
        build, word, on = self._chosen(), content["word"], bool(content["on"])
        if content.get("op") is None:
            self._show_build(build.with_global(word, on))
        else:
            arg = (str(content["arg"][0]), int(content["arg"][1]))
            self._show_build(build.with_type(content["domain"], content["op"], arg, word, on))

    def _typed(self, content: dict[str, Any]) -> None:
        self._show_build(self._chosen().typed(content["how"]))

    def _reset(self, content: dict[str, Any]) -> None:
        build = self._chosen()
        self._show_build(Build(build.models, build.needed))

    def _folder(self, content: dict[str, Any]) -> None:
        """Read the kernels of all models of a folder; the build then is one for all of them."""
        folder = Path(str(content["path"])).expanduser()
        if not folder.is_dir():
            raise ConversionError(f"{folder} is no folder")
        paths = sorted(p for p in folder.iterdir() if p.suffix in _ENDINGS)
        found, failed = [self.mobile.kernels], []
        for number, path in enumerate(paths):
            self.busy = f"kernels of {path.name} ({number + 1} of {len(paths)}) ..."
            try:
                found.append(Mobile(path).kernels)
            except ConversionError as error:
                failed.append(f"{path.name}: {str(error).splitlines()[0]}")
        models = tuple({m.name: m for m in found}.values())
        self._show_build(Build(models, self._chosen().config))
        self.message = "\n".join([f"{len(models)} models; the config is still the one of before", *failed])

    def _build_choice(self, content: dict[str, Any]) -> None:
        """What else a build has: exceptions, accelerators, libc++ linked statically."""
        self._size_choice = {
            "exceptions": bool(content["exceptions"]),
            "providers": tuple(content["providers"]),
            "libcxx": "static" if content["static"] else "shared",
        }
        self.ask("size")

    def _try(self, content: dict[str, Any]) -> None:
        """Convert again with an option that an advice names, and tell what the providers would run then."""
        result = self.mobile.source.conversion
        if result is None or result.source is None:
            raise ConversionError("only a model that was converted here can be converted again")
        options = {k: v for k, v in content["options"].items() if k in Options.__dataclass_fields__}
        told = ", ".join(f"{k}={v!r}" for k, v in options.items())
        self.busy = f"converting with {told} ..."
        other = Mobile(convert_with(result.source, replace(result.options, **options)))
        lines = [f"lab.convert(..., {told}):"]
        for name in shaped.PROVIDERS:
            self.busy = f"{shaped.QUESTIONS[name][0]} of the new conversion ..."
            now = self._answers.get(name) or self._provider(name)
            then = getattr(other, name)(**self._choice[name])
            lines.append(f"  {now.provider:8} {shaped.provider_brief(then)}   (now {shaped.provider_brief(now)})")
        self.message = "\n".join(lines)

    # the selection

    @traitlets.observe("picked")
    def _picked(self, change: Any) -> None:
        """A node was picked: its TFLite op is the selection, its ONNX node the node, and its surroundings are drawn."""
        row = self._picked_row()
        if row is None:
            self.around = {}
            return
        if self._neighbours is None:
            self._neighbours = Neighbours(self.mobile.source.as_onnx)
        where = {r["node"]: r["partition"] for r in self.provider["rows"]}
        crossing = []
        if row["partition"] is None:
            crossing = shaped.crossings(self._answers[self.provider["key"]], self._neighbours.values(row["node"]))
        self.around = {**self._neighbours.of(row["node"], where), "crossings": crossing}
        if row["tflite"] is not None and self.selection not in row["origins"]:
            self.selection = row["tflite"]
        if (number := self._numbers.get(row["name"])) is not None:
            self.node = number

    def _picked_row(self) -> dict[str, Any] | None:
        rows = self.provider.get("rows", ())
        return next((r for r in rows if r["node"] == self.picked), None)

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
        """Questions and answers, then the nodes of the provider that was asked last."""
        parts = [super().text()]
        if self.provider:
            parts += [as_text(self._asked(), *table_of(self.provider["columns"], self._fallback()))]
        return "\n\n".join(parts)

    def html(self) -> str:
        """The same as HTML, and the bars of the size."""
        parts = [cast("str", super().html())]
        if self.size:
            parts += [
                as_html(self.size["title"], ["kept", "library"], [[s["name"], s["total"]] for s in self.size["steps"]])
            ]
        if self.provider:
            parts += [as_html(self._asked(), *table_of(self.provider["columns"], self._fallback()))]
        return "".join(parts)

    def _asked(self) -> str:
        return f"{shaped.QUESTIONS[self.provider['key']][0]}: {self.provider['title']}"

    def _fallback(self) -> list[dict[str, Any]]:
        return [row for row in self.provider["rows"] if row["partition"] is None]
