"""A front end without a browser: what a widget sends, and what is sent to it."""

from __future__ import annotations

from typing import Any


class Front:
    """Speaks with a widget over its comm. sent: what it said as custom messages, with their buffers."""

    def __init__(self, widget: Any) -> None:
        self.widget = widget
        self.sent: list[tuple[dict[str, Any], list[Any]]] = []
        widget.send = lambda content, buffers=None: self.sent.append((content, list(buffers or [])))

    def say(self, content: dict[str, Any]) -> list[dict[str, Any]]:
        """Send a message; what was answered."""
        start = len(self.sent)
        self.widget._handle_custom_msg(content, [])
        return [message for message, _ in self.sent[start:]]

    def opened(self, part: str) -> dict[str, Any]:
        """Open a part; its state."""
        begun, *_others, opened = self.say({"part": part, "open": True})
        assert begun == {"part": part, "begun": True} and opened["part"] == part
        return opened

    def set(self, part: str, **state: Any) -> list[dict[str, Any]]:
        """Change a part as a person does; what was answered."""
        return self.say({"part": part, "from": "me", "data": {"method": "update", "state": state, "buffer_paths": []}})


def refused(host: Any, name: str) -> str:
    """What the front end is told where a part cannot be built."""
    return str(Front(host).opened(name)["failed"])
