"""Of files to graphs."""

from __future__ import annotations

from .mutation import C, Mutation

MUTATIONS = [
    Mutation(
        "readers/sparse.py",
        "coordinates[:, level] * scale",
        "coordinates[:, level]",
        "blocks of sparse weights are not scaled",
        f"{C}test_quantize.py {C}test_fully_connected_matmul.py {C}test_conv.py -k sparse or densify",
    ),
    Mutation(
        "readers/nodedef.py",
        "value - (1 << 64) if value >= 1 << 63 else value",
        "value",
        "negative numbers of a NodeDef",
        f"{C}test_flex.py {C}test_flex_builtin.py -k MatrixBandPart or OneHot",
    ),
    Mutation(
        "readers/ranks.py",
        "return first + 1",
        "return first",
        "the rank of EXPAND_DIMS in old files",
        "tests/readers/test_ranks.py",
    ),
    Mutation(
        "readers/tensors.py",
        "zip(ends[:-1], ends[1:], strict=True)",
        "zip(ends[:-1], [*ends[2:], ends[-1]], strict=True)",
        "where strings end",
        f"{C}test_string_hashtable.py",
    ),
    Mutation(
        "readers/tensorflow/names.py",
        "while found in taken:",
        "if found in taken:",
        "a third output of one name",
        "tests/readers -k name_that_two",
    ),
    Mutation(
        "readers/tensorflow/names.py",
        "for key in sorted(structure) for name in _paths(tf, str(key), structure[key])]",
        "for key in structure for name in _paths(tf, str(key), structure[key])]",
        "the order of a dict's outputs",
        "tests/readers/test_tensorflow.py -k order_and_numbers",
    ),
    Mutation(
        "readers/tensorflow/specs.py",
        "None if d.lower() in _OPEN else int(d)",
        'None if d == "?" else int(d)',
        "None for an open dimension",
        "tests/readers -k spec",
    ),
]
