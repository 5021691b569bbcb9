"""Lists of tensors: made, set, read, stacked; those that grow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from . import Model, check
from .against import given_reference
from .flex_models import packed, x


class Lists:
    """A model of tensor lists; each op's NodeDef is TensorFlow's."""

    def __init__(self) -> None:
        import tensorflow as tf

        self.m, self.shape = Model(), np.array([3], np.int32)
        with tf.Graph().as_default():
            items = tf.raw_ops.TensorListReserve(element_shape=[3], num_elements=4, element_dtype=tf.float32)
            made = {
                "Reserve": items,
                "FromTensor": tf.raw_ops.TensorListFromTensor(tensor=x(4, 3), element_shape=[3]),
                "SetItem": tf.raw_ops.TensorListSetItem(input_handle=items, index=0, item=x(3)),
                "Grow": tf.raw_ops.TensorListSetItem(
                    input_handle=items, index=0, item=x(3), resize_if_index_out_of_bounds=True
                ),
                "GetItem": tf.raw_ops.TensorListGetItem(input_handle=items, index=0, element_shape=[3],
                element_dtype=tf.float32),
                "Stack": tf.raw_ops.TensorListStack(input_handle=items, element_shape=[3], element_dtype=tf.float32),
                "Length": tf.raw_ops.TensorListLength(input_handle=items),
            }  # fmt: skip
            self.definitions = {k: v.op.node_def.SerializeToString() for k, v in made.items()}

    def op(self, name: str, inputs: list[Any], dtype: str = "variant", shape: list[int] | None = None) -> Any:
        """A list's op."""
        out, kind = self.m.tensor(dtype, shape or []), f"TensorList{'SetItem' if name == 'Grow' else name}"
        return self.m.op(f"Flex{kind}", inputs, [out], custom=packed(kind, self.definitions[name]))


@pytest.mark.parametrize("opset", [13, 18, 21])
@pytest.mark.parametrize("at", [0, 3, 4, 7])
def test_a_list_grows_where_an_item_is_set_behind_its_end(at: int, opset: int) -> None:
    """Zeros stand between; inside of its length nothing changes."""
    lists = Lists()
    m, new = lists.m, lists.m.input([3])
    shape, size = m.const(lists.shape), m.const(np.int32(4))
    items = lists.op("Grow", [lists.op("Reserve", [shape, size]), m.const(np.int32(at)), new])
    m.outputs(lists.op("Stack", [items, shape], "float32", None), lists.op("Length", [items], "int32"))
    [b] = m.feeds()
    want = np.zeros((max(4, at + 1), 3), np.float32)
    want[at] = b
    check(m, opset=opset, ref=given_reference(m, [want, np.array(len(want), np.int32)]))


@pytest.mark.parametrize("opset", [13, 18, 21])
def test_tensor_lists(opset: int) -> None:
    """Made empty or of a tensor, one element set, one read, stacked and counted."""
    lists = Lists()
    m = lists.m
    given, new = m.input([4, 3]), m.input([3])
    shape, size, at = m.const(lists.shape), m.const(np.int32(4)), m.const(np.int32(2))
    outputs = []
    for items in (lists.op("Reserve", [shape, size]), lists.op("FromTensor", [given, shape])):
        changed = lists.op("SetItem", [items, at, new])
        outputs += [
            lists.op("Stack", [changed, shape], "float32", [4, 3]),
            lists.op("GetItem", [changed, at, shape], "float32", [3]),
            lists.op("Length", [changed], "int32"),
        ]
    a, b = m.outputs(*outputs).feeds()
    empty, full = np.zeros((4, 3), np.float32), a.copy()
    empty[2] = full[2] = b
    want = [v for stacked in (empty, full) for v in (stacked, b, np.array(4, np.int32))]
    check(m, opset=opset, ref=given_reference(m, want))
