"""The states of a converted model, as its file names them."""

from __future__ import annotations

STATES_PROPERTY = "tfonnx_lab.states"
"""The model's metadata property that names the pairs: `[{"input": "memory", "output": "memory_next"}, ...]` as JSON."""
