"""What goes wrong while TensorFlow runs a user's function to make a graph of it: in one line, with the user's own."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

from tfonnx_lab.readers.tensorflow.refusals import INNER, SAID

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_AROUND = ("File ", "Arguments received", "•", "in user code", "Exception encountered when calling")
"""How the paragraphs begin that AutoGraph and Keras put around what went wrong."""
_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_NODE = re.compile(r"'\{\{node [^}]*\}\} = (?P<op>\w+)(?:\[[^\]]*\])?\((?P<inputs>[^)]*)\)'")
"""How TensorFlow writes a node down, with all of its attributes."""


def reason(error: Exception) -> str:
    """`the user's line: what it was`; without the line, where the error comes from no file of the user."""
    text = _COLOURS.sub("", str(error))
    parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    own = [part for part in parts if not part.startswith(_AROUND)]
    said = (own or parts or [type(error).__name__])[0].splitlines()[0]
    return _place(text, error) + _NODE.sub(r"\g<op>(\g<inputs>)", said)[:SAID]


def _place(text: str, error: Exception) -> str:
    """`line 12 of model.py: `, of the innermost line that is neither TensorFlow's nor Keras's nor ours."""
    told = [(found["file"], int(found["line"])) for found in _FRAME.finditer(text)]
    frames = told or [(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(error.__traceback__)]
    own = [(file, line) for file, line in frames if not INNER.search(file) and "__autograph_generated" not in file]
    return f"line {own[-1][1]} of {Path(own[-1][0]).name}: " if own else ""
