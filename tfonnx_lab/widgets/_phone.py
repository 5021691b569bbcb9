"""One model's answers for the view of a small device, and the build that is being edited; knows no widget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.pipeline import convert_with
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.answer import ProviderAnswer
from tfonnx_lab.mobile.model import Mobile
from tfonnx_lab.widgets import _mobile as shaped
from tfonnx_lab.widgets._kernel_table import Build, build_data

Tell = Callable[[str], None]
Told = tuple[dict[str, Any], str]
"""An answer as JSON, and in a few words."""

_ENDINGS = (".tflite", ".onnx", ".ort")
_CONFIG = ".required_operators_and_types.config"


class Phone:
    """Asks a `Mobile`, remembers what providers said, and holds the choices: settings, kernels, what else a build has.

    answers: provider => its last answer.
    choice: provider => its settings. What takes long is told to `tell` as it goes on.
    """

    def __init__(self, mobile: Mobile) -> None:
        self.mobile = mobile
        self.answers: dict[str, ProviderAnswer] = {}
        self.choice: dict[str, dict[str, Any]] = {
            "nnapi": {"level": 31},
            "coreml": {"format": "MLProgram", "version": 7},
            "xnnpack": {},
        }
        self.size_choice: dict[str, Any] = {}
        self._build: Build | None = None

    @property
    def build(self) -> Build:
        """The build as it was edited; at first what the model needs."""
        if self._build is None:
            self._build = Build((self.mobile.kernels,), self.mobile.config())
        return self._build

    def with_style(self, style: Any, platform: Any) -> Phone:
        """The same model with another kind of .ort file, of which kernels and size are asked, too."""
        source = self.mobile.source
        model: Any = source.conversion or source.given or source.path or source.data
        other = Phone(Mobile(model, style=style, target_platform=platform or None))
        other.choice = self.choice
        return other

    # answers

    def ort(self) -> Told:
        """The .ort file: made, loaded again, compared."""
        answer, settings = self.mobile.check(), self.mobile.settings
        data = shaped.ort_data(answer, settings.style, settings.target_platform, self._name(".ort"))
        return data, shaped.ort_brief(answer)

    def kernels(self) -> Told:
        """The table of the build."""
        data = build_data(self.build, self._name(_CONFIG))
        edited = ", edited" if data["changed"] else ""
        count = sum(r["on"] for r in data["rows"])
        return data, f"{count} kernel{'' if count == 1 else 's'}{edited}, {data['bytes']}"

    def size(self) -> Told:
        """The size of the build as it was edited."""
        data = shaped.size_data(
            self.mobile.size(self.build.config, config_file=self._name(_CONFIG), **self.size_choice)
        )
        return data, f"{data['steps'][-1]['total']} of {data['steps'][0]['total']}"

    def provider(self, name: str) -> Told:
        """What an accelerator would run."""
        self.answers[name] = answer = getattr(self.mobile, name)(**self.choice[name])
        return shaped.provider_data(name, answer), shaped.provider_brief(answer)

    def advice(self, tell: Tell) -> Told:
        """What was tried and won nodes, and what the accelerators' rules say would help."""
        for name in shaped.PROVIDERS:
            tell(f"{shaped.QUESTIONS[name][0]}: computing ...")
            self.provider(name)
        tell("changes: converting again, asking again ...")
        told = self.mobile.advice()
        named = {name: answer.provider for name, answer in told.answers.items()}
        rows: list[shaped.Piece] = [
            (named[name], f"{tried.change.text}: {tried.change.why}", won, dict(tried.change.options) or None, True)
            for tried in told.pieces
            for name, won in tried.won.items()
            if won > 0
        ]
        rows += [(named[name], what, count, shaped.tries(what), False) for name, what, count in told.said]
        count = len(rows)
        brief = "nothing is known" if count == 0 else f"{count} piece{'' if count == 1 else 's'} of advice"
        return shaped.advice_data(rows, {a.provider: len(a.nodes) for a in told.answers.values()}), brief

    # choices

    def edit(self, how: str, content: dict[str, Any]) -> None:
        """Change the build: "keep" a kernel or not, a "type" of one or of all, the way of types ("typed"), "reset"."""
        build = self.build
        if how == "keep":
            key = content["domain"], content["op"], int(content["version"])
            self._build = build.keep(*key, bool(content["on"]))
        elif how == "type" and content.get("op") is None:
            self._build = build.with_global(content["word"], bool(content["on"]))
        elif how == "type":
            arg = (str(content["arg"][0]), int(content["arg"][1]))
            key2 = content["domain"], content["op"]
            self._build = build.with_type(*key2, arg, content["word"], bool(content["on"]))
        elif how == "typed":
            self._build = build.typed(content["how"])
        else:
            self._build = Build(build.models, build.needed)

    def folder(self, path: str, tell: Tell) -> str:
        """Read the kernels of all models of a folder: the build is asked of them, too.

        What could not be read is told.
        """
        folder = Path(path).expanduser()
        if not folder.is_dir():
            raise ConversionError(f"{folder} is no folder")
        paths = sorted(p for p in folder.iterdir() if p.suffix in _ENDINGS)
        found, failed = [self.mobile.kernels], []
        for number, model in enumerate(paths):
            tell(f"kernels of {model.name} ({number + 1} of {len(paths)}) ...")
            try:
                found.append(Mobile(model).kernels)
            except ConversionError as error:
                failed.append(f"{model.name}: {str(error).splitlines()[0]}")
        models = tuple({(m.name, m.uses): m for m in found}.values())  # the model itself may lie there, too
        self._build = Build(models, self.build.config)
        return "\n".join([f"{len(models)} models; the config is still the one of before", *failed])

    def save(self, what: str, path: str, tell: Tell) -> str:
        """Write the .ort file ("ort") or the config; where it is now."""
        target = Path(path).expanduser()
        if what == "ort":
            tell(f"writing {target.name}, loading it again, comparing ...")
            return f"wrote {target.resolve()}: {shaped.ort_brief(self.mobile.save(target))}"
        self.build.config.save(target)
        return f"wrote {target.resolve()}: {self.build.config.title}"

    def tried(self, options: dict[str, Any], tell: Tell) -> str:
        """Convert again with options that an advice names; what the accelerators would run then, beside what they run
        now."""
        result = self.mobile.source.conversion
        if result is None or result.source is None:
            raise ConversionError("only a model that was converted here can be converted again")
        chosen = {k: v for k, v in options.items() if k in Options.__dataclass_fields__}
        told = ", ".join(f"{k}={v!r}" for k, v in chosen.items())
        tell(f"converting with {told} ...")
        other = Phone(Mobile(convert_with(result.source, replace(result.options, **chosen))))
        other.choice = self.choice
        lines = [f"lab.convert(..., {told}):"]
        for name in shaped.PROVIDERS:
            tell(f"{shaped.QUESTIONS[name][0]} of the new conversion ...")
            now = shaped.provider_brief(self.answers[name]) if name in self.answers else self.provider(name)[1]
            lines.append(f"  {shaped.QUESTIONS[name][0]:8} {other.provider(name)[1]}   (now {now})")
        return "\n".join(lines)

    def _name(self, ending: str) -> str:
        """As the command line names it: by the model and, of a Runtime-style file, what it is made for."""
        later = ".with_runtime_opt" if self.mobile.settings.style == "Runtime" else ""
        return f"{Path(self.mobile.name).stem or 'model'}{later}{ending}"
