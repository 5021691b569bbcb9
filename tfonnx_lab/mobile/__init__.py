"""A converted model on a small device: the ORT format, kernels, sizes, and what an accelerator would run.

Every answer prints as text (`str`), shows as HTML (`_repr_html_`) and becomes plain data for `json.dumps`
(`to_json()`).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfonnx_lab.mobile.model import Mobile
    from tfonnx_lab.mobile.ort_file import read_ort
    from tfonnx_lab.mobile.ort_model import OrtModel
    from tfonnx_lab.mobile.reduced_types import smallest_types, what_breaks

_LATER = {
    "Mobile": "model",
    "OrtModel": "ort_model",
    "read_ort": "ort_file",
    "smallest_types": "reduced_types",
    "what_breaks": "reduced_types",
}

__all__ = ["Mobile", "OrtModel", "read_ort", "smallest_types", "what_breaks"]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(f"tfonnx_lab.mobile.{_LATER[name]}"), name)
    raise AttributeError(f"module 'tfonnx_lab.mobile' has no attribute {name!r}")
