"""What is asked for one model, and what its row says: plain data, which any executor can send."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Any

Row = dict[str, Any]
"""What became of a model, as a line of JSON: `source`, `target`, `status` and what there is to know."""

STATUSES = ("right", "converted", "wrong", "refused", "crashed", "timeout", "memory", "not written", "lost")
"""right: converted and judged. converted: not judged, or LiteRT has no answer (`note`). wrong: an op is wrong by
itself (`verdict` names it). refused: one clear error. crashed: its process ended. timeout, memory: it was ended at the
limit. not written: writing the file failed. lost: the executor gave no answer."""

GOOD = ("right", "converted")
"""What counts as done well."""

SETTLED = ("right", "converted", "wrong", "refused")
"""What another try would give again: a second run leaves these alone. The others are tried again."""


@cache
def _version() -> str:
    """Of the package, whose metadata is a file to read."""
    return version("tfonnx-lab")


@dataclass(frozen=True)
class Job:
    """One model.

    source: a path or a URL.
    target: where the ONNX file goes, a path or a URL.
    page: where its report goes, "" for none.
    name: of the model in the report, the part of its path that the others do not share.
    stamp: what tells one state of the source from another: its size, and when it was changed or its checksum.
    options: of the conversion, those that are not the defaults.
    handlers: Python files that are run first.
    verdict: whether it is compared with LiteRT.
    latency: whether its time in ONNX Runtime is measured.
    """

    source: str
    target: str
    page: str
    name: str
    stamp: str
    options: dict[str, Any] = field(default_factory=dict)
    handlers: tuple[str, ...] = ()
    verdict: bool = True
    latency: bool = False

    @property
    def settings(self) -> dict[str, Any]:
        """What another run has to have asked for as well, for its row to be taken over."""
        return {
            "options": {name: repr(value) for name, value in sorted(self.options.items())},
            "handlers": list(self.handlers),
            "verdict": self.verdict,
            "latency": self.latency,
        }

    def row(self, status: str, **more: Any) -> Row:
        """A row of this model."""
        known = {"name": self.name, "source": self.source, "target": self.target, "page": self.page}
        known |= {"stamp": self.stamp, "version": _version()}
        return known | {"asked": self.settings, "status": status} | more
