"""Being told when a retry makes another conversion. The converter is imported only where there is a conversion."""

from __future__ import annotations

from typing import Any


def watch(source: Any, viewer: Any) -> None:
    """The viewer is told when another conversion takes the source's place, if that is a conversion."""
    if hasattr(source, "ir_model"):
        from tfonnx_lab.debug import session

        session.watch(source, viewer)
