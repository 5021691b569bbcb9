"""An unknown keyword of a widget is an error: traitlets would silently accept it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from tfonnx_lab.conversion.checks import no_such


def only_traits(widget: Any, given: Mapping[str, Any]) -> None:
    """Raises TypeError for a keyword that is no trait of the widget, with the trait or argument that was meant,
    perhaps."""
    known = set(widget.trait_names())
    own = [n for n, p in inspect.signature(type(widget).__init__).parameters.items() if p.kind is not p.VAR_KEYWORD]
    public = sorted({*own[1:], *(n for n in known if not n.startswith("_"))} - {"comm", "keys", "log"})
    for name in given:
        if name not in known:
            raise TypeError(no_such(f"{type(widget).__name__}() has no argument {name!r}", name, public))
