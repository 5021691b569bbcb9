"""What TFLite's converter refuses, in one sentence: the op, the layer or the line that it comes from, and what to
do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tfonnx_lab.errors import ConversionError

SAID = 240
"""How many characters of TensorFlow's own messages an error repeats."""
_PLACE = re.compile(r'fused\["(?P<op>\w*):?", "(?P<name>[^"@]+)')
_ERROR = re.compile(r"error: (?P<text>[^\n]+)")
_KINDS: tuple[tuple[str, str, str], ...] = (
    (r"[Uu]nsupported type|invalid TFLite type|convert element type",
     "has a type that a TFLite file cannot hold{types}",
     "cast before it to a type that TFLite has (float32, int32, int8)"),
    (r"functionalize Control Flow|Control Flow V1",
     "is control flow of TensorFlow 1 that cannot be made a condition or a loop",
     "write it with tf.cond or tf.while_loop (tf.switch_case: tf.cond in a chain)"),
    (r"Tensor ?List|tensor_list|TensorArray", "is a list of tensors whose shapes cannot be told",
     "give tf.TensorArray its element_shape, and a fixed size"),
    (r"requires all operands|static shape|ranked|dynamic shape|unranked", "needs shapes that are not known",
     "give the inputs fixed shapes (input_signature=, inputs=)"),
    (r"neither a custom op nor a flex op|not supported by the native TFLite", "is an op that TFLite does not have",
     "replace it, or cut the model before it with outputs="),
    (r"expected resource|ReadVariableOp|VarHandleOp", "reads or sets a variable that is not a constant",
     "set it before, and keep what sets it out of the function"),
    (r"not part of the vhlo support", "is a function of JAX with an op that the converter does not take apart{ops}",
     "leave that op out of the function, and do its work behind the model"),
    (r"Op type not registered", "is an op of a library that is not loaded in the converter's process",
     "replace it, or cut the model before it with outputs="),
)  # fmt: skip
"""(what the converter's text holds, what it means, what to do), the first that fits counts."""


def explained(error: Exception, function: Any) -> ConversionError:
    """The converter's error as one sentence, its whole text in `details`; errors of this package stay.

    function: what was converted (`functions.Function`), which knows its layers and lines.
    """
    said = getattr(error, "said", None) or str(error)
    if isinstance(error, ConversionError) and not hasattr(error, "said"):
        return error
    made = ConversionError(sentence(said, function))
    made.details = getattr(error, "details", "") or said
    return made


def sentence(said: str, function: Any = None) -> str:
    """The text of the converter in one sentence."""
    op, name = _op(said)
    types = re.search(r"type:? '(!?[\w.<>!]+)'", said)
    inner = re.search(r"'(vhlo\.\w+?)(?:_v\d+)?'", said)
    for pattern, what, remedy in _KINDS:
        if re.search(pattern, said):
            what = what.format(types=f" ({types[1]})" if types else "", ops=f" ({inner[1]})" if inner else "")
            return f"TFLite's converter refuses {_subject(op, name, function)}: it {what}. What to do: {remedy}"
    first = _ERROR.search(said)
    text = _cut((first["text"] if first else said).strip().splitlines()[0])
    return (
        f"TFLite's converter refuses {_subject(op, name, function)} ({text}). What to do: replace it, or cut the "
        "model before it with outputs="
    )


def _op(said: str) -> tuple[str, str]:
    """(type, name) of the op that the text is about, empty where it names none."""
    found = _PLACE.search(said)
    if found is not None:
        return found["op"], found["name"]
    node = re.search(r"NodeDef '([^']+)'[^\n]*Op<name=(\w+)", said) or re.search(r"node (?P<name>[\w./-]+) ", said)
    if node is None:
        kind = re.search(r"'tf\.(\w+)' op|Op type not registered '(\w+)'", said)
        return (kind[1] or kind[2] if kind else "", "")
    return (node[2] if node.re.groups > 1 else "", node[1])


def _subject(op: str, name: str, function: Any) -> str:
    """`Cross (layer head, line 12 of model.py)`."""
    if not op and not name:
        return "the graph"
    layers = getattr(function, "layers", None)
    layer = layers.of(name) if layers is not None and name else None
    line = _line(name, function)
    where = [f"layer {layer.path}" if layer else "", line, "" if layer or line else name]
    told = ", ".join(part for part in where if part)
    return f"{op or 'an op'} ({told})" if told else op


INNER = re.compile(r"[/\\](tensorflow|keras|tf_keras|tfonnx_lab)[/\\]|^<frozen|[/\\]site-packages[/\\]")


def _line(name: str, function: Any) -> str:
    """The user's line that made an op: `line 12 of model.py`."""
    graph = getattr(getattr(function, "concrete", None), "graph", None)
    if graph is None or not name:
        return ""
    for candidate in (name, name.rpartition("/")[2]):
        try:
            frames = graph.get_operation_by_name(candidate).traceback
        except (KeyError, ValueError):
            continue
        own = [f for f in frames if not INNER.search(f.filename)]
        if own:
            return f"line {own[-1].lineno} of {Path(own[-1].filename).name}"
    return ""


def _cut(text: str, length: int = SAID) -> str:
    return text if len(text) <= length else f"{text[:length]} ..."
