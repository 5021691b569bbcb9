"""All questions asked at once: what the command line prints, and a tab can show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.shown import Answer
from tfonnx_lab.texts import styled

if TYPE_CHECKING:
    from tfonnx_lab.mobile.answer import ProviderAnswer
    from tfonnx_lab.mobile.config import KernelConfig
    from tfonnx_lab.mobile.kernels import Kernels
    from tfonnx_lab.mobile.source import Source

T = TypeVar("T")


class Questions(Protocol):
    """What is asked: a `Mobile`."""

    source: Source

    @property
    def name(self) -> str:
        """The model's name."""

    @property
    def kernels(self) -> Kernels:
        """The kernels that it needs."""

    def save(self, path: Path) -> Answer:
        """Write it in the ORT format."""

    def check(self) -> Answer:
        """Whether the ORT format holds it."""

    def config(self, *, types: bool | Iterable[str] = True) -> KernelConfig:
        """The build's list of kernels."""

    def types(self, allowed: Iterable[str] | None = None) -> Answer:
        """The one list of types that is enough, or what a list would break."""

    def size(self, *, types: bool | Iterable[str] = True, config_file: str = "") -> Answer:
        """How large the build is."""

    def nnapi(self, level: int = 31, nchw: bool = False) -> ProviderAnswer:
        """What NNAPI would run."""

    def coreml(self, format: Literal["MLProgram", "NeuralNetwork"] = "MLProgram", version: int = 7) -> ProviderAnswer:  # noqa: A002
        """What CoreML would run."""

    def xnnpack(self) -> ProviderAnswer:
        """What XNNPACK would run."""

    def advice(
        self,
        level: int = 31,
        nchw: bool = False,
        format: Literal["MLProgram", "NeuralNetwork"] = "MLProgram",  # noqa: A002
        version: int = 7,
    ) -> Answer:
        """What to change."""


@dataclass(frozen=True)
class Unanswered(Answer):
    """A question that could not be answered, and why."""

    question: str
    why: str

    @property
    def title(self) -> str:
        """Question and reason."""
        return f"not answered: {self.why}"

    def to_json(self) -> dict[str, Any]:
        """The reason as `error`."""
        return {"error": self.why}


@dataclass(frozen=True)
class Overview:
    """The answers, each under its question; prints, shows as HTML, `to_json()`; `page()` is an HTML page of its own."""

    name: str
    answers: tuple[tuple[str, str, Any], ...]

    def __getitem__(self, key: str) -> Any:
        """The answer of a key: "ort", "kernels", "types", "config", "size", "nnapi", "coreml", "xnnpack", "advice"."""
        return next(answer for name, _, answer in self.answers if name == key)

    @property
    def unanswered(self) -> list[Unanswered]:
        """The questions that could not be answered."""
        return [answer for _, _, answer in self.answers if isinstance(answer, Unanswered)]

    def __str__(self) -> str:
        return "\n\n".join(f"{question}\n{'-' * len(question)}\n{answer}" for _, question, answer in self.answers)

    def to_json(self) -> dict[str, Any]:
        """Every answer as plain data, by its key."""
        return {"name": self.name, **{key: answer.to_json() for key, _, answer in self.answers}}

    def to_html(self) -> str:
        """The answers below each other."""
        parts = "".join(f"<h3>{escape(q)}</h3>{a._repr_html_()}" for _, q, a in self.answers)
        return styled(f"<h2>{escape(Path(self.name).name)}</h2>{parts}")

    def _repr_html_(self) -> str:
        return self.to_html()

    def page(self) -> str:
        """The answers as a page."""
        title = escape(f"{Path(self.name).name} on a small device")
        head = f'<head><meta charset="utf-8"><title>{title}</title></head>'
        return f'<!doctype html>\n<html lang="en">{head}<body>{self.to_html()}</body></html>\n'


def overview(
    m: Questions,
    target: Path | None = None,
    *,
    types: bool | Sequence[str] = True,
    nnapi_level: int = 31,
    nchw: bool = False,
    coreml_format: Literal["MLProgram", "NeuralNetwork"] = "MLProgram",
    coreml_version: int = 7,
    config_file: str = "required_operators.config",
) -> Overview:
    """Ask everything.

    target: write the .ort file there; without it the file is made, checked and dropped.
    types: reduce types, too; a list: of all operators to these.
    config_file: its name in the build commands. The rest are the settings of the providers.
    An answer that raises ConversionError is told in its place.
    """
    listed = None if isinstance(types, bool) else types
    question = "Which one list of types is enough?" if listed is None else "What would this list of types break?"
    answers = [
        ("ort", "Does it load as .ort, with the same numbers?", lambda: _written(m, target)),
        ("kernels", "Which kernels does it need, of which types?", lambda: m.kernels),
        ("types", question, lambda: m.types(listed)),
        ("config", "What does the build's list of them say?", lambda: m.config(types=types)),
        ("size", "How large is the build?", lambda: m.size(types=types, config_file=config_file)),
        ("nnapi", "What would Android's NNAPI run?", lambda: m.nnapi(nnapi_level, nchw)),
        ("coreml", "What would Apple's CoreML run?", lambda: m.coreml(coreml_format, coreml_version)),
        ("xnnpack", "What would XNNPACK run?", m.xnnpack),
        ("advice", "What should I change?", lambda: m.advice(nnapi_level, nchw, coreml_format, coreml_version)),
    ]
    return Overview(m.name, tuple((key, question, _answered(question, ask)) for key, question, ask in answers))


def _written(m: Questions, target: Path | None) -> Answer:
    return m.check() if target is None or m.source.ort is not None else m.save(target)


def _answered(question: str, ask: Callable[[], T]) -> T | Unanswered:
    try:
        return ask()
    except ConversionError as error:
        return Unanswered(question, str(error))
