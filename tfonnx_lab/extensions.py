"""onnxruntime-extensions, Microsoft's kernels for texts: asked for by the domain's version in `extra_opsets`, as with
tf2onnx, and loaded where a model has its ops.

Measured with 0.15.2: StringRegexReplace gives TensorFlow's texts, StringToHashBucketFast other numbers than TensorFlow
(790 of 1,000 for the empty text, 263 in TensorFlow), so hashes are not made of it. In a process that loaded TensorFlow
before it, its library binds to TensorFlow's RE2 and replaces nothing: run such models without TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

DOMAIN = "ai.onnx.contrib"
ASK = f"or ask for the op of onnxruntime-extensions: extra_opsets={{'{DOMAIN}': 1}}, --extra_opset {DOMAIN}:1"


def is_asked_for(options: Any) -> bool:
    """Whether the user named a version of the domain."""
    return DOMAIN in (getattr(options, "extra_opsets", None) or {})


def with_kernels(make: Callable[[Any], Any], options: Any) -> Any:
    """A session of ONNX Runtime, with the kernels of onnxruntime-extensions where the model needs those.

    make: makes it of the options.
    options: ONNX Runtime's SessionOptions.
    Raises what `make` raises, and ImportError where the package is missing.
    """
    try:
        return make(options)
    except Exception as error:  # ONNX Runtime's errors share no base class
        if DOMAIN not in str(error):
            raise
        try:
            from onnxruntime_extensions import get_library_path
        except ImportError:
            told = f"its ops of {DOMAIN} are kernels of another package: pip install onnxruntime-extensions"
            raise ImportError(told) from error
    options.register_custom_ops_library(get_library_path())
    return make(options)
