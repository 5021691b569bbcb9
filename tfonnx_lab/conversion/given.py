"""What a function or a view is given where it wants a conversion: one that was made, or a model to convert."""

from __future__ import annotations

from typing import Any, Literal

from tfonnx_lab.conversion.options import Options
from tfonnx_lab.conversion.result import Conversion
from tfonnx_lab.errors import ConversionError
from tfonnx_lab.trace import Trace


def converted(model: Any, on_error: Literal["raise", "keep"] = "raise") -> Conversion:
    """A Conversion as it is; whatever else `convert` takes (a path, bytes, a Keras model), converted with default
    options.

    on_error: "keep" leaves the ops that could not be converted in the graph, for callers that show, cut out or retry
        them.
    Raises ConversionError for what cannot be read or converted.
    """
    if isinstance(model, Conversion):
        return model
    if isinstance(model, Trace):
        raise ConversionError(
            "a Trace holds the steps and no model that runs; give the conversion, lab.convert(...), or the path of "
            "the model"
        )
    from tfonnx_lab.conversion.pipeline import convert_with  # a trace is shown without the converter

    return convert_with(model, Options(), on_error)
