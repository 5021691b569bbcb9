"""Tensor lists that grow, shrink, are gathered and joined (`handlers/flex/tensor_list.py`); the names of old linear
algebra."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from . import check
from .against import given_reference
from .flex_cases import OPSETS, computed, model_of, tried
from .flex_models import packed
from .models import Model


class Made:
    """A model of list ops, each with TensorFlow's own NodeDef."""

    def __init__(self) -> None:
        import tensorflow as tf

        f, raw = tf.float32, tf.raw_ops
        with tf.Graph().as_default():
            item, items = tf.zeros([3]), raw.TensorListFromTensor(tensor=tf.zeros([4, 3]), element_shape=[3])
            ops = {
                "FromTensor": items,
                "Empty": raw.EmptyTensorList(element_shape=[3], max_num_elements=-1, element_dtype=f),
                "PushBack": raw.TensorListPushBack(input_handle=items, tensor=item),
                "PopBack": raw.TensorListPopBack(input_handle=items, element_shape=[3], element_dtype=f)[0],
                "Resize": raw.TensorListResize(input_handle=items, size=2),
                "Gather": raw.TensorListGather(input_handle=items, indices=[0], element_shape=[3], element_dtype=f),
                "Concat": raw.TensorListConcat(input_handle=items, element_dtype=f)[0],
                "ConcatV2": raw.TensorListConcatV2(
                    input_handle=items, element_shape=[3], leading_dims=np.zeros(0, np.int64), element_dtype=f
                )[0],
                "ElementShape": raw.TensorListElementShape(input_handle=items, shape_type=tf.int32),
                "Stack": raw.TensorListStack(input_handle=items, element_shape=[3], element_dtype=f),
            }
            self.definitions = {k: (v.op.type, v.op.node_def.SerializeToString()) for k, v in ops.items()}
        self.m = Model()
        self.shape = self.m.const(np.array([3], np.int32))
        self.given = self.m.input([4, 3])

    def op(self, name: str, inputs: list[Any], *outputs: tuple[str, list[int] | None]) -> Any:
        """A list's op; outputs: their dtypes and shapes (default: a list). Returns the first."""
        kind, definition = self.definitions[name]
        made = [self.m.tensor(dtype, shape) for dtype, shape in outputs or [("variant", [])]]
        self.m.op(f"Flex{kind}", inputs, made, custom=packed(kind, definition))
        return made[0] if len(made) == 1 else made

    @property
    def items(self) -> Any:
        """The list of the rows that are given."""
        return self.op("FromTensor", [self.given, self.shape])


@pytest.mark.parametrize("opset", OPSETS)
def test_pushed_popped_and_resized(opset: int) -> None:
    made = Made()
    new = made.m.input([3])
    longer = made.op("PushBack", [made.items, new])
    shorter, last = made.op("PopBack", [longer, made.shape], ("variant", []), ("float32", [3]))
    outputs = [
        made.op("Stack", [longer, made.shape], ("float32", [5, 3])),
        made.op("Stack", [shorter, made.shape], ("float32", [4, 3])),
        last,
        made.op("Stack", [made.op("Resize", [longer, made.m.const(np.int32(2))]), made.shape], ("float32", [2, 3])),
        made.op("Stack", [made.op("Resize", [longer, made.m.const(np.int32(7))]), made.shape], ("float32", [7, 3])),
    ]
    rows, row = made.m.outputs(*outputs).feeds()
    five = np.concatenate([rows, row[None]])
    want = [five, rows, row, rows[:2], np.concatenate([five, np.zeros((2, 3), np.float32)])]
    check(made.m, opset=opset, ref=given_reference(made.m, want, "TensorFlow"))


@pytest.mark.parametrize("opset", OPSETS)
def test_a_list_that_begins_empty(opset: int) -> None:
    made = Made()
    none = made.op("Empty", [made.shape, made.m.const(np.int32(-1))])
    one = made.op("PushBack", [none, made.m.input([3])])
    made.m.outputs(made.op("Stack", [one, made.shape], ("float32", [1, 3])))
    _, row = made.m.feeds()
    check(made.m, opset=opset, ref=given_reference(made.m, [row[None]], "TensorFlow"))


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("concat", ["Concat", "ConcatV2"])
def test_gathered_joined_and_measured(concat: str, opset: int) -> None:
    made = Made()
    more = [made.shape, made.m.const(np.zeros(0, np.int64))] if concat == "ConcatV2" else []
    joined, lengths = made.op(concat, [made.items, *more], ("float32", [12]), ("int64", [4]))
    at = made.m.const(np.array([2, 0, 2], np.int32))
    made.m.outputs(
        made.op("Gather", [made.items, at, made.shape], ("float32", [3, 3])),
        joined,
        lengths,
        made.op("ElementShape", [made.items], ("int32", [1])),
    )
    [rows] = made.m.feeds()
    want = [rows[[2, 0, 2]], rows.ravel(), np.full(4, 3, np.int64), np.array([3], np.int32)]
    check(made.m, opset=opset, ref=given_reference(made.m, want, "TensorFlow"))


SQUARE = np.array([[[4, 1], [1, 3]], [[9, 2], [2, 5]]], np.float32)


@pytest.mark.parametrize(
    ("old", "new", "inputs"),
    [
        ("BatchCholesky", "Cholesky", [("input", SQUARE)]),
        ("BatchMatrixInverse", "MatrixInverse", [("input", SQUARE)]),
        ("BatchMatrixSolve", "MatrixSolve", [("matrix", SQUARE), ("rhs", SQUARE[:, :, :1] + 1)]),
    ],
)
def test_names_of_old(old: str, new: str, inputs: list[Any]) -> None:
    """Files of GraphDef version 13 and older have them; TensorFlow of today computes them by the new names."""
    from tensorflow.core.framework import node_def_pb2

    outputs, text = computed(new, inputs, {})
    definition = node_def_pb2.NodeDef.FromString(text)
    definition.op = old
    for unknown in (False, True):
        model = model_of(old, inputs, outputs, definition.SerializeToString(), unknown=unknown)
        for opset in OPSETS:
            check(model, opset=opset, ref=given_reference(model, outputs, "TensorFlow"))


@pytest.mark.parametrize("at", [np.array([1, 3], np.int32), np.array([[0, 1], [2, 0]], np.int32)])
def test_sparse_to_dense(at: np.ndarray) -> None:
    size = np.array([5] if at.ndim == 1 else [3, 2], np.int32)
    inputs: list[Any] = [("sparse_indices=", at), ("output_shape=", size)]
    inputs += [("sparse_values", np.array([2, 7], np.float32)), ("default_value=", np.array(-1, np.float32))]
    tried(("SparseToDense", inputs, {}), unknown=(False,))
