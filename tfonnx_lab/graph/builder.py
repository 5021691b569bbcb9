"""The `op` that rules build with: `op.Conv(x, w, b, strides=[1, 1])` makes a node and returns its output.

Nothing is inserted while a rule runs. The driver takes the nodes from the tape and gives them to the Editor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from tfonnx_lab.graph.attributes import TENSORS_OF_IR, make_attributes
from tfonnx_lab.graph.dialects import INTERMEDIATE, MICROSOFT, ONNX, TFLITE
from tfonnx_lab.graph.editor import Editor
from tfonnx_lab.graph.infer import infer
from tfonnx_lab.graph.meta import QUANTIZATION
from tfonnx_lab.graph.op_schema import check_added, check_op
from tfonnx_lab.graph.operands import Operand, operand
from tfonnx_lab.graph.quantization import Quantization

__all__ = ["OpBuilder", "Operand"]


class OpBuilder:
    """Builds nodes of one dialect; `op.tfl` builds TFLite ops, `op.intermediate` those that exist only
    between two stages, `op.ms` ops of com.microsoft.

    opset: the ONNX opset of the conversion.
    options: the conversion's options (`lab.Options`), for rules that depend on them.
    editor: for rules that need more than new nodes (subgraphs of control flow, whole-graph changes).
    note(text): what the step should tell a reader.
    check: is handed every new node and the opset, and raises where no runtime takes the node, so that the line that
    made it is the one that fails.
    """

    def __init__(
        self,
        editor: Editor,
        opset: int,
        options: Any = None,
        domain: str = ONNX,
        check: Callable[[ir.Node, int], None] | None = None,
    ) -> None:
        self.editor = editor
        self.opset = opset
        self.options = options
        self.tape: list[ir.Node] = []
        self.notes: list[str] = []
        self._domain = domain
        self._check = check
        self._others: dict[str, OpBuilder] = {}

    def reset(self, check: Callable[[ir.Node, int], None] | None = None) -> None:
        """Forget the nodes and notes: the builder serves the next rule, whose nodes this checks."""
        self.tape.clear()
        self.notes.clear()
        if check is not self._check:
            for builder in (self, *self._others.values()):
                builder._check = check

    @property
    def tfl(self) -> OpBuilder:
        """The builder of TFLite ops, writing to the same tape."""
        return self._in(TFLITE)

    @property
    def intermediate(self) -> OpBuilder:
        """The builder of ops that exist only between two stages (`graph/intermediate.py`), writing to the same tape."""
        return self._in(INTERMEDIATE)

    @property
    def ms(self) -> OpBuilder:
        """The builder of com.microsoft's ops, writing to the same tape."""
        return self._in(MICROSOFT)

    def note(self, text: str) -> None:
        """Say something about this application of the rule; the trace keeps it."""
        self.notes.append(text)

    def const(self, array: Any, dtype: Any = None, name: str = "", quant: Quantization | None = None) -> ir.Value:
        """A constant; numbers without a dtype become float32 or int64."""
        if type(array) is not np.ndarray and isinstance(array, TENSORS_OF_IR):
            return self.editor.constant(array, name, quant)
        if isinstance(array, str) or (isinstance(array, (list, tuple)) and array and isinstance(array[0], str)):
            texts = [array] if isinstance(array, str) else list(array)
            tensor = ir.StringTensor(
                [t.encode() for t in texts], shape=ir.Shape([] if isinstance(array, str) else [len(texts)])
            )
            return self.editor.constant(tensor, name, quant)
        made = np.asarray(array, dtype)
        if dtype is None and not isinstance(array, (np.ndarray, np.generic)):
            made = made.astype({"f": np.float32, "i": np.int64}.get(made.dtype.kind, made.dtype))
            if made.size == 0:
                made = made.astype(np.int64)
        return self.editor.constant(made, name, quant)

    def node(
        self,
        op_type: str,
        inputs: Sequence[Operand],
        attributes: dict[str, Any],
        *,
        domain: str | None = None,
        outputs: int = 1,
        name: str = "",
    ) -> ir.Node:
        """A new node on the tape, with what `infer` knows of its outputs' dtype and shape.

        Raises AttributeError, with the near name, for a TFLite or intermediate op that does not exist.
        """
        domain = self._domain if domain is None else domain
        check_op(domain, op_type)
        if domain == INTERMEDIATE:
            check_added(op_type, attributes)
        values = [
            x if x is None or isinstance(x, ir.Value) else self.const(operand(x, op_type, n))
            for n, x in enumerate(inputs)
        ]
        while values and values[-1] is None:
            values.pop()
        made = ir.Node(
            domain,
            op_type,
            values,
            make_attributes(attributes),
            num_outputs=outputs,
            name=name or None,
        )
        try:
            infer(made)
        finally:  # an attribute that is missing is told as that, not as what inference stumbled over
            if self._check is not None:
                self._check(made, self.opset)
        self.tape.append(made)
        return made

    def like(self, value: ir.Value, *templates: ir.Value) -> ir.Value:
        """Give a new value the dtype, shape and quantization of the template."""
        for template in templates:
            if template.dtype is not None:
                value.type = ir.TensorType(template.dtype)
            value.shape = template.shape
            self.editor.describe(value, QUANTIZATION, template.meta.get(QUANTIZATION))
        return value

    def __getattr__(self, op_type: str) -> Callable[..., Any]:
        if not op_type[:1].isupper():
            raise AttributeError(f"{type(self).__name__} has no {op_type!r}; ops start with a capital letter")

        def make(
            *inputs: Operand, _outputs: int = 1, _name: str = "", **attributes: Any
        ) -> ir.Value | tuple[ir.Value, ...]:
            node = self.node(op_type, inputs, attributes, outputs=_outputs, name=_name)
            return node.outputs[0] if _outputs == 1 else tuple(node.outputs)

        return make

    def _in(self, domain: str) -> OpBuilder:
        other = self._others.get(domain)
        if other is None:
            other = self._others[domain] = OpBuilder(self.editor, self.opset, self.options, domain, self._check)
            other.tape, other.notes = self.tape, self.notes
        return other
