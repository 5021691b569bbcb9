"""Hostile .tflite files: offsets, counts, names, buffers, quantization, metadata, signatures."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from conformance import Model

from .catalogue import hostile, sound, written


def patched(data: bytes, at: int, number: int) -> bytes:
    """The file with another little-endian word at a place."""
    return data[:at] + struct.pack("<I", number & 0xFFFFFFFF) + data[at + 4 :]


def vector_of(data: bytes, pattern: bytes) -> int:
    """Where the length of the vector stands that holds these bytes."""
    return data.index(pattern) - 4


@hostile("the model refers to byte 2,147,483,636; the file has 512")
def root_beyond_the_file(m: Model) -> Any:
    return patched(written(sound(m)), 0, 0x7FFFFFF0)


@hostile("the model has no table of its fields")
def root_that_points_at_itself(m: Model) -> Any:
    return patched(written(sound(m)), 0, 0)


@hostile("the model refers to byte -352,321,526; the file has 512")
def root_without_alignment(m: Model) -> Any:
    data = written(sound(m))
    return patched(data, 0, struct.unpack_from("<I", data)[0] + 1)


@hostile("the model refers to byte -2,147,483,639; the file has 512")
def vtable_before_the_file(m: Model) -> Any:
    data = written(sound(m))
    return patched(data, struct.unpack_from("<I", data)[0], 0x7FFFFFFF)


@hostile("subgraph 0 refers to byte 2,147,483,799; the file has 512")
def a_name_of_two_gigabytes(m: Model) -> Any:
    data = written(sound(m))
    return patched(data, vector_of(data, b"main\0"), 2**31 - 1)


@hostile("op 0 of subgraph 0 refers to byte 4,294,967,556; the file has 512")
def a_shape_of_a_billion_dimensions(m: Model) -> Any:
    data = written(sound(m))
    return patched(data, vector_of(data, struct.pack("<2i", 2, 2)), 2**30)


@hostile("buffer 1 refers to byte 2,147,483,711; the file has 512")
def a_buffer_longer_than_the_file(m: Model) -> Any:
    data = written(sound(m))
    return patched(data, vector_of(data, np.array([1, 2, 3, 4], "<f4").tobytes()), 2**31 - 1)


@hostile("the model refers to byte 12; the file has 8")
def only_the_identifier(m: Model) -> Any:
    return struct.pack("<I", 8) + b"TFL3"


@hostile("the model has no table of its fields")
def zeros_behind_the_identifier(m: Model) -> Any:
    return struct.pack("<I", 8) + b"TFL3" + bytes(4096)


@hostile("the model has no table of its fields")
def ones_behind_the_identifier(m: Model) -> Any:
    return struct.pack("<I", 8) + b"TFL3" + b"\xff" * 4096


@hostile("holds no graph")
def no_subgraph(m: Model) -> Any:
    model = sound(m)
    model.subgraphs = []
    return written(model)


@hostile("op 0 of subgraph 0 has the operator code 0; there are 0")
def no_operator_codes(m: Model) -> Any:
    model = sound(m)
    model.operatorCodes = []
    return written(model)


@hostile("op 0 of subgraph 0 reads tensor 1 of subgraph 0 (c1), which nothing writes")
def no_buffers(m: Model) -> Any:
    model = sound(m)
    model.buffers = []
    return written(model)


@hostile("UNKNOWN_2147483647 (op 0 of subgraph 0): no handler is registered for this op")
def an_op_code_beyond_all(m: Model) -> Any:
    model = sound(m)
    model.operatorCodes[0].builtinCode = 2**31 - 1
    return written(model)


@hostile("UNKNOWN_-1 (op 0 of subgraph 0): no handler is registered for this op")
def an_op_code_below_zero(m: Model) -> Any:
    model = sound(m)
    model.operatorCodes[0].builtinCode = -1
    model.operatorCodes[0].deprecatedBuiltinCode = -1
    return written(model)


@hostile("op 1 of subgraph 0 has the operator code 4294967295; there are 2")
def an_op_without_its_code(m: Model) -> Any:
    model = sound(m)
    model.subgraphs[0].operators[1].opcodeIndex = 2**32 - 1
    return written(model)


@hostile("op 0 of subgraph 0 reads tensor 1 of subgraph 0 (c1), which nothing writes")
def a_buffer_that_is_not_there(m: Model) -> Any:
    model = sound(m)
    model.subgraphs[0].tensors[1].buffer = 2**32 - 1
    return written(model)


@hostile("tensor 1 of subgraph 0 (c1) has 16 bytes, its shape [2, 1073741824] needs 8,589,934,592")
def a_constant_shorter_than_its_shape(m: Model) -> Any:
    model = sound(m)
    model.subgraphs[0].tensors[1].shape = [2, 2**30]
    return written(model)


@hostile()
def a_constant_longer_than_its_shape(m: Model) -> Any:
    model = sound(m)
    model.subgraphs[0].tensors[1].shape = [2, 1]
    return written(model)


@hostile("tensor 1 of subgraph 0 is a constant (c1) of the shape [-2, -2]")
def a_constant_of_negative_size(m: Model) -> Any:
    model = sound(m)
    model.subgraphs[0].tensors[1].shape = [-2, -2]
    return written(model)


@hostile("buffer 1 lies outside the file (offset 3221225472, size 16)")
def an_outer_buffer_three_gigabytes_away(m: Model) -> Any:
    model = sound(m)
    model.buffers[1] = schema.BufferT(None, 3 << 30, 16)
    return written(model)


@hostile("buffer 1 lies outside the file (offset 9223372036854775807, size 16)")
def an_outer_buffer_that_wraps(m: Model) -> Any:
    model = sound(m)
    model.buffers[1] = schema.BufferT(None, 2**64 - 8, 16)
    return written(model)


@hostile("buffer 1 lies outside the file (offset 2, size 9223372036854775807)")
def an_outer_buffer_of_all_memory(m: Model) -> Any:
    model = sound(m)
    model.buffers[1] = schema.BufferT(None, 2, 2**64 - 1)
    return written(model)


@hostile("tensor 0 of subgraph 0 has 1000 dimensions; 32 are the most")
def rank_of_a_thousand(m: Model) -> Any:
    model = sound(m)
    for tensor in model.subgraphs[0].tensors:
        tensor.shape = [1] * 1000
    return written(model)


@hostile()
def a_name_of_a_megabyte(m: Model) -> Any:
    model = sound(m)
    model.subgraphs[0].tensors[0].name = "n" * (1 << 20)
    return written(model)


@hostile(judged=False)
def names_that_are_no_text(m: Model) -> Any:
    model = sound(m)
    for tensor in model.subgraphs[0].tensors:
        tensor.name = b"\xff\xfe\x00\xc3\x28"
    return written(model)


@hostile()
def names_that_paint_the_terminal(m: Model) -> Any:
    model = sound(m)
    model.subgraphs[0].name = "\x1b]0;owned\x07"
    for tensor in model.subgraphs[0].tensors:
        tensor.name = "\x1b[2J\x1b[31m\u202eevil\r\n"
    return written(model)


@hostile("custom op \\x1b[2J\\x1b[31m (op 0 of subgraph 0): no handler is registered for this op")
def an_error_that_paints_the_terminal(m: Model) -> Any:
    m.outputs(m.op("\x1b[2J\x1b[31m", [m.input([2], name="\x1b[31m")], [m.tensor(shape=[2])], custom=b""))


@hostile()
def names_of_paths(m: Model) -> Any:
    model = sound(m)
    for number, tensor in enumerate(model.subgraphs[0].tensors):
        tensor.name = ("../../../etc/passwd", "/dev/null", "C:\\con", "a/../b")[number]
    return written(model)


@hostile("op 0 of subgraph 0 reads tensor 2147483647; its subgraph has 4")
def inputs_without_end(m: Model) -> Any:
    model = sound(m)
    model.subgraphs[0].operators[0].inputs = np.full(1_000_000, 2**31 - 1, np.int32)
    return written(model)


@hostile("op 0 of subgraph 0 writes tensor 0 of subgraph 0 (in0), which has its contents already")
def one_op_that_writes_its_own_input(m: Model) -> Any:
    model = sound(m)
    model.subgraphs[0].operators[0].outputs = [0]
    return written(model)


@hostile("op 0 of subgraph 0 reads tensor 3 of subgraph 0 (t3), which op 1 writes only later, or itself")
def ops_that_wait_for_each_other(m: Model) -> Any:
    model = sound(m)
    model.subgraphs[0].operators[0].inputs = [3, 1]
    return written(model)


@hostile("subgraph 0 returns tensor 3 of subgraph 0 (t3), which nothing writes")
def an_output_that_nothing_makes(m: Model) -> Any:
    model = sound(m)
    model.subgraphs[0].operators = model.subgraphs[0].operators[:1]
    return written(model)


@hostile()
def metadata_with_wrong_offsets(m: Model) -> Any:
    model = sound(m)
    model.buffers.append(schema.BufferT(np.full(64, 0xF0, np.uint8)))
    made = schema.MetadataT()
    made.name, made.buffer = b"TFLITE_METADATA", len(model.buffers) - 1
    model.metadata = [made]
    return written(model)


@hostile(judged=False)
def metadata_without_its_buffer(m: Model) -> Any:
    model = sound(m)
    made = schema.MetadataT()
    made.name, made.buffer = b"TFLITE_METADATA", 2**32 - 1
    model.metadata = [made, made]
    return written(model)


def signed(m: Model, subgraph: int = 0, tensor: int = 0, key: str | bytes | None = "serve") -> Any:
    """The sound model with a signature of a tensor."""
    model = sound(m)
    model.signatureDefs = [schema.SignatureDefT()]
    named = schema.TensorMapT()
    named.name, named.tensorIndex = "x", tensor
    s = model.signatureDefs[0]
    s.signatureKey, s.subgraphIndex, s.inputs, s.outputs = key, subgraph, [named], [named]
    return model


@hostile("signature 0 is of subgraph 4294967295; the file has 1")
def a_signature_of_no_subgraph(m: Model) -> Any:
    return written(signed(m, subgraph=2**32 - 1))


@hostile()
def a_signature_of_no_tensor(m: Model) -> Any:
    return written(signed(m, tensor=2**32 - 1))


@hostile()
def a_signature_of_an_inner_tensor(m: Model) -> Any:
    return written(signed(m, tensor=2))


@hostile(judged=False)
def a_signature_without_a_name(m: Model) -> Any:
    return written(signed(m, key=None))


@hostile()
def a_hundred_signatures_of_one_name(m: Model) -> Any:
    model = signed(m)
    model.signatureDefs *= 100
    return written(model)
