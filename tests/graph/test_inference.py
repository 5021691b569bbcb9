"""What is known at once of a new node's outputs: dtype and shape, as ONNX Runtime has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from tfonnx_lab.graph import Editor, OpBuilder
from tfonnx_lab.graph.infer import infer
from tfonnx_lab.validity.schemas import schema_of
from tfonnx_lab.validity.types import WORDS

Given = tuple[str, list[int | str] | np.ndarray | None]


def value(given: Given) -> ir.Value:
    """("FLOAT", [2, "n"]): a value; ("INT64", array): a constant; ("FLOAT", None): of unknown rank."""
    dtype, what = given
    if isinstance(what, np.ndarray):
        return ir.Value(
            name="c", const_value=ir.tensor(what), type=ir.TensorType(ir.DataType[dtype]), shape=ir.Shape(what.shape)
        )
    return ir.Value(name="v", type=ir.TensorType(ir.DataType[dtype]), shape=None if what is None else ir.Shape(what))


def made(op: str, inputs: Sequence[Given | None], **attributes: Any) -> ir.Value:
    model = ir.from_onnx_text(
        '<ir_version: 10, opset_import: ["" : 18]> g (float[1] x) => (float[1] y) { y = Relu(x) }'
    )
    builder = OpBuilder(Editor(model), 18)
    return builder.node(op, [None if i is None else value(i) for i in inputs], attributes).outputs[0]


F = "FLOAT"
INTS = np.array


@pytest.mark.parametrize(
    ("op", "inputs", "attributes", "shape"),
    [
        ("Relu", [(F, [2, "n"])], {}, [2, "n"]),
        ("Relu", [(F, None)], {}, None),
        ("Add", [(F, [2, 1, 4]), (F, [3, 1])], {}, [2, 3, 4]),
        ("Add", [(F, ["n", 4]), (F, [1, 4])], {}, ["n", 4]),
        ("Add", [(F, ["n"]), (F, ["m"])], {}, [None]),
        ("Add", [(F, ["n"]), (F, [5])], {}, [5]),
        ("Add", [(F, [2]), (F, None)], {}, None),
        ("Concat", [(F, [2, 3]), (F, [2, 4])], {"axis": 1}, [2, 7]),
        ("Concat", [(F, ["n", 3]), (F, [2, "k"])], {"axis": -1}, [2, None]),
        ("Transpose", [(F, [2, 3, 4])], {"perm": [2, 0, 1]}, [4, 2, 3]),
        ("Reshape", [(F, [2, 6]), ("INT64", INTS([3, -1]))], {}, [3, 4]),
        ("Reshape", [(F, [2, 6]), ("INT64", INTS([0, 3, 2]))], {}, [2, 3, 2]),
        ("Reshape", [(F, [0, 6]), ("INT64", INTS([0, 3]))], {"allowzero": 1}, [0, 3]),
        ("Reshape", [(F, ["n", 6]), ("INT64", INTS([-1, 3]))], {}, [None, 3]),
        ("Squeeze", [(F, [1, 3, 1]), ("INT64", INTS([-1]))], {}, [1, 3]),
        ("Unsqueeze", [(F, [3, 4]), ("INT64", INTS([0, 3]))], {}, [1, 3, 4, 1]),
        ("ReduceSum", [(F, [2, 3, 4]), ("INT64", INTS([-1]))], {"keepdims": 1}, [2, 3, 1]),
        ("ReduceMax", [(F, [2, 3, 4])], {"axes": [0, 1], "keepdims": 0}, [4]),
        ("ReduceSum", [(F, [2, 3]), ("INT64", [1])], {}, None),
        ("Gather", [(F, [5, 6]), ("INT64", [2, 3])], {"axis": 1}, [5, 2, 3]),
        ("MatMul", [(F, [7, 2, 3]), (F, [3, 4])], {}, [7, 2, 4]),
        ("Expand", [(F, [3, 1]), ("INT64", INTS([2, 1, 4]))], {}, [2, 3, 4]),
        ("Shape", [(F, [3, 1, 4])], {"start": 1}, [2]),
        ("ConstantOfShape", [("INT64", INTS([2, 5]))], {}, [2, 5]),
    ],
)
def test_shapes(op: str, inputs: list[Given], attributes: dict[str, Any], shape: list[Any] | None) -> None:
    found = made(op, inputs, **attributes).shape
    told = None if found is None else [d if isinstance(d, int) else d.value for d in found]
    assert told == shape


@pytest.mark.parametrize(
    ("op", "inputs", "attributes", "dtype"),
    [
        ("Relu", [("DOUBLE", [2])], {}, "DOUBLE"),
        ("Less", [(F, [2]), (F, [2])], {}, "BOOL"),
        ("Where", [("BOOL", [2]), ("INT8", [2]), ("INT8", [2])], {}, "INT8"),
        ("DequantizeLinear", [("INT8", [2]), ("FLOAT16", []), ("INT8", [])], {}, "FLOAT16"),
        ("QuantizeLinear", [(F, [2]), (F, []), ("INT8", [])], {}, "INT8"),
        ("QuantizeLinear", [(F, [2]), (F, [])], {}, "UINT8"),
        ("Cast", [(F, [2])], {"to": ir.DataType.INT32}, "INT32"),
        ("Shape", [(F, [2])], {}, "INT64"),
        ("MatMulInteger", [("UINT8", [2, 2]), ("INT8", [2, 2])], {}, "INT32"),
        ("ConstantOfShape", [("INT64", [2])], {"value": ir.tensor(np.zeros(1, np.int8))}, "INT8"),
        ("ConstantOfShape", [("INT64", [2])], {}, "FLOAT"),
        ("OneHot", [("INT64", [2]), ("INT64", []), ("DOUBLE", [2])], {}, "DOUBLE"),
    ],
)
def test_dtypes(op: str, inputs: list[Given], attributes: dict[str, Any], dtype: str) -> None:
    found = made(op, inputs, **attributes).dtype
    assert found is not None and found.name == dtype


def test_dtypes_are_those_of_the_schemas() -> None:
    """Of every op of the newest opset, with inputs of the first dtypes that it takes: what is inferred is what the
    schema says."""
    plain = {text: dtype for dtype, text in WORDS.items()}
    wanted = ["tensor(float)", "tensor(int64)", "tensor(uint8)", *sorted(plain)]
    bound_ones = fixed_ones = 0
    for name in {s.name for s in onnx.defs.get_all_schemas() if s.domain == ""}:
        schema = schema_of("", name, onnx.defs.onnx_opset_version())
        assert schema is not None
        bound: dict[str, str] = {}
        for formal in schema.inputs:
            bound.setdefault(formal.kind, next((t for t in wanted if t in formal.types), ""))
        if "" in bound.values():
            continue
        inputs = [ir.Value(name=f.name, type=ir.TensorType(plain[bound[f.kind]])) for f in schema.inputs]
        node = ir.Node("", name, inputs, num_outputs=len(schema.outputs))
        try:
            infer(node)
        except (TypeError, ValueError):  # of the attributes, which it has not
            continue
        for formal, out in zip(schema.outputs, node.outputs, strict=True):
            if out.dtype is not None:
                assert WORDS[out.dtype] in formal.types, (name, formal.name)
                if formal.kind in bound:
                    bound_ones += 1
                    assert WORDS[out.dtype] == bound[formal.kind], (name, formal.name)
                else:
                    fixed_ones += 1
    assert bound_ones > 100 and fixed_ones > 10, (bound_ones, fixed_ones)
