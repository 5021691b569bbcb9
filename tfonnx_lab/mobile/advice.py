"""What to change so that more of a model runs on an accelerator: each change is made, and the providers are asked
again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tfonnx_lab.errors import ConversionError
from tfonnx_lab.mobile.answer import CREATED, ProviderAnswer
from tfonnx_lab.mobile.changes import Change, NothingToDo, changes
from tfonnx_lab.mobile.shown import Answer, Section
from tfonnx_lab.mobile.source import Source
from tfonnx_lab.texts import human

Ask = Callable[[Any], "dict[str, ProviderAnswer]"]
"""A model => what each provider answers, by its name."""

Open = Callable[[Any], Any]
"""A model => a `Mobile`, of which anything can be asked."""


@dataclass(frozen=True)
class Standing:
    """How much of a model a provider runs.

    nodes: how many there are.
    cpu: those left to the CPU, all of them where no session is created; partitions; session.
    """

    nodes: int
    cpu: int
    partitions: int
    session: str

    @classmethod
    def of(cls, answer: ProviderAnswer) -> Standing:
        """Read out of an answer."""
        total = len(answer.nodes)
        fails = answer.session != CREATED
        return cls(total, total if fails else len(answer.fallback), len(answer.partitions), answer.session)

    @property
    def share(self) -> float:
        """Which part of the nodes the provider runs."""
        return 1 - self.cpu / self.nodes if self.nodes else 0.0

    def __str__(self) -> str:
        if self.session != CREATED:
            return "no session"
        return f"{self.nodes - self.cpu} of {self.nodes} in {self.partitions}"


@dataclass(frozen=True)
class Tried:
    """A change and what came of it.

    before, after: by provider.
    nbytes: how much smaller the .onnx is.
    opens: makes a `Mobile` of the changed model.
    """

    change: Change
    before: Mapping[str, Standing]
    after: Mapping[str, Standing]
    nbytes: int
    opens: Open = field(repr=False)

    @property
    def won(self) -> dict[str, int]:
        """Nodes that would leave the CPU, by provider (below 0: come back to it), in nodes of the model as it is.

        A change can make fewer nodes or more; so it is the share that runs, before and after, that is compared.
        """
        return {
            name: round(self.before[name].nodes * (after.share - self.before[name].share))
            for name, after in self.after.items()
        }

    @property
    def helps(self) -> bool:
        """Whether a provider runs more, or the file is a tenth smaller."""
        return any(count > 0 for count in self.won.values()) or (self.change.key == "float16" and self.nbytes > 0)

    def try_(self) -> Any:
        """The changed model as a `Mobile`, to ask anything of."""
        return self.opens(self.change.model)

    def how(self, name: str) -> str:
        """The call that makes it."""
        if not self.change.options:
            return f"m.advice().try_({self.change.key!r})"
        return f"lab.Mobile({name!r}, {', '.join(f'{k}={v!r}' for k, v in self.change.options.items())})"

    def to_json(self, name: str) -> dict[str, Any]:
        """Plain data."""
        return {
            "key": self.change.key, "change": self.change.text, "why": self.change.why,
            "options": dict(self.change.options), "how": self.how(name), "won": self.won, "bytes": self.nbytes,
            "after": {k: vars(v) for k, v in self.after.items()},
        }  # fmt: skip


class Advice(Answer):
    """What to change, the change that wins most nodes first; nothing is computed before it is looked at.

        advice = m.advice()
        print(advice)                    # each change with the nodes that it would win
        advice.try_("nnapi").nnapi()     # the changed model, asked

    source: of the model.
    ask: its providers.
    opens: what a changed model is handed to.
    said: what their rules say of single nodes, as (provider, what, how many).
    """

    def __init__(self, source: Source, ask: Ask, opens: Open) -> None:
        self.source, self.ask, self.opens = source, ask, opens
        self.failed: list[tuple[str, str]] = []

    @cached_property
    def answers(self) -> dict[str, ProviderAnswer]:
        """What the providers say of the model as it is."""
        return self.ask(self.source.as_onnx)

    @cached_property
    def tried(self) -> list[Tried]:
        """All changes that can be made, those that win most first; `failed` has the others and why."""
        if self.source.ort is not None:
            self.failed.append(("all", "an .ort file cannot be changed any more; ask of what it was made of"))
            return []
        before = {name: Standing.of(answer) for name, answer in self.answers.items()}
        size = self.source.proto.ByteSize()
        found = []
        for change in changes(self.source):
            try:
                model = getattr(change.model, "model", change.model)
                after = {name: Standing.of(answer) for name, answer in self.ask(model).items()}
                found.append(Tried(change, before, after, size - model.ByteSize(), self.opens))
            except NothingToDo:
                continue
            except ConversionError as error:
                self.failed.append((change.text, str(error)))
        return sorted(found, key=lambda t: -max(t.won.values(), default=0))

    @property
    def pieces(self) -> list[Tried]:
        """The changes that help."""
        return [t for t in self.tried if t.helps]

    @property
    def said(self) -> list[tuple[str, str, int]]:
        """(provider, what, how many nodes): what the rules that refuse a node say would help."""
        rows = []
        for name, answer in self.answers.items():
            counts = Counter(n.advice for n in answer.nodes if n.advice and n.partition is None)
            rows += [(name, what, count) for what, count in counts.most_common()]
        return rows

    def __getitem__(self, key: str) -> Tried:
        """A change by its short name. Raises ConversionError for one that was not tried."""
        for tried in self.tried:
            if tried.change.key == key:
                return tried
        known = ", ".join(repr(t.change.key) for t in self.tried) or "nothing"
        raise ConversionError(f"{key!r} was not tried on {self.source.name}; there is {known}")

    def try_(self, key: str | None = None) -> Any:
        """The model with a change made, as a `Mobile`.

        key: its short name (default: the one that wins most).
        """
        if key is not None:
            return self[key].try_()
        if not self.pieces:
            raise ConversionError(f"{self.source.name}: nothing is known that would help")
        return self.pieces[0].try_()

    @property
    def title(self) -> str:
        """The heading."""
        return "What would help" if self.pieces or self.said else "Nothing is known that would help"

    def sections(self) -> Iterator[Section]:
        """Changes that were tried, then what the rules say of single nodes."""
        names = list(self.answers)
        rows = tuple(
            (
                t.change.text,
                *(f"{t.won[n]:+d}: {t.after[n]}" for n in names),
                _smaller(t.nbytes),
                t.how(self.source.name),
            )
            for t in self.pieces
        )
        yield Section(
            "Tried: nodes that leave the CPU, and what runs then", ("change", *names, ".onnx", "to try it"), rows
        )
        yield Section("Not possible", ("change", "why"), tuple(self.failed))
        said = tuple((provider, str(count), what) for provider, what, count in self.said)
        yield Section("What the providers' rules say", ("provider", "nodes", "what to change"), said)

    def to_json(self) -> dict[str, Any]:
        """`changes`: those that help; `failed`; `said`: per rule."""
        return {
            "changes": [t.to_json(self.source.name) for t in self.pieces],
            "failed": [{"change": what, "why": why} for what, why in self.failed],
            "said": [{"provider": p, "change": what, "nodes": n} for p, what, n in self.said],
        }


def _smaller(nbytes: int) -> str:
    return f"{human(abs(nbytes))} {'smaller' if nbytes > 0 else 'larger'}" if nbytes else "as before"


def asks(providers: Sequence[tuple[str, Callable[[Any], ProviderAnswer]]]) -> Ask:
    """One question to several providers."""
    return lambda model: {name: ask(model) for name, ask in providers}
