"""What a TFLite file itself says of its main graph: which op makes a tensor, who reads it, what an activation lets
through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfonnx_lab.litert.cutting import Model, ints
from tfonnx_lab.readers.op_options import op_options

_ACTIVATIONS = {"RELU": (0.0, np.inf), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0), "RELU_0_TO_1": (0.0, 1.0)}
"""What an activation, an op or a part of one, lets through."""


class Structure:
    """The main graph of a TFLite model.

    order: tensor => position of the op that makes it.
    readers: tensor => positions of those that read it.
    returned: the tensors that the model returns.
    """

    def __init__(self, data: memoryview) -> None:
        self.model = Model(data)
        self.order: dict[int, int] = {}
        table = self.model.graphs[0]
        self.returned = [i for i in ints(table.OutputsAsNumpy()) if i >= 0]
        self.readers: dict[int, set[int]] = {}
        for position in range(table.OperatorsLength()):
            for i in ints(table.Operators(position).OutputsAsNumpy()):
                self.order.setdefault(i, position)
            for i in ints(table.Operators(position).InputsAsNumpy()):
                self.readers.setdefault(i, set()).add(position)

    def type_of(self, position: int) -> str:
        """The type of an op."""
        return self.model.type_of(self.model.op(0, position))

    def name_of(self, tensor: int) -> str:
        """A tensor's name."""
        return self.model.name_of(0, tensor)

    def bounds(self, position: int) -> tuple[float, float] | None:
        """What the activation that an op states, or is, lets through."""
        table = self.model.op(0, position)
        kind = self.type_of(position)
        return _ACTIVATIONS.get(kind) or _ACTIVATIONS.get(str(op_options(table).get("fused_activation_function")))

    def before(self, tensor: int, cuts: Mapping[int, Any] | set[int]) -> list[int]:
        """The positions of the ops between a tensor and the nearest cuts above it, its own last."""
        found: set[int] = set()
        waiting = [tensor]
        while waiting:
            position = self.order.get(waiting.pop())
            if position is None or position in found:
                continue
            found.add(position)
            waiting += [i for i in ints(self.model.op(0, position).InputsAsNumpy()) if i >= 0 and i not in cuts]
        return sorted(found)
